/* What pairs that are active together have in common is taken off, and nothing else. */
#include "analysis/edge_coactivity.h"
#include "tiny_model.h"

enum { N = 40, PAIRS = N * N, TOGETHER = 12, EDGES = 60 };

/* How residuals of the first TOGETHER neurons swell: not at all, for one frame, for some ten or a hundred frames. */
typedef enum swelling { NEVER, BRIEF, TENS, HUNDREDS } swelling;
static const double memory_of[] = {0, 0, 0.9, 0.99};

typedef struct example {
    raw_data raw;
    test_set set;
    syn_edge_design design;
    float *residual;
    syn_edge_estimates edges, before;
} example;

static void estimates_create(syn_edge_estimates *e) {
    e->estimate = floats(PAIRS), e->error = floats(PAIRS), e->half[0] = floats(PAIRS), e->half[1] = floats(PAIRS);
}

static void estimates_free(syn_edge_estimates *e) {
    free(e->estimate), free(e->error), free(e->half[0]), free(e->half[1]);
}

static bool together(int64_t k) { return k / N < TOGETHER && k % N < TOGETHER; }
static bool is_edge(int64_t k) { return !together(k) && k % N != k / N && k * 7 % PAIRS < EDGES; }

/* Statistics of pairs that are active together lie around 2 and spread `wide` times as much as others do. */
static void fill_estimates(syn_edge_estimates *e, double wide) {
    for (int64_t k = 0; k < PAIRS; k++) {
        const double noise = normal(91, k), z = together(k) ? 2 + wide * noise : noise + (is_edge(k) ? 8 : 0);
        e->error[k] = k % (N + 1) == 0 ? 0 : 0.01f * (float)(1 + k % 3);
        e->estimate[k] = (float)z * e->error[k];
        e->half[0][k] = e->estimate[k] + 0.5f, e->half[1][k] = e->estimate[k] - 0.5f;
    }
}

static example example_create_in(syn_edge_bins bins, int64_t T, int64_t trials, int64_t hidden, swelling how,
                                 double wide) {
    example e = {.raw = raw_create(T, N, 0, "fluorescence", 90)};
    if (trials) raw_cut(&e.raw, trials, 1);
    if (hidden) raw_hide(&e.raw, hidden);
    e.set = set_create(&e.raw, 1, TINY_WINDOW);
    assert_ok(syn_edge_design_create(&e.design, &e.set.data->session[0], bins, best_kernels(), 2));
    const syn_edge_design *d = &e.design;
    e.residual = floats(d->T * N);
    const double memory = memory_of[how];
    double slow = 0;
    for (int64_t c = 0; c < d->n_chunks; c++)
        for (int64_t t = 0; t < d->chunk[c].n; t++) {
            const int64_t row = d->chunk[c].row + t;
            slow = memory * slow + sqrt(1 - memory * memory) * normal(92, row);
            const double size = how == NEVER ? 1 : exp(slow);
            for (int64_t i = 0; i < N; i++)
                if (syn_edge_observed(d, &d->chunk[c], t, i))
                    e.residual[row * N + i] = (float)(normal(93, row * N + i) * (i < TOGETHER ? size : 1));
        }
    estimates_create(&e.edges), estimates_create(&e.before);
    fill_estimates(&e.edges, wide), fill_estimates(&e.before, wide);
    return e;
}

static example example_create(int64_t T, int64_t trials, int64_t hidden, swelling how, double wide) {
    return example_create_in(syn_edge_whole_frames, T, trials, hidden, how, wide);
}

static void example_free(example *e) {
    estimates_free(&e->edges), estimates_free(&e->before);
    free(e->residual), syn_edge_design_free(&e->design), set_free(&e->set), raw_free(&e->raw);
}

/* Mean statistic, in errors before, of pairs that are active together, or of the others but for edges. */
static double mean_statistic(const example *e, bool of_together) {
    double sum = 0, n = 0;
    for (int64_t k = 0; k < PAIRS; k++)
        if (e->before.error[k] > 0 && together(k) == of_together && !is_edge(k))
            sum += (double)(e->edges.estimate[k] / e->before.error[k]), n++;
    return sum / n;
}

static double mean_widening(const example *e, bool of_together) {
    double sum = 0, n = 0;
    for (int64_t k = 0; k < PAIRS; k++)
        if (e->before.error[k] > 0 && together(k) == of_together)
            sum += (double)(e->edges.error[k] / e->before.error[k]), n++;
    return sum / n;
}

static void assert_unchanged(const example *e) {
    assert_memory_equal(e->before.estimate, e->edges.estimate, PAIRS * sizeof(float));
    assert_memory_equal(e->before.error, e->edges.error, PAIRS * sizeof(float));
}

