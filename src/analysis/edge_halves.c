/* How well the estimates of the two halves of a recording agree: over the edges that were found, and over all pairs. */
#include <math.h>
#include <stdio.h>

#include "analysis/edges.h"

/* Fewer edges, which were chosen for their size, have no correlation that means anything. */
enum { LEAST_EDGES = 10 };

typedef struct halves {
    int64_t same_sign;  /* of the edges found */
    double correlation; /* over them; NAN where they are too few */
} halves;

/* z-scored, so that no unit of a single neuron decides. */
static halves compare(const syn_edge_list *l) {
    const syn_edge_estimates *e = l->model->session[l->session].edges;
    halves h = {.correlation = NAN};
    double a = 0, b = 0, aa = 0, bb = 0, ab = 0;
    const double n = (double)l->n_significant;
    for (int64_t k = 0; k < l->N * l->N; k++) {
        if (!syn_edge_found(l, k)) continue;
        const double x = (double)e->half[0][k], y = (double)e->half[1][k];
        a += x, b += y, aa += x * x, bb += y * y, ab += x * y;
        h.same_sign += x * y > 0;
    }
    const double scale = (aa - a * a / n) * (bb - b * b / n);
    if (l->n_significant >= LEAST_EDGES && scale > 0) h.correlation = (ab - a * b / n) / sqrt(scale);
    return h;
}

/* One sentence for whoever shows it. */
static void print_statement(char *line, size_t size, const syn_edge_list *l, const halves *h, double over_all) {
    size_t n = (size_t)snprintf(line, size, "Halves of the recording: ");
    if (h) {
        n += (size_t)snprintf(line + n, size - n, "%lld of %lld found edge%s the same sign in both",
                              (long long)h->same_sign, (long long)l->n_significant,
                              l->n_significant == 1 ? " has" : "s have");
        if (isfinite(h->correlation))
            n += (size_t)snprintf(line + n, size - n, ", and their estimates correlate by %.2f", h->correlation);
        n += (size_t)snprintf(line + n, size - n, "; ");
    }
    snprintf(line + n, size - n, "over all %lld pairs, edges or not, estimates correlate by %.2f",
             (long long)l->n_tested, over_all);
}

json_t *syn_edge_halves_json(const syn_edge_list *l) {
    const syn_edge_estimates *e = l->model->session[l->session].edges;
    const bool known = e->half[0] && l->n_significant > 0;
    const halves h = known ? compare(l) : (halves){.correlation = NAN};
    char line[300];
    print_statement(line, sizeof line, l, known ? &h : NULL, e->correlation_of_halves);
    return json_pack("{s:o, s:o, s:f, s:o}", "correlation_of_found_edges",
                     isfinite(h.correlation) ? json_real(h.correlation) : json_null(), "same_sign_of_found_edges",
                     known ? json_real((double)h.same_sign / (double)l->n_significant) : json_null(),
                     "correlation_of_all_pairs", e->correlation_of_halves, "statement",
                     l->n_tested > 0 ? json_string(line) : json_null());
}
