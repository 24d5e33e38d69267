/* The metrics against NumPy and SciPy (make_golden.py), and what they must do where data are missing or odd. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/metrics.h"

#include "golden_metrics.h"

#define assert_near(a, b, tolerance) assert_true(fabs((a) - (b)) <= (tolerance))

static const syn_metric_block GOLDEN_BLOCK = {GOLDEN_T, golden_x, golden_prediction, golden_previous, golden_observed};

static syn_metrics *create(int64_t N, const double *train_rate) {
    syn_metrics *metrics;
    assert_int_equal(syn_metrics_create(&metrics, N, train_rate), SYN_OK);
    return metrics;
}

/* The values of one block of z-scored activity. */
static syn_metric_values values_of(const syn_metric_block *block, int64_t N) {
    syn_metrics *metrics = create(N, NULL);
    syn_metrics_add(metrics, block, NULL);
    syn_metric_values values = syn_metrics_values(metrics);
    syn_metrics_free(metrics);
    return values;
}

static void matches_numpy(void **state) {
    (void)state;
    syn_metrics *metrics = create(GOLDEN_N, golden_train_rate);
    syn_metrics_add(metrics, &GOLDEN_BLOCK, NULL);
    syn_metrics_add_counts(metrics, GOLDEN_T, golden_counts, golden_rate, golden_observed, NULL, NULL);
    syn_metric_values values = syn_metrics_values(metrics);
#define X(name) assert_near(values.name, golden_metrics.name, 1e-12);
    SYN_METRIC_LIST(X)
#undef X
    syn_metrics_free(metrics);
}

static void does_not_depend_on_blocks(void **state) {
    (void)state;
    syn_metrics *metrics = create(GOLDEN_N, golden_train_rate);
    for (int64_t t = 0; t < GOLDEN_T; t++) {
        int64_t row = t * GOLDEN_N;
        syn_metric_block frame = {1, golden_x + row, golden_prediction + row, golden_previous + row,
                                  golden_observed + row};
        syn_metrics_add(metrics, &frame, NULL);
        syn_metrics_add_counts(metrics, 1, golden_counts + row, golden_rate + row, golden_observed + row, NULL, NULL);
    }
    syn_metric_values values = syn_metrics_values(metrics);
#define X(name) assert_near(values.name, golden_metrics.name, 1e-12);
    SYN_METRIC_LIST(X)
#undef X
    syn_metrics_free(metrics);
}

static void frame_losses_add_up(void **state) {
    (void)state;
    syn_frame_loss loss[GOLDEN_T], sum = {0};
    double nll_model[GOLDEN_T], nll_mean_rate[GOLDEN_T], gain = 0, spikes = 0;
    syn_metrics *metrics = create(GOLDEN_N, golden_train_rate);
    syn_metrics_add(metrics, &GOLDEN_BLOCK, loss);
    syn_metrics_add_counts(metrics, GOLDEN_T, golden_counts, golden_rate, golden_observed, nll_model, nll_mean_rate);
    syn_metrics_free(metrics);
    for (int t = 0; t < GOLDEN_T; t++) {
        sum.entries += loss[t].entries;
        sum.model += loss[t].model;
        sum.mean += loss[t].mean;
        sum.paired += loss[t].paired;
        sum.model_paired += loss[t].model_paired;
        sum.copy_last += loss[t].copy_last;
        gain += nll_mean_rate[t] - nll_model[t];
    }
    for (int k = 0; k < GOLDEN_T * GOLDEN_N; k++) spikes += golden_observed[k] ? golden_counts[k] : 0;
    assert_near(sum.model / sum.entries, golden_metrics.mse, 1e-12);
    assert_near(sum.mean / sum.entries, golden_metrics.mse_mean, 1e-12);
    assert_near(sum.copy_last / sum.paired, golden_metrics.mse_copy_last, 1e-12);
    assert_near(1 - sum.model_paired / sum.copy_last, golden_metrics.skill, 1e-12);
    assert_near(gain / spikes / log(2), golden_metrics.bits_per_spike, 1e-12);
    assert_true(loss[7].entries == 0 && loss[7].model == 0);
    assert_true(loss[10].entries > 0 && loss[10].paired == 0);
}

static void perfect_prediction(void **state) {
    (void)state;
    syn_metric_block block = GOLDEN_BLOCK;
    block.prediction = golden_x;
    syn_metric_values values = values_of(&block, GOLDEN_N);
    assert_true(values.mse == 0 && values.mae == 0 && values.skill == 1 && values.r2 == 1);
    assert_near(values.neuron_r, 1, 1e-12);
    assert_near(values.delta_r, 1, 1e-12);
    assert_near(values.population_r, 1, 1e-12);
    assert_near(values.spatial_r, 1, 1e-12);
}

static void mean_model_explains_nothing(void **state) {
    (void)state;
    static const float zero[GOLDEN_T * GOLDEN_N];
    syn_metric_block block = GOLDEN_BLOCK;
    block.prediction = zero;
    syn_metric_values values = values_of(&block, GOLDEN_N);
    assert_true(values.mse == values.mse_mean);
    assert_true(values.neuron_r == 0 && values.population_r == 0 && values.spatial_r == 0);
}

/* A common offset far above the variation must not eat the variation. */
static void large_offset_costs_no_precision(void **state) {
    (void)state;
    enum { T = 4096 };
    static float x[T], prediction[T], shifted_x[T], shifted_prediction[T];
    for (int t = 0; t < T; t++) {
        x[t] = (float)(t * 37 % 64) / 64; /* exact after adding 2^14 */
        prediction[t] = (float)(t * 37 % 61) / 64;
        shifted_x[t] = x[t] + 16384;
        shifted_prediction[t] = prediction[t] + 16384;
    }
    syn_metric_block block = {T, x, prediction, NULL, NULL};
    syn_metric_block shifted = {T, shifted_x, shifted_prediction, NULL, NULL};
    syn_metric_values values = values_of(&block, 1), other = values_of(&shifted, 1);
    assert_near(values.neuron_r, other.neuron_r, 1e-12);
    assert_near(values.r2, other.r2, 1e-12);
    assert_near(values.population_r, other.population_r, 1e-12);
}

