/* What an edge is tested against: each sender less what the other senders, behaviour and the mean say about it at the
 * same time.
 *
 * Frames are the targets of the train and validation splits in time order; x is the sender one frame before its
 * target. Letters: T targets, N neurons, Q nuisance columns (1, behaviour before the frame, and for some inputs what
 * senders did earlier), CHUNK frames.
 *
 *     x~ = x - (ridge regression of x on the other senders and the nuisance columns)   up to a scale per sender
 *        = (x - q B) G,    G = (X'X + lambda)^-1 of the senders less the nuisance columns,   B = (q'q)^-1 q'X
 */
#ifndef SYN_ANALYSIS_EDGE_DESIGN_H
#define SYN_ANALYSIS_EDGE_DESIGN_H

#include "dataset/dataset.h"
#include "kernels/kernels.h"

enum { SYN_EDGE_CHUNK = 512 };

/* Consecutive targets of one span and one half: rows [row, row + n), frames [frame, frame + n). */
typedef struct syn_edge_chunk {
    int64_t row, frame, n;
    int run;  /* rows of one run follow each other in time */
    int half; /* 0: the first half of the targets, 1: the second */
} syn_edge_chunk;

/* What the frames of a session are. */
typedef struct syn_edge_bins {
    int per_frame; /* of behaviour */
    int earlier;   /* senders so many frames before are a nuisance too; 0: they are not */
} syn_edge_bins;

static const syn_edge_bins syn_edge_whole_frames = {.per_frame = 1, .earlier = 0};

typedef struct syn_edge_design {
    const syn_session *session; /* its x is what senders are */
    syn_edge_bins bins;
    const syn_kernels *kernels;
    int threads;
    int64_t T, N, Q;
    int window;               /* frames that a sender is the mean of */
    int offsets, powers;      /* of behaviour */
    int64_t slopes;           /* of behaviour within a frame: B of them, or 0 */
    int64_t steps;            /* of random sums of behaviour at these frames */
    float *direction, *place; /* [offsets * B][steps], [steps] */
    int64_t n_chunks, longest_run;
    syn_edge_chunk *chunk; /* [n_chunks] */
    float *G, *BG;         /* [N][N], [Q][N] */
    double parameters;     /* effective number of them in a regression on senders and nuisance columns */
    float *delta;          /* [N][N] regression of the residuals on the senders ... */
    float *gamma;          /* [N][Q] ... and on the nuisance columns */
    double *score[2];      /* [N][N] sum over the targets of a half of residual_i x~_j */
} syn_edge_design;

/* The targets of a session. Fills T, N, Q and chunk. */
syn_status syn_edge_design_create(syn_edge_design *design, const syn_session *session, syn_edge_bins bins,
                                  const syn_kernels *kernels, int threads);
/* Whether there are targets enough for the nuisance columns. */
bool syn_edge_design_has_room(const syn_edge_design *design);
/* Everything else. residual: [T][N], 0 where the target was not observed. observed: [N] targets observed. */
syn_status syn_edge_design_solve(syn_edge_design *design, const float *residual, const double *observed);
void syn_edge_design_free(syn_edge_design *design);
/* Senders x [n][N] of a chunk. */
const float *syn_edge_senders(const syn_edge_design *design, const syn_edge_chunk *chunk);
/* Whether the target of row t of a chunk and neuron i was observed. */
static inline bool syn_edge_observed(const syn_edge_design *design, const syn_edge_chunk *chunk, int64_t t, int64_t i) {
    return syn_session_observed(design->session, chunk->frame + t, i);
}
/* Nuisance columns q [n][Q] of a chunk. */
void syn_edge_nuisance(const syn_edge_design *design, const syn_edge_chunk *chunk, float *q);

#endif
