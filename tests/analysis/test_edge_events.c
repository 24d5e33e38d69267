/* Events of slow fluorescence: which recordings have them, that they are found, the light of neighbours, and what the
 * test of edges makes of them. */
#include "analysis/edge_events.h"
#include "analysis/edge_targets.h"
#include "analysis/fdr.h"
#include "tiny_model.h"

static const double decay = 0.9, rate = 0.1, effect = 0.25;

/* spike[T][N]: neuron i fires at `rate`, and in the frame after (same: with) its sender i - 1 more often by `effect` if
 * i is odd. */
static float *spikes(int64_t T, int64_t N, bool same) {
    float *spike = floats(T * N);
    for (int64_t t = 1; t < T; t++)
        for (int64_t i = 0; i < N; i++) {
            const float sender = i % 2 ? spike[(same ? t : t - 1) * N + i - 1] : 0;
            const syn_random random = {3, SYN_STREAM_TEST, 12000};
            spike[t * N + i] = syn_random_uniform(random, (uint64_t)(t * N + i)) < rate + effect * (double)sender;
        }
    return spike;
}

/* Transients of them, `share` of the light of the next neuron on either side, and noise. */
static raw_data fluorescence(const float *spike, int64_t T, int64_t N, double share, double noise) {
    raw_data raw = raw_create(T, N, 0, "fluorescence", 0);
    double *calcium = zeros(N, sizeof *calcium);
    for (int64_t t = 0; t < T; t++) {
        for (int64_t i = 0; i < N; i++) calcium[i] = decay * calcium[i] + (double)spike[t * N + i];
        for (int64_t i = 0; i < N; i++) {
            const double others = (i > 0 ? calcium[i - 1] : 0) + (i + 1 < N ? calcium[i + 1] : 0);
            raw.x[t * N + i] = (float)(calcium[i] + share * others + noise * normal(13000, t * N + i));
        }
    }
    free(calcium);
    return raw;
}

static test_set in_a_row(const raw_data *raw) {
    test_set set = set_create(raw, 1, TINY_WINDOW);
    syn_recording *r = set.recording[0];
    r->position = floats(3 * raw->N);
    for (int64_t i = 0; i < raw->N; i++) r->position[3 * i] = (float)(10 * i);
    return set;
}

static bool suits(const raw_data *raw) {
    test_set set = set_create(raw, 1, TINY_WINDOW);
    bool suit;
    assert_ok(syn_edge_events_suit(&set.data->session[0], &suit));
    set_free(&set);
    return suit;
}

static void transients_are_told_from_other_activity(void **state) {
    (void)state;
    enum { T = 3000, N = 12 };
    float *spike = spikes(T, N, false);
    raw_data slow = fluorescence(spike, T, N, 0, 0.2), symmetric = raw_create(T, N, 0, "fluorescence", 14000);
    raw_data noisy = fluorescence(spike, T, N, 0, 0.55);
    raw_data counts = raw_create(T, N, 0, "counts", 15000), quick = raw_create(T, N, 0, "fluorescence", 0);
    raw_data hardly = raw_create(7 * T, N, 0, "fluorescence", 16000);
    memcpy(quick.x, spike, T * N * sizeof *spike);
    for (int64_t k = 0; k < 7 * T * N; k++) { /* significantly skewed: a third by 0.2 to 0.4, the others less */
        const float e = (float)normal(16100, k), skewed = e + (k % 3 ? 0.03f : 0.08f) * e * e;
        hardly.x[k] = skewed + (k < N ? 0 : 0.9f * hardly.x[k - N]);
    }
    for (int64_t k = N; k < T * N; k++) symmetric.x[k] += 0.9f * symmetric.x[k - N];
    assert_true(suits(&slow));
    assert_true(suits(&noisy));
    assert_false(suits(&symmetric));
    assert_false(suits(&counts));
    assert_false(suits(&quick));
    assert_false(suits(&hardly));
    free(spike), raw_free(&slow), raw_free(&symmetric), raw_free(&counts), raw_free(&quick);
    raw_free(&hardly), raw_free(&noisy);
}

