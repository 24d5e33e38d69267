/* Metrics of models whose predictions are known beforehand, with and without a slow baseline, missing entries, trials
 * and spike counts. */
#include <jansson.h>
#include <unistd.h>

#include "analysis/evaluate.h"
#include "tiny_model.h"

/* Predicts own * x~[t]: 1 copies the last frame (without a baseline), 0 predicts the level. */
static syn_parameters *copier(const syn_dataset *data, float own) {
    int64_t N[2] = {0}, B[2] = {0};
    syn_parameters *p;
    for (size_t s = 0; s < data->n; s++) N[s] = data->session[s].N, B[s] = data->session[s].B;
    assert_ok(syn_parameters_create(&p, 4, 0, 0, SYN_FORM_NONE, 0, data->n, N, B, NULL));
    for (size_t s = 0; s < data->n; s++)
        for (int64_t i = 0; i < N[s]; i++) p->value[p->session[s].a + (size_t)i] = own;
    return p;
}

static syn_evaluation evaluate(const test_set *set, const syn_parameters *p, syn_loss loss, int threads) {
    syn_evaluation e;
    assert_ok(syn_evaluate_parameters(p, loss, set->data, best_kernels(), threads, &e));
    return e;
}

static test_set set_with_alpha(const raw_data *raw, double alpha) {
    test_set first = set_create(raw, 1, TINY_WINDOW), set;
    first.data->session[0].norm.alpha = alpha;
    set = set_create_as(raw, &first);
    set_free(&first);
    return set;
}

