/* Training of a population network and the choice of its size, learning rate, dropout and weight decay.
 *
 * Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019) and an exponential average of the
 * weights. When the validation loss has not fallen for a while training goes on from the best weights at a lower rate,
 * twice; then it has converged. */
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"
#include "base/random.h"
#include "rivals/loss.h"
#include "rivals/rnn.h"

enum { BATCH = 8, PATIENCE = 5, REDUCTIONS = 2, MOST_STEPS = 6000, LONG = 5000 };
static const double reduction = 0.3, averaging = 0.98, most_norm = 1;

/* ---- batches ---- */

/* Windows of the train frames of one epoch, in random order; their grid starts at random. */
typedef struct epoch {
    int64_t n, next;
    uint32_t number;
    syn_rnn_window *window;
    int64_t *order;
} epoch;

static int64_t window_length(const syn_rival_data *d) { return d->F[SYN_TRAIN] < LONG ? 32 : 64; }

static void cut_windows(epoch *e, const syn_rival_data *d, uint64_t seed) {
    const int64_t L = window_length(d);
    const syn_session *s = d->session;
    e->n = e->next = 0;
    e->number++;
    const double draw = syn_random_uniform((syn_random){seed, SYN_STREAM_RIVALS, 100}, e->number);
    for (int64_t k = 0; k < s->n_spans[SYN_TRAIN]; k++) {
        const int64_t start = s->span[SYN_TRAIN][k].start, stop = s->span[SYN_TRAIN][k].stop - 1; /* of the inputs */
        int64_t from = stop - start > L ? start - (int64_t)(draw * (double)L) : start;
        for (; from < stop; from += L) {
            const int64_t first = from > start ? from : start, last = from + L < stop ? from + L : stop;
            if (last > first) e->window[e->n++] = (syn_rnn_window){first, last - first};
        }
    }
    syn_random_permutation((syn_random){seed, SYN_STREAM_RIVALS, 200 + e->number}, e->order, e->n);
}

static int64_t most_windows(const syn_rival_data *d) {
    int64_t n = 0;
    for (int64_t k = 0; k < d->session->n_spans[SYN_TRAIN]; k++) {
        const syn_span *span = &d->session->span[SYN_TRAIN][k];
        n += (span->stop - span->start) / window_length(d) + 2;
    }
    return n;
}

/* ---- training ---- */

typedef struct training {
    syn_rnn *net;
    const syn_rival_data *data;
    const syn_rival_settings *settings;
    epoch epoch;
    syn_rnn_pass *pass;
    float *gradient, *moment, *square, *average, *best; /* [count] */
    float *prediction;                                  /* [F][N] of the validation frames */
    int step, averaged;
} training;

static void training_free(training *t) {
    syn_rnn_pass_free(t->pass);
    free(t->epoch.window), free(t->epoch.order);
    free(t->gradient), free(t->moment), free(t->square), free(t->average), free(t->best), free(t->prediction);
}

static syn_status training_create(training *t) {
    const size_t count = t->net->at.count, windows = (size_t)most_windows(t->data);
    float **arrays[] = {&t->gradient, &t->moment, &t->square, &t->average, &t->best};
    for (int k = 0; k < 5; k++) SYN_TRY(syn_alloc(arrays[k], count, sizeof(float), "recurrent network"));
    SYN_TRY(syn_alloc(&t->epoch.window, windows, sizeof *t->epoch.window, "recurrent network"));
    SYN_TRY(syn_alloc(&t->epoch.order, windows, sizeof *t->epoch.order, "recurrent network"));
    SYN_TRY(syn_alloc(&t->prediction, (size_t)(t->data->F[SYN_VALIDATION] * t->data->N), sizeof(float),
                      "recurrent network"));
    memcpy(t->best, t->net->value, count * sizeof(float));
    return syn_rnn_pass_create(&t->pass, t->net, t->data, BATCH, window_length(t->data));
}

