/* Forecasts: one step ahead against the network itself, rollouts against single steps with every prediction fed back by
 * hand, and what is written. */
#include <hdf5.h>
#include <jansson.h>
#include <unistd.h>

#include "analysis/forecast.h"
#include "dataset/baseline.h"
#include "example.h"

static const char path[] = "test_forecast.h5";

static syn_status try_forecast(const example *e, syn_options *options, syn_forecast **f) {
    syn_recording *recording = recording_of(&e->raw);
    syn_status status = syn_forecast_create(f, e->model, recording, options);
    syn_recording_free(recording);
    syn_options_free(options);
    return status;
}

static syn_forecast *forecast(const example *e, syn_options *options) {
    syn_forecast *f;
    assert_ok(try_forecast(e, options, &f));
    return f;
}

static void assert_floats_near(const char *what, const float *a, const float *b, int64_t n, double tolerance) {
    for (int64_t k = 0; k < n; k++)
        if (!(isnan(a[k]) && isnan(b[k]))) assert_near(what, (double)a[k], (double)b[k], tolerance);
}

/* Frame of the one-step part; it must be there. */
static int64_t place_of(const syn_forecast *f, int64_t frame) {
    for (int64_t k = 0; k < f->F; k++)
        if (f->frame[k] == frame) return k;
    fail_msg("frame %lld is no target", (long long)frame);
    return -1;
}

/* Truth is the recording, and step 1 of every rollout is the one-step prediction. */
static void check_steps(const example *e, int expected_starts) {
    syn_forecast *f = forecast(e, OPTIONS("steps", "3"));
    const syn_session *s = &e->set.data->session[0];
    const int64_t N = f->N;
    assert_int_equal(f->S, expected_starts);
    for (int64_t k = 0; k < f->F; k++)
        for (int64_t i = 0; i < N; i++) {
            const float x = e->raw.x[f->frame[k] * e->raw.N + s->norm.kept[i]], found = f->truth[k * N + i];
            assert_true(isnan(x) == isnan(found));
            if (!isnan(x)) assert_near("truth", (double)x, (double)found, 1e-4);
        }
    for (int64_t n = 0; n < f->S; n++) {
        const int64_t k = place_of(f, f->start[n]);
        assert_true(n == 0 || f->start[n] > f->start[n - 1]);
        assert_floats_near("step 1", f->prediction + k * N, f->rollout + n * f->K * N, N, 1e-4);
        for (int64_t step = 0; step < f->K; step++)
            assert_floats_near("rollout truth", f->truth + place_of(f, f->start[n] + step) * N,
                               f->rollout_truth + (n * f->K + step) * N, N, 1e-4);
    }
    assert_near("time", (double)f->frame[0] / 10, f->time_s[0], 1e-9);
    syn_forecast_free(f);
}

static void first_step_is_one_step(void **state) {
    (void)state;
    static const struct {
        const char *signal;
        double alpha;
        int64_t B;
        bool hidden, trials;
        int starts;
    } cases[] = {{"fluorescence", 0, 0, false, false, 50},
                 {"fluorescence", 0.1, 2, false, false, 50},
                 {"fluorescence", 0.1, 2, true, false, 50},
                 {"fluorescence", 0.1, 0, true, true, 45},
                 {"counts", 0, 2, false, false, 50}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        example e = example_create(cases[k].signal, cases[k].alpha, cases[k].B, cases[k].hidden, cases[k].trials);
        check_steps(&e, cases[k].starts);
        example_free(&e);
    }
}

/* One rollout by hand, frame by frame from the start of the history. */
static void rollout_feeds_back(void **state) {
    (void)state;
    enum { K = 12 };
    example e = example_create("fluorescence", 0.1, 2, false, false);
    syn_forecast *f = forecast(&e, OPTIONS("steps", "12"));
    const syn_session *s = &e.set.data->session[0];
    const syn_span *span = s->span[SYN_TEST];
    const int64_t N = s->N, n = f->S / 2, start = f->start[n];
    syn_network *network;
    syn_level level;
    float *h, *x = floats(N), *out = floats(N), *z = floats(N);
    assert_ok(syn_network_create(&network, e.model->p, e.set.data, SYN_LOSS_GAUSSIAN, best_kernels(), 1, 64, 64));
    assert_ok(syn_network_state(network, 0, 1, &h));
    assert_ok(syn_level_create(&level, s));
    for (int64_t t = span->start - span->context; t < start - 1; t++)
        assert_ok(syn_network_advance(network, 0, h, s->x + t * N, s->u + t * s->B, 1, false, out));
    syn_level_start(&level, SYN_TEST, 0);
    for (int64_t t = syn_span_first_target(span); t < start; t++) {
        syn_level_restore(&level, s->x + t * N, z);
        syn_level_move(&level, t, z);
    }
    memcpy(x, s->x + (start - 1) * N, (size_t)N * sizeof *x);
    for (int64_t k = 0; k < K; k++) {
        assert_ok(syn_network_advance(network, 0, h, x, s->u + (start - 1 + k) * s->B, 1, false, out));
        syn_level_restore(&level, out, z);
        syn_level_move(&level, -1, z);
        for (int64_t i = 0; i < N; i++) {
            x[i] = z[i] - level.value[i];
            const double raw = (double)(z[i] * s->norm.scale[i] + s->norm.mean[i]);
            assert_near("rollout", raw, (double)f->rollout[(n * K + k) * N + i], 1e-4);
        }
    }
    syn_network_free(network), syn_level_free(&level);
    free(h), free(x), free(out), free(z);
    syn_forecast_free(f), example_free(&e);
}

