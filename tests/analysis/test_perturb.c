/* Virtual stimulation: against the connectivity (who may respond at all, and by how much to a small pulse), against
 * forecasts of a recording with the pulse in it, and against a run by hand. */
#include <jansson.h>
#include <unistd.h>

#include "analysis/forecast.h"
#include "analysis/perturb.h"
#include "dataset/baseline.h"
#include "example.h"

static float *weight_of(const example *e, int64_t i, int64_t j) {
    return e->model->p->value + e->model->p->session[0].z + i * TINY_N + j;
}

static void clear_weights(const example *e) { memset(weight_of(e, 0, 0), 0, TINY_N * TINY_N * sizeof(float)); }

static syn_status try_perturb(const example *e, syn_options *options, syn_perturbation **p) {
    syn_recording *recording = recording_of(&e->raw);
    syn_status status = syn_perturb(p, e->model, recording, options);
    syn_recording_free(recording);
    syn_options_free(options);
    return status;
}

static syn_perturbation *perturb(const example *e, syn_options *options) {
    syn_perturbation *p;
    assert_ok(try_perturb(e, options, &p));
    return p;
}

static const struct {
    const char *signal, *noise;
    double alpha;
    int64_t B;
    bool hidden, trials;
} cases[] = {{"fluorescence", "residuals", 0, 0, false, false}, {"fluorescence", "residuals", 0.1, 2, true, false},
             {"fluorescence", "none", 0.1, 2, true, true},      {"fluorescence", "residuals", 0.1, 0, true, true},
             {"counts", "residuals", 0, 2, false, false},       {"counts", "none", 0, 0, true, false}};
enum { CASES = sizeof cases / sizeof *cases };

static example example_of(size_t k) {
    return example_create(cases[k].signal, cases[k].alpha, cases[k].B, cases[k].hidden, cases[k].trials);
}

/* The connectivity is the sole pathway: along a chain 2 -> 5 -> 1 and nothing else, a response arrives one neuron a
 * step, and all others stay as they were, to the last bit. */
static void a_pulse_goes_along_edges_only(void **state) {
    (void)state;
    enum { K = 4 };
    for (size_t c = 0; c < CASES; c++) {
        example e = example_of(c);
        clear_weights(&e);
        *weight_of(&e, 5, 2) = 0.7f;
        *weight_of(&e, 1, 5) = -0.9f;
        syn_perturbation *p = perturb(&e, OPTIONS("neuron", "2", "steps", "4", "noise", cases[c].noise));
        for (int64_t k = 0; k < K; k++)
            for (int64_t i = 0; i < TINY_N; i++) {
                const float response = p->by_step.mean[k * TINY_N + i];
                const bool reached = i == 2 || i == 5 || (i == 1 && k >= 1);
                if (!reached && response != 0)
                    fail_msg("case %zu: neuron %lld moved by %g", c, (long long)i, (double)response);
                if (reached && response == 0)
                    fail_msg("case %zu: neuron %lld stayed at step %lld", c, (long long)i, (long long)k);
            }
        syn_perturbation_free(p), example_free(&e);
    }
}

