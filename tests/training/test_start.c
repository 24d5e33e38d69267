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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_past_is_within_segments_and_observed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