/* Correlation of events with spikes of one neuron over the train split. */
static double agreement(const syn_edge_events *events, const syn_session *s, const float *spike, int64_t i) {
    double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
    for (int64_t t = s->span[SYN_TRAIN][0].start; t < s->span[SYN_TRAIN][0].stop; t++, n++) {
        const double a = (double)events->x[t * s->N + i], b = (double)spike[t * s->N + i];
        x += a, y += b, xx += a * a, yy += b * b, xy += a * b;
    }
    assert_near("mean", 0, x / n, 0.05);
    return (xy - x * y / n) / sqrt((xx - x * x / n) * (yy - y * y / n));
}

static void events_are_the_spikes(void **state) {
    (void)state;
    enum { T = 4000, N = 12 };
    float *spike = spikes(T, N, false);
    raw_data raw = fluorescence(spike, T, N, 0.2, 0.15);
    test_set set = in_a_row(&raw);
    syn_edge_events events;
    assert_ok(syn_edge_events_create(&events, &set.data->session[0], best_kernels(), 2));
    assert_near("decay", decay, events.decay, 0.02);
    for (int64_t i = 0; i < N; i++) assert_true(agreement(&events, &set.data->session[0], spike, i) > 0.85);
    syn_edge_events_free(&events), set_free(&set), raw_free(&raw), free(spike);
}

/* With and without positions; pairs of which one drives the other within the frame do not count as lit up by it. */
static void light_of_neighbours_is_measured(void **state) {
    (void)state;
    enum { T = 20000, N = 12 };
    float *spike = spikes(T, N, true);
    for (int k = 0; k < 4; k++) {
        const double share = k < 2 ? 0.15 : 0;
        raw_data raw = fluorescence(spike, T, N, share, 0.15);
        test_set set = k % 2 ? in_a_row(&raw) : set_create(&raw, 1, TINY_WINDOW);
        syn_edge_events events;
        assert_ok(syn_edge_events_create(&events, &set.data->session[0], best_kernels(), 2));
        for (int64_t i = 0; i < N; i++)
            for (int64_t j = 0; j < N; j++)
                if (i != j)
                    assert_near("share", llabs(i - j) == 1 ? share : 0, events.share[i * N + j],
                                share > 0 ? 0.05 : 0.03);
        syn_edge_events_free(&events), set_free(&set), raw_free(&raw);
    }
    free(spike);
}

/* Two to four neurons, of which most pairs share light, with and without positions. */
static void light_of_few_neurons_is_measured(void **state) {
    (void)state;
    enum { T = 20000, MOST = 4 };
    const double share = 0.2;
    for (int64_t N = 2; N <= MOST; N++)
        for (int placed = 0; placed < 2; placed++) {
            float *spike = floats(T * N);
            for (int64_t k = 0; k < T * N; k++) /* nobody drives anybody */
                spike[k] = syn_random_uniform((syn_random){4, SYN_STREAM_TEST, 16000}, (uint64_t)k) < rate;
            raw_data raw = fluorescence(spike, T, N, share, 0.15);
            test_set set = placed ? in_a_row(&raw) : set_create(&raw, 1, TINY_WINDOW);
            syn_edge_events events;
            syn_edge_estimates *e;
            assert_ok(syn_edge_events_create(&events, &set.data->session[0], best_kernels(), 2));
            assert_ok(syn_test_events(&set.data->session[0], best_kernels(), 2, NULL, &e));
            for (int64_t k = 0; k < N * N; k++) {
                const int64_t i = k / N, j = k % N;
                if (i == j) continue;
                assert_near("share", llabs(i - j) == 1 ? share : 0, events.share[k], 0.05);
                assert_true(fabsf(e->estimate[k]) < 4.5f * e->error[k]);
            }
            syn_edge_estimates_free(e), syn_edge_events_free(&events), set_free(&set), raw_free(&raw), free(spike);
        }
}

