/* The network from inside, for the files that share the work: network.c (what every use needs), gradient.c (a training
 * step), run.c (forward through time) and gain.c (derivatives with respect to currents).
 *
 * Neurons are worked on in blocks of R lanes, NB of them, each by one thread with a space of its own.
 */
#ifndef SYN_NETWORK_INSIDE_H
#define SYN_NETWORK_INSIDE_H

#include <string.h>

#include "model/network.h"

/* Gradients are summed over at most this many chunks in a fixed order, whatever the number of threads. */
enum { SYN_MAX_CHUNKS = 32 };

/* One thread's block of neurons: all [L][R] unless said. */
typedef struct syn_block_space {
    float *x, *current, *target, *weight, *y, *dy, *dcurrent;
    float *tape; /* [L][syn_tape_stride] */
    float *h;    /* [H][R] */
    float *work; /* [syn_work_size] */
} syn_block_space;

struct syn_network {
    const syn_parameters *p;
    const syn_dataset *data;
    const syn_kernels *kernels;
    syn_loss loss;
    int threads;
    int64_t max_frames, max_window;
    /* of the session in use: NB blocks of R neurons */
    const float *send;                    /* [N], or NULL: x itself is sent */
    float *W, *dW;                        /* [N][N] */
    float *senders;                       /* [NB][N][R] W of a block's neurons, lane by lane */
    float *base;                          /* [NB][3H][R] */
    float *a, *c, *scale, *offset, *mean; /* [NB][R] */
    float *transposed;                    /* [H][3H] */
    float *wu;                            /* [B][3H] drive weights, wu p */
    float *drive;                         /* [F][3H] of the batch or chunk of frames */
    float *sent;                          /* [F][N] what the neurons send, where that is not x itself */
    float *out;                           /* [max_window][N] predictions */
    float *slope;                         /* [max_window][N] of these, or NULL: not wanted */
    /* gradient sums */
    float *decoder_sum; /* [SYN_MAX_CHUNKS][layout.count] */
    float *drive_sum;   /* [SYN_MAX_CHUNKS][3H][B] */
    float *neuron_sum;  /* [NB][groups][3H + 2][R] */
    size_t neuron_sum_size;
    float *senders_sum;     /* [tasks][N][R], laid out as senders */
    syn_block_space *space; /* [threads] */
};

static inline int64_t syn_blocks_of(const syn_network *net, int64_t N) {
    return (N + net->kernels->lanes - 1) / net->kernels->lanes;
}

syn_status syn_block_space_create(const syn_network *net, int64_t frames, syn_block_space *space);
void syn_block_space_free(syn_block_space *space);
/* Space for the per-neuron sums of `tasks` tasks, zeroed. */
syn_status syn_neuron_sums(syn_network *net, int64_t tasks);
/* Drive of F frames with behaviour u[F][B] (NULL without) into drive[F][3H]. */
void syn_drives(const syn_network *net, size_t s, const float *u, int64_t F, float *drive);
/* Currents [L][R] into a block of neurons in L frames of what all have sent[L][N]. */
void syn_currents(const syn_network *net, size_t s, int64_t block, const float *sent, int64_t L, float *out);
/* Block of L frames with behaviour u[L][B], whose drive starts at row `frame` of net->drive. */
syn_block syn_block_at(const syn_network *net, const syn_block_space *space, size_t s, int64_t block, int64_t frame,
                       const float *u, int64_t L);
syn_block_loss syn_loss_at(const syn_network *net, const syn_block_space *space, int64_t block, int64_t L,
                           bool derivative);

/* A few floats: a call of memcpy would take longer than the copy. */
static inline void syn_copy_lanes(float *restrict to, const float *restrict from, int64_t n) {
    int64_t i = 0;
    for (; i + 8 <= n; i += 8) memcpy(to + i, from + i, 8 * sizeof *to);
    for (; i < n; i++) to[i] = from[i];
}

/* Columns [first, first + R) of L rows into [L][R]; lanes beyond N are zero. */
static inline void syn_gather(float *to, const float *from, int64_t L, int64_t N, int64_t first, int R) {
    int64_t valid = N - first < R ? N - first : R;
    for (int64_t t = 0; t < L; t++) {
        syn_copy_lanes(to + t * R, from + t * N + first, valid);
        for (int64_t i = valid; i < R; i++) to[t * R + i] = 0.0f;
    }
}

static inline void syn_scatter(float *to, const float *from, int64_t L, int64_t N, int64_t first, int R) {
    int64_t valid = N - first < R ? N - first : R;
    for (int64_t t = 0; t < L; t++) syn_copy_lanes(to + t * N + first, from + t * R, valid);
}

#endif