static void update(training *t, double rate) {
    const syn_rnn_layout *at = &t->net->at;
    float *w = t->net->value;
    double norm = 0;
    t->step++, t->averaged++;
#pragma omp simd reduction(+ : norm)
    for (size_t k = 0; k < at->count; k++) norm += (double)t->gradient[k] * (double)t->gradient[k];
    const float clip = (float)fmin(1, most_norm / (sqrt(norm) + 1e-12));
    const float scale = (float)(rate * sqrt(1 - pow(0.999, t->step)) / (1 - pow(0.9, t->step)));
    const float keep = (float)(1 - rate * t->net->decay);
    const float share = (float)((1 - averaging) / (1 - pow(averaging, t->averaged)));
    float *gradient = t->gradient, *moment = t->moment, *square = t->square, *average = t->average;
#pragma omp simd
    for (size_t k = 0; k < at->count; k++) {
        const float g = clip * gradient[k];
        moment[k] += 0.1f * (g - moment[k]);
        square[k] += 0.001f * (g * g - square[k]);
        w[k] = (k < at->a ? keep : 1) * w[k] - scale * moment[k] / (sqrtf(square[k]) + 1e-8f);
        average[k] += share * (w[k] - average[k]);
    }
}

static void train_step(training *t, double rate) {
    syn_rnn_window batch[BATCH];
    epoch *e = &t->epoch;
    int64_t n = 0;
    double loss;
    if (e->next >= e->n) cut_windows(e, t->data, t->settings->seed);
    while (n < BATCH && e->next < e->n) batch[n++] = e->window[e->order[e->next++]];
    const uint64_t key = (t->settings->seed + 1) * 1000003u + (uint64_t)t->step;
    syn_rnn_gradient(t->pass, batch, n, key, t->gradient, &loss);
    if (isfinite(loss)) update(t, rate);
}

/* Loss of the averaged weights on the validation frames, at the floor of rates that is best for them. */
static syn_status validate(training *t, double *loss, int *floor) {
    syn_rival_loss sum = {0};
    syn_rnn averaged = *t->net;
    averaged.value = t->average;
    SYN_TRY(syn_rnn_predict(&averaged, t->data, SYN_VALIDATION, t->prediction));
    for (int64_t k = 0; k < t->data->F[SYN_VALIDATION]; k++)
        syn_rival_loss_add(&sum, t->data, t->data->frame[SYN_VALIDATION][k], t->prediction + k * t->data->N);
    *loss = syn_rival_loss_least(&sum, t->data, floor);
    return SYN_OK;
}

syn_status syn_rnn_train(syn_rnn *net, const syn_rival_data *d, const syn_rival_settings *settings) {
    training t = {.net = net, .data = d, .settings = settings};
    const size_t size = net->at.count * sizeof(float);
    const int between = 50 + (int)(d->F[SYN_VALIDATION] / 100); /* steps between two looks at the validation frames */
    double rate = net->rate;
    syn_status status;
    SYN_CHECK(training_create(&t));
    for (int worse = 0, reductions = 0; t.step < MOST_STEPS;) {
        double loss;
        int floor;
        for (int k = 0; k < between; k++) train_step(&t, rate);
        SYN_CHECK(validate(&t, &loss, &floor));
        if (omp_get_thread_num() == 0) SYN_CHECK(syn_rival_go_on(settings));
        worse = loss < net->loss ? 0 : worse + 1;
        if (loss < net->loss)
            net->loss = loss, net->floor = floor, net->steps = t.step, memcpy(t.best, t.average, size);
        if (worse < PATIENCE) continue;
        if (reductions++ == REDUCTIONS) break;
        worse = 0, rate *= reduction, t.averaged = 0;
        memcpy(net->value, t.best, size);
    }
    memcpy(net->value, t.best, size);
done:
    training_free(&t);
    return status;
}

/* ---- search ---- */

enum { MOST_CANDIDATES = 3 };

