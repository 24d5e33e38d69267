/* What pairs that are active together have in common is taken off, but for half a standard error or so (the lesser of
 * two directions lies below both), and nothing else. */
#include "analysis/edge_coactivity.h"
#include "tiny_model.h"

enum { N = 40, PAIRS = N * N, TOGETHER = 12, EDGES = 60 };

/* How residuals of the first TOGETHER neurons swell: not at all, for one frame, for some ten or a hundred frames. */
typedef enum swelling { NEVER, BRIEF, TENS, HUNDREDS } swelling;
static const double memory_of[] = {0, 0, 0.9, 0.99};

/* What the residuals of these neurons have of one slow signal. */
static const double in_common = 0.9;

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

/* Statistics of pairs that are active together lie around 4. */
static void fill_estimates(syn_edge_estimates *e) {
    for (int64_t k = 0; k < PAIRS; k++) {
        const double noise = normal(91, k), z = noise + (together(k) ? 4 : is_edge(k) ? 8 : 0);
        e->error[k] = k % (N + 1) == 0 ? 0 : 0.01f * (float)(1 + k % 3);
        e->estimate[k] = (float)z * e->error[k];
        e->half[0][k] = e->estimate[k] + 0.5f, e->half[1][k] = e->estimate[k] - 0.5f;
    }
}

static example example_create_in(syn_edge_bins bins, int64_t T, int64_t trials, int64_t hidden, swelling how,
                                 double common) {
    example e = {.raw = raw_create(T, N, 0, "fluorescence", 90)};
    if (trials) raw_cut(&e.raw, trials, 1);
    if (hidden) raw_hide(&e.raw, hidden);
    e.set = set_create(&e.raw, 1, TINY_WINDOW);
    assert_ok(syn_edge_design_create(&e.design, &e.set.data->session[0], bins, best_kernels(), 2));
    const syn_edge_design *d = &e.design;
    e.residual = floats(d->T * N);
    const double memory = memory_of[how];
    double slow = 0, signal = 0;
    for (int64_t c = 0; c < d->n_chunks; c++)
        for (int64_t t = 0; t < d->chunk[c].n; t++) {
            const int64_t row = d->chunk[c].row + t;
            slow = memory * slow + sqrt(1 - memory * memory) * normal(92, row);
            signal = 0.9 * signal + sqrt(1 - 0.9 * 0.9) * normal(94, row);
            const double size = how == NEVER ? 1 : exp(slow);
            for (int64_t i = 0; i < N; i++)
                if (syn_edge_observed(d, &d->chunk[c], t, i))
                    e.residual[row * N + i] = (float)(i < TOGETHER ? size * normal(93, row * N + i) + common * signal
                                                                   : normal(93, row * N + i));
        }
    estimates_create(&e.edges), estimates_create(&e.before);
    fill_estimates(&e.edges), fill_estimates(&e.before);
    return e;
}