/* Frames that were not observed are no events, and spoil none of the others. */
static void gaps_are_no_events(void **state) {
    (void)state;
    enum { T = 4000, N = 12 };
    float *spike = spikes(T, N, false);
    raw_data raw = fluorescence(spike, T, N, 0, 0.15);
    raw_hide(&raw, 17);
    test_set set = in_a_row(&raw);
    syn_edge_events events;
    assert_non_null(set.data->session[0].mask);
    assert_ok(syn_edge_events_create(&events, &set.data->session[0], best_kernels(), 2));
    for (int64_t i = 0; i < N; i++) assert_true(agreement(&events, &set.data->session[0], spike, i) > 0.75);
    syn_edge_events_free(&events), set_free(&set), raw_free(&raw), free(spike);
}

/* The pairs that drive each other are found, and not those that only see each other's light. */
static void edges_are_those_of_the_spikes(void **state) {
    (void)state;
    enum { T = 12000, N = 20 };
    float *spike = spikes(T, N, false);
    raw_data raw = fluorescence(spike, T, N, 0.2, 0.15);
    test_set set = in_a_row(&raw);
    syn_edge_estimates *e;
    double p[N * N], q[N * N], false_ones = 0;
    assert_ok(syn_test_events(&set.data->session[0], best_kernels(), 2, NULL, &e));
    assert_true(e->decay > 0.85 && e->crosstalk > 0.2);
    for (int k = 0; k < N * N; k++)
        p[k] = e->error[k] > 0 ? syn_two_sided_p((double)(e->estimate[k] / e->error[k]), e->freedom) : NAN;
    assert_ok(syn_false_discovery(p, N * N, false, q));
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            const int k = i * N + j;
            const bool edge = i % 2 && j == i - 1;
            if (i == j) assert_true(e->estimate[k] == 0 && e->error[k] == 0);
            if (edge) assert_true(q[k] < 1e-6 && e->estimate[k] > 0.1f && e->estimate[k] < 0.4f);
            false_ones += !edge && q[k] <= 0.1;
        }
    assert_true(false_ones <= 3);
    syn_edge_estimates_free(e), set_free(&set), raw_free(&raw), free(spike);
}

/* In a gap of many frames nothing happens, whatever its neighbours do and however high the level was before. */
static void long_gaps_are_no_events(void **state) {
    (void)state;
    enum { T = 4000, N = 12, GAP = 60 };
    float *spike = spikes(T, N, false);
    raw_data raw = fluorescence(spike, T, N, 0.15, 0.15);
    for (int64_t k = 0; k < T * N; k++)
        if ((k / N + 7 * (k % N)) % (4 * GAP) < GAP) raw.x[k] = NAN;
    test_set set = in_a_row(&raw);
    const syn_session *s = &set.data->session[0];
    const syn_span *train = &s->span[SYN_TRAIN][0];
    syn_edge_events events;
    assert_ok(syn_edge_events_create(&events, s, best_kernels(), 2));
    double square = 0, seen = 0;
    for (int64_t k = train->start * N; k < train->stop * N; k++)
        if (syn_session_observed(s, k / N, k % N))
            square += (double)events.x[k] * (double)events.x[k], seen++;
        else
            assert_true(events.x[k] == 0);
    assert_true(seen > 0.7 * (double)((train->stop - train->start) * N) && seen < 0.8 * (double)(T * N));
    assert_near("variance", 1, square / seen, 0.1);
    for (int64_t i = 0; i < N; i++) assert_true(agreement(&events, s, spike, i) > 0.65);
    syn_edge_events_free(&events), set_free(&set), raw_free(&raw), free(spike);
}