static void no_data_is_absent(void **state) {
    (void)state;
    syn_metrics *metrics = create(3, NULL);
    syn_metric_values values = syn_metrics_values(metrics);
#define X(name) assert_true(isnan(values.name));
    SYN_METRIC_LIST(X)
#undef X
    syn_metrics_free(metrics);
    syn_metrics_free(NULL);
}

static void constant_truth_is_absent(void **state) {
    (void)state;
    static const float x[6] = {1, 1, 1, 1, 1, 1}, prediction[6] = {0, 1, 2, 0, 1, 2};
    syn_metric_block block = {3, x, prediction, x, NULL};
    syn_metric_values values = values_of(&block, 2);
    assert_near(values.mse, 2.0 / 3, 1e-15);
    assert_true(values.mse_copy_last == 0);
    assert_true(isnan(values.skill) && isnan(values.r2) && isnan(values.neuron_r) && isnan(values.delta_r));
    assert_true(isnan(values.population_r) && isnan(values.spatial_r));
}

/* A model that diverged for one neuron must not look better for it. */
static void diverged_prediction_is_absent(void **state) {
    (void)state;
    static const float bad[] = {NAN, INFINITY};
    for (int k = 0; k < 2; k++) {
        float prediction[GOLDEN_T * GOLDEN_N];
        memcpy(prediction, golden_prediction, sizeof prediction);
        for (int t = 0; t < GOLDEN_T; t++) prediction[t * GOLDEN_N] = bad[k];
        syn_metric_block block = GOLDEN_BLOCK;
        block.prediction = prediction;
        syn_metrics *metrics = create(GOLDEN_N, golden_train_rate);
        syn_metrics_add(metrics, &block, NULL);
        syn_metrics_add_counts(metrics, GOLDEN_T, golden_counts, prediction, golden_observed, NULL, NULL);
        syn_metric_values values = syn_metrics_values(metrics);
        assert_true(isnan(values.mse) && isnan(values.mae) && isnan(values.skill) && isnan(values.r2));
        assert_true(isnan(values.bits_per_spike) && isnan(values.bits_per_spike_neuron_mean));
        assert_true(values.neuron_r < golden_metrics.neuron_r);
        syn_metrics_free(metrics);
    }
}

static void edges_match_numpy(void **state) {
    (void)state;
    syn_edge_metrics values;
    assert_int_equal(syn_edge_metrics_compute(&values, golden_C, golden_truth, GOLDEN_EDGE_N), SYN_OK);
    assert_near(values.auroc, golden_edge_metrics.auroc, 1e-12);
    assert_near(values.auprc, golden_edge_metrics.auprc, 1e-12);
    assert_near(values.auprc_chance, golden_edge_metrics.auprc_chance, 1e-12);
    assert_near(values.pearson_w, golden_edge_metrics.pearson_w, 1e-12);
    assert_near(values.spearman_w, golden_edge_metrics.spearman_w, 1e-12);
}

static void edges_without_information(void **state) {
    (void)state;
    syn_edge_metrics values;
    static const float flat[GOLDEN_EDGE_N * GOLDEN_EDGE_N];
    static const double unconnected[GOLDEN_EDGE_N * GOLDEN_EDGE_N];
    assert_int_equal(syn_edge_metrics_compute(&values, flat, golden_truth, GOLDEN_EDGE_N), SYN_OK);
    assert_near(values.auroc, 0.5, 1e-12);
    assert_near(values.auprc, values.auprc_chance, 1e-12);
    assert_true(values.pearson_w == 0 && values.spearman_w == 0);
    assert_int_equal(syn_edge_metrics_compute(&values, golden_C, unconnected, GOLDEN_EDGE_N), SYN_OK);
    assert_true(isnan(values.auroc) && isnan(values.auprc) && values.auprc_chance == 0 && isnan(values.pearson_w));
    assert_int_equal(syn_edge_metrics_compute(&values, golden_C, golden_truth, 1), SYN_OK);
    assert_true(isnan(values.auroc) && isnan(values.auprc_chance) && isnan(values.spearman_w));
}

static void edges_refuse_what_is_not_finite(void **state) {
    (void)state;
    syn_edge_metrics values;
    static const float C[4] = {0, NAN, 1, 0}, diagonal[4] = {NAN, 1, 0, NAN};
    static const double truth[4] = {0, 1, 0, 0};
    assert_int_equal(syn_edge_metrics_compute(&values, C, truth, 2), SYN_ERR_NUMERIC);
    assert_non_null(strstr(syn_last_error(), "row 0, column 1"));
    assert_int_equal(syn_edge_metrics_compute(&values, diagonal, truth, 2), SYN_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_numpy),
        cmocka_unit_test(does_not_depend_on_blocks),
        cmocka_unit_test(frame_losses_add_up),
        cmocka_unit_test(perfect_prediction),
        cmocka_unit_test(mean_model_explains_nothing),
        cmocka_unit_test(large_offset_costs_no_precision),
        cmocka_unit_test(no_data_is_absent),
        cmocka_unit_test(constant_truth_is_absent),
        cmocka_unit_test(diverged_prediction_is_absent),
        cmocka_unit_test(edges_match_numpy),
        cmocka_unit_test(edges_without_information),
        cmocka_unit_test(edges_refuse_what_is_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
