/* Recurrent networks of the whole population: all neurons and the behaviour are the channels of one input.
 *
 *     state[t] = cell( state[t-1]; z[t], u[t] )
 *     y[t+1]   = V h[t] + a z[t] + c            h: part of the state; a, c: a number for each neuron
 *
 * The prediction is base + y (base and z as in ar.h) or, for a Poisson loss, the rate mean * softplus(y + log(e - 1)).
 * The term a z costs nothing where a neuron does not carry its own past, and saves the network from learning the
 * identity where it does; SynapsNet has it too.
 *
 * Letters: H hidden units, G gates, n sequences side by side, L frames.
 */
#ifndef SYN_RIVALS_RNN_H
#define SYN_RIVALS_RNN_H

#include "rivals/rivals.h"

/* One kind of cell. A state is [n][states][H], h first; what is kept for the way back is [n][kept][H]. */
typedef struct syn_cell {
    const char *name;
    int gates, states, kept;
    int forget; /* the gate whose bias starts at 1, or -1 */
    /* input, recurrent [n][G][H]: W_x (z, u) + b_x and W_h h + b_h. Fills after and kept. */
    void (*forward)(const syn_kernels *kernels, int64_t n, int H, const float *input, const float *recurrent,
                    const float *before, float *after, float *kept);
    /* d_state: derivative with respect to `after`; replaced by that with respect to `before`, but for the way through
     * the recurrent weights. d_input, d_recurrent: filled. */
    void (*backward)(int64_t n, int H, const float *before, const float *kept, float *d_state, float *d_input,
                     float *d_recurrent);
} syn_cell;

extern const syn_cell syn_cell_gru, syn_cell_lstm;

static inline float syn_logistic(float x) { return 1.0f / (1.0f + __builtin_expf(-x)); }

/* n numbers, each replaced by its logistic function. */
static inline void syn_logistics(const syn_kernels *kernels, float *x, int n) {
    for (int k = 0; k < n; k++) x[k] *= 0.5f;
    kernels->tanh(x, x, n);
    for (int k = 0; k < n; k++) x[k] = 0.5f + 0.5f * x[k];
}

/* Where the parts of a network lie in its parameters. */
typedef struct syn_rnn_layout {
    size_t wx, bx; /* [G H][N + B], [G H] */
    size_t wh, bh; /* [G H][H], [G H] */
    size_t v;      /* [N][H] */
    size_t a, c;   /* [N] */
    size_t count;
} syn_rnn_layout;

typedef struct syn_rnn {
    const syn_kernels *kernels;
    const syn_cell *cell;
    int H;
    bool slow;                   /* z is less its slow baseline, which is the base */
    double dropout, decay, rate; /* decay: of the weight matrices, times the rate a step */
    syn_rnn_layout at;
    float *value; /* [at.count] */
    double loss;  /* least, on the validation frames */
    int floor;    /* of rates (loss.h), there */
    int steps;    /* until then */
} syn_rnn;

/* Untrained. */
syn_status syn_rnn_create(syn_rnn *net, const syn_cell *cell, int H, bool slow, const syn_rival_data *data,
                          const syn_rival_settings *settings);
void syn_rnn_free(syn_rnn *net);

/* Inputs at frames [start, start + length), targets one frame later. */
typedef struct syn_rnn_window {
    int64_t start, length;
} syn_rnn_window;

/* Work space for passes over at most n sequences side by side of at most L frames. Borrows net and data. */
typedef struct syn_rnn_pass syn_rnn_pass;
syn_status syn_rnn_pass_create(syn_rnn_pass **pass, const syn_rnn *net, const syn_rival_data *data, int64_t n,
                               int64_t L);
void syn_rnn_pass_free(syn_rnn_pass *pass);

/* Loss per observed target of n windows, from a state of zeros, and its gradient [at.count]. key: of the dropout; 0:
 * none. */
void syn_rnn_gradient(syn_rnn_pass *pass, const syn_rnn_window *window, int64_t n, uint64_t key, float *gradient,
                      double *loss);
/* prediction [F][N] of the targets of a split. */
syn_status syn_rnn_predict(const syn_rnn *net, const syn_rival_data *data, syn_split split, float *prediction);

/* rnn_search.c: trains a network to convergence; at the end its weights are those with the least validation loss. */
syn_status syn_rnn_train(syn_rnn *net, const syn_rival_data *data, const syn_rival_settings *settings);
/* Trains networks of several sizes, learning rates and amounts of dropout and weight decay to convergence and keeps
 * that with the least validation loss. */
syn_status syn_rnn_fit(void **model, const syn_cell *cell, const syn_rival_data *data,
                       const syn_rival_settings *settings, json_t *chosen);
/* predict and release (rivals.h) of a model that syn_rnn_fit() made. */
syn_status syn_rnn_predict_rates(const void *model, const syn_rival_data *data, const syn_rival_settings *settings,
                                 syn_split split, float *prediction);
void syn_rnn_release(void *model);

#endif
