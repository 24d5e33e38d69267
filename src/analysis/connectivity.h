/* Effective connectivity of a fitted model.
 *
 *     C_ij(tau) = W_ij (k_i(tau) - send_j k_i(tau-1))
 *     k_i(tau)  = g_i(tau) - alpha sum_{m=1..tau} (1-alpha)^(m-1) g_i(tau-m)
 *
 * g is the gain of the decoder, mean d x~hat_i[t+1] / d I_i[t-tau] over train frames; send_j is the share of its last
 * frame that is taken off what neuron j sends; and the sum is the slow baseline (baseline.h): a rise of x_j also lifts
 * the baseline that later frames of x_j are measured from. The baseline of the receiver does not depend on x_j. Shapes:
 * N neurons, lags 0..K.
 */
#ifndef SYN_ANALYSIS_CONNECTIVITY_H
#define SYN_ANALYSIS_CONNECTIVITY_H

#include "model/fitted.h"
#include "model/network.h"

/* g of session s for lags 0..lags: gain[lags + 1][N], to be freed. data holds the recording of the fit. Lag 0 comes
 * from all frames of the train split; the others, which cost as many steps each, from as many as a budget allows.
 * Error: no stretch of the train split is long enough. */
syn_status syn_measure_gain(const syn_parameters *p, syn_loss loss, const syn_dataset *data, size_t s, int lags,
                            const syn_kernels *kernels, int threads, double **gain);
/* k of a session for lags 0..lags, z-scored: out[lags + 1][N]. Beyond the lags that the model keeps it is measured on
 * the model's recording. */
syn_status syn_connectivity_response(const syn_model *model, size_t session, int lags, double *out);

#endif
