/* Splits, normalisation and what is left out; nothing of a later split reaches an earlier one. */
#include "dataset/baseline.h"
#include "dataset/splits.h"
#include "fixture.h"

static bool in_split(const syn_session *s, syn_split split, int64_t t) {
    for (int64_t k = 0; k < s->n_spans[split]; k++)
        if (t >= s->span[split][k].start && t < s->span[split][k].stop) return true;
    return false;
}

static int64_t frames_of(const syn_session *s, syn_split split) {
    int64_t frames = 0;
    for (int64_t k = 0; k < s->n_spans[split]; k++) frames += s->span[split][k].stop - s->span[split][k].start;
    return frames;
}

/* Segment that holds frame t, or -1. */
static int64_t segment_of(const raw_data *raw, int64_t t) {
    for (int64_t k = 0; k < raw->S; k++)
        if (t >= raw->segment[2 * k] && t < raw->segment[2 * k + 1]) return k;
    return -1;
}

/* What holds for every span, however the recording is cut. */
static void check_spans(const raw_data *raw, const syn_session *s, int64_t window) {
    int64_t last_stop = 0, last_segment = -1, last_split = -1;
    for (syn_split split = SYN_TRAIN; split < SYN_SPLITS; split++)
        for (int64_t k = 0; k < s->n_spans[split]; k++) {
            const syn_span span = s->span[split][k];
            const int64_t segment = segment_of(raw, span.start), from = span.start - span.context;
            assert_true(segment >= 0 && segment == segment_of(raw, from) && segment == segment_of(raw, span.stop - 1));
            assert_true(from >= last_stop && span.start < span.stop);
            if (segment == last_segment && (int64_t)split != last_split)
                assert_true(span.start - last_stop >= window && span.context == window);
            /* a segment's first frame has no past to be predicted from */
            assert_int_equal(syn_span_first_target(&span), from == raw->segment[2 * segment] ? from + 1 : span.start);
            last_stop = span.stop, last_segment = segment, last_split = split;
        }
}

static void one_segment(void **state) {
    (void)state;
    raw_data raw = raw_create(1000, 3, 0, "fluorescence", 1);
    test_set set = set_create(&raw, 1, 16);
    const syn_session *s = &set.data->session[0];
    check_spans(&raw, s, 16);
    const syn_span expected[] = {{0, 700, 0}, {716, 850, 16}, {866, 1000, 16}};
    for (syn_split split = SYN_TRAIN; split < SYN_SPLITS; split++) {
        assert_int_equal(s->n_spans[split], 1);
        assert_memory_equal(s->span[split], &expected[split], sizeof(syn_span));
    }
    assert_false(s->whole_segments);
    set_free(&set), raw_free(&raw);
}

static void few_segments_are_cut_inside(void **state) {
    (void)state;
    for (int64_t S = 2; S <= 9; S++) {
        raw_data raw = raw_create(1200, 3, 0, "fluorescence", 2);
        raw_cut(&raw, S, 7);
        test_set set = set_create(&raw, 1, 10);
        const syn_session *s = &set.data->session[0];
        const double total = (double)(1200 / S * S - 7 * S);
        check_spans(&raw, s, 10);
        assert_near("train", 0.7 * total, (double)frames_of(s, SYN_TRAIN), 1.5);
        assert_near("validation", 0.15 * total, (double)frames_of(s, SYN_VALIDATION), 11.5);
        assert_near("test", 0.15 * total, (double)frames_of(s, SYN_TEST), 11.5);
        set_free(&set), raw_free(&raw);
    }
}

static void trials_stay_whole(void **state) {
    (void)state;
    raw_data raw = raw_create(1200, 3, 0, "fluorescence", 3);
    raw_cut(&raw, 20, 5);
    test_set set = set_create(&raw, 1, 10);
    const syn_session *s = &set.data->session[0];
    check_spans(&raw, s, 10);
    assert_true(s->whole_segments);
    assert_int_equal(s->n_spans[SYN_TRAIN], 14);
    assert_int_equal(s->n_spans[SYN_VALIDATION], 3);
    assert_int_equal(s->n_spans[SYN_TEST], 3);
    for (int64_t trial = 0; trial < 20; trial++) {
        const syn_split split = trial < 14 ? SYN_TRAIN : trial < 17 ? SYN_VALIDATION : SYN_TEST;
        for (int64_t t = raw.segment[2 * trial]; t < raw.segment[2 * trial + 1]; t++)
            assert_true(in_split(s, split, t));
    }
    set_free(&set), raw_free(&raw);
}

