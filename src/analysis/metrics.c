#include "analysis/metrics.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

static const double RATE_FLOOR = 1e-9;
/* Variances below these are rounding: of z-scored values, and as a share of their mean square, which is about a hundred
 * times what putting back a slow baseline in single precision leaves of a constant. */
static const double VARIANCE_FLOOR = 1e-9, VARIANCE_FLOOR_SHARE = 1e-12;

double syn_rounding(double n, double squares) { return VARIANCE_FLOOR * n + VARIANCE_FLOOR_SHARE * squares; }

/* Sums of two series about the first value of each, so that a large common offset cancels nothing. */
typedef struct comoments {
    double n, origin_a, origin_b;
    double a, b, aa, bb, ab;
} comoments;

static void comoments_add(comoments *m, double a, double b) {
    if (m->n == 0) {
        m->origin_a = a;
        m->origin_b = b;
    }
    a -= m->origin_a;
    b -= m->origin_b;
    m->n++;
    m->a += a;
    m->b += b;
    m->aa += a * a;
    m->bb += b * b;
    m->ab += a * b;
}

/* Sum of squares about the mean; 0 for a series that varies by no more than rounding. */
static double scatter(double n, double sum, double squares, double rounding) {
    if (n == 0) return 0;
    double centred = squares - sum * sum / n;
    return centred > rounding ? centred : 0;
}

/* Pearson correlation: absent where a (the truth) does not vary, 0 where only b does not, or is not finite. */
static double pearson(const comoments *m, double rounding) {
    double aa = scatter(m->n, m->a, m->aa, rounding), bb = scatter(m->n, m->b, m->bb, rounding);
    if (aa == 0) return NAN;
    if (bb == 0) return 0;
    double r = (m->ab - m->a * m->b / m->n) / (sqrt(aa) * sqrt(bb));
    return fmax(-1, fmin(1, r));
}

/* A mean over what is present. */
typedef struct average {
    double sum, n;
} average;

static void average_add(average *mean, double value) {
    if (isnan(value)) return;
    mean->sum += value;
    mean->n++;
}

/* sum / n, or absent. */
static double ratio(double sum, double n) {
    double value = n > 0 ? sum / n : NAN;
    return isfinite(value) ? value : NAN;
}

typedef struct neuron_sums {
    comoments value, change;       /* truth and prediction; of x[t], and of x[t] - x[t-1] */
    double squared_error, squares; /* of the error; of the truth */
    double spikes, nll_model, nll_mean_rate;
} neuron_sums;

struct syn_metrics {
    int64_t N;
    double *log_train_rate, *train_rate; /* [N] or NULL */
    neuron_sums *neuron;                 /* [N] */
    comoments population;
    average spatial;
    double absolute_error;
    syn_frame_loss total;
};

syn_status syn_metrics_create(syn_metrics **metrics, int64_t N, const double *train_rate) {
    syn_status status;
    syn_metrics *m = NULL;
    *metrics = NULL;
    SYN_CHECK(syn_alloc(&m, 1, sizeof *m, "metrics"));
    m->N = N;
    SYN_CHECK(syn_alloc(&m->neuron, (size_t)N, sizeof *m->neuron, "metrics"));
    if (train_rate) {
        SYN_CHECK(syn_alloc(&m->train_rate, (size_t)N, sizeof(double), "metrics"));
        SYN_CHECK(syn_alloc(&m->log_train_rate, (size_t)N, sizeof(double), "metrics"));
        for (int64_t i = 0; i < N; i++) {
            m->train_rate[i] = fmax(train_rate[i], RATE_FLOOR);
            m->log_train_rate[i] = log(m->train_rate[i]);
        }
    }
    *metrics = m;
    return SYN_OK;
done:
    syn_metrics_free(m);
    return status;
}

void syn_metrics_free(syn_metrics *m) {
    if (!m) return;
    free(m->train_rate);
    free(m->log_train_rate);
    free(m->neuron);
    free(m);
}

/* One frame of a block: the loss of the frame, and all sums. */
static syn_frame_loss add_frame(syn_metrics *m, const float *x, const float *prediction, const float *previous,
                                const uint8_t *observed) {
    syn_frame_loss loss = {0};
    comoments across_neurons = {0};
    double population = 0, predicted_population = 0;
    for (int64_t i = 0; i < m->N; i++) {
        if (observed && !observed[i]) continue;
        neuron_sums *neuron = &m->neuron[i];
        /* A prediction that is not a number is infinitely wrong, lest it drop out of an average. */
        double y = x[i], p = isnan(prediction[i]) ? INFINITY : prediction[i], error = p - y;
        loss.entries++;
        loss.model += error * error;
        loss.mean += y * y;
        m->absolute_error += fabs(error);
        neuron->squared_error += error * error;
        neuron->squares += y * y;
        population += y;
        predicted_population += p;
        comoments_add(&neuron->value, y, p);
        comoments_add(&across_neurons, y, p);
        if (!previous || isnan(previous[i])) continue;
        double last = previous[i];
        loss.paired++;
        loss.model_paired += error * error;
        loss.copy_last += (y - last) * (y - last);
        comoments_add(&neuron->change, y - last, p - last);
    }
    if (loss.entries > 0) comoments_add(&m->population, population, predicted_population);
    if (loss.entries > 1) average_add(&m->spatial, pearson(&across_neurons, syn_rounding(loss.entries, loss.mean)));
    return loss;
}

