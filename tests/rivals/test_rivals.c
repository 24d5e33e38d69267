/* What holds for every rival: nothing of the future or of another split reaches a prediction, threads change no bit,
 * and it works on trials, on gaps and on spike counts. What holds for one: it finds what its model describes. */
#include "fixture.h"
#include "rivals/ar.h"
#include "rivals/loss.h"
#include "rivals/rivals.h"
#include "rivals/var.h"

static const syn_rival_settings two_threads = {.threads = 2, .seed = 1};

/* Test predictions [F][N] of a rival fitted to a data set. */
static float *predictions_of(const syn_rival *rival, const syn_rival_data *data, const syn_rival_settings *settings) {
    json_t *chosen = json_object();
    void *model;
    float *prediction = floats(data->F[SYN_TEST] * data->N);
    assert_ok(rival->fit(&model, data, settings, chosen));
    assert_ok(rival->predict(model, data, settings, SYN_TEST, prediction));
    rival->free(model);
    json_decref(chosen);
    return prediction;
}

/* The same, with all activity before `start` changed once the model was fitted. */
static float *memory_of(const syn_rival *rival, const syn_rival_data *data, int64_t start) {
    json_t *chosen = json_object();
    void *model;
    float *prediction = floats(data->F[SYN_TEST] * data->N), *kept = floats(start * data->N);
    const size_t size = (size_t)(start * data->N) * sizeof *kept;
    assert_ok(rival->fit(&model, data, &two_threads, chosen));
    memcpy(kept, data->x, size);
    for (int64_t k = 0; k < start * data->N; k++) data->x[k] = 4 - data->x[k];
    assert_ok(rival->predict(model, data, &two_threads, SYN_TEST, prediction));
    memcpy(data->x, kept, size);
    rival->free(model);
    json_decref(chosen), free(kept);
    return prediction;
}

static syn_rival_data data_of(const test_set *set, syn_loss loss) {
    syn_rival_data data;
    assert_ok(syn_rival_data_create(&data, &set->data->session[0], loss));
    return data;
}

/* Trials, gaps, behaviour. */
static raw_data hard_data(const char *signal) {
    raw_data raw = raw_create(480, 5, 2, signal, 1);
    raw_cut(&raw, 16, 3);
    raw_hide(&raw, 11);
    for (int64_t k = 100 * raw.N; k < 103 * raw.N; k++) raw.x[k] = NAN; /* whole frames */
    return raw;
}

static void check_rival(const syn_rival *rival, const raw_data *raw, syn_loss loss) {
    test_set set = set_create(raw, 1, 8);
    syn_rival_data data = data_of(&set, loss);
    if (!rival->applies || rival->applies(&data)) {
        const int64_t F = data.F[SYN_TEST], N = data.N, half = F / 2, changed = data.frame[SYN_TEST][half];
        const syn_rival_settings one = {.threads = 1, .seed = 1};
        float *prediction = predictions_of(rival, &data, &two_threads), *again = predictions_of(rival, &data, &one);
        for (int64_t k = 0; k < F * N; k++) assert_true(isfinite(prediction[k]));
        assert_same(rival->name, prediction, again, F * N);

        /* other activity and behaviour from the frame on that is predicted last */
        raw_data other = raw_copy(raw);
        for (int64_t k = changed * raw->N; k < raw->T * raw->N; k++) other.x[k] = (float)(k % 3);
        for (int64_t k = changed * raw->B; k < raw->T * raw->B; k++) other.u[k] = 7;
        test_set late = set_create(&other, 1, 8);
        syn_rival_data late_data = data_of(&late, loss);
        float *later = predictions_of(rival, &late_data, &two_threads);
        assert_same(rival->name, prediction, later, (half + 1) * N);

        /* the same model, and other activity in the trial before the first of the test split: memory ends there */
        const int64_t start = data.start[data.frame[SYN_TEST][0]];
        float *past = memory_of(rival, &data, start);
        assert_same(rival->name, prediction, past, F * N);
        free(past);
        free(again), free(later);
        syn_rival_data_free(&late_data), set_free(&late), raw_free(&other), free(prediction);
    }
    syn_rival_data_free(&data), set_free(&set);
}