/* To a small pulse the first step is the effective connectivity, here over the train split as that is. */
static void a_small_pulse_is_the_connectivity(void **state) {
    (void)state;
    static const double alpha[] = {0, 0.1};
    for (int c = 0; c < 3; c++) {
        example e = example_create(c == 2 ? "counts" : "fluorescence", alpha[c % 2], 2, false, false);
        syn_dataset *data = e.set.data;
        syn_session *s = &data->session[0];
        const int64_t N = s->N;
        syn_network *network = network_of(e.model->p, data, e.model->loss, best_kernels(), 1);
        double gain[TINY_N];
        const float *W;
        /* the first frame stands for the one before it, so that a pulse in it sends less */
        memset(e.model->p->value + e.model->p->session[0].send, 0, TINY_N * sizeof(float));
        assert_ok(syn_network_gain(network, 0, 0, INT64_MAX, gain));
        assert_ok(syn_network_weights(network, 0, &W));
        /* the states are those of the test split */
        s->n_spans[SYN_TEST] = s->n_spans[SYN_TRAIN];
        s->span[SYN_TEST][0] = s->span[SYN_TRAIN][0];
        syn_perturbation *up, *down;
        syn_options *options = OPTIONS("neuron", "all", "steps", "1", "amplitude", "0.02", "states", "100000");
        assert_ok(syn_perturb_run(&up, e.model, data, options, best_kernels(), 1));
        assert_ok(syn_options_set(options, "amplitude", "-0.02"));
        assert_ok(syn_perturb_run(&down, e.model, data, options, best_kernels(), 1));
        assert_int_equal(up->S, s->span[SYN_TRAIN][0].stop - 1);
        for (int64_t i = 0; i < N; i++)
            for (int64_t j = 0; j < N; j++) {
                const int64_t e_ij = i * N + j;
                const double slope = (double)(up->over_steps.mean[e_ij] - down->over_steps.mean[e_ij]) / 0.04;
                if (i != j) assert_near("response", (double)W[e_ij] * gain[i], slope, 2e-4);
            }
        syn_options_free(options), syn_perturbation_free(up), syn_perturbation_free(down);
        syn_network_free(network), example_free(&e);
    }
}

/* Without noise both runs are forecasts: the one with the pulse is that of a recording which has it. */
static void without_noise_it_is_two_forecasts(void **state) {
    (void)state;
    enum { K = 6, J = 3 };
    for (size_t c = 0; c < CASES; c++) {
        example e = example_of(c);
        syn_perturbation *p = perturb(&e, OPTIONS("neuron", "index:3", "steps", "6", "amplitude", "0.5", "pulse-units",
                                                  "raw", "noise", "none", "states", "1"));
        const int64_t start = p->start[0], kept = e.set.data->session[0].norm.kept[J];
        if (isnan(e.raw.x[(start - 1) * TINY_N + kept])) { /* a recording cannot hold a pulse where it holds nothing */
            syn_perturbation_free(p), example_free(&e);
            continue;
        }
        assert_near("pulse", 0.5, (double)p->pulse_raw[0], 1e-6);
        char text[32];
        float *rollout[2];
        snprintf(text, sizeof text, "%lld", (long long)start);
        for (int with = 0; with < 2; with++) {
            if (with) e.raw.x[(start - 1) * TINY_N + kept] += 0.5f;
            syn_recording *recording = recording_of(&e.raw);
            syn_options *options = OPTIONS("steps", "6", "start", text);
            syn_forecast *f;
            assert_ok(syn_forecast_create(&f, e.model, recording, options));
            rollout[with] = f->rollout, f->rollout = NULL;
            syn_forecast_free(f), syn_recording_free(recording), syn_options_free(options);
        }
        for (int64_t k = 0; k < K * TINY_N; k++)
            assert_near("response", (double)(rollout[1][k] - rollout[0][k]), (double)p->by_step.mean[k], 1e-4);
        free(rollout[0]), free(rollout[1]);
        syn_perturbation_free(p), example_free(&e);
    }
}

/* With the recording's residuals the run without a pulse is the recording, and the other one gets what it held beyond
 * the prediction at every frame: followed here in z-scored activity, with both baselines. */
