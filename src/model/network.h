/* The network at work: loss and gradient of a batch of windows, and running forward through time.
 *
 * The connectivity is the sole pathway between neurons: the only matrix product over neurons is I = S W^T (and its
 * adjoint), where S is what they send, their activity less a share of it one frame before; everything else is done
 * neuron by neuron by the decoder kernels.
 *
 * Letters: F frames of a batch, N neurons, B behaviours, R lanes of a block, NB blocks of neurons.
 */
#ifndef SYN_NETWORK_H
#define SYN_NETWORK_H

#include "model/model.h"

/* Inputs at frames [start, start + length), targets one frame later, inside one segment. */
typedef struct syn_window {
    int64_t start, length;
} syn_window;

typedef struct syn_network syn_network;

/* Work space for batches of up to max_frames frames in windows of up to max_window. Borrows parameters and dataset. */
syn_status syn_network_create(syn_network **network, const syn_parameters *parameters, const syn_dataset *dataset,
                              syn_loss loss, const syn_kernels *kernels, int threads, int64_t max_frames,
                              int64_t max_window);
void syn_network_free(syn_network *network);
const syn_kernels *syn_network_kernels(const syn_network *network);
const syn_correction *syn_network_correction(const syn_network *network);
/* Uses other parameters of the same layout from now on. */
void syn_network_use(syn_network *network, const syn_parameters *parameters);

/* Mean loss per observed target of the windows of session s, and its gradient into gradient[parameters->count]
 * (overwritten; other sessions' parts are zero). dW of free and factored weights included. gradient may be NULL. */
syn_status syn_network_gradient(syn_network *network, size_t s, const syn_window *windows, int64_t n_windows,
                                float *gradient, double *loss);

/* What N neurons send at F consecutive frames x[F][N]: sent[F][N] = x - send * (x one frame before). send: [N].
 * previous: [N] the frame before, or NULL: as the first. */
void syn_send(const float *send, const float *x, const float *previous, int64_t N, int64_t F, float *sent);

/* W of session s as the network uses it now. [N][N], owned by the network, valid until its next call. */
syn_status syn_network_weights(syn_network *network, size_t s, const float **W);

/* Decoder states of all neurons of `copies` independent runs of session s, zeroed. Freed by free(). */
syn_status syn_network_state(const syn_network *network, size_t s, int64_t copies, float **state);
/* Floats of one run's state; those of run k start at k times that. */
size_t syn_network_state_size(const syn_network *network, size_t s);
/* Runs n consecutive frames x[n][N], u[n][B] (z-scored; u NULL if B is 0) of session s from `state`, which moves on;
 * out[n][N]: prediction of the frame after each, z-scored. With copies > 1 the rows are instead n = copies independent
 * runs, each moved on by one frame. */
syn_status syn_network_advance(syn_network *network, size_t s, float *state, const float *x, const float *u, int64_t n,
                               bool copies, float *out);

/* What stands in for what was not observed in the next frame of a run whose last prediction was out[N]: the prediction
 * before it was corrected, which is no error. */
const float *syn_network_stand_in(const syn_network *network, size_t s, const float *state, const float *out);
/* The run ends in frame x[N], or (NULL) in the last that it was given: what it is given from now on was not observed
 * (syn_correction_let_go). */
void syn_network_let_go(const syn_network *network, size_t s, float *state, const float *x);

/* Frame after frame of one run, for those who cannot wait: syn_network_prepare() once, as long as the parameters stay,
 * and then x[N], u[B] to out[N] as syn_network_advance(). */
syn_status syn_network_prepare(syn_network *network, size_t s);
void syn_network_step(syn_network *network, size_t s, float *state, const float *x, const float *u, float *out);

/* Called for every target frame in order. prediction, truth: [N] z-scored. slope: [N] d prediction_i / d I_i of the
 * frame before, or NULL if nobody wants slopes. */
typedef syn_status (*syn_frame_fn)(void *user, int64_t frame, const float *prediction, const float *truth,
                                   const float *slope);
/* From now on runs of this network, of a Gaussian model, hand slopes over. */
syn_status syn_network_want_slopes(syn_network *network);
/* Runs over all spans of a split, each from the start of its context, replacing what was not observed by the
 * prediction of it. on_frame may be NULL. */
syn_status syn_network_run(syn_network *network, size_t s, syn_split split, syn_frame_fn on_frame, void *user);

/* Mean over the train split of d xhat_i[t+1] / d I_i[t - tau], z-scored: gain[lags + 1][N]. lags < max_frames. */
syn_status syn_network_gain(syn_network *network, size_t s, int lags, int64_t max_seeds, double *gain);

#endif