/* mse, copy-last and mean of every horizon from the arrays that are returned. */
static void errors_by_horizon(void **state) {
    (void)state;
    enum { K = 6 };
    example e = example_create("fluorescence", 0, 0, true, false);
    syn_forecast *f = forecast(&e, OPTIONS("steps", "6"));
    const syn_session *s = &e.set.data->session[0];
    float mse[K];
    assert_ok(syn_forecast_mse(f, mse));
    for (int64_t k = 0; k < K; k++) {
        double error = 0, copy = 0, mean = 0, entries = 0;
        for (int64_t n = 0; n < f->S; n++)
            for (int64_t i = 0; i < f->N; i++) {
                const double scale = (double)s->norm.scale[i];
                const int64_t at = (n * K + k) * f->N + i;
                const double x = (double)f->rollout_truth[at];
                int64_t last = f->start[n] - 1;
                while (isnan(e.raw.x[last * e.raw.N + s->norm.kept[i]])) last--;
                const double copied = (double)e.raw.x[last * e.raw.N + s->norm.kept[i]];
                if (isnan(x)) continue;
                error += pow((x - (double)f->rollout[at]) / scale, 2);
                copy += pow((x - copied) / scale, 2);
                mean += pow((x - (double)s->norm.mean[i]) / scale, 2);
                entries++;
            }
        assert_near("mse", error / entries, f->mse[k], 1e-4);
        assert_near("mse", f->mse[k], (double)mse[k], 1e-5);
        assert_near("mse_copy_last", copy / entries, f->mse_copy_last[k], 1e-4);
        assert_near("mse_mean", mean / entries, f->mse_mean[k], 1e-4);
        assert_near("skill", 1 - error / copy, f->skill[k], 1e-4);
    }
    syn_forecast_free(f), example_free(&e);
}

/* A start in the test split is the same rollout alone; one in the train split and one at the very end work too. */
static void one_chosen_start(void **state) {
    (void)state;
    example e = example_create("fluorescence", 0.1, 2, false, false);
    char text[32];
    syn_forecast *all = forecast(&e, OPTIONS("steps", "4")), *one;
    const int64_t n = all->S - 2, N = all->N;
    snprintf(text, sizeof text, "%lld", (long long)all->start[n]);
    one = forecast(&e, OPTIONS("steps", "4", "start", text));
    assert_int_equal(one->S, 1);
    assert_int_equal(one->start[0], all->start[n]);
    assert_floats_near("the same rollout", all->rollout + n * 4 * N, one->rollout, 4 * N, 1e-4);
    syn_forecast_free(all), syn_forecast_free(one);

    one = forecast(&e, OPTIONS("steps", "4", "start", "57"));
    for (int64_t k = 0; k < 4 * N; k++) {
        const int64_t i = k % N, kept = e.set.data->session[0].norm.kept[i];
        assert_near("truth", (double)e.raw.x[(57 + k / N) * e.raw.N + kept], (double)one->rollout_truth[k], 1e-4);
        assert_true(isfinite(one->rollout[k]));
    }
    syn_forecast_free(one);

    one = forecast(&e, OPTIONS("steps", "4", "start", "400"));
    assert_true(isnan(one->rollout_truth[0]) && isfinite(one->rollout[4 * N - 1]) && isnan(one->mse[3]));
    char *json;
    assert_ok(syn_forecast_describe(one, &json));
    json_t *root = json_loads(json, 0, NULL);
    assert_true(json_is_null(json_array_get(json_object_get(root, "skill"), 0)));
    assert_int_equal(json_integer_value(json_object_get(root, "steps")), 4);
    json_decref(root);
    syn_free(json), syn_forecast_free(one), example_free(&e);
}