/* The memory of a recording holds them afterwards, those of its train and validation frames. */
static void events_take_the_place_of_activity(void **state) {
    (void)state;
    enum { T = 1200, N = 8 };
    float *spike = spikes(T, N, false);
    raw_data raw = fluorescence(spike, T, N, 0, 0.15);
    raw_hide(&raw, 17);
    test_set set = set_create(&raw, 1, TINY_WINDOW);
    syn_session *s = &set.data->session[0];
    syn_edge_events events;
    syn_edge_estimates *e;
    assert_ok(syn_edge_events_create(&events, s, best_kernels(), 2));
    assert_int_equal(events.T, s->span[SYN_VALIDATION][s->n_spans[SYN_VALIDATION] - 1].stop);
    assert_true(events.T < T);
    assert_ok(syn_test_events(s, best_kernels(), 2, NULL, &e));
    assert_same("events", s->x, events.x, events.T * N);
    syn_edge_estimates_free(e), syn_edge_events_free(&events), set_free(&set), raw_free(&raw), free(spike);
}

/* Neighbours that share much of their light are not tested, and the others give no false alarms for it. */
static void cells_that_overlap_are_not_tested(void **state) {
    (void)state;
    enum { T = 20000, N = 12 };
    float *spike = floats(T * N);
    for (int64_t k = 0; k < T * N; k++)
        spike[k] = syn_random_uniform((syn_random){6, SYN_STREAM_TEST, 19000}, (uint64_t)k) < rate;
    raw_data raw = fluorescence(spike, T, N, 0.4, 0.15);
    test_set set = in_a_row(&raw);
    syn_edge_estimates *e;
    assert_ok(syn_test_events(&set.data->session[0], best_kernels(), 2, NULL, &e));
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            const int k = i * N + j;
            assert_int_equal(e->error[k] > 0, abs(i - j) > 1);
            if (abs(i - j) <= 1) assert_true(e->estimate[k] == 0);
            assert_true(fabsf(e->estimate[k]) <= 4.5f * e->error[k]);
        }
    assert_true(e->overlapping == 2 * (N - 1));
    syn_edge_estimates_free(e), set_free(&set), raw_free(&raw), free(spike);
}

/* Two sources of one cell, which have nothing but noise of their own: no round of unmixing may take them for two cells.
 */
static void one_cell_in_two_sources_is_not_tested(void **state) {
    (void)state;
    enum { T = 4000, N = 14 };
    for (uint32_t seed = 0; seed < 12; seed++) {
        const double noise = seed % 3 ? 0.15 : 0.02;
        float *spike = floats(T * N);
        for (int64_t k = 0; k < T * N; k++)
            spike[k] = syn_random_uniform((syn_random){6, SYN_STREAM_TEST, 19100 + seed}, (uint64_t)k) < rate;
        raw_data raw = fluorescence(spike, T, N, 0, 0.15);
        for (int64_t t = 0; t < T; t++) raw.x[t * N + 1] = raw.x[t * N] + (float)(noise * normal(19200 + seed, t));
        test_set set = set_create(&raw, 1, TINY_WINDOW);
        syn_edge_estimates *e;
        assert_ok(syn_test_events(&set.data->session[0], best_kernels(), 2, NULL, &e));
        assert_true(e->error[1] == 0 && e->error[N] == 0 && e->overlapping == 2);
        for (int k = 0; k < N * N; k++) assert_true(isfinite(e->estimate[k]) && isfinite(e->error[k]));
        syn_edge_estimates_free(e), set_free(&set), raw_free(&raw), free(spike);
    }
}

/* Estimates do not depend on which neuron comes first, also of two that drive each other by as much with opposite
 * signs. */
