#include "training/trainer.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "model/predicted.h"

/* Windows of the train split in an epoch whose grid starts at `phase` (0..window-1); returns their number. */
static int64_t cut_windows(const syn_session *s, int64_t window, int64_t phase, syn_window *out) {
    int64_t n = 0;
    for (int64_t k = 0; k < s->n_spans[SYN_TRAIN]; k++) {
        const syn_span *span = &s->span[SYN_TRAIN][k];
        int64_t inputs = span->stop - 1 - span->start;
        if (inputs <= window) { /* a trial fits: always from its first frame, as in prediction */
            if (inputs > 0 && out) out[n] = (syn_window){span->start, inputs};
            n += inputs > 0;
            continue;
        }
        for (int64_t from = phase - window; from < inputs; from += window) {
            int64_t start = from < 0 ? 0 : from, stop = from + window < inputs ? from + window : inputs;
            if (stop <= start) continue;
            if (out) out[n] = (syn_window){span->start + start, stop - start};
            n++;
        }
    }
    return n;
}

/* Observed entries that the train loss is a mean of. */
static int64_t train_targets(const syn_dataset *data) {
    int64_t entries = 0;
    for (size_t s = 0; s < data->n; s++) {
        const syn_session *session = &data->session[s];
        for (int64_t k = 0; k < session->n_spans[SYN_TRAIN]; k++) {
            const syn_span *span = &session->span[SYN_TRAIN][k];
            for (int64_t t = syn_span_first_target(span); t < span->stop; t++)
                for (int64_t i = 0; i < session->N; i++) entries += syn_session_observed(session, t, i);
        }
    }
    return entries;
}

/* Windows at most, whatever the phase. */
static int64_t most_windows(const syn_dataset *data) {
    int64_t n = 0;
    for (size_t s = 0; s < data->n; s++)
        n += syn_session_frames(&data->session[s], SYN_TRAIN) / data->window + 2 * data->session[s].n_spans[SYN_TRAIN] +
             2;
    return n;
}

int64_t syn_trainer_steps(const syn_dataset *data, int64_t batch_frames) {
    int64_t steps = 0;
    for (size_t s = 0; s < data->n; s++) {
        int64_t n = syn_session_frames(&data->session[s], SYN_TRAIN) / batch_frames;
        steps += n ? n : 1;
    }
    return steps;
}

syn_status syn_trainer_create(syn_trainer **trainer, syn_parameters *p, const syn_dataset *data, syn_loss loss,
                              const syn_kernels *kernels, int threads, const syn_schedule *schedule,
                              syn_penalty penalty) {
    syn_status status;
    int64_t windows = most_windows(data);
    status = syn_alloc(trainer, 1, sizeof **trainer, "training");
    if (status != SYN_OK) return syn_parameters_free(p), status;
    syn_trainer *t = *trainer;
    *t = (syn_trainer){
        .data = data, .loss = loss, .schedule = *schedule, .penalty = penalty, .p = p, .best_loss = INFINITY};
    SYN_CHECK(syn_optimiser_create(&t->optimiser, p));
    t->optimiser.frozen = schedule->frozen_decoder;
    SYN_CHECK(syn_alloc(&t->best, p->count, sizeof(float), "best weights"));
    SYN_CHECK(syn_alloc(&t->gradient, p->count, sizeof(float), "gradient"));
    SYN_CHECK(syn_alloc(&t->curve, (size_t)schedule->max_epochs, sizeof *t->curve, "training curve"));
    SYN_CHECK(syn_alloc(&t->window, (size_t)windows, sizeof *t->window, "windows"));
    SYN_CHECK(syn_alloc(&t->order, (size_t)windows, sizeof *t->order, "windows"));
    SYN_CHECK(syn_network_create(&t->network, p, data, loss, kernels, threads,
                                 schedule->batch_frames + data->window + 64, data->window));
done:
    if (status != SYN_OK) syn_trainer_free(t), *trainer = NULL;
    return status;
}

void syn_trainer_free(syn_trainer *t) {
    if (!t) return;
    syn_network_free(t->network);
    syn_optimiser_free(&t->optimiser);
    syn_parameters_free(t->p);
    free(t->best), free(t->gradient), free(t->curve), free(t->window), free(t->order);
    free(t);
}

