#include "analysis/connectivity.h"

#include <math.h>
#include <string.h>

#include "analysis/prepare.h"
#include "base/memory.h"

/* Frames of one piece beyond the lags that it shares with the next. */
enum { PIECE_FRAMES = 64, FEWEST_SEEDS = 500 };
/* Neuron-steps to spend on the lags beyond the first. */
static const double budget = 1e7;

static syn_status check_length(const syn_session *s, int lags) {
    int64_t longest = 0;
    for (int64_t k = 0; k < s->n_spans[SYN_TRAIN]; k++) {
        const int64_t frames = s->span[SYN_TRAIN][k].stop - s->span[SYN_TRAIN][k].start;
        if (frames > longest) longest = frames;
    }
    if (lags <= longest - 2) return SYN_OK;
    return syn_fail(SYN_ERR_OPTION,
                    "lags: found %d; expected at most %lld: the longest stretch of the train split has "
                    "%lld frames",
                    lags, (long long)(longest - 2), (long long)longest);
}

syn_status syn_measure_gain(const syn_parameters *p, syn_loss loss, const syn_dataset *data, size_t s, int lags,
                            const syn_kernels *kernels, int threads, double **gain) {
    const int64_t N = p->session[s].N, frames = PIECE_FRAMES + lags;
    const double seeds = fmax(budget / ((double)N * (lags + 1)), FEWEST_SEEDS);
    syn_parameters plain = *p; /* C is of the network, but for the share of the moving mean */
    syn_network *network = NULL;
    syn_status status;
    *gain = NULL;
    plain.correction = (syn_correction){0};
    SYN_CHECK(check_length(&data->session[s], lags));
    SYN_CHECK(syn_network_create(&network, &plain, data, loss, kernels, threads, frames, frames));
    SYN_CHECK(syn_alloc(gain, (size_t)(lags + 1) * (size_t)N, sizeof **gain, "gain"));
    /* what was not observed becomes the prediction of these parameters, whatever ran before */
    if (data->session[s].mask) SYN_CHECK(syn_network_run(network, s, SYN_TRAIN, NULL, NULL));
    plain.correction.share = p->correction.share;
    if (lags > 0) SYN_CHECK(syn_network_gain(network, s, lags, (int64_t)seeds, *gain));
    SYN_CHECK(syn_network_gain(network, s, 0, INT64_MAX, *gain));
done:
    syn_network_free(network);
    if (status != SYN_OK) free(*gain), *gain = NULL;
    return status;
}

/* More lags than the model keeps: measured on its recording. */
static syn_status measure_again(double **gain, const syn_model *model, size_t s, int lags) {
    syn_prepared prepared = {0};
    const syn_kernels *kernels;
    int threads;
    syn_status status;
    *gain = NULL;
    SYN_CHECK(syn_choose_kernels(NULL, &kernels, &threads));
    SYN_CHECK(syn_prepare(&prepared, model, s, 1, NULL, NULL));
    SYN_CHECK(syn_measure_gain(model->p, model->loss, &prepared.data, s, lags, kernels, threads, gain));
done:
    syn_prepared_free(&prepared);
    return status;
}

syn_status syn_weights(const syn_model *model, size_t session, float *out) {
    const syn_kernels *kernels;
    int threads;
    SYN_TRY(syn_model_check_session(model, session));
    SYN_TRY(syn_choose_kernels(NULL, &kernels, &threads));
    return syn_parameters_weights(model->p, session, kernels, threads, out);
}

syn_status syn_mask(const syn_model *model, size_t session, unsigned char *out) {
    SYN_TRY(syn_model_check_session(model, session));
    const syn_session_layout *at = &model->p->session[session];
    const uint8_t *support = model->p->session[at->owner].support;
    const syn_normalisation *norm = &model->session[session].norm;
    if (!support)
        return syn_fail(SYN_ERR_OPTION, "the model has no mask: its connectivity is %s", syn_form_name[model->p->form]);
    memset(out, 0, (size_t)(norm->N_recorded * norm->N_recorded));
    for (int64_t i = 0; i < norm->N; i++)
        for (int64_t j = 0; j < norm->N; j++)
            out[norm->kept[i] * norm->N_recorded + norm->kept[j]] =
                support[syn_place(at, i) * at->M + syn_place(at, j)];
    return SYN_OK;
}

/* k_i(tau) from g[..][N]. */
static double response(const double *g, int64_t N, int64_t i, int tau, double alpha) {
    double k = g[tau * N + i], weight = alpha;
    for (int m = 1; m <= tau; m++, weight *= 1 - alpha) k -= weight * g[(tau - m) * N + i];
    return k;
}

syn_status syn_connectivity_response(const syn_model *model, size_t session, int lags, double *out) {
    double *measured = NULL;
    syn_status status = SYN_OK;
    const syn_fitted_session *s = &model->session[session];
    const int64_t N = s->norm.N;
    if (lags > s->lags) SYN_CHECK(measure_again(&measured, model, session, lags));
    for (int tau = 0; tau <= lags; tau++)
        for (int64_t i = 0; i < N; i++)
            out[tau * N + i] = response(measured ? measured : s->gain, N, i, tau, s->norm.alpha);
done:
    free(measured);
    return status;
}

syn_status syn_connectivity(const syn_model *model, size_t session, int lags, int raw_units, float *out) {
    double *k = NULL;
    float *W = NULL;
    syn_status status;
    SYN_TRY(syn_model_check_session(model, session));
    if (lags < 0) return syn_fail(SYN_ERR_OPTION, "lags: found %d; expected 0 or more", lags);
    const syn_normalisation *norm = &model->session[session].norm;
    const int64_t N = norm->N;
    SYN_CHECK(syn_alloc(&k, ((size_t)lags + 1) * (size_t)N, sizeof *k, "connectivity"));
    SYN_CHECK(syn_alloc(&W, (size_t)(N * N), sizeof *W, "connectivity"));
    SYN_CHECK(syn_weights(model, session, W));
    SYN_CHECK(syn_connectivity_response(model, session, lags, k));
    const float *send = model->p->form == SYN_FORM_NONE ? NULL : model->p->value + model->p->session[session].send;
    for (int tau = 0; tau <= lags; tau++)
        for (int64_t i = 0; i < N; i++)
            for (int64_t j = 0; j < N; j++) {
                const double units = raw_units ? (double)norm->scale[i] / (double)norm->scale[j] : 1;
                const double earlier = tau && send ? (double)send[j] * k[(tau - 1) * N + i] : 0;
                out[(tau * N + i) * N + j] =
                    i == j ? 0.0f : (float)((double)W[i * N + j] * (k[tau * N + i] - earlier) * units);
            }
done:
    free(k), free(W);
    return status;
}