static void with_residuals_by_hand(void **state) {
    (void)state;
    enum { K = 6, J = 3, N = TINY_N };
    for (size_t c = 0; c < CASES; c++) {
        if (strcmp(cases[c].noise, "residuals") != 0) continue;
        example e = example_of(c);
        syn_perturbation *p = perturb(&e, OPTIONS("neuron", "index:3", "steps", "6", "amplitude", "2", "states", "1"));
        const syn_session *s = &e.set.data->session[0];
        const syn_span *span = s->span[SYN_TEST];
        const int64_t start = p->start[0];
        syn_network *network = network_of(e.model->p, e.set.data, e.model->loss, best_kernels(), 1);
        float *h[2], x[2][N], out[2][N], z[2][N];
        syn_level level[2];
        assert_int_equal(start, syn_span_first_target(span));
        assert_ok(syn_network_run(network, 0, SYN_TEST, NULL, NULL)); /* fills what was not observed */
        for (int r = 0; r < 2; r++) {
            assert_ok(syn_network_state(network, 0, 1, &h[r]));
            assert_ok(syn_level_create(&level[r], s));
            for (int64_t t = span->start - span->context; t < start - 1; t++)
                assert_ok(syn_network_advance(network, 0, h[r], s->x + t * N, s->B ? s->u + t * s->B : NULL, 1, false,
                                              out[r]));
            syn_level_start(&level[r], SYN_TEST, 0); /* after frame start - 1 */
            memcpy(x[r], s->x + (start - 1) * N, sizeof x[r]);
        }
        level[1].value[J] += (float)(2 * s->norm.alpha);
        x[1][J] += (float)(2 * (1 - s->norm.alpha));
        for (int64_t k = 0; k < K; k++) {
            const int64_t frame = start + k;
            for (int r = 0; r < 2; r++) {
                assert_ok(syn_network_advance(network, 0, h[r], x[r], s->B ? s->u + (frame - 1) * s->B : NULL, 1, false,
                                              out[r]));
                syn_level_restore(&level[r], out[r], z[r]);
            }
            for (int64_t i = 0; i < N; i++)
                assert_near("response", (double)(z[1][i] - z[0][i]), (double)p->by_step.mean[k * N + i], 1e-4);
            float truth[N];
            syn_level_restore(&level[0], s->x + frame * N, truth);
            for (int64_t i = 0; i < N; i++)
                if (syn_session_observed(s, frame, i)) z[1][i] += truth[i] - z[0][i], z[0][i] = truth[i];
            for (int r = 0; r < 2; r++) {
                syn_level_move(&level[r], frame, z[r]);
                for (int64_t i = 0; i < N; i++)
                    x[r][i] = syn_session_observed(s, frame, i) ? z[r][i] - level[r].value[i] : out[r][i];
            }
        }
        for (int r = 0; r < 2; r++) free(h[r]), syn_level_free(&level[r]);
        syn_network_free(network), syn_perturbation_free(p), example_free(&e);
    }
}

/* A column of the matrix is the response to that neuron alone, in either unit; threads change no bit. */
static void check_matrix(const char *units) {
    example e = example_of(1);
    syn_perturbation *again,
        *all = perturb(&e, OPTIONS("neuron", "all", "steps", "3", "threads", "1", "pulse-units", units));
    again = perturb(&e, OPTIONS("neuron", "all", "steps", "3", "threads", "3", "pulse-units", units));
    assert_same("threads", all->over_steps.mean, again->over_steps.mean, TINY_N * TINY_N);
    assert_same("threads", all->over_steps.low, again->over_steps.low, TINY_N * TINY_N);
    for (int64_t j = 0; j < TINY_N; j++) {
        char text[32];
        snprintf(text, sizeof text, "index:%lld", (long long)j);
        syn_perturbation *one = perturb(&e, OPTIONS("neuron", text, "steps", "3", "pulse-units", units));
        assert_int_equal(one->S, all->S);
        for (int64_t i = 0; i < TINY_N; i++) {
            const double low = (double)all->over_steps.low[i * TINY_N + j];
            double mean = 0;
            for (int64_t k = 0; k < 3; k++) mean += (double)one->by_step.mean[k * TINY_N + i] / 3;
            assert_near("mean over steps", mean, (double)one->over_steps.mean[i], 1e-6);
            assert_near("column", (double)one->over_steps.mean[i], (double)all->over_steps.mean[i * TINY_N + j], 1e-6);
            assert_true(low <= (double)all->over_steps.mean[i * TINY_N + j]);
        }
        syn_perturbation_free(one);
    }
    int64_t rows, columns;
    syn_perturbation_shape(all, &rows, &columns);
    assert_true(rows == TINY_N && columns == TINY_N);
    syn_perturbation_free(all), syn_perturbation_free(again), example_free(&e);
}