typedef struct loss_sum {
    const syn_session *session;
    syn_loss loss;
    double sum;
    int64_t count;
    double *each; /* where the sum of the next frame goes, or NULL */
} loss_sum;

static syn_status add_frame_loss(void *user, int64_t frame, const float *prediction, const float *truth,
                                 const float *slope) {
    (void)slope;
    loss_sum *s = user;
    const double loss = syn_observed_loss(s->session, s->loss, frame, prediction, truth, &s->count);
    s->sum += loss;
    if (s->each) *s->each++ = loss;
    return SYN_OK;
}

syn_status syn_split_loss(syn_network *network, const syn_dataset *data, syn_loss loss, syn_split split, double *each,
                          double *mean) {
    double sum = 0;
    int64_t count = 0;
    for (size_t s = 0; s < data->n; s++) {
        loss_sum one = {.session = &data->session[s], .loss = loss, .each = each};
        SYN_TRY(syn_network_run(network, s, split, add_frame_loss, &one));
        sum += one.sum, count += one.count, each = one.each;
    }
    *mean = sum / (double)(count ? count : 1);
    if (!isfinite(*mean))
        return syn_fail(SYN_ERR_NUMERIC, "training diverged: the loss is not finite; lower --learning-rate");
    return SYN_OK;
}

/* Mean over sessions and neurons of |d xhat / d I| at lag 0. */
static syn_status measure_gain(syn_trainer *t) {
    double sum = 0, count = 0, *gain;
    t->gain = 0;
    for (size_t s = 0; s < t->data->n; s++) {
        int64_t N = t->data->session[s].N;
        SYN_TRY(syn_alloc(&gain, (size_t)N, sizeof *gain, "gain"));
        syn_status status = syn_network_gain(t->network, s, 0, 256, gain);
        for (int64_t i = 0; i < N; i++) sum += gain[i] * gain[i], count++;
        free(gain);
        SYN_TRY(status);
    }
    t->gain = sqrt(sum / count);
    return SYN_OK;
}

/* Cosine from 1 to 0.02 over the epochs, after a short warm-up. */
static double anneal(const syn_trainer *t, int64_t step, int64_t steps) {
    double progress = ((double)t->epoch + (double)step / (double)steps) / t->schedule.max_epochs;
    double warm_up = fmin(1.0, (double)(t->optimiser.step + 1) / 20.0);
    return warm_up * (0.02 + 0.98 * 0.5 * (1 + cos(3.14159265358979 * progress)));
}

/* Evaluates the averaged weights on the validation split and keeps them if they are the best so far. */
static syn_status validate(syn_trainer *t, int epoch, double *loss) {
    float *trained = t->p->value;
    t->p->value = t->optimiser.average;
    syn_status status = syn_split_loss(t->network, t->data, t->loss, SYN_VALIDATION, NULL, loss);
    t->p->value = trained;
    SYN_TRY(status);
    if (*loss < t->best_loss) {
        t->best_loss = *loss;
        t->best_epoch = epoch;
        memcpy(t->best, t->optimiser.average, t->p->count * sizeof(float));
    }
    return SYN_OK;
}

/* All windows of the epoch as batches of one session each, in random order: batch k holds windows
 * [first[k], first[k + 1]) of t->window. */
typedef struct epoch_plan {
    int64_t n_batches;
    int64_t *first;
    size_t *session;
} epoch_plan;

static syn_status plan_epoch(syn_trainer *t, epoch_plan *plan) {
    const syn_dataset *data = t->data;
    int64_t capacity = most_windows(data), used = 0;
    uint32_t substream = t->schedule.stage * 100000u + (uint32_t)t->epoch;
    syn_random random = {t->schedule.seed, SYN_STREAM_BATCHES, substream};
    syn_window *cut = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&plan->first, (size_t)capacity + 1, sizeof *plan->first, "batches"));
    SYN_CHECK(syn_alloc(&plan->session, (size_t)capacity, sizeof *plan->session, "batches"));
    SYN_CHECK(syn_alloc(&cut, (size_t)capacity, sizeof *cut, "windows"));
    for (size_t s = 0; s < data->n; s++) {
        double draw = syn_random_uniform(random, (uint64_t)1 << 40 | s);
        int64_t n = cut_windows(&data->session[s], data->window, (int64_t)(draw * (double)data->window), cut);
        syn_random_permutation((syn_random){t->schedule.seed, SYN_STREAM_BATCHES, substream ^ (uint32_t)(s + 1) << 24},
                               t->order, n);
        int64_t frames = 0;
        for (int64_t k = 0; k < n; k++) {
            const syn_window *w = &cut[t->order[k]];
            if (k == 0 || frames + w->length > t->schedule.batch_frames + data->window - 1) {
                plan->session[plan->n_batches] = s;
                plan->first[plan->n_batches++] = used;
                frames = 0;
            }
            t->window[used++] = *w;
            frames += w->length;
            if (frames >= t->schedule.batch_frames)
                frames = INT64_MAX / 2; /* full: the next window opens a new batch */
        }
    }
    plan->first[plan->n_batches] = used;
