#include "rivals/correct.h"

#include <string.h>

#include "model/predicted.h"

/* Lets go of what is further back from the first scored frame than any correction remembers. */
static void shorten(syn_predicted *of, int64_t N) {
    const int64_t memory = syn_correction_memory(&syn_slowest_correction);
    int64_t scored = 0, first = 0;
    while (scored < of->F && !of->scored[scored]) scored++;
    while (scored < of->F && of->frame[first] < of->frame[scored] - memory) first++;
    if (first == 0) return;
    of->F -= first;
    of->begins[first] = true;
    memmove(of->frame, of->frame + first, (size_t)of->F * sizeof *of->frame);
    memmove(of->begins, of->begins + first, (size_t)of->F * sizeof *of->begins);
    memmove(of->scored, of->scored + first, (size_t)of->F * sizeof *of->scored);
    memmove(of->prediction, of->prediction + first * N, (size_t)(of->F * N) * sizeof *of->prediction);
}

/* Predictions of the first splits, up to `last`, which alone is scored. */
static syn_status predict(const syn_rival *rival, const void *model, const syn_rival_data *d,
                          const syn_rival_settings *settings, syn_split last, syn_predicted *of) {
    int64_t F = 0, at = 0;
    for (int split = 0; split <= (int)last; split++) F += d->F[split];
    SYN_TRY(syn_predicted_create(of, d->session, d->x, F));
    for (int split = 0; split <= (int)last; split++) {
        SYN_TRY(rival->predict(model, d, settings, (syn_split)split, of->prediction + at * d->N));
        for (int64_t k = 0; k < d->F[split]; k++, at++) {
            of->frame[at] = d->frame[split][k];
            of->begins[at] = at == 0 || d->start[of->frame[at]] != d->start[of->frame[at - 1]];
            of->scored[at] = split == (int)last;
        }
    }
    shorten(of, d->N);
    return SYN_OK;
}

syn_status syn_rival_predict_test(const syn_rival *rival, const void *model, const syn_rival_data *d,
                                  const syn_rival_settings *settings, json_t *chosen, float *prediction) {
    syn_predicted of = {0};
    syn_correction correction;
    syn_status status;
    if (rival->fixed) return rival->predict(model, d, settings, SYN_TEST, prediction);
    SYN_CHECK(predict(rival, model, d, settings, SYN_VALIDATION, &of));
    SYN_CHECK(syn_best_correction(&correction, &of, 1, d->loss, settings->threads));
    json_object_set_new(chosen, "correction", syn_correction_json(&correction));
    syn_predicted_free(&of);
    SYN_CHECK(predict(rival, model, d, settings, SYN_TEST, &of));
    SYN_CHECK(syn_correct_predicted(&correction, &of, d->loss, prediction));
done:
    syn_predicted_free(&of);
    return status;
}