static void behaviour_is_recorded_or_held(void **state) {
    (void)state;
    example e = example_create("fluorescence", 0, 2, false, false);
    syn_forecast *recorded = forecast(&e, OPTIONS("steps", "4", "start", "380")), *held, *constant;
    held = forecast(&e, OPTIONS("steps", "4", "start", "380", "hold-behavior", "yes"));
    for (int64_t k = 2 * 380; k < 2 * TINY_T; k++) e.raw.u[k] = e.raw.u[2 * 379 + k % 2];
    constant = forecast(&e, OPTIONS("steps", "4", "start", "380"));
    assert_same("step 1", recorded->rollout, held->rollout, held->N);
    assert_false(same(recorded->rollout + held->N, held->rollout + held->N, held->N));
    assert_same("held", constant->rollout, held->rollout, 4 * held->N);
    syn_forecast_free(recorded), syn_forecast_free(held), syn_forecast_free(constant), example_free(&e);
}

static void threads_change_no_bit(void **state) {
    (void)state;
    example e = example_create("fluorescence", 0.1, 2, true, false);
    syn_forecast *one = forecast(&e, OPTIONS("threads", "1")), *three = forecast(&e, OPTIONS("threads", "3"));
    assert_same("one step", one->prediction, three->prediction, one->F * one->N);
    assert_same("rollout", one->rollout, three->rollout, one->S * one->K * one->N);
    syn_forecast_free(one), syn_forecast_free(three), example_free(&e);
}

static void what_cannot_be_done(void **state) {
    (void)state;
    static const struct {
        const char *name, *value, *message;
    } cases[] = {{"steps", "300", "steps: found 300; expected at most 52"},
                 {"start", "401", "start: found frame 401"},
                 {"session", "1", "session: found 1"}};
    example e = example_create("fluorescence", 0, 0, false, false);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        syn_forecast *f;
        assert_int_equal(try_forecast(&e, OPTIONS(cases[k].name, cases[k].value), &f), SYN_ERR_OPTION);
        assert_null(f);
        if (!strstr(syn_last_error(), cases[k].message)) fail_msg("found the message: %s", syn_last_error());
    }
    example_free(&e);
}

/* Trials of the example hold fewer frames than a rollout usually has; one that starts at a given frame goes on. */
static void short_trials_shorten_the_default(void **state) {
    (void)state;
    example e = example_create("fluorescence", 0, 0, false, true);
    const int64_t longest = syn_forecast_longest(&e.set.data->session[0]);
    syn_forecast *f = forecast(&e, OPTIONS("threads", "1")), *one = forecast(&e, OPTIONS("start", "390")), *asked;
    assert_true(longest < 20);
    assert_int_equal(f->K, longest);
    assert_int_equal(one->K, 20);
    assert_int_equal(try_forecast(&e, OPTIONS("steps", "20"), &asked), SYN_ERR_OPTION);
    syn_forecast_free(f), syn_forecast_free(one), example_free(&e);
}

/* The second recording of a model, whose numbering its data set has to follow. */
static void a_later_session(void **state) {
    (void)state;
    raw_data raw[2] = {raw_create(TINY_T, TINY_N, 0, "fluorescence", 1), raw_create(TINY_T, 5, 0, "fluorescence", 2)};
    test_set both = set_create(raw, 2, TINY_WINDOW);
    syn_model *model = model_of(&both, random_parameters(both.data, SYN_FORM_DENSE, 5, 7), SYN_LOSS_GAUSSIAN);
    example e = {.raw = raw[1], .model = model};
    syn_forecast *f = forecast(&e, OPTIONS("session", "1", "steps", "3"));
    assert_int_equal(f->N, 5);
    assert_true(f->mse[0] > 0);
    syn_forecast_free(f), syn_model_free(model), set_free(&both), raw_free(&raw[0]), raw_free(&raw[1]);
}

static void all_frames_are_predicted(void **state) {
    (void)state;
    example e = example_create("fluorescence", 0, 0, false, false);
    syn_forecast *test = forecast(&e, OPTIONS("steps", "3")),
                 *all = forecast(&e, OPTIONS("steps", "3", "split", "all"));
    syn_forecast_view of_test, of_all;
    syn_forecast_arrays(test, &of_test);
    syn_forecast_arrays(all, &of_all);
    assert_int_equal(of_all.frames, TINY_T - 1); /* all but the first, which has no past */
    assert_int_equal(of_all.neurons, of_test.neurons);
    assert_true(of_test.frames < TINY_T / 4);
    for (int64_t k = 0; k < of_all.frames; k++) assert_int_equal(of_all.frame[k], k + 1);
    const int64_t from = of_test.frame[0] - 1;
    assert_memory_equal(of_all.truth + from * of_all.neurons, of_test.truth,
                        (size_t)(of_test.frames * of_test.neurons) * sizeof(float));
    syn_forecast_free(test), syn_forecast_free(all), example_free(&e);
}

