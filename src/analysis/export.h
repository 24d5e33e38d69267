/* Effective connectivity written to a file: the public syn_connectivity_write() and its formats.
 *
 * Shapes: N neurons of the session, lags 0..K. To add a format: a writer and a row of the table in export.c.
 */
#ifndef SYN_ANALYSIS_EXPORT_H
#define SYN_ANALYSIS_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/edges.h"
#include "base/status.h"

typedef struct syn_connectome {
    int64_t N, N_recorded;      /* neurons kept, and of the recording that they are from */
    int K;                      /* largest lag, in frames */
    bool raw;                   /* raw units; otherwise z-scored ones */
    float *c;                   /* [K+1][N][N] effective connectivity, row = receiver, column = sender */
    float *w;                   /* [N][N] the learned W */
    const syn_edge_list *edges; /* NULL: the model holds no tests of its edges */
    int64_t most_edges;         /* of a list of edges */
    const char *of;             /* what edges were tested on: "activity", "events", "counts"; without edges not used */
    char edge_unit[160];        /* of their estimates; without edges not used */
    char *const *region;        /* [N] or NULL; belongs to the model, as do the ids */
    const char **id;            /* [N] neuron ids; the texts belong to the model */
} syn_connectome;

/* Unit of c, in words. */
const char *syn_connectome_unit(const syn_connectome *connectome);

/* Each writes one whole file. They do not rename: path is where the bytes go. */
syn_status syn_write_npy(const syn_connectome *connectome, const char *path);
syn_status syn_write_edge_csv(const syn_connectome *connectome, const char *path);
syn_status syn_write_csv(const syn_connectome *connectome, const char *path);
syn_status syn_write_hdf5(const syn_connectome *connectome, const char *path);
syn_status syn_write_graphml(const syn_connectome *connectome, const char *path);

#endif
