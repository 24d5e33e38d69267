/* copy-last: the last observed value of the same stretch of the split, or the mean. mean: that of the train split. */
#include <string.h>

#include "rivals/rivals.h"

static syn_status fit_nothing(void **model, const syn_rival_data *d, const syn_rival_settings *settings,
                              json_t *chosen) {
    (void)d, (void)settings, (void)chosen;
    *model = NULL;
    return SYN_OK;
}

static void free_nothing(void *model) { (void)model; }

static syn_status predict_mean(const void *model, const syn_rival_data *d, const syn_rival_settings *settings,
                               syn_split split, float *prediction) {
    (void)model, (void)settings;
    memset(prediction, 0, (size_t)(d->F[split] * d->N) * sizeof *prediction);
    return SYN_OK;
}

static syn_status predict_last(const void *model, const syn_rival_data *d, const syn_rival_settings *settings,
                               syn_split split, float *prediction) {
    (void)model, (void)settings;
    const syn_session *s = d->session;
    for (int64_t k = 0; k < s->n_spans[split]; k++) {
        const syn_span *span = &s->span[split][k];
        for (int64_t t = syn_span_first_target(span); t < span->stop; t++, prediction += d->N)
            for (int64_t i = 0; i < d->N; i++) {
                int64_t last = t - 1;
                while (last >= span->start - span->context && !syn_rival_observed(d, last, i)) last--;
                prediction[i] = last >= span->start - span->context ? d->x[last * d->N + i] : 0;
            }
    }
    return SYN_OK;
}

const syn_rival syn_rival_copy_last = {
    .name = "copy-last", .fit = fit_nothing, .predict = predict_last, .free = free_nothing, .fixed = true};
const syn_rival syn_rival_mean = {
    .name = "mean", .fit = fit_nothing, .predict = predict_mean, .free = free_nothing, .fixed = true};
