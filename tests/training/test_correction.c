/* Corrections of predictions: models that are too sure or lastingly wrong are corrected, others are left alone. */
#include "training/correction.h"

#include "analysis/rollout.h"
#include "fixture.h"
#include "model/predicted.h"
#include "training/trainer.h"

enum { WINDOW = 16, NEURONS = 6 };

static double validation_loss(const syn_parameters *p, const syn_dataset *data, syn_loss kind) {
    syn_network *network;
    double loss;
    assert_ok(syn_network_create(&network, p, data, kind, best_kernels(), 1, 256 + WINDOW, WINDOW));
    assert_ok(syn_split_loss(network, data, kind, SYN_VALIDATION, NULL, &loss));
    syn_network_free(network);
    return loss;
}

/* Counts without a past, and a model that sees one: every spike doubles or ends the rate of the next frame. */
static void too_sure_a_model_is_held_back(void **state) {
    (void)state;
    raw_data raw = raw_create(600, NEURONS, 0, "counts", 61);
    test_set set = set_create(&raw, 1, WINDOW);
    syn_parameters *p = random_parameters(set.data, SYN_FORM_NONE, 4, 62);
    for (int i = 0; i < NEURONS; i++) p->value[p->session[0].a + (size_t)i] = 6;
    const double before = validation_loss(p, set.data, SYN_LOSS_POISSON);
    assert_ok(syn_choose_correction(p, SYN_LOSS_POISSON, set.data, best_kernels(), 1));
    assert_true(p->correction.share > 0.5f && p->correction.share <= 1); /* there is nothing to see */
    assert_true(validation_loss(p, set.data, SYN_LOSS_POISSON) < before);
    syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

/* The test split, and the gap before it, have no say, though the model is right there. */
static void what_comes_later_does_not_count(void **state) {
    (void)state;
    raw_data raw = raw_create(600, NEURONS, 0, "counts", 61), other = raw_copy(&raw);
    for (int64_t k = 510 * NEURONS; k < 600 * NEURONS; k++) other.x[k] = (float)(k / NEURONS / 20 % 2 * 5);
    float share[2];
    for (int later = 0; later <= 1; later++) {
        test_set set = set_create(later ? &other : &raw, 1, WINDOW);
        syn_parameters *p = random_parameters(set.data, SYN_FORM_NONE, 4, 62);
        for (int i = 0; i < NEURONS; i++) p->value[p->session[0].a + (size_t)i] = 6;
        assert_ok(syn_choose_correction(p, SYN_LOSS_POISSON, set.data, best_kernels(), 1));
        share[later] = p->correction.share;
        syn_parameters_free(p), set_free(&set);
    }
    assert_true(share[0] == share[1]);
    raw_free(&raw), raw_free(&other);
}

/* A model that predicts the mean has nothing to hold back. */
static void the_mean_is_left_alone(void **state) {
    (void)state;
    raw_data raw = raw_create(600, NEURONS, 0, "counts", 63);
    test_set set = set_create(&raw, 1, WINDOW);
    syn_parameters *p = random_parameters(set.data, SYN_FORM_NONE, 4, 64);
    memset(p->value, 0, p->count * sizeof *p->value);
    const double before = validation_loss(p, set.data, SYN_LOSS_POISSON);
    p->correction.share = 0.3f;
    assert_near("any share", before, validation_loss(p, set.data, SYN_LOSS_POISSON), 1e-6 * (1 + fabs(before)));
    assert_ok(syn_choose_correction(p, SYN_LOSS_POISSON, set.data, best_kernels(), 1));
    assert_true(validation_loss(p, set.data, SYN_LOSS_POISSON) <= before);
    syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

/* Rates rise threefold halfway through the train split, and stay there. */
static void rates_that_move_are_followed(void **state) {
    (void)state;
    raw_data raw = raw_create(1200, NEURONS, 0, "counts", 65);
    for (int64_t k = 400 * NEURONS; k < 1200 * NEURONS; k++) raw.x[k] *= 3;
    test_set set = set_create(&raw, 1, WINDOW);
    syn_parameters *p = random_parameters(set.data, SYN_FORM_NONE, 4, 64);
    memset(p->value, 0, p->count * sizeof *p->value);
    const double before = validation_loss(p, set.data, SYN_LOSS_POISSON);
    assert_ok(syn_choose_correction(p, SYN_LOSS_POISSON, set.data, best_kernels(), 1));
    assert_true(p->correction.alpha > 0);
    const double after = validation_loss(p, set.data, SYN_LOSS_POISSON);
    assert_true(after < before);
    p->correction = (syn_correction){.share = p->correction.share};
    assert_true(after < validation_loss(p, set.data, SYN_LOSS_POISSON));
    syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

/* The correction of a model that predicts 0, of white noise, or where `lasting` of what has 0.9 of the frame before. */
static syn_correction correction_of_traces(bool lasting) {
    raw_data raw = raw_create(1600, NEURONS, 0, "fluorescence", 68);
    for (int64_t k = 0; k < 1600 * NEURONS; k++) {
        const syn_random random = {69, 0, 0};
        raw.x[k] = (float)syn_random_normal(random, (uint64_t)k);
        if (lasting && k >= NEURONS) raw.x[k] += 0.9f * raw.x[k - NEURONS];
    }
    test_set set = set_create(&raw, 1, WINDOW);
    syn_parameters *p = random_parameters(set.data, SYN_FORM_NONE, 4, 64);
    memset(p->value, 0, p->count * sizeof *p->value);
    const double before = validation_loss(p, set.data, SYN_LOSS_GAUSSIAN);
    assert_ok(syn_choose_correction(p, SYN_LOSS_GAUSSIAN, set.data, best_kernels(), 2));
    const double after = validation_loss(p, set.data, SYN_LOSS_GAUSSIAN);
    assert_true(lasting ? after < 0.4 * before : after == before);
    const syn_correction chosen = p->correction;
    syn_parameters_free(p), set_free(&set), raw_free(&raw);
    return chosen;
}

static void errors_that_last_are_corrected(void **state) {
    (void)state;
    const syn_correction none = correction_of_traces(false), some = correction_of_traces(true);
    assert_true(syn_correction_is_none(&none) && none.alpha == 0);
    assert_true(some.share == 0 && some.weight >= 0.6f && some.alpha >= 0.3f);
}

/* Predictions [n][N] of the first n frames, `each` at a time, by `copies` runs that see the same. */
static float *predict(const syn_parameters *p, const syn_dataset *data, syn_loss loss, int64_t n, int64_t each,
                      int64_t copies) {
    const int64_t N = NEURONS;
    const float *x = data->session[0].x;
    syn_network *network;
    float *s, *out = floats(n * N), *rows = floats(copies * N), *sight = floats(copies * N);
    assert_ok(syn_network_create(&network, p, data, loss, best_kernels(), 1, 256 + WINDOW, WINDOW));
    assert_ok(syn_network_state(network, 0, copies, &s));
    for (int64_t t = 0; t < n; t += each) {
        if (copies == 1) {
            assert_ok(syn_network_advance(network, 0, s, x + t * N, NULL, each, false, out + t * N));
            continue;
        }
        for (int64_t k = 0; k < copies; k++) memcpy(sight + k * N, x + t * N, (size_t)N * sizeof *x);
        assert_ok(syn_network_advance(network, 0, s, sight, NULL, copies, true, rows));
        memcpy(out + t * N, rows + (copies - 1) * N, (size_t)N * sizeof *x);
    }
    free(s), free(rows), free(sight), syn_network_free(network);
    return out;
}

/* The correction of prediction k [frame][neuron] by its definition; x: what came. */
static double by_definition(const syn_correction *c, syn_loss loss, const syn_normalisation *norm, const float *x,
                            const float *raw, int64_t k) {
    const int64_t i = k % NEURONS;
    const double scale = (double)norm->scale[i], mean = (double)norm->mean[i], alpha = (double)c->alpha;
    const double share = (double)c->share;
    double level = 0, expected = 0; /* prediction j is of frame j + 1 */
    for (int64_t j = i; j < k; j += NEURONS) {
        const double came = (double)x[j + NEURONS], due = (double)raw[j];
        level += alpha * (came - (loss == SYN_LOSS_GAUSSIAN ? due : 0) - level);
        expected += alpha * (due - expected);
    }
    if (loss == SYN_LOSS_GAUSSIAN) return (double)raw[k] + (double)c->weight * level;
    const double gain =
        c->weight > 0 ? (level * scale + 1.1 * mean) / (expected * scale + 1.1 * mean) : 1; /* 0.1 of the mean spare */
    const double rate = (1 - share) * gain * ((double)raw[k] * scale + mean) + share * (level * scale + mean);
    return (rate - mean) / scale;
}

static void check_correction(syn_correction correction, syn_loss loss) {
    enum { SHOWN = 48 };
    raw_data raw = raw_create(600, NEURONS, 0, "counts", 66);
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_session *session = &set.data->session[0];
    syn_parameters *p = random_parameters(set.data, SYN_FORM_DENSE, 4, 67);
    float *still = predict(p, set.data, loss, SHOWN, SHOWN, 1);
    p->correction = correction;
    float *whole = predict(p, set.data, loss, SHOWN, SHOWN, 1), *single = predict(p, set.data, loss, SHOWN, 1, 1);
    float *copied = predict(p, set.data, loss, SHOWN, 1, 3);
    for (int64_t k = 0; k < SHOWN * NEURONS; k++) {
        assert_near("corrected", by_definition(&correction, loss, &session->norm, session->x, still, k), whole[k],
                    1e-4);
        assert_near("one by one", whole[k], single[k], 1e-5);
        assert_near("copies", whole[k], copied[k], 1e-5);
        const float rate = whole[k] * session->norm.scale[k % NEURONS] + session->norm.mean[k % NEURONS];
        assert_true(loss == SYN_LOSS_GAUSSIAN || rate >= 0);
    }
    free(still), free(whole), free(single), free(copied);
    syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

/* A neuron's own frames before, in one call or many. */
static void corrections_are_what_they_are_defined_to_be(void **state) {
    (void)state;
    check_correction((syn_correction){.alpha = 0.3f, .weight = 0.6f}, SYN_LOSS_GAUSSIAN);
    check_correction((syn_correction){.share = 0.3f}, SYN_LOSS_POISSON);
    check_correction((syn_correction){.share = 0.3f, .alpha = 0.1f}, SYN_LOSS_POISSON);
    check_correction((syn_correction){.alpha = 0.1f, .weight = 1}, SYN_LOSS_POISSON);
    check_correction((syn_correction){.share = 0.2f, .alpha = 0.03f, .weight = 1}, SYN_LOSS_POISSON);
}

/* Counts that are more negative than any, and many more than were predicted: rates stay rates, at most ten times those
 * of the network. */
static void a_rate_stays_within_bounds(void **state) {
    (void)state;
    raw_data raw = raw_create(600, NEURONS, 0, "counts", 70);
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_normalisation *norm = &set.data->session[0].norm;
    const syn_correction c = {.alpha = 0.5f, .weight = 1};
    for (int many = 0; many <= 1; many++) {
        float *s = floats(syn_correction_states(NEURONS)), seen[NEURONS], next[NEURONS];
        for (int t = 0; t < 20; t++) {
            for (int i = 0; i < NEURONS; i++) next[i] = 0, seen[i] = many ? 1000 : -1000;
            syn_correction_apply(&c, SYN_LOSS_POISSON, norm, s, next);
            for (int i = 0; i < NEURONS; i++) {
                const float rate = (next[i] * norm->scale[i] + norm->mean[i]) / norm->mean[i];
                assert_true(rate > 0.08f && rate < 10.01f && (t == 0 || (many ? rate > 9.9f : rate < 0.6f)));
            }
            syn_correction_see(&c, SYN_LOSS_POISSON, NEURONS, s, seen);
        }
        free(s);
    }
    set_free(&set), raw_free(&raw);
}

/* The errors of traces that were let go of halve each frame with an alpha of 0.5, whatever is fed back. */
static void what_is_not_observed_is_no_error(void **state) {
    (void)state;
    raw_data raw = raw_create(600, NEURONS, 0, "fluorescence", 71);
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_normalisation *norm = &set.data->session[0].norm;
    const syn_correction c = {.alpha = 0.5f, .weight = 1};
    float *s = floats(syn_correction_states(NEURONS)), ones[NEURONS], next[NEURONS];
    for (int t = 0; t < 30; t++) {
        for (int i = 0; i < NEURONS; i++) ones[i] = 1, next[i] = 0;
        syn_correction_apply(&c, SYN_LOSS_GAUSSIAN, norm, s, next);
        syn_correction_see(&c, SYN_LOSS_GAUSSIAN, NEURONS, s, ones);
    }
    syn_correction_let_go(s);
    for (int t = 0; t < 10; t++) {
        for (int i = 0; i < NEURONS; i++) next[i] = 0;
        syn_correction_see(&c, SYN_LOSS_GAUSSIAN, NEURONS, s, ones);
        syn_correction_apply(&c, SYN_LOSS_GAUSSIAN, norm, s, next);
        for (int i = 0; i < NEURONS; i++) assert_near("left", pow(0.5, t), next[i], 1e-6);
    }
    free(s), set_free(&set), raw_free(&raw);
}

/* Corrected predictions of two segments are those of each; what was not observed is as it was predicted. */
static void segments_and_gaps_are_kept_apart(void **state) {
    (void)state;
    enum { F = 40, HALF = 20 };
    raw_data raw = raw_create(600, NEURONS, 0, "counts", 72);
    raw_hide(&raw, 5);
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_session *session = &set.data->session[0];
    const syn_correction c = {.share = 0.2f, .alpha = 0.1f, .weight = 1};
    syn_predicted both, second;
    float *x = floats(session->T * NEURONS), *out = floats(F * NEURONS), *alone = floats(HALF * NEURONS);
    memcpy(x, session->x, (size_t)(session->T * NEURONS) * sizeof *x);
    assert_ok(syn_predicted_create(&both, session, x, F));
    assert_ok(syn_predicted_create(&second, session, x, HALF));
    for (int64_t k = 0; k < F; k++) both.frame[k] = k + 1, both.begins[k] = k % HALF == 0, both.scored[k] = true;
    for (int64_t k = 0; k < HALF; k++)
        second.frame[k] = k + HALF + 1, second.begins[k] = k == 0, second.scored[k] = true;
    assert_ok(syn_correct_predicted(&c, &both, SYN_LOSS_POISSON, out));
    for (int64_t k = 0; k < session->T * NEURONS; k++)
        if (!syn_session_observed(session, k / NEURONS, k % NEURONS)) x[k] = 50;
    assert_ok(syn_correct_predicted(&c, &second, SYN_LOSS_POISSON, alone));
    assert_same("second segment", out + HALF * NEURONS, alone, HALF * NEURONS);
    syn_predicted_free(&both), syn_predicted_free(&second);
    free(x), free(out), free(alone), set_free(&set), raw_free(&raw);
}

/* Traces of 1 that are predicted as 0, and then are missing: the error halves each frame with an alpha of 0.5. */
static void missing_values_are_no_errors(void **state) {
    (void)state;
    enum { SEEN = 30, MISSING = 8 };
    raw_data raw = raw_create(600, NEURONS, 0, "fluorescence", 75);
    for (int64_t k = (SEEN + 1) * NEURONS; k < (SEEN + MISSING + 1) * NEURONS; k++) raw.x[k] = NAN;
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_session *session = &set.data->session[0];
    const syn_correction c = {.alpha = 0.5f, .weight = 1};
    syn_predicted of;
    float *x = floats(session->T * NEURONS), *out = floats((SEEN + MISSING) * NEURONS);
    for (int64_t k = 0; k < session->T * NEURONS; k++) x[k] = 1;
    assert_ok(syn_predicted_create(&of, session, x, SEEN + MISSING));
    for (int64_t k = 0; k < SEEN + MISSING; k++) of.frame[k] = k + 1, of.begins[k] = k == 0, of.scored[k] = true;
    assert_ok(syn_correct_predicted(&c, &of, SYN_LOSS_GAUSSIAN, out));
    for (int64_t t = 0; t < MISSING; t++)
        for (int i = 0; i < NEURONS; i++) assert_near("left", pow(0.5, (double)t), out[(SEEN + t) * NEURONS + i], 1e-6);
    syn_predicted_free(&of), free(x), free(out), set_free(&set), raw_free(&raw);
}

typedef struct kept_rows {
    float *row;
    int64_t first;
} kept_rows;

static syn_status keep_row(void *user, int64_t frame, const float *prediction, const float *truth, const float *slope) {
    kept_rows *kept = user;
    (void)truth, (void)slope;
    memcpy(kept->row + (frame - kept->first) * NEURONS, prediction, NEURONS * sizeof *prediction);
    return SYN_OK;
}

/* The first step of a rollout from any frame of the test split is the one-step prediction of that frame. */
static void check_first_step(syn_correction correction, syn_loss loss) {
    enum { STARTS = 5 };
    raw_data raw = raw_create(1200, NEURONS, 0, loss == SYN_LOSS_GAUSSIAN ? "fluorescence" : "counts", 73);
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_session *session = &set.data->session[0];
    const syn_span *span = &session->span[SYN_TEST][0];
    syn_parameters *p = random_parameters(set.data, SYN_FORM_DENSE, 4, 74);
    p->correction = correction;
    syn_network *network;
    kept_rows kept = {floats(1200 * NEURONS), syn_span_first_target(span)};
    float *s, x[STARTS * NEURONS], out[STARTS * NEURONS];
    int64_t start[STARTS];
    for (int k = 0; k < STARTS; k++) start[k] = kept.first + k * 17;
    assert_ok(syn_network_create(&network, p, set.data, loss, best_kernels(), 1, 256 + WINDOW, WINDOW));
    assert_ok(syn_network_run(network, 0, SYN_TEST, keep_row, &kept));
    assert_ok(syn_network_state(network, 0, STARTS, &s));
    assert_ok(syn_warm_up(network, 0, session, start, STARTS, s, x));
    assert_ok(syn_network_advance(network, 0, s, x, NULL, STARTS, true, out));
    for (int64_t k = 0; k < STARTS * NEURONS; k++)
        assert_near("first step", kept.row[(start[k / NEURONS] - kept.first) * NEURONS + k % NEURONS], out[k], 1e-5);
    free(kept.row), free(s), syn_network_free(network), syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

static void rollouts_begin_with_the_one_step_prediction(void **state) {
    (void)state;
    check_first_step((syn_correction){.alpha = 0.01f, .weight = 0.8f}, SYN_LOSS_GAUSSIAN);
    check_first_step((syn_correction){.share = 0.2f, .alpha = 0.01f, .weight = 1}, SYN_LOSS_POISSON);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_sure_a_model_is_held_back),
        cmocka_unit_test(the_mean_is_left_alone),
        cmocka_unit_test(what_comes_later_does_not_count),
        cmocka_unit_test(rates_that_move_are_followed),
        cmocka_unit_test(errors_that_last_are_corrected),
        cmocka_unit_test(corrections_are_what_they_are_defined_to_be),
        cmocka_unit_test(a_rate_stays_within_bounds),
        cmocka_unit_test(what_is_not_observed_is_no_error),
        cmocka_unit_test(segments_and_gaps_are_kept_apart),
        cmocka_unit_test(missing_values_are_no_errors),
        cmocka_unit_test(rollouts_begin_with_the_one_step_prediction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