static void all_rivals(void **state) {
    (void)state;
    raw_data traces = hard_data("fluorescence"), counts = hard_data("counts");
    for (const syn_rival *const *rival = syn_rivals; *rival; rival++) {
        check_rival(*rival, &traces, SYN_LOSS_GAUSSIAN);
        check_rival(*rival, &counts, SYN_LOSS_POISSON);
        check_rival(*rival, &counts, SYN_LOSS_GAUSSIAN);
    }
    raw_free(&traces), raw_free(&counts);
}

static void rates_are_above_zero(void **state) {
    (void)state;
    raw_data raw = hard_data("counts");
    test_set set = set_create(&raw, 1, 8);
    syn_rival_data data = data_of(&set, SYN_LOSS_POISSON);
    const syn_normalisation *norm = &data.session->norm;
    for (const syn_rival *const *rival = syn_rivals; *rival; rival++) {
        if (!strcmp((*rival)->name, "copy-last") || ((*rival)->applies && !(*rival)->applies(&data))) continue;
        float *prediction = predictions_of(*rival, &data, &two_threads);
        for (int64_t k = 0; k < data.F[SYN_TEST] * data.N; k++)
            assert_true(prediction[k] * norm->scale[k % data.N] + norm->mean[k % data.N] > 0);
        free(prediction);
    }
    syn_rival_data_free(&data), set_free(&set), raw_free(&raw);
}

/* x[t] = A x[t-1] + B x[t-2] + noise: a strong ring of neurons. */
static raw_data ring(int64_t T, int64_t N) {
    raw_data raw = raw_create(T, N, 1, "fluorescence", 2);
    for (int64_t t = 2; t < T; t++)
        for (int64_t i = 0; i < N; i++)
            raw.x[t * N + i] =
                (float)(0.6 * (double)raw.x[(t - 1) * N + (i + 1) % N] - 0.3 * (double)raw.x[(t - 2) * N + i] +
                        0.5 * (double)raw.u[t - 1] + 0.3 * normal(3, t * N + i));
    return raw;
}

static double mse_of(const syn_rival *rival, const syn_rival_data *data) {
    float *prediction = predictions_of(rival, data, &two_threads);
    double sum = 0;
    for (int64_t k = 0; k < data->F[SYN_TEST]; k++)
        for (int64_t i = 0; i < data->N; i++) {
            const double x = (double)data->x[data->frame[SYN_TEST][k] * data->N + i];
            sum += pow(x - (double)prediction[k * data->N + i], 2);
        }
    free(prediction);
    return sum / (double)(data->F[SYN_TEST] * data->N);
}

static const syn_rival *rival_called(const char *name) {
    for (const syn_rival *const *rival = syn_rivals; *rival; rival++)
        if (!strcmp((*rival)->name, name)) return *rival;
    fail_msg("no rival %s", name);
    return NULL;
}

/* On a long recording of a linear network the linear models reach the noise; the autoregression cannot. */
static void linear_models_find_a_linear_network(void **state) {
    (void)state;
    raw_data raw = ring(4000, 5);
    test_set set = set_create(&raw, 1, 8);
    syn_rival_data data = data_of(&set, SYN_LOSS_GAUSSIAN);
    double noise = 0;
    for (int64_t i = 0; i < data.N; i++) noise += 0.09 / pow((double)data.session->norm.scale[i], 2) / (double)data.N;
    static const char *const full[] = {"linear", "linear-change", "linear-residual", "reduced-rank"};
    for (size_t k = 0; k < sizeof full / sizeof *full; k++)
        assert_near(full[k], noise, mse_of(rival_called(full[k]), &data), 0.06 * noise);
    assert_true(mse_of(rival_called("ar"), &data) > 1.5 * noise);
    syn_rival_data_free(&data), set_free(&set), raw_free(&raw);
}