static void the_matrix_holds_every_neuron(void **state) {
    (void)state;
    check_matrix("zscored");
    check_matrix("raw");
}

/* Behaviour that is held is that of a recording in which it stays as it was in the frame of the pulse. */
static void behavior_can_be_held(void **state) {
    (void)state;
    example e = example_of(2);
    syn_perturbation *recorded = perturb(&e, OPTIONS("neuron", "2", "steps", "4", "noise", "none", "states", "1"));
    syn_perturbation *held =
        perturb(&e, OPTIONS("neuron", "2", "steps", "4", "noise", "none", "states", "1", "hold-behavior", "yes"));
    const int64_t start = held->start[0], B = e.raw.B;
    for (int64_t t = start; t < start + 4; t++)
        memcpy(e.raw.u + t * B, e.raw.u + (start - 1) * B, (size_t)B * sizeof(float));
    syn_perturbation *still = perturb(&e, OPTIONS("neuron", "2", "steps", "4", "noise", "none", "states", "1"));
    bool differs = false;
    for (int64_t k = 0; k < 4 * TINY_N; k++) {
        assert_near("held", (double)still->by_step.mean[k], (double)held->by_step.mean[k], 1e-6);
        differs |= recorded->by_step.mean[k] != held->by_step.mean[k];
    }
    assert_true(differs);
    syn_perturbation_free(recorded), syn_perturbation_free(held), syn_perturbation_free(still), example_free(&e);
}

/* No state lies where K frames of its trial do not follow. */
static void states_stay_within_trials(void **state) {
    (void)state;
    enum { K = 4 };
    example e = example_of(3);
    syn_perturbation *p = perturb(&e, OPTIONS("neuron", "0", "steps", "4"));
    assert_true(p->S > 10);
    for (int64_t n = 0; n < p->S; n++) {
        const int64_t length = TINY_T / 20, trial = p->start[n] / length;
        assert_true(p->start[n] - 1 >= trial * length && p->start[n] + K <= (trial + 1) * length - 2);
    }
    syn_perturbation_free(p), example_free(&e);
}

static void what_cannot_be_done(void **state) {
    (void)state;
    static const struct {
        const char *name, *value, *message;
    } bad[] = {{"neuron", "unit_12", "did you mean 'unit_1'?"},
               {"neuron", "somewhere", "expected an id ('unit_0', ...), index:0 to index:7, or all"},
               {"neuron", "index:8", "found 'index:8'; expected index:0 to index:7"},
               {"neuron", "index:-1", "found 'index:-1'"},
               {"neuron", "index:1x", "found 'index:1x'"},
               {"neuron", "twin", "2 neurons of memory are called 'twin'; expected one, such as index:6"},
               {"amplitude", "0", "amplitude: found 0"},
               {"steps", "300", "steps: found 300; expected at most 52"},
               {"session", "1", "session: found 1"}};
    example e = example_create("fluorescence", 0, 0, false, false);
    for (int64_t i = 0; i < TINY_N; i++) {
        char id[16];
        snprintf(id, sizeof id, i < 6 ? "unit_%d" : "twin", (int)i);
        free(e.model->session[0].neuron_id[i]);
        assert_ok(syn_copy_text(&e.model->session[0].neuron_id[i], id));
    }
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        syn_perturbation *p;
        const bool neuron = !strcmp(bad[k].name, "neuron");
        syn_options *options =
            neuron ? OPTIONS("neuron", bad[k].value) : OPTIONS("neuron", "unit_1", bad[k].name, bad[k].value);
        assert_int_equal(try_perturb(&e, options, &p), SYN_ERR_OPTION);
        assert_null(p);
        if (!strstr(syn_last_error(), bad[k].message)) fail_msg("found the message: %s", syn_last_error());
    }
    syn_perturbation *p;
    assert_int_equal(try_perturb(&e, OPTIONS("steps", "3"), &p), SYN_ERR_OPTION);
    assert_non_null(strstr(syn_last_error(), "neuron: not given"));
    p = perturb(&e, OPTIONS("neuron", "unit_3", "steps", "2"));
    assert_int_equal(p->stimulated, 3);
    syn_perturbation_free(p), example_free(&e);
}