static example example_create(int64_t T, int64_t trials, int64_t hidden, swelling how) {
    return example_create_in(syn_edge_whole_frames, T, trials, hidden, how, in_common);
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

static void assert_unchanged(const example *e) {
    assert_memory_equal(e->before.estimate, e->edges.estimate, PAIRS * sizeof(float));
    assert_memory_equal(e->before.error, e->edges.error, PAIRS * sizeof(float));
}

static void what_pairs_that_are_active_together_share_is_taken_off(void **state) {
    (void)state;
    for (int64_t hidden = 0; hidden <= 7; hidden += 7) {
        example e = example_create(6000, 0, hidden, HUNDREDS);
        assert_near("before", 4, mean_statistic(&e, true), 0.25);
        assert_ok(syn_edge_remove_coactivity(&e.design, e.residual, &e.edges));
        assert_near("together", 0, mean_statistic(&e, true), 1);
        assert_near("others", 0, mean_statistic(&e, false), 0.1);
        double square = 0;
        for (int64_t k = 0; k < PAIRS; k++)
            if (e.before.error[k] > 0)
                square +=
                    pow((double)((e.before.estimate[k] - e.edges.estimate[k]) / e.before.error[k]), 2) / (PAIRS - N);
        assert_near("root mean square", sqrt(square), e.edges.coactivity, 1e-4);
        for (int64_t k = 0; k < PAIRS; k++) {
            if (is_edge(k)) assert_true(e.edges.estimate[k] > 4 * e.edges.error[k]);
            const double before = (double)e.before.error[k];
            const double off = before > 0 ? (double)(e.before.estimate[k] - e.edges.estimate[k]) / before : 0;
            assert_near("error", before * sqrt(1 + off * off), (double)e.edges.error[k], 1e-5);
            assert_near("halves", (double)e.edges.estimate[k], 0.5 * (double)(e.edges.half[0][k] + e.edges.half[1][k]),
                        1e-6);
        }
        example_free(&e);
    }
}

/* Edges make neurons active together too, so their statistics alone say nothing. */
static void what_shows_at_no_other_lag_is_left_alone(void **state) {
    (void)state;
    example e = example_create_in(syn_edge_whole_frames, 6000, 0, 0, HUNDREDS, 0);
    assert_ok(syn_edge_remove_coactivity(&e.design, e.residual, &e.edges));
    assert_unchanged(&e);
    example_free(&e);
}

/* An edge of one direction has no part in what both show. */
static void one_way_statistics_are_left_alone(void **state) {
    (void)state;
    example e = example_create(6000, 0, 0, HUNDREDS);
    for (int64_t k = 0; k < PAIRS; k++)
        if (together(k) && k / N < k % N)
            e.edges.estimate[k] = e.before.estimate[k] = (float)normal(91, k) * e.before.error[k];
        else if (together(k))
            e.edges.estimate[k] = e.before.estimate[k] = 10 * e.before.error[k];
    assert_ok(syn_edge_remove_coactivity(&e.design, e.residual, &e.edges));
    for (int64_t k = 0; k < PAIRS; k++)
        if (together(k) && k / N > k % N) assert_true(e.edges.estimate[k] > 6 * e.edges.error[k]);
    example_free(&e);
}

/* What swells for one frame may be that in which an edge acts. */
static void only_what_lasts_counts(void **state) {
    (void)state;
    example e = example_create(6000, 0, 0, BRIEF);
    assert_ok(syn_edge_remove_coactivity(&e.design, e.residual, &e.edges));
    const double left = mean_statistic(&e, true);
    if (!(left > 2)) fail_msg("of statistics of 4 of pairs that swell for a frame %.2f is left", left);
    example_free(&e);
}

/* Where senders are means over 8 bins an edge acts for longer, and what swells for some ten bins is left alone too. */
static void lags_are_windows_of_the_senders(void **state) {
    (void)state;
    for (int window = 0; window <= 8; window += 8) {
        example e = example_create_in((syn_edge_bins){1, window}, 6000, 0, 0, TENS, in_common);
        assert_ok(syn_edge_remove_coactivity(&e.design, e.residual, &e.edges));
        const double left = mean_statistic(&e, true);
        if (window ? !(left > 2) : !(fabs(left) < 1)) fail_msg("of statistics of 4 %.2f is left", left);
        example_free(&e);
    }
}

/* Lags do not lead from one trial into the next: of trials of 4 targets nothing is known, of 40 enough. */
static void trials_are_kept_apart(void **state) {
    (void)state;
    example brief = example_create(6000, 1200, 0, HUNDREDS);
    assert_true(brief.design.longest_run <= 5);
    assert_ok(syn_edge_remove_coactivity(&brief.design, brief.residual, &brief.edges));
    assert_unchanged(&brief);
    example_free(&brief);
    example e = example_create(6000, 150, 0, HUNDREDS);
    assert_ok(syn_edge_remove_coactivity(&e.design, e.residual, &e.edges));
    assert_near("together", 0, mean_statistic(&e, true), 1);
    example_free(&e);
}

/* Recordings without residuals, or of few pairs, change nothing. */
static void nothing_to_go_by(void **state) {
    (void)state;
    example e = example_create(6000, 0, 0, HUNDREDS);
    memset(e.residual, 0, (size_t)(e.design.T * N) * sizeof *e.residual);
    assert_ok(syn_edge_remove_coactivity(&e.design, e.residual, &e.edges));
    assert_unchanged(&e);
    example_free(&e);
    example few = example_create(6000, 0, 0, HUNDREDS);
    for (int64_t k = 99; k < PAIRS; k++) few.edges.error[k] = few.before.error[k] = 0;
    assert_ok(syn_edge_remove_coactivity(&few.design, few.residual, &few.edges));
    assert_unchanged(&few);
    example_free(&few);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_pairs_that_are_active_together_share_is_taken_off),
        cmocka_unit_test(what_shows_at_no_other_lag_is_left_alone),
        cmocka_unit_test(one_way_statistics_are_left_alone),
        cmocka_unit_test(only_what_lasts_counts),
        cmocka_unit_test(lags_are_windows_of_the_senders),
        cmocka_unit_test(trials_are_kept_apart),
        cmocka_unit_test(nothing_to_go_by),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