void syn_metrics_add(syn_metrics *m, const syn_metric_block *block, syn_frame_loss *frame_loss) {
    for (int64_t t = 0; t < block->n; t++) {
        int64_t row = t * m->N;
        syn_frame_loss loss =
            add_frame(m, block->x + row, block->prediction + row, block->previous ? block->previous + row : NULL,
                      block->observed ? block->observed + row : NULL);
        m->total.entries += loss.entries;
        m->total.model += loss.model;
        m->total.mean += loss.mean;
        m->total.paired += loss.paired;
        m->total.model_paired += loss.model_paired;
        m->total.copy_last += loss.copy_last;
        if (frame_loss) frame_loss[t] = loss;
    }
}

void syn_metrics_add_counts(syn_metrics *m, int64_t n, const float *counts, const float *rate, const uint8_t *observed,
                            double *nll_model, double *nll_mean_rate) {
    for (int64_t t = 0; t < n; t++) {
        double frame_model = 0, frame_mean_rate = 0;
        for (int64_t i = 0; i < m->N; i++) {
            int64_t k = t * m->N + i;
            if (observed && !observed[k]) continue;
            double predicted = fmax(rate[k], RATE_FLOOR), count = counts[k];
            double model = isfinite(rate[k]) ? predicted - count * log(predicted) : INFINITY;
            double mean_rate = m->train_rate[i] - count * m->log_train_rate[i];
            m->neuron[i].spikes += count;
            m->neuron[i].nll_model += model;
            m->neuron[i].nll_mean_rate += mean_rate;
            frame_model += model;
            frame_mean_rate += mean_rate;
        }
        if (nll_model) nll_model[t] = frame_model;
        if (nll_mean_rate) nll_mean_rate[t] = frame_mean_rate;
    }
}

/* 1 - SSE / SST about the mean of the frames that were added. */
static double neuron_r2(const neuron_sums *neuron, double rounding) {
    double total = scatter(neuron->value.n, neuron->value.a, neuron->value.aa, rounding);
    return total > 0 ? 1 - neuron->squared_error / total : NAN;
}

static double bits(double nll_mean_rate, double nll_model, double spikes) {
    return spikes > 0 ? (nll_mean_rate - nll_model) / (spikes * log(2)) : NAN;
}

static double rounding_of(const neuron_sums *neuron) { return syn_rounding(neuron->value.n, neuron->squares); }

void syn_metrics_neuron_r(const syn_metrics *m, double *r) {
    for (int64_t i = 0; i < m->N; i++) r[i] = pearson(&m->neuron[i].value, rounding_of(&m->neuron[i]));
}

void syn_metrics_neuron_mse(const syn_metrics *m, double *mse) {
    for (int64_t i = 0; i < m->N; i++)
        mse[i] = m->neuron[i].value.n > 0 ? m->neuron[i].squared_error / m->neuron[i].value.n : NAN;
}

syn_metric_values syn_metrics_values(const syn_metrics *m) {
    average r2 = {0}, neuron_r = {0}, delta_r = {0}, neuron_bits = {0};
    double spikes = 0, nll_model = 0, nll_mean_rate = 0;
    for (int64_t i = 0; i < m->N; i++) {
        const neuron_sums *neuron = &m->neuron[i];
        const double rounding = rounding_of(neuron);
        average_add(&r2, neuron_r2(neuron, rounding));
        average_add(&neuron_r, pearson(&neuron->value, rounding));
        average_add(&delta_r, pearson(&neuron->change, rounding));
        average_add(&neuron_bits, bits(neuron->nll_mean_rate, neuron->nll_model, neuron->spikes));
        spikes += neuron->spikes;
        nll_model += neuron->nll_model;
        nll_mean_rate += neuron->nll_mean_rate;
    }
    const syn_frame_loss *total = &m->total;
    const double rounding = syn_rounding(total->entries, total->mean);
    return (syn_metric_values){
        .mse = ratio(total->model, total->entries),
        .mae = ratio(m->absolute_error, total->entries),
        .mse_copy_last = ratio(total->copy_last, total->paired),
        .mse_mean = ratio(total->mean, total->entries),
        .skill = total->copy_last > rounding ? 1 - ratio(total->model_paired, total->copy_last) : NAN,
        .r2 = ratio(r2.sum, r2.n),
        .neuron_r = ratio(neuron_r.sum, neuron_r.n),
        .delta_r = ratio(delta_r.sum, delta_r.n),
        .population_r = pearson(&m->population, rounding),
        .spatial_r = ratio(m->spatial.sum, m->spatial.n),
        .bits_per_spike = ratio(bits(nll_mean_rate, nll_model, spikes), 1),
        .bits_per_spike_neuron_mean = ratio(neuron_bits.sum, neuron_bits.n),
    };
}

