#include "analysis/seed_stability.h"

#include <math.h>

#include "analysis/connectivity.h"
#include "base/memory.h"
#include "base/order.h"

size_t syn_repeat_length(const syn_dataset *data) {
    size_t length = 0;
    for (size_t s = 0; s < data->n; s++) length += (size_t)(data->session[s].N * data->session[s].N);
    return length;
}

/* C(0) of session s, z-scored: W_ij g_i(0), as in connectivity.h. C [N][N] */
static syn_status measure(const syn_search *repeat, const syn_parameters *p, size_t s, float *C) {
    const int threads = repeat->settings.threads;
    const int64_t N = p->session[s].N;
    double *gain;
    SYN_TRY(syn_parameters_weights(p, s, repeat->kernels, threads, C));
    SYN_TRY(syn_measure_gain(p, repeat->settings.loss, repeat->data, s, 0, repeat->kernels, threads, &gain));
    for (int64_t k = 0; k < N * N; k++) C[k] = (float)((double)C[k] * gain[k / N]);
    free(gain);
    return SYN_OK;
}

syn_status syn_repeat_keep(syn_repeats *repeats) {
    const syn_parameters *p = syn_repeats_model(repeats);
    float *kept = NULL, *C;
    syn_status status;
    SYN_CHECK(syn_alloc(&kept, repeats->length, sizeof *kept, "repeats"));
    C = kept;
    for (size_t s = 0; s < p->n_sessions; s++) {
        SYN_CHECK(measure(repeats->running, p, s, C));
        C += p->session[s].N * p->session[s].N;
    }
    syn_repeats_end(repeats, kept), kept = NULL;
done:
    free(kept);
    return status;
}

static bool have_one_sign(float a, float b) { return (a > 0 && b > 0) || (a < 0 && b < 0); }

/* Mean, standard deviation and share of the repeats with the model's sign for each of n numbers. fit [fits][n], that
 * of the model first. */
static void summarise(const float *const *fit, int fits, int64_t n, syn_seed_estimates *to) {
    for (int64_t k = 0; k < n; k++) {
        double sum = 0, square = 0;
        int same = 0;
        for (int f = 0; f < fits; f++) sum += (double)fit[f][k];
        const double mean = sum / fits;
        for (int f = 0; f < fits; f++) square += ((double)fit[f][k] - mean) * ((double)fit[f][k] - mean);
        for (int f = 1; f < fits; f++) same += have_one_sign(fit[f][k], fit[0][k]);
        to->mean[k] = (float)mean;
        to->sd[k] = (float)sqrt(square / (fits - 1));
        to->same_sign[k] = (float)same / (float)(fits - 1);
    }
}

/* Of the off-diagonal entries of a and b [N][N]; 0 where one does not vary. */
static double correlation(const float *a, const float *b, int64_t N) {
    const double n = (double)(N * (N - 1));
    double sa = 0, sb = 0, aa = 0, bb = 0, ab = 0;
    for (int64_t k = 0; k < N * N; k++) /* the diagonal is 0 and adds nothing */
        sa += (double)a[k], sb += (double)b[k];
    for (int64_t k = 0; k < N * N; k++) {
        if (k / N == k % N) continue;
        const double x = (double)a[k] - sa / n, y = (double)b[k] - sb / n;
        aa += x * x, bb += y * y, ab += x * y;
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

/* Over all pairs of fits. */
static syn_status median_correlation(const float *const *fit, int fits, int64_t N, double *median) {
    const int pairs = fits * (fits - 1) / 2;
    double *r;
    int n = 0;
    SYN_TRY(syn_alloc(&r, (size_t)pairs, sizeof *r, "repeats"));
    for (int a = 1; a < fits; a++)
        for (int b = 0; b < a; b++) r[n++] = correlation(fit[a], fit[b], N);
    syn_sort(r, pairs);
    *median = (r[(pairs - 1) / 2] + r[pairs / 2]) / 2;
    free(r);
    return SYN_OK;
}

/* from: where the session's numbers begin in what is kept of a repeat. */
static syn_status fill_session(const syn_repeats *repeats, syn_model *model, size_t s, size_t from) {
    const int fits = 1 + repeats->done;
    const int64_t N = model->session[s].norm.N;
    const float **fit = NULL;
    float *own = NULL;
    syn_status status;
    SYN_CHECK(syn_seed_estimates_create(&model->session[s].seeds, fits, N));
    syn_seed_estimates *to = model->session[s].seeds;
    SYN_CHECK(syn_alloc(&fit, (size_t)fits, sizeof *fit, "repeats"));
    SYN_CHECK(syn_alloc(&own, (size_t)(N * N), sizeof *own, "repeats"));
    SYN_CHECK(syn_connectivity(model, s, 0, 0, own));
    fit[0] = own;
    to->seed[0] = (int64_t)repeats->search->settings.seed;
    for (int k = 1; k < fits; k++) {
        fit[k] = repeats->kept[k - 1] + from;
        to->seed[k] = (int64_t)syn_repeat_seed(repeats->search->settings.seed, k - 1);
    }
    summarise(fit, fits, N * N, to);
    SYN_CHECK(median_correlation(fit, fits, N, &to->median_correlation));
done:
    free(fit), free(own);
    return status;
}

syn_status syn_seed_stability(const syn_repeats *repeats, syn_model *model) {
    size_t from = 0;
    for (size_t s = 0; s < model->n && repeats->done > 0; s++) {
        SYN_TRY(fill_session(repeats, model, s, from));
        from += (size_t)(model->session[s].norm.N * model->session[s].norm.N);
    }
    return SYN_OK;
}
