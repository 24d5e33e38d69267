#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "dataset/baseline.h"
#include "dataset/splits.h"
#include "rivals/rivals.h"

static void mark_segments(syn_rival_data *d) {
    const syn_recording *r = d->session->recording;
    for (int64_t t = 0; t < d->T; t++) d->start[t] = d->T;
    for (int64_t k = 0; k < r->S; k++)
        for (int64_t t = r->segment[k].start; t < r->segment[k].stop; t++) d->start[t] = r->segment[k].start;
}

/* What is left of a neuron's activity one frame later, from the pairs of the train split that were observed. */
static double decay_of(const syn_rival_data *d, int64_t i) {
    double product = 0, square = 0;
    for (int64_t k = 0; k < d->F[SYN_TRAIN]; k++) {
        const int64_t t = d->frame[SYN_TRAIN][k];
        if (!syn_rival_observed(d, t, i) || !syn_rival_observed(d, t - 1, i)) continue;
        const double before = (double)d->x[(t - 1) * d->N + i];
        product += before * (double)d->x[t * d->N + i], square += before * before;
    }
    return square > 0 ? fmax(-1, fmin(1, product / square)) : 0;
}

static void fill_unobserved(syn_rival_data *d) {
    for (int64_t i = 0; d->session->mask && i < d->N; i++) {
        const float decay = (float)decay_of(d, i);
        for (int64_t t = 0; t < d->T; t++)
            if (!syn_rival_observed(d, t, i) && d->start[t] < t) d->x[t * d->N + i] = decay * d->x[(t - 1) * d->N + i];
    }
}

static syn_status follow_baseline(syn_rival_data *d) {
    const float alpha = (float)d->session->norm.alpha;
    if (alpha == 0) return SYN_OK;
    SYN_TRY(syn_alloc(&d->baseline, (size_t)(d->T * d->N), sizeof *d->baseline, "baseline"));
    for (int64_t t = 0; t < d->T; t++)
        for (int64_t i = 0; i < d->N && d->start[t] <= t; i++) {
            const float before = t > d->start[t] ? d->baseline[(t - 1) * d->N + i] : 0;
            const bool observed = syn_rival_observed(d, t, i);
            d->baseline[t * d->N + i] = before + (observed ? alpha * (d->x[t * d->N + i] - before) : 0);
        }
    return SYN_OK;
}

syn_status syn_rival_data_create(syn_rival_data *d, const syn_session *s, syn_loss loss) {
    syn_status status;
    *d = (syn_rival_data){.session = s, .T = s->T, .N = s->N, .B = s->B, .loss = loss};
    SYN_CHECK(syn_alloc(&d->x, (size_t)(d->T * d->N), sizeof *d->x, "activity"));
    SYN_CHECK(syn_alloc(&d->start, (size_t)d->T, sizeof *d->start, "segments"));
    for (int split = 0; split < SYN_SPLITS; split++)
        SYN_CHECK(syn_targets(s, (syn_split)split, &d->frame[split], &d->F[split]));
    SYN_CHECK(syn_baseline_restore(s, s->T, d->x));
    mark_segments(d);
    fill_unobserved(d);
    SYN_CHECK(follow_baseline(d));
done:
    if (status != SYN_OK) syn_rival_data_free(d);
    return status;
}

void syn_rival_data_free(syn_rival_data *d) {
    free(d->x), free(d->baseline), free(d->start);
    for (int split = 0; split < SYN_SPLITS; split++) free(d->frame[split]);
    *d = (syn_rival_data){0};
}