static void order_of_neurons_does_not_matter(void **state) {
    (void)state;
    enum { T = 12000, N = 30 };
    float *spike = floats(T * N), *turned = floats(T * N);
    for (int64_t t = 1; t < T; t++)
        for (int64_t i = 0; i < N; i++) {
            const float *last = &spike[(t - 1) * N];
            const syn_random random = {5, SYN_STREAM_TEST, 17000};
            const double sent = i == 0 ? 0.3 - 0.3 * (double)last[1] : rate + (i % 2 ? 0.28 * (double)last[i - 1] : 0);
            spike[t * N + i] = syn_random_uniform(random, (uint64_t)(t * N + i)) < sent;
        }
    for (int64_t k = 0; k < T * N; k++) turned[k] = spike[k / N * N + N - 1 - k % N];
    syn_edge_estimates *e[2];
    for (int k = 0; k < 2; k++) {
        raw_data raw = fluorescence(k ? turned : spike, T, N, 0, 0);
        for (int64_t m = 0; m < T * N; m++) /* the same noise of the same neuron */
            raw.x[m] += (float)(0.5 * normal(18000, k ? m / N * N + N - 1 - m % N : m));
        test_set set = set_create(&raw, 1, TINY_WINDOW);
        assert_ok(syn_test_events(&set.data->session[0], best_kernels(), 2, NULL, &e[k]));
        set_free(&set), raw_free(&raw);
    }
    for (int k = 0; k < N * N; k++) {
        const int other = N * N - 1 - k;
        assert_near("estimate", (double)e[0]->estimate[k], (double)e[1]->estimate[other],
                    0.05 * (double)e[0]->error[k] + 1e-6);
        assert_near("error", (double)e[0]->error[k], (double)e[1]->error[other], 0.01 * (double)e[0]->error[k] + 1e-6);
    }
    for (int k = 0; k < 2; k++) syn_edge_estimates_free(e[k]);
    free(spike), free(turned);
}

/* Bits, with one thread and with two; frames between segments are not seen; gaps do no harm. */
static void neither_threads_nor_frames_between_segments_matter(void **state) {
    (void)state;
    enum { T = 2400, N = 20, S = 6 };
    float *spike = spikes(T, N, false);
    raw_data raw = fluorescence(spike, T, N, 0.2, 0.15);
    raw_cut(&raw, S, 10);
    raw_data other = raw_copy(&raw), hidden = raw_copy(&raw);
    for (int64_t t = 0; t < T; t++)
        for (int64_t i = 0; t % (T / S) >= T / S - 10 && i < N; i++) other.x[t * N + i] = 1e4f;
    raw_hide(&hidden, 17);
    const raw_data *data[] = {&raw, &other, &hidden};
    syn_edge_estimates *e[3];
    for (int k = 0; k < 3; k++) {
        test_set set = in_a_row(data[k]);
        assert_ok(syn_test_events(&set.data->session[0], best_kernels(), 1 + k, NULL, &e[k]));
        set_free(&set);
        for (int m = 0; m < N * N; m++) assert_true(isfinite(e[k]->estimate[m]) && isfinite(e[k]->error[m]));
    }
    assert_same("estimate", e[0]->estimate, e[1]->estimate, N * N);
    assert_same("error", e[0]->error, e[1]->error, N * N);
    for (int k = 0; k < 3; k++) syn_edge_estimates_free(e[k]);
    raw_free(&raw), raw_free(&other), raw_free(&hidden), free(spike);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transients_are_told_from_other_activity),
        cmocka_unit_test(events_are_the_spikes),
        cmocka_unit_test(light_of_neighbours_is_measured),
        cmocka_unit_test(light_of_few_neurons_is_measured),
        cmocka_unit_test(gaps_are_no_events),
        cmocka_unit_test(edges_are_those_of_the_spikes),
        cmocka_unit_test(long_gaps_are_no_events),
        cmocka_unit_test(events_take_the_place_of_activity),
        cmocka_unit_test(cells_that_overlap_are_not_tested),
        cmocka_unit_test(one_cell_in_two_sources_is_not_tested),
        cmocka_unit_test(order_of_neurons_does_not_matter),
        cmocka_unit_test(neither_threads_nor_frames_between_segments_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