/* --- refusals --- */

static void assert_refused(const raw_data *raw, const char *option, const char *value, const char *words) {
    syn_recording *recording = recording_of(raw);
    syn_options *options;
    syn_dataset *data;
    assert_ok(syn_options_create(&options));
    if (option) assert_ok(syn_options_set(options, option, value));
    assert_int_not_equal(syn_dataset_create(&data, &recording, 1, options), SYN_OK);
    assert_null(data);
    assert_non_null(strstr(syn_last_error(), words));
    assert_null(strchr(syn_last_error(), '\n'));
    syn_options_free(options), syn_recording_free(recording);
}

static void refusals(void **state) {
    (void)state;
    raw_data brief = raw_create(30, 3, 0, "fluorescence", 4), raw = raw_create(300, 3, 0, "fluorescence", 4);
    assert_refused(&brief, NULL, NULL, "memory: the validation split");
    assert_refused(&raw, "window", "43", "memory: the validation split");
    assert_refused(&raw, "train", "0.95", "validation");
    for (int64_t t = 0; t < raw.T; t++)
        for (int64_t j = 0; j < raw.N; j++) raw.x[t * raw.N + j] = t < 210 ? 4.5f : (float)t;
    assert_refused(&raw, "window", "10", "memory: none of the 3 neurons varies");
    raw_free(&brief), raw_free(&raw);
}

/* --- normalisation --- */

static void train_moments(const raw_data *raw, const syn_session *s, int64_t j, double *mean, double *sd) {
    double count = 0, sum = 0, square = 0;
    for (int64_t t = 0; t < raw->T; t++)
        if (in_split(s, SYN_TRAIN, t) && isfinite(raw->x[t * raw->N + j]))
            count++, sum += (double)raw->x[t * raw->N + j];
    *mean = sum / count;
    for (int64_t t = 0; t < raw->T; t++)
        if (in_split(s, SYN_TRAIN, t) && isfinite(raw->x[t * raw->N + j]))
            square += pow((double)raw->x[t * raw->N + j] - *mean, 2);
    *sd = sqrt(square / count);
}

/* Counts, so that no baseline is taken off. Neurons 2, 5 and 9 are left out; the mask moves with those kept. */
static void normalised_by_the_train_split(void **state) {
    (void)state;
    raw_data raw = raw_create(600, 12, 0, "counts", 6);
    raw_cut(&raw, 3, 4);
    for (int64_t t = 0; t < raw.T; t++) {
        raw.x[t * 12 + 2] = t < 430 ? 3.0f : raw.x[t * 12 + 2]; /* constant, but not in the test split */
        raw.x[t * 12 + 5] = t % 110 == 10 && t < 430;           /* four spikes in the train split */
        raw.x[t * 12 + 9] = NAN;
        raw.x[t * 12 + 7] = t == 1 ? 5.0f : 0.0f; /* five: just enough */
    }
    raw_hide(&raw, 23);
    raw.x[12 + 7] = 5;
    test_set set = set_create(&raw, 1, 10);
    const syn_session *s = &set.data->session[0];
    const int64_t kept[] = {0, 1, 3, 4, 6, 7, 8, 10, 11};
    assert_int_equal(s->N, 9);
    assert_int_equal(s->norm.N_recorded, 12);
    assert_true(s->norm.alpha == 0);
    assert_memory_equal(s->norm.kept, kept, sizeof kept);
    for (int64_t i = 0; i < s->N; i++) {
        double mean, sd;
        train_moments(&raw, s, kept[i], &mean, &sd);
        assert_near("mean", mean, (double)s->norm.mean[i], 1e-6 * (1 + mean));
        assert_near("scale", sd, (double)s->norm.scale[i], 1e-6 * sd);
        for (int64_t t = 0; t < raw.T; t++) {
            const double x = (double)raw.x[t * raw.N + kept[i]];
            assert_int_equal(syn_session_observed(s, t, i), isfinite(x) != 0);
            assert_near("x", isfinite(x) ? (x - mean) / sd : 0, (double)s->x[t * s->N + i], 1e-4);
        }
    }
    set_free(&set), raw_free(&raw);
}

