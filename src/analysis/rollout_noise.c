#include "analysis/rollout_noise.h"

#include <math.h>

#include "analysis/bootstrap.h"
#include "base/memory.h"
#include "base/random.h"

/* So many rollouts have to fit one after the other: those of neighbouring starts have most frames in common. */
enum { ROLLOUTS = 8 };
/* From this rate on counts are drawn as rounded normal numbers. */
static const double high_rate = 50;

syn_status syn_rollout_noise_create(syn_rollout_noise *noise, const syn_normalisation *norm, syn_loss loss,
                                    const syn_forecast *errors) {
    const int64_t N = norm->N;
    *noise = (syn_rollout_noise){.norm = norm, .counts = loss == SYN_LOSS_POISSON, .E = errors->F};
    if (noise->counts) return SYN_OK;
    SYN_TRY(syn_alloc(&noise->error, (size_t)(noise->E * N), sizeof *noise->error, "errors"));
    for (int64_t i = 0; i < N; i++) {
        double sum = 0, n = 0;
        for (int64_t k = i; k < noise->E * N; k += N) {
            const float e = (errors->truth[k] - errors->prediction[k]) / norm->scale[i];
            if (!isfinite(e)) continue;
            noise->error[k] = e;
            sum += (double)e, n++;
        }
        for (int64_t k = i; k < noise->E * N && n > 0; k += N)
            if (isfinite(errors->truth[k])) noise->error[k] -= (float)(sum / n);
    }
    return SYN_OK;
}

void syn_rollout_noise_free(syn_rollout_noise *noise) { free(noise->error), noise->error = NULL; }

static double draw_count(syn_random random, uint64_t index, double rate) {
    if (!(rate > 0)) return 0;
    if (rate > high_rate) return fmax(round(rate + sqrt(rate) * syn_random_normal(random, index)), 0);
    const double u = syn_random_uniform(random, index);
    double count = 0, p = exp(-rate), below = p;
    /* p vanishes before u, a double below 1, is reached only by rounding */
    while (u > below && p > 0) {
        p *= rate / ++count;
        below += p;
    }
    return count;
}

void syn_rollout_disturb(const syn_rollout_noise *noise, int path, int64_t frame, float *z) {
    const syn_normalisation *norm = noise->norm;
    const int64_t N = norm->N;
    const syn_random random = {0, SYN_STREAM_ROLLOUTS, (uint32_t)path};
    if (noise->counts) {
        for (int64_t i = 0; i < N; i++) {
            const double mean = (double)norm->mean[i], scale = (double)norm->scale[i];
            const double count = draw_count(random, (uint64_t)(frame * N + i), (double)z[i] * scale + mean);
            z[i] = (float)((count - mean) / scale);
        }
        return;
    }
    const float *error = noise->error + (int64_t)(syn_random_uniform(random, (uint64_t)frame) * (double)noise->E) * N;
    for (int64_t i = 0; i < N; i++) z[i] += error[i];
}

/* Squared errors, z-scored, and their number, of the first steps of each rollout. */
static void sum_squares(const syn_normalisation *norm, const syn_forecast *f, int64_t steps, double *square,
                        double *entries) {
    for (int64_t n = 0; n < f->S; n++) {
        square[n] = entries[n] = 0;
        for (int64_t k = n * f->K * f->N; k < (n * f->K + steps) * f->N; k++) {
            const double e = ((double)f->rollout_truth[k] - (double)f->rollout[k]) / (double)norm->scale[k % f->N];
            if (!isfinite(e)) continue;
            square[n] += e * e;
            entries[n]++;
        }
    }
}

syn_status syn_rollout_noise_helps(const syn_normalisation *norm, const syn_forecast *plain,
                                   const syn_forecast *disturbed, bool *helps) {
    const int64_t fit = plain->F / ROLLOUTS, steps = fit < plain->K ? fit : plain->K;
    double *of_plain = NULL, *of_disturbed = NULL, *entries = NULL;
    syn_interval less;
    syn_status status;
    double **rows[] = {&of_plain, &of_disturbed, &entries};
    *helps = false;
    if (steps < 2) return SYN_OK; /* the first one is the same */
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        SYN_CHECK(syn_alloc(rows[k], (size_t)plain->S, sizeof(double), "rollouts"));
    sum_squares(norm, disturbed, steps, of_disturbed, entries);
    sum_squares(norm, plain, steps, of_plain, entries);
    SYN_CHECK(syn_bootstrap_difference(&less, of_plain, of_disturbed, entries, plain->S, NULL, 0, 0));
    *helps = less.low > 0;
done:
    free(of_plain), free(of_disturbed), free(entries);
    return status;
}
