/* What training starts from: the regression of every neuron on its own frame before, over the train split alone. */
#include "training/start.h"

#include "fixture.h"

/* Of consecutive frames of one segment in which it was observed. */
static double slope(const raw_data *raw, const syn_session *s, int64_t i) {
    double xx = 1, xy = 0; /* held to 0 by one frame */
    for (int64_t k = 0; k < s->n_spans[SYN_TRAIN]; k++)
        for (int64_t t = s->span[SYN_TRAIN][k].start + 1; t < s->span[SYN_TRAIN][k].stop; t++) {
            const float before = raw->x[(t - 1) * raw->N + i], now = raw->x[t * raw->N + i];
            if (!isfinite(before) || !isfinite(now)) continue;
            const double mean = (double)s->norm.mean[i], sd = (double)s->norm.scale[i];
            xx += ((double)before - mean) * ((double)before - mean) / (sd * sd);
            xy += ((double)before - mean) * ((double)now - mean) / (sd * sd);
        }
    return xy / xx;
}

/* Counts, so that no baseline is taken off. What stands where nothing was observed, between segments and after the
 * train split is far off. */
static void check(int64_t segments) {
    const syn_settings settings = {.hidden = 4, .embedding = 2, .behavior_inputs = 1, .seed = 5};
    raw_data raw = raw_create(400, 5, 1, "counts", 91);
    for (int64_t k = raw.N; k < raw.T * raw.N; k++) raw.x[k] = floorf(0.5f * raw.x[k] + 0.6f * raw.x[k - raw.N]);
    raw_cut(&raw, segments, 4);
    raw_hide(&raw, 7);
    for (int64_t s = 0; s < segments; s++)
        for (int64_t k = raw.segment[2 * s + 1] * raw.N; k < (raw.segment[2 * s + 1] + 4) * raw.N; k++) raw.x[k] = 50;
    test_set set = set_create(&raw, 1, 8);
    const syn_session *s = &set.data->session[0];
    float send[5];
    syn_parameters *p;
    assert_int_equal(s->N, 5);
    for (int64_t k = 0; k < s->T * s->N; k++)
        if (!syn_session_observed(s, k / s->N, k % s->N)) s->x[k] = 30;
    assert_ok(syn_start_filter(set.data, 0, 0.8, send));
    assert_ok(syn_start_none(&p, set.data, &settings));
    for (int64_t i = 0; i < s->N; i++) {
        const double expected = slope(&raw, s, i);
        assert_true(expected > 0.1 && expected < 1);
        assert_near("what is taken off", 0.8 * expected, (double)send[i], 1e-4);
        assert_near("a", expected, (double)p->value[p->session[0].a + (size_t)i], 1e-4);
    }
    syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

static void own_past_is_within_segments_and_observed(void **state) {
    (void)state;
    check(1);
    check(4);
    check(20);
}

static void rename_behavior(syn_recording *r, int64_t k, const char *name) {
    free(r->behavior_name[k]);
    assert_ok(syn_copy_text(&r->behavior_name[k], name));
}

/* Weight of shared input `row` for behaviour k of session s. */
static double weight(const syn_parameters *p, size_t s, int row, int64_t k) {
    return (double)p->value[p->session[s].p + (size_t)(row * p->session[s].B + k)];
}

/* Two recordings of the source have speed and pupil in other orders, one a pupil without weights, a behaviour whose
 * name says nothing, and a phase of their own frequency. */
static void behaviors_start_as_the_source_has_them(void **state) {
    (void)state;
    enum { KNOWN = 5, GIVEN = 6 };
    static const char *const names[2][KNOWN] = {{"speed", "pupil", "behavior_2", "resampling_cos", "resampling_sin"},
                                                {"pupil", "speed", "behavior_2", "resampling_cos", "resampling_sin"}};
    static const char *const given[GIVEN] = {"speed", "behavior_2",     "whisking",
                                             "pupil", "resampling_cos", "resampling_sin"};
    raw_data raw[2] = {raw_create(400, 5, KNOWN, "counts", 92), raw_create(400, 4, KNOWN, "counts", 93)},
             other = raw_create(300, 3, GIVEN, "counts", 94);
    test_set known = set_create(raw, 2, 8), set = set_create(&other, 1, 8);
    for (int s = 0; s < 2; s++)
        for (int k = 0; k < KNOWN; k++) rename_behavior(known.recording[s], k, names[s][k]);
    for (int k = 0; k < GIVEN; k++) rename_behavior(set.recording[0], k, given[k]);
    known.data->session[0].norm.beat.frequency = 0.06, known.data->session[1].norm.beat.frequency = 0.07;
    syn_model *source;
    assert_ok(syn_model_alloc(&source, 2));
    source->p = random_parameters(known.data, SYN_FORM_DENSE, 4, 95);
    for (int row = 0; row < 2; row++) source->p->value[source->p->session[0].p + (size_t)(row * KNOWN + 1)] = 0;
    for (size_t s = 0; s < 2; s++) assert_ok(syn_fitted_session_fill(&source->session[s], &known.data->session[s]));
    const syn_settings settings = {.source = source, .behavior_inputs = 2, .seed = 5};
    /* as in the second recording; as in none; no beat at all, but a recorded behaviour of that name */
    const double frequencies[] = {0.07, 0.08, 0};
    for (int k = 0; k < 3; k++) {
        syn_parameters *p, *prior;
        set.data->session[0].norm.beat.frequency = frequencies[k];
        assert_ok(syn_start_none(&p, set.data, &settings));
        assert_ok(syn_start_prior(&prior, set.data, &settings));
        assert_int_equal(p->b, 2);
        for (int row = 0; row < 2; row++) {
            const double expected[GIVEN] = {(weight(source->p, 0, row, 0) + weight(source->p, 1, row, 1)) / 2,
                                            0,
                                            0,
                                            weight(source->p, 1, row, 0),
                                            k == 0 ? weight(source->p, 1, row, 3) : 0,
                                            k == 0 ? weight(source->p, 1, row, 4) : 0};
            for (int64_t b = 0; b < GIVEN; b++) {
                assert_near("prior", expected[b], weight(prior, 0, row, b), 1e-6);
                if (expected[b] != 0) assert_near("start", expected[b], weight(p, 0, row, b), 1e-6);
                if (expected[b] == 0)
                    assert_true(fabs(weight(p, 0, row, b)) <= 0.1 * sqrt(3.0 / GIVEN) && weight(p, 0, row, b) != 0);
            }
        }
        syn_parameters_free(p), syn_parameters_free(prior);
    }
    syn_model_free(source);
    set_free(&set), set_free(&known), raw_free(&raw[0]), raw_free(&raw[1]), raw_free(&other);
}

/* A decoder without inputs for behaviour could not learn them from a P of 0. */
static void behaviors_of_a_source_without_any_stay_where_they_start(void **state) {
    (void)state;
    raw_data raw = raw_create(400, 5, 0, "counts", 96), other = raw_create(300, 3, 2, "counts", 97);
    test_set known = set_create(&raw, 1, 8), set = set_create(&other, 1, 8);
    syn_model *source;
    syn_parameters *p, *prior;
    assert_ok(syn_model_alloc(&source, 1));
    source->p = random_parameters(known.data, SYN_FORM_DENSE, 4, 98);
    assert_int_equal(source->p->b, 0);
    assert_ok(syn_fitted_session_fill(&source->session[0], &known.data->session[0]));
    const syn_settings settings = {.source = source, .behavior_inputs = 2, .seed = 5};
    assert_ok(syn_start_none(&p, set.data, &settings));
    assert_ok(syn_start_prior(&prior, set.data, &settings));
    assert_int_equal(prior->b, 2);
    for (int row = 0; row < 2; row++)
        for (int64_t k = 0; k < 2; k++) {
            assert_true(weight(prior, 0, row, k) != 0);
            assert_near("prior", weight(p, 0, row, k), weight(prior, 0, row, k), 0);
        }
    syn_parameters_free(p), syn_parameters_free(prior), syn_model_free(source);
    set_free(&set), set_free(&known), raw_free(&raw), raw_free(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_past_is_within_segments_and_observed),
        cmocka_unit_test(behaviors_start_as_the_source_has_them),
        cmocka_unit_test(behaviors_of_a_source_without_any_stay_where_they_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