/* What the ridge chose solves its normal equations, written out. */
static void ridge_solves_its_equations(void **state) {
    (void)state;
    raw_data raw = ring(300, 4);
    test_set set = set_create(&raw, 1, 8);
    syn_rival_data data = data_of(&set, SYN_LOSS_GAUSSIAN);
    syn_var *var;
    assert_ok(syn_var_fit(&var, &data, &two_threads, 1u << SYN_VAR_LEVEL, false));
    const int64_t N = data.N, D = var->D, K = N + data.B;
    assert_int_equal(D, K * var->order + 1);
    assert_false(var->slow);
    double *row = zeros(D, sizeof *row), *left = zeros(N * D, sizeof *left);
    for (int64_t k = 0; k < data.F[SYN_TRAIN]; k++) {
        const int64_t t = data.frame[SYN_TRAIN][k];
        memset(row, 0, (size_t)D * sizeof *row);
        for (int64_t l = 0; l < var->order && t - 1 - l >= 0; l++) {
            for (int64_t i = 0; i < N; i++) row[l * K + i] = (double)data.x[(t - 1 - l) * N + i];
            row[l * K + N] = (double)data.session->u[t - 1 - l];
        }
        row[D - 1] = 1;
        for (int64_t i = 0; i < N; i++) {
            double error = (double)data.x[t * N + i];
            for (int64_t p = 0; p < D; p++) error -= var->coefficient[i * D + p] * row[p];
            for (int64_t p = 0; p < D; p++) left[i * D + p] += error * row[p];
        }
    }
    for (int64_t i = 0; i < N; i++)
        for (int64_t p = 0; p < D; p++) {
            const double penalty = p + 1 < D ? var->strength * var->coefficient[i * D + p] : 0;
            assert_near("gradient", penalty, left[i * D + p], 1e-4);
        }
    free(row), free(left), syn_var_free(var);
    syn_rival_data_free(&data), set_free(&set), raw_free(&raw);
}

/* Entries that are hidden at random must not pull a prediction towards what stands in for them. */
static void hidden_entries_do_not_bias(void **state) {
    (void)state;
    raw_data raw = ring(4000, 5), holes = raw_copy(&raw);
    for (int64_t k = 0; k < holes.T * holes.N; k++)
        if (normal(9, k) < -1) holes.x[k] = NAN;
    test_set whole_set = set_create(&raw, 1, 8), set = set_create(&holes, 1, 8);
    syn_rival_data whole = data_of(&whole_set, SYN_LOSS_GAUSSIAN), data = data_of(&set, SYN_LOSS_GAUSSIAN);
    syn_ar *a, *b;
    assert_ok(syn_ar_fit(&a, &whole, &two_threads));
    assert_ok(syn_ar_fit(&b, &data, &two_threads));
    for (int64_t i = 0; i < data.N; i++) /* the effect of the behaviour, which is always known */
        assert_near("behaviour", a->coefficient[i * a->D + 1], b->coefficient[i * b->D + 1], 0.06);
    syn_ar_free(a), syn_ar_free(b);
    syn_var *v, *w;
    assert_ok(syn_var_fit(&v, &whole, &two_threads, 1u << SYN_VAR_LEVEL, false));
    assert_ok(syn_var_fit(&w, &data, &two_threads, 1u << SYN_VAR_LEVEL, false));
    for (int64_t i = 0; i < data.N; i++)
        assert_near("behaviour", v->coefficient[i * v->D + data.N], w->coefficient[i * w->D + data.N], 0.06);
    syn_var_free(v), syn_var_free(w);
    syn_rival_data_free(&whole), syn_rival_data_free(&data), set_free(&whole_set), set_free(&set);
    raw_free(&raw), raw_free(&holes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rivals),
        cmocka_unit_test(rates_are_above_zero),
        cmocka_unit_test(linear_models_find_a_linear_network),
        cmocka_unit_test(ridge_solves_its_equations),
        cmocka_unit_test(hidden_entries_do_not_bias),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
