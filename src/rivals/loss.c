#include "rivals/loss.h"

#include <math.h>

const double syn_floor_share[SYN_FLOORS] = {0.001, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7};

static void add_counts(syn_rival_loss *loss, const syn_rival_data *d, int64_t frame, const float *prediction) {
    const syn_normalisation *norm = &d->session->norm;
    const float *x = d->x + frame * d->N;
    for (int64_t i = 0; i < d->N; i++) {
        if (!syn_rival_observed(d, frame, i)) continue;
        const double scale = (double)norm->scale[i], mean = (double)norm->mean[i];
        const double rate = (double)prediction[i] * scale + mean, counts = round((double)x[i] * scale + mean);
        for (int k = 0; k < SYN_FLOORS; k++) {
            const double raised = fmax(rate, syn_floor_share[k] * mean);
            loss->sum[k] += raised - (counts > 0 ? counts * log(raised) : 0);
        }
    }
}

void syn_rival_loss_add(syn_rival_loss *loss, const syn_rival_data *d, int64_t frame, const float *prediction) {
    const float *x = d->x + frame * d->N;
    if (d->loss == SYN_LOSS_POISSON) {
        add_counts(loss, d, frame, prediction);
        return;
    }
    for (int64_t i = 0; i < d->N; i++) {
        const double error = (double)x[i] - (double)prediction[i];
        if (syn_rival_observed(d, frame, i)) loss->sum[0] += error * error;
    }
}

double syn_rival_loss_least(const syn_rival_loss *loss, const syn_rival_data *d, int *floor) {
    double least = loss->sum[0];
    *floor = d->loss == SYN_LOSS_POISSON ? 0 : -1;
    for (int k = 1; *floor >= 0 && k < SYN_FLOORS; k++)
        if (loss->sum[k] < least) least = loss->sum[k], *floor = k;
    return isfinite(least) ? least : INFINITY;
}

void syn_rival_raise(const syn_rival_data *d, int floor, float *prediction, int64_t n) {
    const syn_normalisation *norm = &d->session->norm;
    for (int64_t k = 0; floor >= 0 && k < n * d->N; k++) {
        const double mean = (double)norm->mean[k % d->N], scale = (double)norm->scale[k % d->N];
        prediction[k] = fmaxf(prediction[k], (float)((syn_floor_share[floor] - 1) * mean / scale));
    }
}

void syn_rival_note_floor(json_t *chosen, int floor) {
    if (floor >= 0) json_object_set_new(chosen, "rate_floor", json_real(syn_floor_share[floor]));
}