done:
    free(cut);
    return status;
}

static syn_status run_batches(syn_trainer *t, const epoch_plan *plan, double *train_loss, bool (*keep_going)(void *),
                              void *user) {
    const double observations = (double)train_targets(t->data);
    const syn_penalty penalty = {.ridge = t->penalty.ridge / observations,
                                 .l1 = t->penalty.l1 / observations,
                                 .embedding = t->penalty.embedding / observations,
                                 .behavior = t->penalty.behavior / observations,
                                 .prior = t->penalty.prior};
    int64_t *order;
    syn_status status;
    SYN_CHECK(syn_alloc(&order, (size_t)plan->n_batches, sizeof *order, "batches"));
    syn_random_permutation((syn_random){t->schedule.seed, SYN_STREAM_BATCHES,
                                        0x80000000u | (t->schedule.stage * 100000u + (uint32_t)t->epoch)},
                           order, plan->n_batches);
    *train_loss = 0;
    for (int64_t k = 0; k < plan->n_batches; k++) {
        int64_t b = order[k];
        double loss, scale = anneal(t, k, plan->n_batches);
        SYN_CHECK(syn_network_gradient(t->network, plan->session[b], t->window + plan->first[b],
                                       plan->first[b + 1] - plan->first[b], t->gradient, &loss));
        const double rate[3] = {scale * t->schedule.decoder_rate, scale * t->schedule.decoder_rate,
                                scale * t->schedule.connectivity_rate};
        SYN_CHECK(syn_optimiser_step(&t->optimiser, t->gradient, rate, penalty, t->gain));
        *train_loss += loss / (double)plan->n_batches;
        if (keep_going && !keep_going(user)) {
            status = syn_fail(SYN_ERR_INTERRUPTED, "stopped on request");
            goto done;
        }
    }
done:
    free(order);
    return status;
}

int syn_trainer_least_left(const syn_trainer *t) {
    const syn_schedule *s = &t->schedule;
    const bool behind = t->best_loss > s->rival_loss;
    const int patience = behind && s->patience_behind ? s->patience_behind : s->patience;
    const int epochs = behind && s->epochs_behind ? s->epochs_behind : s->max_epochs;
    const int left = patience - (t->epoch - 1 - t->best_epoch), most = epochs - t->epoch;
    return left < 0 || most < 0 ? 0 : left < most ? left : most;
}

syn_status syn_trainer_epoch(syn_trainer *t, bool *done, bool (*keep_going)(void *), void *user) {
    epoch_plan plan = {0};
    syn_status status;
    double train_loss, loss;
    if (t->schedule.warm && t->epoch == 0) SYN_TRY(validate(t, -1, &loss));
    /* what was not observed is replaced by the prediction of the weights that the epoch starts with */
    for (size_t s = 0; s < t->data->n; s++)
        if (t->data->session[s].mask) SYN_TRY(syn_network_run(t->network, s, SYN_TRAIN, NULL, NULL));
    if (t->p->form != SYN_FORM_NONE) SYN_TRY(measure_gain(t));
    SYN_CHECK(plan_epoch(t, &plan));
    SYN_CHECK(run_batches(t, &plan, &train_loss, keep_going, user));
    SYN_CHECK(validate(t, t->epoch, &loss));
    t->curve[t->epoch] = (syn_epoch_losses){train_loss, loss};
    t->epoch++;
    *done = syn_trainer_least_left(t) == 0;
done:
    free(plan.first), free(plan.session);
    return status;
}
