/* Mean edges between groups of neurons: regions, cell types. */
#include <math.h>
#include <string.h>

#include "analysis/edges.h"
#include "base/memory.h"
#include "base/order.h"
#include "base/random.h"

enum { RESAMPLES = 400 };

typedef struct grouping {
    const syn_edge_list *list;
    int64_t N, G;
    const char **name; /* [G] in order of appearance */
    int64_t *of;       /* [N] group of a neuron */
    double *weight;    /* [N] how often a neuron is in a resample */
    double *sum, *n;   /* [G][G] */
    double *mean;      /* [RESAMPLES][G][G], NaN: no pair */
} grouping;

static void find_groups(grouping *g, char *const *group) {
    for (int64_t i = 0; i < g->N; i++) {
        int64_t k = 0;
        while (k < g->G && strcmp(g->name[k], group[i]) != 0) k++;
        if (k == g->G) g->name[g->G++] = group[i];
        g->of[i] = k;
    }
}

/* An edge that was not tested has no estimate, unless none was: then that is C. */
static bool counts(const grouping *g, int64_t i, int64_t j) {
    const syn_edge_list *l = g->list;
    return i != j && (l->n_tested == 0 || l->low[i * g->N + j] < l->high[i * g->N + j]);
}

/* Means between groups, row = receiver, of neurons counted by weight. */
static void means(grouping *g, double *mean) {
    memset(g->sum, 0, (size_t)(g->G * g->G) * sizeof *g->sum);
    memset(g->n, 0, (size_t)(g->G * g->G) * sizeof *g->n);
    for (int64_t i = 0; i < g->N; i++)
        for (int64_t j = 0; j < g->N && g->weight[i] > 0; j++) {
            if (!counts(g, i, j)) continue;
            const int64_t cell = g->of[i] * g->G + g->of[j];
            g->sum[cell] += g->weight[i] * g->weight[j] * (double)g->list->estimate[i * g->N + j];
            g->n[cell] += g->weight[i] * g->weight[j];
        }
    for (int64_t cell = 0; cell < g->G * g->G; cell++) mean[cell] = g->n[cell] > 0 ? g->sum[cell] / g->n[cell] : NAN;
}

/* Neurons of each group drawn from it with replacement. */
static void resample(grouping *g, uint32_t number) {
    const syn_random random = {0, SYN_STREAM_BOOTSTRAP, number};
    memset(g->weight, 0, (size_t)g->N * sizeof *g->weight);
    for (int64_t k = 0, drawn = 0; k < g->G; k++) {
        int64_t size = 0;
        for (int64_t i = 0; i < g->N; i++) size += g->of[i] == k;
        for (int64_t n = 0; n < size; n++, drawn++) {
            int64_t which = (int64_t)(syn_random_uniform(random, (uint64_t)drawn) * (double)size), i = 0;
            for (;; i++)
                if (g->of[i] == k && which-- == 0) break;
            g->weight[i]++;
        }
    }
}

static json_t *cell_json(const grouping *g, int64_t to, int64_t from, const double *mean) {
    const int64_t cell = to * g->G + from;
    double draws[RESAMPLES];
    int64_t pairs = 0, significant = 0;
    int n = 0;
    for (int64_t i = 0; i < g->N; i++)
        for (int64_t j = 0; j < g->N; j++) {
            if (!counts(g, i, j) || g->of[i] != to || g->of[j] != from) continue;
            pairs++, significant += syn_edge_found(g->list, i * g->N + j);
        }
    if (pairs == 0) return NULL;
    json_t *one = json_pack("{s:s, s:s, s:I, s:I, s:f}", "presynaptic", g->name[from], "postsynaptic", g->name[to],
                            "pairs", (json_int_t)pairs, "significant", (json_int_t)significant, "mean", mean[cell]);
    for (int r = 0; r < RESAMPLES; r++)
        if (!isnan(g->mean[r * g->G * g->G + cell])) draws[n++] = g->mean[r * g->G * g->G + cell];
    if (n >= RESAMPLES / 2 && pairs > 1) { /* one pair has no spread over neurons */
        syn_sort(draws, n);
        json_object_set_new(one, "low", json_real(draws[(int)(0.025 * n)]));
        json_object_set_new(one, "high", json_real(draws[(int)(0.975 * n)]));
    }
    return one;
}

syn_status syn_groups_json(const syn_edge_list *list, char *const *group, json_t **json) {
    grouping g = {.list = list, .N = list->N};
    double *mean = NULL;
    syn_status status;
    *json = NULL;
    if (!group) return SYN_OK;
    SYN_CHECK(syn_alloc(&g.name, (size_t)g.N, sizeof *g.name, "groups"));
    SYN_CHECK(syn_alloc(&g.of, (size_t)g.N, sizeof *g.of, "groups"));
    SYN_CHECK(syn_alloc(&g.weight, (size_t)g.N, sizeof *g.weight, "groups"));
    find_groups(&g, group);
    if (g.G > SYN_MOST_GROUPS) goto done;
    const size_t cells = (size_t)(g.G * g.G);
    SYN_CHECK(syn_alloc(&g.sum, cells, sizeof *g.sum, "groups"));
    SYN_CHECK(syn_alloc(&g.n, cells, sizeof *g.n, "groups"));
    SYN_CHECK(syn_alloc(&mean, cells, sizeof *mean, "groups"));
    SYN_CHECK(syn_alloc(&g.mean, RESAMPLES * cells, sizeof *g.mean, "groups"));
    for (int64_t i = 0; i < g.N; i++) g.weight[i] = 1;
    means(&g, mean);
    for (uint32_t r = 0; r < RESAMPLES; r++) {
        resample(&g, r);
        means(&g, g.mean + r * cells);
    }
    *json = json_array();
    for (int64_t to = 0; to < g.G; to++)
        for (int64_t from = 0; from < g.G; from++) {
            json_t *one = cell_json(&g, to, from, mean);
            if (one) json_array_append_new(*json, one);
        }
done:
    free(g.name), free(g.of), free(g.weight), free(g.sum), free(g.n), free(g.mean), free(mean);
    return status;
}
