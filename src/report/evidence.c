/* Which of the edges shown can be believed: how small a false discovery rate each is found at. */
#include <string.h>

#include "analysis/edges.h"
#include "base/memory.h"
#include "report/report.h"

const double syn_report_fdr[SYN_REPORT_FDRS] = {0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.001, 1e-4, 1e-6};

/* How many of the rates q is at or below. */
static int passed(double q) {
    int n = 0;
    while (n < SYN_REPORT_FDRS && q <= syn_report_fdr[n]) n++;
    return n;
}

/* "levels": [{"fdr", "found"}, ...]: edges found at each rate, of all neurons. */
static json_t *levels_json(const syn_edge_list *edges) {
    int64_t count[SYN_REPORT_FDRS + 1] = {0};
    for (int64_t k = 0; k < edges->N * edges->N; k++) count[passed(edges->q[k])]++;
    for (int l = SYN_REPORT_FDRS - 1; l > 0; l--) count[l] += count[l + 1];
    json_t *levels = json_array();
    for (int l = 0; l < SYN_REPORT_FDRS; l++)
        json_array_append_new(levels,
                              json_pack("{s:f, s:I}", "fdr", syn_report_fdr[l], "found", (json_int_t)count[l + 1]));
    return levels;
}

/* Without a connectivity in the model nothing but the estimates says how strong an edge is. */
static bool is_bare(const syn_report_session *r) {
    for (int64_t k = 0; k < r->n * r->n; k++)
        if (r->c[k] != 0) return false;
    return true;
}

syn_status syn_report_evidence(syn_report_session *r, const syn_model *model) {
    syn_edge_list edges = {0};
    syn_options *options = NULL;
    syn_status status;
    if (!r->fitted->edges) return SYN_OK;
    SYN_CHECK(syn_options_create(&options));
    SYN_CHECK(syn_options_set(options, "scale", "zscored"));
    SYN_CHECK(syn_edge_list_create(&edges, model, r->s, options));
    SYN_CHECK(syn_edge_list_json(&edges, syn_option_int(options, SYN_OPT_TOP), &r->evidence));
    json_object_set_new(r->evidence, "levels", levels_json(&edges));
    SYN_CHECK(syn_alloc(&r->level, (size_t)(r->n * r->n), 1, "evidence for edges"));
    if (r->fitted->edges->of_events || r->fitted->edges->window > 0 || is_bare(r))
        SYN_CHECK(syn_alloc(&r->estimate, (size_t)(r->n * r->n), sizeof *r->estimate, "evidence for edges"));
    for (int64_t a = 0; a < r->n; a++)
        for (int64_t b = 0; b < r->n; b++) {
            const int64_t k = r->shown[a] * r->N + r->shown[b];
            r->level[a * r->n + b] = (uint8_t)passed(edges.q[k]);
            if (r->estimate && r->level[a * r->n + b] > 0) r->estimate[a * r->n + b] = edges.estimate[k];
        }
done:
    syn_edge_list_free(&edges);
    syn_options_free(options);
    return status;
}

bool syn_report_believed(const syn_report_session *r, int64_t a, int64_t b) {
    return !r->level || r->level[a * r->n + b] >= SYN_REPORT_BELIEVED;
}