static void what_pairs_that_are_active_together_share_is_taken_off(void **state) {
    (void)state;
    for (int64_t hidden = 0; hidden <= 7; hidden += 7) {
        example e = example_create(6000, 0, hidden, HUNDREDS, 1);
        assert_near("before", 2, mean_statistic(&e, true), 0.25);
        assert_ok(syn_edge_remove_coactivity(&e.design, e.residual, &e.edges));
        assert_near("together", 0, mean_statistic(&e, true), 0.3);
        assert_near("others", 0, mean_statistic(&e, false), 0.1);
        double square = 0;
        for (int64_t k = 0; k < PAIRS; k++)
            if (e.before.error[k] > 0)
                square +=
                    pow((double)((e.before.estimate[k] - e.edges.estimate[k]) / e.before.error[k]), 2) / (PAIRS - N);
        assert_near("root mean square", sqrt(square), e.edges.coactivity, 1e-4);
        for (int64_t k = 0; k < PAIRS; k++) {
            if (is_edge(k)) assert_true(e.edges.estimate[k] > 4 * e.edges.error[k]);
            assert_near("halves", (double)e.edges.estimate[k], 0.5 * (double)(e.edges.half[0][k] + e.edges.half[1][k]),
                        1e-6);
        }
        example_free(&e);
    }
}

static void pairs_that_spread_wider_get_wider_errors(void **state) {
    (void)state;
    example e = example_create(6000, 0, 0, HUNDREDS, 3);
    assert_ok(syn_edge_remove_coactivity(&e.design, e.residual, &e.edges));
    const double widened = mean_widening(&e, true);
    if (!(widened > 1.7 && widened < 3.5)) fail_msg("errors of pairs together: %.2f times", widened);
    assert_near("others", 1, mean_widening(&e, false), 0.1);
    for (int64_t k = 0; k < PAIRS; k++) assert_true(e.edges.error[k] >= e.before.error[k]);
    example_free(&e);
}

/* Neurons that swell alone, and what swells for one frame, which may be that in which an edge acts. */
static void only_what_lasts_counts(void **state) {
    (void)state;
    example alone = example_create(6000, 0, 0, NEVER, 1), brief = example_create(6000, 0, 0, BRIEF, 1);
    assert_ok(syn_edge_remove_coactivity(&alone.design, alone.residual, &alone.edges));
    assert_unchanged(&alone);
    assert_ok(syn_edge_remove_coactivity(&brief.design, brief.residual, &brief.edges));
    const double left = mean_statistic(&brief, true);
    if (!(left > 1)) fail_msg("of statistics of 2 of pairs that swell for a frame %.2f is left", left);
    example_free(&alone), example_free(&brief);
}

/* Where senders are means over 8 bins an edge acts for longer, and what swells for some ten bins is left alone too. */
static void lags_are_windows_of_the_senders(void **state) {
    (void)state;
    for (int window = 0; window <= 8; window += 8) {
        example e = example_create_in((syn_edge_bins){1, window}, 6000, 0, 0, TENS, 1);
        assert_ok(syn_edge_remove_coactivity(&e.design, e.residual, &e.edges));
        const double left = mean_statistic(&e, true);
        if (window ? !(left > 1) : !(fabs(left) < 0.3)) fail_msg("of statistics of 2 %.2f is left", left);
        example_free(&e);
    }
}

/* Lags do not lead from one trial into the next: of trials of 4 targets nothing is known, of 40 enough. */
static void trials_are_kept_apart(void **state) {
    (void)state;
    example brief = example_create(6000, 1200, 0, HUNDREDS, 1);
    assert_true(brief.design.longest_run <= 5);
    assert_ok(syn_edge_remove_coactivity(&brief.design, brief.residual, &brief.edges));
    assert_unchanged(&brief);
    example_free(&brief);
    example e = example_create(6000, 150, 0, HUNDREDS, 1);
    assert_ok(syn_edge_remove_coactivity(&e.design, e.residual, &e.edges));
    assert_near("together", 0, mean_statistic(&e, true), 0.3);
    example_free(&e);
}

/* Recordings without residuals, or of few pairs, change nothing. */
static void nothing_to_go_by(void **state) {
    (void)state;
    example e = example_create(6000, 0, 0, HUNDREDS, 1);
    memset(e.residual, 0, (size_t)(e.design.T * N) * sizeof *e.residual);
    assert_ok(syn_edge_remove_coactivity(&e.design, e.residual, &e.edges));
    assert_unchanged(&e);
    example_free(&e);
    example few = example_create(6000, 0, 0, HUNDREDS, 1);
    for (int64_t k = 99; k < PAIRS; k++) few.edges.error[k] = few.before.error[k] = 0;
    assert_ok(syn_edge_remove_coactivity(&few.design, few.residual, &few.edges));
    assert_unchanged(&few);
    example_free(&few);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_pairs_that_are_active_together_share_is_taken_off),
        cmocka_unit_test(pairs_that_spread_wider_get_wider_errors),
        cmocka_unit_test(only_what_lasts_counts),
        cmocka_unit_test(lags_are_windows_of_the_senders),
        cmocka_unit_test(trials_are_kept_apart),
        cmocka_unit_test(nothing_to_go_by),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
