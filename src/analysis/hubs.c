/* Hubs, and how the significant edges are arranged.
 *
 * A hub sends or receives more edges than edges placed at random would give any of the N neurons (binomial tail,
 * Bonferroni over neurons and direction). Reciprocity and the correlation of degrees across an edge are compared with
 * graphs in which every neuron keeps its in- and out-degree: pairs of edges swap their receivers (Maslov and Sneppen,
 * Science 2002).
 */
#include <math.h>
#include <string.h>

#include "analysis/edges.h"
#include "base/memory.h"
#include "base/random.h"

enum { SAMPLES = 200, SWAPS_PER_EDGE = 3, MOST_HUBS = 20 };

typedef struct graph {
    int64_t N, E;
    uint8_t *edge;      /* [N][N] row = receiver */
    int64_t *to, *from; /* [E] */
    int64_t *in, *out;  /* [N] */
} graph;

static syn_status graph_create(graph *g, const syn_edge_list *list) {
    *g = (graph){.N = list->N, .E = list->n_significant};
    SYN_TRY(syn_alloc(&g->edge, (size_t)(g->N * g->N), 1, "graph"));
    SYN_TRY(syn_alloc(&g->to, (size_t)g->E, sizeof *g->to, "graph"));
    SYN_TRY(syn_alloc(&g->from, (size_t)g->E, sizeof *g->from, "graph"));
    SYN_TRY(syn_alloc(&g->in, (size_t)g->N, sizeof *g->in, "graph"));
    SYN_TRY(syn_alloc(&g->out, (size_t)g->N, sizeof *g->out, "graph"));
    for (int64_t k = 0, n = 0; k < g->N * g->N; k++) {
        if (!syn_edge_found(list, k)) continue;
        g->edge[k] = 1;
        g->to[n] = k / g->N, g->from[n] = k % g->N;
        g->in[k / g->N]++, g->out[k % g->N]++;
        n++;
    }
    return SYN_OK;
}

static void graph_free(graph *g) { free(g->edge), free(g->to), free(g->from), free(g->in), free(g->out); }

/* Swaps the receivers of random pairs of edges where that makes neither a loop nor an edge that is there. */
static void rewire(graph *g, uint32_t sample) {
    const syn_random random = {0, SYN_STREAM_REWIRING, sample};
    for (int64_t n = 0; n < SWAPS_PER_EDGE * g->E; n++) {
        uint32_t words[4];
        syn_random_words(random, (uint64_t)n, words);
        const int64_t a = (int64_t)(((uint64_t)words[0] << 32 | words[1]) % (uint64_t)g->E);
        const int64_t b = (int64_t)(((uint64_t)words[2] << 32 | words[3]) % (uint64_t)g->E);
        const int64_t new_a = g->to[b] * g->N + g->from[a], new_b = g->to[a] * g->N + g->from[b];
        if (g->to[b] == g->from[a] || g->to[a] == g->from[b] || g->edge[new_a] || g->edge[new_b]) continue;
        g->edge[g->to[a] * g->N + g->from[a]] = g->edge[g->to[b] * g->N + g->from[b]] = 0;
        g->edge[new_a] = g->edge[new_b] = 1;
        const int64_t to = g->to[a];
        g->to[a] = g->to[b], g->to[b] = to;
    }
}

/* Share of the edges that are answered. */
static double reciprocity(const graph *g) {
    double answered = 0;
    for (int64_t e = 0; e < g->E; e++) answered += g->edge[g->from[e] * g->N + g->to[e]];
    return answered / (double)g->E;
}

/* Correlation over edges of the sender's out-degree and the receiver's in-degree; 0 where either is the same for all.
 */
static double assortativity(const graph *g) {
    double x = 0, y = 0, xx = 0, yy = 0, xy = 0, n = (double)g->E;
    for (int64_t e = 0; e < g->E; e++) {
        const double a = (double)g->out[g->from[e]], b = (double)g->in[g->to[e]];
        x += a, y += b, xx += a * a, yy += b * b, xy += a * b;
    }
    const double scale = (n * xx - x * x) * (n * yy - y * y);
    return scale > 0 ? (n * xy - x * y) / sqrt(scale) : 0;
}

/* value against what rewired graphs have, with a two-sided p. */
static json_t *against(double value, const double *rewired) {
    double mean = 0, square = 0;
    int further = 0;
    for (int k = 0; k < SAMPLES; k++) mean += rewired[k] / SAMPLES;
    for (int k = 0; k < SAMPLES; k++) {
        square += (rewired[k] - mean) * (rewired[k] - mean) / (SAMPLES - 1);
        further += fabs(rewired[k] - mean) >= fabs(value - mean) - 1e-12;
    }
    return json_pack("{s:f, s:f, s:f, s:f}", "value", value, "rewired_mean", mean, "rewired_sd", sqrt(square), "p",
                     (1.0 + further) / (1.0 + SAMPLES));
}

/* P(X >= degree) of a binomial of n trials. */
static double binomial_tail(int64_t degree, int64_t n, double share) {
    double tail = 0;
    for (int64_t k = degree; k <= n; k++)
        tail += exp(lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1) +
                    (double)k * log(share) + (double)(n - k) * log1p(-share));
    return fmin(tail, 1);
}

/* Neurons with more edges than random places would give, most first. */
static json_t *find_hubs(const syn_edge_list *l, const int64_t *degree, double share) {
    json_t *hubs = json_array();
    for (int64_t d = l->N - 1; d > 0 && json_array_size(hubs) < MOST_HUBS; d--) {
        const double p = fmin(1, 2 * (double)l->N * binomial_tail(d, l->N - 1, share));
        if (p > 0.05) break;
        for (int64_t i = 0; i < l->N && json_array_size(hubs) < MOST_HUBS; i++)
            if (degree[i] == d)
                json_array_append_new(hubs,
                                      json_pack("{s:s, s:I, s:f}", "neuron", syn_neuron_id(l->model, l->session, i),
                                                "degree", (json_int_t)d, "p", p));
    }
    return hubs;
}

syn_status syn_hubs_json(const syn_edge_list *list, json_t **json) {
    graph g = {0};
    double answered[SAMPLES], mixing[SAMPLES];
    syn_status status;
    *json = NULL;
    SYN_CHECK(graph_create(&g, list));
    const double share = (double)g.E / fmax((double)list->n_tested, 1);
    *json = json_pack("{s:f}", "density", share);
    if (g.E < 2 || share >= 1) goto done; /* nothing to arrange */
    json_object_set_new(*json, "senders", find_hubs(list, g.out, share));
    json_object_set_new(*json, "receivers", find_hubs(list, g.in, share));
    const double reciprocity_found = reciprocity(&g), mixing_found = assortativity(&g);
    for (uint32_t warm_up = 0; warm_up < 4; warm_up++) rewire(&g, SAMPLES + warm_up);
    for (uint32_t k = 0; k < SAMPLES; k++) {
        rewire(&g, k);
        answered[k] = reciprocity(&g), mixing[k] = assortativity(&g);
    }
    json_object_set_new(*json, "reciprocity", against(reciprocity_found, answered));
    json_object_set_new(*json, "degree_correlation", against(mixing_found, mixing));
done:
    graph_free(&g);
    return status;
}