/* ---- edges: P = N (N - 1) ordered pairs ---- */

typedef struct ranked {
    double value;
    int64_t pair;
} ranked;

static int by_value(const void *a, const void *b) {
    double left = ((const ranked *)a)->value, right = ((const ranked *)b)->value;
    return (left > right) - (left < right);
}

/* End of the run of equal values that starts at k. */
static int64_t run_end(const ranked *sorted, int64_t k, int64_t n) {
    int64_t end = k + 1;
    while (end < n && sorted[end].value == sorted[k].value) end++;
    return end;
}

/* Ranks from 1, ties averaged. values, ranks: [n]; sorted: [n] workspace, left in ascending order. */
static void rank_values(const double *values, int64_t n, double *ranks, ranked *sorted) {
    for (int64_t k = 0; k < n; k++) sorted[k] = (ranked){values[k], k};
    if (n > 1) qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    for (int64_t k = 0, end; k < n; k = end) {
        end = run_end(sorted, k, n);
        for (int64_t l = k; l < end; l++) ranks[sorted[l].pair] = 0.5 * (double)(k + 1 + end);
    }
}

static double correlation(const double *a, const double *b, int64_t n) {
    comoments m = {0};
    for (int64_t k = 0; k < n; k++) comoments_add(&m, a[k], b[k]);
    return pearson(&m, 0); /* equal values add up to exactly 0 */
}

/* Mann-Whitney: the chance that an edge outranks a pair without one. */
static double area_under_roc(const double *ranks, const double *weights, int64_t n) {
    double edges = 0, rank_sum = 0;
    for (int64_t k = 0; k < n; k++)
        if (weights[k] != 0) {
            edges++;
            rank_sum += ranks[k];
        }
    return ratio(rank_sum - edges * (edges + 1) / 2, edges * ((double)n - edges));
}

/* Average precision: the mean over edges of the precision at their score. sorted: ascending scores. */
static double average_precision(const ranked *sorted, const double *weights, int64_t n) {
    double taken = 0, edges = 0, sum = 0;
    for (int64_t k = n - 1, start; k >= 0; k = start) {
        double found = 0;
        for (start = k; start >= 0 && sorted[start].value == sorted[k].value; start--)
            found += weights[sorted[start].pair] != 0;
        taken += (double)(k - start);
        edges += found;
        sum += found * edges / taken;
    }
    return ratio(sum, edges);
}

static syn_status collect_pairs(const float *C, const double *truth, int64_t N, double *estimates, double *weights) {
    int64_t pair = 0;
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < N; j++) {
            if (i == j) continue;
            if (!isfinite(C[i * N + j]) || !isfinite(truth[i * N + j]))
                return syn_fail(SYN_ERR_NUMERIC,
                                "connectivity: row %lld, column %lld is not finite; expected finite weights",
                                (long long)i, (long long)j);
            estimates[pair] = C[i * N + j];
            weights[pair++] = truth[i * N + j];
        }
    return SYN_OK;
}

syn_status syn_edge_metrics_compute(syn_edge_metrics *metrics, const float *C, const double *truth, int64_t N) {
    syn_status status;
    int64_t n = N * (N - 1), edges = 0;
    double *estimates = NULL, *weights = NULL, *ranks = NULL, *weight_ranks = NULL;
    ranked *sorted = NULL;
    SYN_CHECK(syn_alloc(&estimates, (size_t)n, sizeof(double), "edge metrics"));
    SYN_CHECK(syn_alloc(&weights, (size_t)n, sizeof(double), "edge metrics"));
    SYN_CHECK(syn_alloc(&ranks, (size_t)n, sizeof(double), "edge metrics"));
    SYN_CHECK(syn_alloc(&weight_ranks, (size_t)n, sizeof(double), "edge metrics"));
    SYN_CHECK(syn_alloc(&sorted, (size_t)n, sizeof *sorted, "edge metrics"));
    SYN_CHECK(collect_pairs(C, truth, N, estimates, weights));
    metrics->pearson_w = correlation(weights, estimates, n);
    rank_values(weights, n, weight_ranks, sorted);
    rank_values(estimates, n, ranks, sorted);
    metrics->spearman_w = correlation(weight_ranks, ranks, n);
    for (int64_t k = 0; k < n; k++) {
        edges += weights[k] != 0;
        estimates[k] = fabs(estimates[k]);
    }
    rank_values(estimates, n, ranks, sorted);
    metrics->auroc = area_under_roc(ranks, weights, n);
    metrics->auprc = average_precision(sorted, weights, n);
    metrics->auprc_chance = ratio((double)edges, (double)n);
done:
    free(estimates);
    free(weights);
    free(ranks);
    free(weight_ranks);
    free(sorted);
    return status;
}