static void assert_same_metrics(const syn_metric_values *a, const syn_metric_values *b, double tolerance) {
#define X(name)                                                                                                        \
    if (!(isnan(a->name) && isnan(b->name))) assert_near(#name, a->name, b->name, tolerance);
    SYN_METRIC_LIST(X)
#undef X
}

static void copying_scores_as_copy_last(void **state) {
    (void)state;
    raw_data raw = raw_create(TINY_T, TINY_N, 0, "fluorescence", 1);
    test_set set = set_with_alpha(&raw, 0);
    syn_parameters *p = copier(set.data, 1);
    syn_evaluation e = evaluate(&set, p, SYN_LOSS_GAUSSIAN, 1);
    const syn_metric_values *copy = &e.metrics[SYN_COPY_LAST];
    assert_same_metrics(&e.metrics[SYN_MODEL], copy, 1e-6);
    assert_near("skill", 0, copy->skill, 1e-12);
    assert_near("mse_copy_last", copy->mse, copy->mse_copy_last, 1e-12);
    assert_near("mse_mean", e.metrics[SYN_MEAN].mse, copy->mse_mean, 1e-12);
    assert_true(e.session[0].frames == set.data->session[0].span[SYN_TEST][0].stop -
                                           syn_span_first_target(&set.data->session[0].span[SYN_TEST][0]));
    syn_evaluation_free(&e), syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

static void zero_scores_as_mean(void **state) {
    (void)state;
    raw_data raw = raw_create(TINY_T, TINY_N, 0, "fluorescence", 2);
    raw_hide(&raw, 7);
    test_set set = set_with_alpha(&raw, 0);
    syn_parameters *p = copier(set.data, 0);
    syn_evaluation e = evaluate(&set, p, SYN_LOSS_GAUSSIAN, 1);
    assert_same_metrics(&e.metrics[SYN_MODEL], &e.metrics[SYN_MEAN], 1e-12);
    assert_near("neuron_r", 0, e.metrics[SYN_MEAN].neuron_r, 0);
    syn_evaluation_free(&e), syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

/* Metrics of copy-last and of the level, worked out from the raw activity. */
static void check_against_raw(double alpha, bool hidden, bool trials) {
    raw_data raw = raw_create(TINY_T, TINY_N, 0, "fluorescence", 3);
    if (trials) raw_cut(&raw, 20, 3);
    if (hidden) raw_hide(&raw, 5);
    test_set set = set_with_alpha(&raw, alpha);
    const syn_session *s = &set.data->session[0];
    syn_parameters *p = copier(set.data, 0);
    syn_evaluation e = evaluate(&set, p, SYN_LOSS_GAUSSIAN, 2);
    double copy = 0, level_error = 0, entries = 0;
    for (int64_t i = 0; i < s->N; i++)
        for (int64_t k = 0; k < raw.S; k++) {
            double level = 0, last = 0;
            for (int64_t t = raw.segment[2 * k]; t < raw.segment[2 * k + 1]; t++) {
                double x = (double)((raw.x[t * raw.N + s->norm.kept[i]] - s->norm.mean[i]) / s->norm.scale[i]);
                bool test = false;
                for (int64_t j = 0; j < s->n_spans[SYN_TEST]; j++) {
                    const syn_span *span = &s->span[SYN_TEST][j];
                    test = test || (t >= syn_span_first_target(span) && t < span->stop);
                }
                if (isnan(x)) continue;
                if (test) copy += (x - last) * (x - last), level_error += (x - level) * (x - level), entries++;
                level += alpha * (x - level);
                last = x;
            }
        }
    assert_near("copy-last", copy / entries, e.metrics[SYN_COPY_LAST].mse, 1e-4);
    assert_near("skill", 1 - level_error / copy, e.metrics[SYN_MODEL].skill, 1e-4);
    /* what is filled in for a missing entry is no target */
    assert_near("level", level_error / entries, e.metrics[SYN_MODEL].mse, 1e-4);
    syn_evaluation_free(&e), syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

static void metrics_are_of_the_activity(void **state) {
    (void)state;
    for (int k = 0; k < 8; k++) check_against_raw(k & 1 ? 0.1 : 0, k & 2, k & 4);
}

/* A recording that continues exactly as the model says. */
static void a_perfect_model(void **state) {
    (void)state;
    raw_data raw = raw_create(TINY_T, TINY_N, 0, "fluorescence", 4);
    test_set set = set_with_alpha(&raw, 0);
    syn_session *s = &set.data->session[0];
    syn_parameters *p = copier(set.data, -1); /* x[t+1] = -x[t] */
    for (int64_t t = 1; t < s->T; t++)
        for (int64_t i = 0; i < s->N; i++) s->x[t * s->N + i] = -s->x[(t - 1) * s->N + i];
    syn_evaluation e = evaluate(&set, p, SYN_LOSS_GAUSSIAN, 1);
    const syn_metric_values *m = &e.metrics[SYN_MODEL];
    assert_near("mse", 0, m->mse, 0);
    assert_near("mae", 0, m->mae, 0);
    assert_near("skill", 1, m->skill, 0);
    assert_near("r2", 1, m->r2, 0);
    assert_near("neuron_r", 1, m->neuron_r, 1e-9);
    assert_near("delta_r", 1, m->delta_r, 1e-9);
    assert_near("population_r", 1, m->population_r, 1e-9);
    assert_near("spatial_r", 1, m->spatial_r, 1e-9);
    assert_true(isnan(m->bits_per_spike));
    syn_evaluation_free(&e), syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

/* Neuron i keeps one value in the test frames, or all do (-1): what putting back the slow baseline makes of it is no
 * variance. */
static syn_evaluation with_constant(int64_t i, float value) {
    raw_data raw = raw_create(TINY_T, TINY_N, 0, "fluorescence", 14);
    test_set first = set_create(&raw, 1, TINY_WINDOW);
    const syn_session *s = &first.data->session[0];
    first.data->session[0].norm.alpha = 0.03;
    for (int64_t t = s->span[SYN_TEST][0].start - s->span[SYN_TEST][0].context; t < s->T; t++)
        for (int64_t j = 0; j < TINY_N; j++)
            if (i < 0 || j == i) raw.x[t * TINY_N + j] = value;
    test_set set = set_create_as(&raw, &first);
    syn_parameters *p = copier(set.data, 0.4f);
    syn_evaluation e = evaluate(&set, p, SYN_LOSS_GAUSSIAN, 1);
    syn_parameters_free(p), set_free(&set), set_free(&first), raw_free(&raw);
    return e;
}

static void constant_neurons_are_left_out(void **state) {
    (void)state;
    static const float values[] = {0.3f, 0.1234567f, 2.25f, -40, 12340};
    for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
        syn_evaluation one = with_constant(2, values[k]), all = with_constant(-1, values[k]);
        const syn_metric_values *m = &one.metrics[SYN_MODEL], *none = &all.metrics[SYN_MODEL];
        double sum = 0;
        for (int64_t i = 0; i < TINY_N; i++) sum += i == 2 ? 0 : one.session[0].neuron_r[i] / (TINY_N - 1);
        assert_true(isnan(one.session[0].neuron_r[2]));
        assert_near("neuron_r", sum, m->neuron_r, 1e-12);
        assert_true(m->r2 > -1 && m->r2 < 1 && isfinite(m->delta_r) && isfinite(m->skill));
        assert_true(isnan(none->r2) && isnan(none->neuron_r) && isnan(none->delta_r) && isnan(none->population_r));
        assert_true(isnan(none->skill) && isfinite(none->mse));
        syn_evaluation_free(&one), syn_evaluation_free(&all);
    }
}

static void counts_have_bits_per_spike(void **state) {
    (void)state;
    raw_data raw = raw_create(TINY_T, TINY_N, 0, "counts", 5);
    test_set set = set_with_alpha(&raw, 0);
    syn_parameters *p = copier(set.data, 0);
    syn_evaluation gaussian = evaluate(&set, p, SYN_LOSS_GAUSSIAN, 1), poisson = evaluate(&set, p, SYN_LOSS_POISSON, 1);
    assert_near("gaussian at the mean rate", 0, gaussian.metrics[SYN_MODEL].bits_per_spike, 1e-9);
    assert_near("poisson at the mean rate", 0, poisson.metrics[SYN_MODEL].bits_per_spike, 1e-5);
    assert_near("mean", 0, gaussian.metrics[SYN_MEAN].bits_per_spike, 1e-9);
    assert_true(gaussian.metrics[SYN_COPY_LAST].bits_per_spike < 0);
    syn_evaluation_free(&gaussian), syn_evaluation_free(&poisson);
    syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

static void threads_change_no_bit(void **state) {
    (void)state;
    raw_data raw = raw_create(TINY_T, 70, 2, "fluorescence", 6);
    raw_hide(&raw, 1501);
    test_set set = set_with_alpha(&raw, 0.1);
    syn_parameters *p = random_parameters(set.data, SYN_FORM_DENSE, 5, 7);
    syn_evaluation one = evaluate(&set, p, SYN_LOSS_GAUSSIAN, 1), three = evaluate(&set, p, SYN_LOSS_GAUSSIAN, 3);
    assert_memory_equal(&one.metrics[SYN_MODEL], &three.metrics[SYN_MODEL], sizeof one.metrics[SYN_MODEL]);
    syn_evaluation_free(&one), syn_evaluation_free(&three);
    syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

static void differences_are_of_the_averages(void **state) {
    (void)state;
    raw_data raw[2] = {raw_create(TINY_T, TINY_N, 0, "fluorescence", 8),
                       raw_create(2 * TINY_T, TINY_N - 2, 0, "fluorescence", 9)};
    test_set set = set_create(raw, 2, TINY_WINDOW);
    syn_parameters *p = copier(set.data, 0.5f), *q = copier(set.data, 0.1f);
    syn_evaluation a = evaluate(&set, p, SYN_LOSS_GAUSSIAN, 1), b = evaluate(&set, q, SYN_LOSS_GAUSSIAN, 1);
    syn_interval interval;
    assert_near("average", 0.5 * (a.session[0].metrics[SYN_MODEL].mse + a.session[1].metrics[SYN_MODEL].mse),
                a.metrics[SYN_MODEL].mse, 1e-12);
    assert_ok(syn_evaluation_difference(&b, SYN_MODEL, &a, SYN_MODEL, &interval));
    assert_near("models", b.metrics[SYN_MODEL].mse - a.metrics[SYN_MODEL].mse, interval.mean, 1e-9);
    assert_true(interval.low < interval.mean && interval.mean < interval.high);
    assert_ok(syn_evaluation_difference(&a, SYN_COPY_LAST, &a, SYN_MODEL, &interval));
    assert_near("copy-last", a.metrics[SYN_COPY_LAST].mse - a.metrics[SYN_MODEL].mse, interval.mean, 1e-9);
    syn_evaluation_free(&a), syn_evaluation_free(&b), syn_parameters_free(p), syn_parameters_free(q);
    set_free(&set), raw_free(&raw[0]), raw_free(&raw[1]);
}

/* ---- the public function ---- */

static double number_at(const char *json, const char *key, const char *inner) {
    json_t *root = json_loads(json, 0, NULL);
    assert_non_null(root);
    const json_t *value = json_object_get(json_object_get(root, key), inner);
    assert_true(json_is_number(value));
    double number = json_number_value(value);
    json_decref(root);
    return number;
}

static void recordings_given_or_found(void **state) {
    (void)state;
    static const char path[] = "test_evaluate.h5";
    raw_data raw = raw_create(TINY_T, TINY_N, 2, "fluorescence", 10);
    syn_recording *recording = recording_of(&raw), *again, *other;
    char *given, *found;
    assert_ok(syn_recording_write(recording, path));
    syn_recording_free(recording);
    test_set set = set_create(&raw, 1, TINY_WINDOW);
    assert_ok(syn_copy_text(&set.recording[0]->path, path));
    syn_model *model = model_of(&set, random_parameters(set.data, SYN_FORM_DENSE, 5, 7), SYN_LOSS_GAUSSIAN);
    assert_ok(syn_recording_open(&again, path, NULL));
    assert_ok(syn_evaluate(model, &again, 1, NULL, &given));
    assert_ok(syn_evaluate(model, NULL, 0, NULL, &found));
    assert_true(number_at(given, "test", "mse") > 0);
    assert_true(number_at(given, "test", "mse") == number_at(found, "test", "mse"));
    syn_free(given), syn_free(found), syn_recording_free(again);

    unlink(path);
    assert_int_not_equal(syn_evaluate(model, NULL, 0, NULL, &found), SYN_OK);
    assert_non_null(strstr(syn_last_error(), path));
    assert_non_null(strstr(syn_last_error(), "name it if it has moved"));
    assert_null(found);

    raw.N = TINY_N - 1;
    other = recording_of(&raw);
    assert_int_equal(syn_evaluate(model, &other, 1, NULL, &found), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "has 7 neurons"));
    assert_int_equal(syn_evaluate(model, &other, 2, NULL, &found), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "found 2 recordings"));
    other->signal = SYN_SIGNAL_COUNTS;
    assert_int_equal(syn_evaluate(model, &other, 1, NULL, &found), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "holds counts; the model was fitted on fluorescence"));
    other->signal = SYN_SIGNAL_FLUORESCENCE, other->rate_hz = 20;
    assert_int_equal(syn_evaluate(model, &other, 1, NULL, &found), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "has 20 frames per second"));
    syn_recording_free(other), syn_model_free(model), set_free(&set), raw_free(&raw);
}

/* Nothing but an error where there is nothing to score, and no advice that was followed already. */
static void what_cannot_be_scored(void **state) {
    (void)state;
    raw_data raw = raw_create(TINY_T, TINY_N, 0, "fluorescence", 12);
    test_set set = set_create(&raw, 1, TINY_WINDOW);
    syn_model *model = model_of(&set, random_parameters(set.data, SYN_FORM_DENSE, 5, 7), SYN_LOSS_GAUSSIAN);
    syn_options *all = OPTIONS("split", "all");
    char *json;
    for (int64_t k = set.data->session[0].span[SYN_TEST][0].start * TINY_N; k < TINY_T * TINY_N; k++) raw.x[k] = NAN;
    syn_recording *recording = recording_of(&raw), *again = recording_of(&raw);
    assert_int_equal(syn_evaluate(model, &recording, 1, NULL, &json), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "nothing was observed in the test split"));
    assert_ok(syn_evaluate(model, &again, 1, all, &json));
    syn_free(json), syn_recording_free(recording), syn_recording_free(again);

    raw.T = raw.segment[1] = 5;
    recording = recording_of(&raw);
    assert_int_equal(syn_evaluate(model, &recording, 1, all, &json), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "4 of its 5 frames can be predicted; expected at least 5"));
    assert_null(strstr(syn_last_error(), "--split"));
    syn_recording_free(recording), syn_options_free(all);
    syn_model_free(model), set_free(&set), raw_free(&raw);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copying_scores_as_copy_last),     cmocka_unit_test(zero_scores_as_mean),
        cmocka_unit_test(metrics_are_of_the_activity),     cmocka_unit_test(a_perfect_model),
        cmocka_unit_test(counts_have_bits_per_spike),      cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(differences_are_of_the_averages), cmocka_unit_test(recordings_given_or_found),
        cmocka_unit_test(constant_neurons_are_left_out),   cmocka_unit_test(what_cannot_be_scored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