/* Trains candidates side by side; the best of them and of *best stays in *best. */
static syn_status try_all(syn_rnn *best, const syn_rnn *candidate, int n, const syn_cell *cell, const syn_rival_data *d,
                          const syn_rival_settings *settings) {
    syn_rnn net[MOST_CANDIDATES] = {0};
    syn_status each[MOST_CANDIDATES] = {0}, status = SYN_OK;
#pragma omp parallel for schedule(dynamic, 1) num_threads(settings->threads)
    for (int k = 0; k < n; k++) {
        each[k] = syn_rnn_create(&net[k], cell, candidate[k].H, candidate[k].slow, d, settings);
        net[k].dropout = candidate[k].dropout, net[k].decay = candidate[k].decay, net[k].rate = candidate[k].rate;
        if (each[k] == SYN_OK) each[k] = syn_rnn_train(&net[k], d, settings);
    }
    for (int k = 0; k < n; k++) {
        if (each[k] == SYN_ERR_MEMORY) each[k] = syn_fail(SYN_ERR_MEMORY, "not enough memory for a recurrent network");
        if (each[k] == SYN_ERR_INTERRUPTED) each[k] = syn_fail(SYN_ERR_INTERRUPTED, "stopped on request");
        if (status == SYN_OK) status = each[k];
        if (each[k] == SYN_OK && (!best->value || net[k].loss < best->loss)) {
            syn_rnn_free(best);
            *best = net[k], net[k].value = NULL;
        }
        syn_rnn_free(&net[k]);
    }
    return status;
}

/* One property after the other, from a middle on: the baseline, dropout, weight decay, size, learning rate. */
static syn_status search(syn_rnn *best, const syn_cell *cell, const syn_rival_data *d,
                         const syn_rival_settings *settings) {
    const syn_rnn middle = {.H = 64, .dropout = 0.3, .decay = 0.01, .rate = 3e-3};
    syn_rnn next[MOST_CANDIDATES] = {middle, middle, middle};
    int n = 1;
    if (d->baseline) {
        next[1].slow = true;
        SYN_TRY(try_all(best, next, 2, cell, d, settings));
        next[0] = next[1] = *best;
        n = 0;
    }
    next[n].dropout = 0, next[n + 1].dropout = 0.6; /* beside the middle, if that is still to be trained */
    SYN_TRY(try_all(best, next, n + 2, cell, d, settings));
    next[0] = next[1] = *best;
    next[0].decay = 1, next[1].decay = 10;
    SYN_TRY(try_all(best, next, 2, cell, d, settings));
    next[0] = next[1] = *best;
    next[0].H = 128, next[1].H = 16; /* the longer first */
    SYN_TRY(try_all(best, next, 2, cell, d, settings));
    next[0] = next[1] = *best;
    next[0].rate = 1e-3, next[1].rate = 1e-2;
    return try_all(best, next, 2, cell, d, settings);
}

syn_status syn_rnn_fit(void **model, const syn_cell *cell, const syn_rival_data *d, const syn_rival_settings *settings,
                       json_t *chosen) {
    syn_rnn *best;
    SYN_TRY(syn_alloc(&best, 1, sizeof *best, "recurrent network"));
    syn_blas_begin();
    syn_status status = search(best, cell, d, settings);
    syn_blas_end();
    *model = best;
    if (status != SYN_OK) return status;
    json_object_set_new(chosen, "hidden", json_integer(best->H));
    json_object_set_new(chosen, "learning_rate", json_real(best->rate));
    json_object_set_new(chosen, "dropout", json_real(best->dropout));
    json_object_set_new(chosen, "weight_decay", json_real(best->decay));
    json_object_set_new(chosen, "slow_baseline", json_boolean(best->slow));
    json_object_set_new(chosen, "steps", json_integer(best->steps));
    syn_rival_note_floor(chosen, best->floor);
    return SYN_OK;
}

syn_status syn_rnn_predict_rates(const void *model, const syn_rival_data *d, const syn_rival_settings *settings,
                                 syn_split split, float *prediction) {
    (void)settings;
    SYN_TRY(syn_rnn_predict(model, d, split, prediction));
    syn_rival_raise(d, ((const syn_rnn *)model)->floor, prediction, d->F[split]);
    return SYN_OK;
}

void syn_rnn_release(void *model) {
    syn_rnn_free(model);
    free(model);
}