/* Intervals come from the validation split: what the test split holds changes no bit of them. */
static void intervals_do_not_see_the_test_split(void **state) {
    (void)state;
    example e = example_create("fluorescence", 0.1, 2, true, false);
    syn_forecast *before = forecast(&e, OPTIONS("steps", "5"));
    const syn_span *span = e.set.data->session[0].span[SYN_TEST];
    for (int64_t k = syn_span_first_target(span) * e.raw.N; k < TINY_T * e.raw.N; k++) e.raw.x[k] *= 2;
    syn_forecast *after = forecast(&e, OPTIONS("steps", "5")), *all = forecast(&e, OPTIONS("split", "all"));
    assert_false(same(before->truth, after->truth, 1));
    for (int64_t i = 0; i < before->N; i++) assert_true(before->lower[i] < 0 && before->upper[i] > 0);
    assert_same("lower", before->lower, after->lower, before->N);
    assert_same("upper", before->upper, after->upper, before->N);
    assert_same("lower", before->rollout_lower, after->rollout_lower, 5 * before->N);
    assert_same("upper", before->rollout_upper, after->rollout_upper, 5 * before->N);
    assert_true(before->coverage > after->coverage);
    assert_true(isnan(all->lower[0]) && isnan(all->coverage)); /* no split to learn from */
    syn_forecast_free(before), syn_forecast_free(after), syn_forecast_free(all), example_free(&e);
}

static void assert_shape(hid_t file, const char *name, int rank, const int64_t *shape) {
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    if (dataset < 0) fail_msg("%s is missing", name);
    hid_t space = H5Dget_space(dataset);
    hsize_t size[3] = {0};
    assert_int_equal(H5Sget_simple_extent_ndims(space), rank);
    H5Sget_simple_extent_dims(space, size, NULL);
    for (int k = 0; k < rank; k++) assert_int_equal(size[k], shape[k]);
    H5Sclose(space), H5Dclose(dataset);
}

static void the_file_holds_it(void **state) {
    (void)state;
    example e = example_create("fluorescence", 0, 0, false, false);
    syn_forecast *f = forecast(&e, OPTIONS("steps", "5"));
    assert_ok(syn_forecast_write(f, path));
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    assert_shape(file, "/one_step/prediction", 2, (int64_t[]){f->F, f->N});
    assert_shape(file, "/one_step/truth", 2, (int64_t[]){f->F, f->N});
    assert_shape(file, "/one_step/frame", 1, &f->F);
    assert_shape(file, "/one_step/time_s", 1, &f->F);
    assert_shape(file, "/rollout/prediction", 3, (int64_t[]){f->S, f->K, f->N});
    assert_shape(file, "/rollout/truth", 3, (int64_t[]){f->S, f->K, f->N});
    assert_shape(file, "/rollout/start_frame", 1, &f->S);
    assert_shape(file, "/rollout/mse", 1, &f->K);
    assert_shape(file, "/rollout/skill", 1, &f->K);
    assert_shape(file, "/one_step/lower", 1, &f->N);
    assert_shape(file, "/rollout/upper", 2, (int64_t[]){f->K, f->N});
    assert_shape(file, "/rollout/coverage", 1, &f->K);
    assert_shape(file, "/neurons/id", 1, &f->N);
    assert_true(H5Aexists_by_name(file, "/one_step/prediction", "unit", H5P_DEFAULT) > 0);
    H5Fclose(file);
    unlink(path);
    assert_int_equal(syn_forecast_write(f, "no such folder/f.h5"), SYN_ERR_IO);
    syn_forecast_free(f), example_free(&e);
}

/* Copy-last makes no error where nothing changes: there is nothing that could be better. */
static void no_skill_where_nothing_changes(void **state) {
    (void)state;
    example e = example_create("fluorescence", 0.03, 0, false, false);
    const syn_span *span = e.set.data->session[0].span[SYN_TEST];
    for (int64_t k = (span->start - span->context) * e.raw.N; k < e.raw.T * e.raw.N; k++) e.raw.x[k] = 0.3f;
    syn_forecast *f = forecast(&e, OPTIONS("steps", "3"));
    for (int64_t k = 0; k < f->K; k++) assert_true(isnan(f->skill[k]) && isfinite(f->mse[k]));
    syn_forecast_free(f), example_free(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_do_not_see_the_test_split),
        cmocka_unit_test(first_step_is_one_step),
        cmocka_unit_test(no_skill_where_nothing_changes),
        cmocka_unit_test(rollout_feeds_back),
        cmocka_unit_test(errors_by_horizon),
        cmocka_unit_test(one_chosen_start),
        cmocka_unit_test(behaviour_is_recorded_or_held),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(what_cannot_be_done),
        cmocka_unit_test(short_trials_shorten_the_default),
        cmocka_unit_test(a_later_session),
        cmocka_unit_test(all_frames_are_predicted),
        cmocka_unit_test(the_file_holds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