static void behaviour(void **state) {
    (void)state;
    raw_data raw = raw_create(600, 3, 2, "fluorescence", 7);
    for (int64_t t = 0; t < raw.T; t++) {
        raw.u[2 * t] = t % 5 == 3 ? NAN : 4 + 2 * raw.u[2 * t];
        if (t < 420) raw.u[2 * t + 1] = 6; /* constant in the train split */
    }
    test_set set = set_create(&raw, 1, 10);
    const syn_session *s = &set.data->session[0];
    double count = 0, sum = 0, square = 0;
    for (int64_t t = 0; t < raw.T; t++) {
        const double u = (double)s->u[2 * t];
        assert_true(s->u[2 * t + 1] == 0);
        if (!isfinite(raw.u[2 * t])) assert_true(u == 0);
        if (isfinite(raw.u[2 * t]) && t < 420) count++, sum += u, square += u * u;
    }
    assert_near("mean", 0, sum / count, 1e-5);
    assert_near("variance", 1, square / count, 1e-5);
    set_free(&set), raw_free(&raw);
}

/* --- targets --- */

static void targets_are_all_frames_of_a_split(void **state) {
    (void)state;
    raw_data raw = raw_create(600, 3, 0, "fluorescence", 11);
    raw_cut(&raw, 12, 3);
    test_set set = set_create(&raw, 1, 10);
    const syn_session *s = &set.data->session[0];
    for (syn_split split = SYN_TRAIN; split < SYN_SPLITS; split++) {
        int64_t *frame, F, n = 0;
        assert_ok(syn_targets(s, split, &frame, &F));
        for (int64_t t = 0; t < s->T; t++) {
            const bool first_of_trial = t % 50 == 0;
            if (in_split(s, split, t) && !first_of_trial) assert_int_equal(frame[n++], t);
        }
        assert_int_equal(n, F);
        free(frame);
    }
    set_free(&set), raw_free(&raw);
}

/* --- leakage --- */

/* Another recording from frame `from` on: activity, gaps and behaviour. */
static raw_data changed_from(const raw_data *raw, int64_t from) {
    raw_data other = raw_copy(raw);
    for (int64_t k = from * raw->N; k < raw->T * raw->N; k++) other.x[k] = k % 19 == 0 ? NAN : 50 - 3 * raw->x[k];
    for (int64_t k = from * raw->B; k < raw->T * raw->B; k++) other.u[k] = k % 7 == 0 ? NAN : 9 + raw->u[k];
    return other;
}

static void check_no_leakage(const raw_data *raw, int64_t from, bool same_alpha) {
    raw_data other = changed_from(raw, from);
    test_set a = set_create(raw, 1, 10), b = set_create(&other, 1, 10);
    const syn_session *s = &a.data->session[0], *c = &b.data->session[0];
    assert_int_equal(s->N, c->N);
    assert_memory_equal(s->norm.kept, c->norm.kept, (size_t)s->N * sizeof *s->norm.kept);
    assert_same("mean", s->norm.mean, c->norm.mean, s->N);
    assert_same("scale", s->norm.scale, c->norm.scale, s->N);
    assert_same("behaviour mean", s->norm.u_mean, c->norm.u_mean, s->B);
    assert_same("behaviour scale", s->norm.u_scale, c->norm.u_scale, s->B);
    if (same_alpha) {
        assert_true(s->norm.alpha == c->norm.alpha);
        assert_same("x", s->x, c->x, from * s->N);
    }
    assert_false(same(s->x + from * s->N, c->x + from * s->N, (s->T - from) * s->N));
    set_free(&a), set_free(&b), raw_free(&other);
}

/* The baseline's time constant is a choice, so the validation split may move it; the test split may not. */
static void no_leakage(void **state) {
    (void)state;
    raw_data raw = raw_create(600, 9, 2, "fluorescence", 8);
    for (int64_t t = 0; t < raw.T; t++) /* drift, for which the baseline is switched on */
        for (int64_t j = 0; j < raw.N; j++) raw.x[t * raw.N + j] += (float)(4 * sin(0.02 * (double)(t + 40 * j)));
    for (int64_t t = 0; t < 420; t++) raw.x[t * raw.N + 4] = 1; /* changing later must not bring it back */
    test_set set = set_create(&raw, 1, 10);
    assert_true(set.data->session[0].norm.alpha > 0);
    set_free(&set);
    check_no_leakage(&raw, 420, false);
    check_no_leakage(&raw, 510, true);
    raw_cut(&raw, 20, 2);
    check_no_leakage(&raw, 14 * 30, false);
    check_no_leakage(&raw, 17 * 30, true);
    raw_free(&raw);
}

/* --- baseline --- */