/* A neuron that lifts itself at every step: an error, not infinities. */
static void what_diverges_is_refused(void **state) {
    (void)state;
    example e = example_create("fluorescence", 0, 0, false, false);
    for (int64_t i = 0; i < TINY_N; i++) e.model->p->value[e.model->p->session[0].a + (size_t)i] = 1e6f;
    syn_perturbation *p;
    assert_int_equal(try_perturb(&e, OPTIONS("neuron", "all", "steps", "30"), &p), SYN_ERR_NUMERIC);
    assert_null(p);
    example_free(&e);
}

static void the_summary_says_what_was_done(void **state) {
    (void)state;
    example e = example_of(0);
    syn_perturbation *one = perturb(&e, OPTIONS("neuron", "2", "steps", "3", "states", "1")), *all;
    char *json;
    assert_ok(syn_perturbation_describe(one, &json));
    json_t *root = json_loads(json, 0, NULL), *row = json_array_get(json_object_get(root, "responses"), 4);
    assert_int_equal(json_integer_value(json_object_get(root, "states")), 1);
    assert_true(json_is_null(json_object_get(row, "low"))); /* one state has no interval */
    assert_near("response", (double)one->over_steps.mean[4], json_number_value(json_object_get(row, "response")), 1e-6);
    for (int64_t i = 0; i < TINY_N; i++) {
        row = json_array_get(json_object_get(root, "responses"), (size_t)i);
        const int64_t peak = json_integer_value(json_object_get(row, "peak_step")) - 1;
        assert_true(peak >= 0 && peak < 3);
        const double value = (double)one->by_step.mean[peak * TINY_N + i];
        assert_near("peak", value, json_number_value(json_object_get(row, "peak")), 1e-6);
        for (int64_t k = 0; k < 3; k++) assert_true(fabs(value) >= fabs((double)one->by_step.mean[k * TINY_N + i]));
    }
    json_decref(root), syn_free(json), syn_perturbation_free(one);

    all = perturb(&e, OPTIONS("neuron", "all", "steps", "3"));
    assert_ok(syn_perturbation_describe(all, &json));
    root = json_loads(json, 0, NULL);
    double before = INFINITY;
    for (size_t k = 0; k < json_array_size(json_object_get(root, "strongest")); k++) {
        const json_t *pair = json_array_get(json_object_get(root, "strongest"), k);
        const int j = atoi(json_string_value(json_object_get(pair, "stimulated")));
        const int i = atoi(json_string_value(json_object_get(pair, "receiver")));
        const double response = json_number_value(json_object_get(pair, "response"));
        assert_true(i != j && fabs(response) <= before);
        assert_near("pair", (double)all->over_steps.mean[i * TINY_N + j], response, 1e-6);
        before = fabs(response);
    }
    size_t stronger = 0; /* than the last of the list */
    for (int64_t k = 0; k < TINY_N * TINY_N; k++)
        stronger += k / TINY_N != k % TINY_N && fabs((double)all->over_steps.mean[k]) > before + 1e-6;
    assert_int_equal(stronger, json_array_size(json_object_get(root, "strongest")) - 1);
    json_decref(root), syn_free(json), syn_perturbation_free(all), example_free(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pulse_goes_along_edges_only),     cmocka_unit_test(a_small_pulse_is_the_connectivity),
        cmocka_unit_test(without_noise_it_is_two_forecasts), cmocka_unit_test(with_residuals_by_hand),
        cmocka_unit_test(the_matrix_holds_every_neuron),     cmocka_unit_test(behavior_can_be_held),
        cmocka_unit_test(states_stay_within_trials),         cmocka_unit_test(what_cannot_be_done),
        cmocka_unit_test(what_diverges_is_refused),          cmocka_unit_test(the_summary_says_what_was_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
