/* The edges of one session with their evidence, and what they say together: the public syn_edge_evidence(). */
#ifndef SYN_ANALYSIS_EDGES_H
#define SYN_ANALYSIS_EDGES_H

#include <jansson.h>

#include "base/options.h"
#include "model/fitted.h"

/* Of the effective connectivity. */
extern const char syn_raw_unit[], syn_zscored_unit[];

/* All [N][N], row = receiver, column = sender. Not tested (the diagonal, a sender that repeats another, cells
 * that overlap): estimate and interval are C, or 0 where edges are of events, p and q are 1. */
typedef struct syn_edge_list {
    const syn_model *model;
    size_t session;
    int64_t N;
    double fdr;
    bool any_dependence, raw;
    float *c;                        /* effective connectivity of the model, in syn_raw_unit or syn_zscored_unit */
    float *estimate, *low, *high;    /* 95 % interval of estimate; in syn_edge_list_unit() */
    float *half[2];                  /* estimates of each half of the frames, or NULL: the model does not hold them */
    const syn_seed_estimates *seeds; /* the model's, or NULL: fitted without repeats */
    float *seed_mean, *seed_sd;      /* of C over fits from other seeds, in the units of c; or NULL */
    double *statistic;               /* estimate over its standard error */
    double *p, *q;
    int64_t n_tested, n_significant;
} syn_edge_list;

/* Used options: fdr, fdr-method, scale. Error: the model holds no tests. */
syn_status syn_edge_list_create(syn_edge_list *list, const syn_model *model, size_t session,
                                const syn_options *options);
void syn_edge_list_free(syn_edge_list *list);
/* Whether the k-th is among the discoveries. */
static inline bool syn_edge_found(const syn_edge_list *list, int64_t k) {
    return list->q[k] <= list->fdr && list->high[k] > list->low[k];
}
/* The edges in falling order of evidence: order[N * N] places in the arrays; the first n_significant are found. */
syn_status syn_edge_list_order(const syn_edge_list *list, int64_t **order);
/* "activity", "events" or "counts": what was tested, and what the estimates are of. */
const char *syn_edge_list_of(const syn_edge_list *list);
/* "bh" or "by": how q controls the false discovery rate. */
const char *syn_edge_list_method(const syn_edge_list *list);
/* Unit of the estimates, in words. */
void syn_edge_list_unit(const syn_edge_list *list, char *unit, size_t size);
/* {"n_tested", "n_significant", "fdr", "method", "of", "unit", "top", "stability", "hubs", "regions", "cell_types",
 * "notes"}. */
syn_status syn_edge_list_json(const syn_edge_list *list, int64_t top, json_t **json);

/* How well the halves of the recording agree (edge_halves.c). */
json_t *syn_edge_halves_json(const syn_edge_list *list);
/* Mean estimates between groups of neurons, with an interval by a bootstrap over neurons. group: [N] names or NULL.
 * *json: NULL without groups or with more than SYN_MOST_GROUPS, which are names of neurons. */
enum { SYN_MOST_GROUPS = 64 };
syn_status syn_groups_json(const syn_edge_list *list, char *const *group, json_t **json);
/* Degrees of the significant edges against chance (hubs.c). */
syn_status syn_hubs_json(const syn_edge_list *list, json_t **json);

#endif