/* z-scored activity from what is left after the baseline, over the targets of every span. */
static void baseline_can_be_undone(void **state) {
    (void)state;
    raw_data raw = raw_create(600, 5, 0, "fluorescence", 9);
    for (int64_t k = 0; k < raw.T * raw.N; k++) raw.x[k] += 5 * sinf(0.004f * (float)k);
    raw_cut(&raw, 3, 5);
    raw_hide(&raw, 17);
    test_set set = set_create(&raw, 1, 10);
    const syn_session *s = &set.data->session[0];
    float *x = floats(s->N), *whole = floats(s->T * s->N);
    syn_level level;
    assert_true(s->norm.alpha > 0);
    assert_ok(syn_baseline_restore(s, s->T, whole));
    assert_ok(syn_level_create(&level, s));
    for (syn_split split = SYN_TRAIN; split < SYN_SPLITS; split++)
        for (int64_t k = 0; k < s->n_spans[split]; k++) {
            const syn_span *span = &s->span[split][k];
            syn_level_start(&level, split, k);
            for (int64_t t = syn_span_first_target(span); t < span->stop; t++) {
                syn_level_restore(&level, s->x + t * s->N, x);
                for (int64_t i = 0; i < s->N; i++) {
                    double z = ((double)raw.x[t * s->N + i] - (double)s->norm.mean[i]) / (double)s->norm.scale[i];
                    if (!syn_session_observed(s, t, i)) x[i] = 0;
                    if (syn_session_observed(s, t, i)) assert_near("x", z, (double)x[i], 1e-4);
                }
                assert_same("whole", x, whole + t * s->N, s->N);
                syn_level_move(&level, t, x);
            }
        }
    syn_level_free(&level), free(x), free(whole), set_free(&set), raw_free(&raw);
}

/* Nothing of one segment is in the baseline of the next. */
static void baseline_starts_afresh_in_a_segment(void **state) {
    (void)state;
    raw_data raw = raw_create(600, 5, 0, "fluorescence", 10), other;
    for (int64_t k = 0; k < raw.T * raw.N; k++) raw.x[k] += 5 * sinf(0.004f * (float)k);
    raw_cut(&raw, 3, 5);
    other = raw_copy(&raw);
    for (int64_t k = 0; k < 200 * raw.N; k++) other.x[k] = 3 - other.x[k];
    test_set a = set_create(&raw, 1, 10), b = set_create_as(&other, &a);
    assert_true(a.data->session[0].norm.alpha > 0);
    assert_same("x", a.data->session[0].x + 200 * raw.N, b.data->session[0].x + 200 * raw.N, 400 * raw.N);
    set_free(&a), set_free(&b), raw_free(&raw), raw_free(&other);
}

/* Its time constant is chosen as if no trial followed another: a slow drift over the whole recording, which a baseline
 * that went on from trial to trial would follow, chooses what the same trials choose in any other order. */
static void baseline_is_chosen_within_segments(void **state) {
    (void)state;
    enum { TRIALS = 40, LENGTH = 25, TRAIN = 28, N = 5 };
    int64_t order[TRAIN];
    raw_data raw = raw_create(TRIALS * LENGTH, N, 0, "fluorescence", 12), other;
    for (int64_t k = 0; k < raw.T * N; k++) raw.x[k] = (float)normal(13, k) + 6 * sinf(0.004f * (float)(k / N));
    raw_cut(&raw, TRIALS, 0);
    other = raw_copy(&raw);
    syn_random_permutation((syn_random){5, SYN_STREAM_TEST, 0}, order, TRAIN);
    for (int64_t k = 0; k < TRAIN; k++)
        memcpy(other.x + order[k] * LENGTH * N, raw.x + k * LENGTH * N, LENGTH * N * sizeof(float));
    test_set a = set_create(&raw, 1, 10), b = set_create(&other, 1, 10);
    assert_int_equal(a.data->session[0].n_spans[SYN_TRAIN], TRAIN);
    assert_true(a.data->session[0].norm.alpha == b.data->session[0].norm.alpha);
    set_free(&a), set_free(&b), raw_free(&raw), raw_free(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_segment),
        cmocka_unit_test(few_segments_are_cut_inside),
        cmocka_unit_test(trials_stay_whole),
        cmocka_unit_test(refusals),
        cmocka_unit_test(normalised_by_the_train_split),
        cmocka_unit_test(behaviour),
        cmocka_unit_test(targets_are_all_frames_of_a_split),
        cmocka_unit_test(no_leakage),
        cmocka_unit_test(baseline_can_be_undone),
        cmocka_unit_test(baseline_starts_afresh_in_a_segment),
        cmocka_unit_test(baseline_is_chosen_within_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
