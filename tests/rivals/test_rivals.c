/* What holds for every rival: nothing of the future or of another split reaches a prediction, threads change no bit,
 * and it works on trials, on gaps and on spike counts. What holds for one: it finds what its model describes. */
#include "fixture.h"
#include "rivals/ar.h"
#include "rivals/correct.h"
#include "rivals/glm.h"
#include "rivals/loss.h"
#include "rivals/rivals.h"
#include "rivals/rnn.h"
#include "rivals/var.h"

static const syn_rival_settings two_threads = {.kernels = &syn_kernels_simd128, .threads = 2, .seed = 1};

/* Test predictions [F][N] of a rival fitted to a data set, as `compare` scores them: corrected. */
static float *predictions_of(const syn_rival *rival, const syn_rival_data *data, const syn_rival_settings *settings) {
    json_t *chosen = json_object();
    void *model;
    float *prediction = floats(data->F[SYN_TEST] * data->N);
    assert_ok(rival->fit(&model, data, settings, chosen));
    assert_ok(syn_rival_predict_test(rival, model, data, settings, chosen, prediction));
    assert_true(!json_object_get(chosen, "correction") == rival->fixed);
    rival->free(model);
    json_decref(chosen);
    return prediction;
}

/* Uncorrected ones, with all activity before `start` changed once the model was fitted, if `changed`. */
static float *memory_of(const syn_rival *rival, const syn_rival_data *data, int64_t start, bool changed) {
    json_t *chosen = json_object();
    void *model;
    float *prediction = floats(data->F[SYN_TEST] * data->N), *kept = floats(start * data->N);
    const size_t size = (size_t)(start * data->N) * sizeof *kept;
    assert_ok(rival->fit(&model, data, &two_threads, chosen));
    memcpy(kept, data->x, size);
    for (int64_t k = 0; changed && k < start * data->N; k++) data->x[k] = 4 - data->x[k];
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

static bool is_recurrent(const syn_rival *rival) { return !strcmp(rival->name, "gru") || !strcmp(rival->name, "lstm"); }

static void check_rival(const syn_rival *rival, const raw_data *raw, syn_loss loss) {
    test_set set = set_create(raw, 1, 8);
    syn_rival_data data = data_of(&set, loss);
    if (!rival->why_not || !rival->why_not(&data)) {
        const int64_t F = data.F[SYN_TEST], N = data.N, half = F / 2, changed = data.frame[SYN_TEST][half];
        const syn_rival_settings one = {.kernels = &syn_kernels_simd128, .threads = 1, .seed = 1};
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
        float *past = memory_of(rival, &data, start, false), *other_past = memory_of(rival, &data, start, true);
        assert_same(rival->name, past, other_past, F * N);
        free(past), free(other_past);
        free(again), free(later);
        syn_rival_data_free(&late_data), set_free(&late), raw_free(&other), free(prediction);
    }
    syn_rival_data_free(&data), set_free(&set);
}

static void all_rivals(void **state) {
    (void)state;
    raw_data traces = hard_data("fluorescence"), drifting = hard_data("fluorescence"), counts = hard_data("counts");
    for (int64_t k = 0; k < drifting.T * drifting.N; k++) drifting.x[k] += 4 * sinf(0.01f * (float)k);
    test_set set = set_create(&drifting, 1, 8);
    syn_rival_data data = data_of(&set, SYN_LOSS_GAUSSIAN);
    assert_non_null(data.baseline);
    syn_rival_data_free(&data), set_free(&set);
    for (const syn_rival *const *rival = syn_rivals; *rival; rival++) {
        if (is_recurrent(*rival)) continue; /* training takes too long here */
        check_rival(*rival, &traces, SYN_LOSS_GAUSSIAN);
        check_rival(*rival, &drifting, SYN_LOSS_GAUSSIAN);
        check_rival(*rival, &counts, SYN_LOSS_POISSON);
        check_rival(*rival, &counts, SYN_LOSS_GAUSSIAN);
    }
    raw_free(&traces), raw_free(&drifting), raw_free(&counts);
}

/* Of all floors that with the least loss, which says which. */
static void floors_of_rates_are_tuned(void **state) {
    (void)state;
    const syn_rival_data counts = {.loss = SYN_LOSS_POISSON}, traces = {.loss = SYN_LOSS_GAUSSIAN};
    const syn_rival_loss loss = {.sum = {5, 4, 2, 3, 6, 7, 8, 9}};
    int floor;
    assert_true(syn_rival_loss_least(&loss, &counts, &floor) == 2);
    assert_int_equal(floor, 2);
    assert_true(syn_rival_loss_least(&loss, &traces, &floor) == 5);
    assert_int_equal(floor, -1);
}

static void rates_are_above_zero(void **state) {
    (void)state;
    raw_data raw = hard_data("counts");
    test_set set = set_create(&raw, 1, 8);
    syn_rival_data data = data_of(&set, SYN_LOSS_POISSON);
    const syn_normalisation *norm = &data.session->norm;
    for (const syn_rival *const *rival = syn_rivals; *rival; rival++) {
        if (!strcmp((*rival)->name, "copy-last") || is_recurrent(*rival) ||
            ((*rival)->why_not && (*rival)->why_not(&data)))
            continue;
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

static double error_of(const syn_rival_data *data, const float *prediction) {
    double sum = 0;
    for (int64_t k = 0; k < data->F[SYN_TEST]; k++)
        for (int64_t i = 0; i < data->N; i++) {
            const double x = (double)data->x[data->frame[SYN_TEST][k] * data->N + i];
            sum += pow(x - (double)prediction[k * data->N + i], 2);
        }
    return sum / (double)(data->F[SYN_TEST] * data->N);
}

static double mse_of(const syn_rival *rival, const syn_rival_data *data) {
    float *prediction = predictions_of(rival, data, &two_threads);
    const double mse = error_of(data, prediction);
    free(prediction);
    return mse;
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

/* ---- choices: each a recording on which any other would be clearly worse ---- */

/* Neurons with one and the same rhythm of four frames, each seen briefly: a long memory, and coefficients pulled to
 * those of all; or each with its own rhythm, seen for long: pulled to nobody. */
static void autoregressions_are_tuned(void **state) {
    (void)state;
    for (int own = 0; own < 2; own++) {
        const int64_t N = own ? 4 : 20;
        raw_data raw = raw_create(own ? 3000 : 120, N, 0, "fluorescence", 21);
        for (int64_t k = 0; k < raw.T * N; k++)
            raw.x[k] = (float)normal(22, k) + (k < 4 * N ? 0 : (own && k % 2 ? -0.8f : 0.8f) * raw.x[k - 4 * N]);
        test_set set = set_create(&raw, 1, 8);
        syn_rival_data data = data_of(&set, SYN_LOSS_GAUSSIAN);
        syn_ar *ar;
        assert_ok(syn_ar_fit(&ar, &data, &two_threads));
        assert_true(ar->order >= 4 && (own ? ar->pull <= 30 : ar->pull >= 100));
        for (int64_t i = 0; i < N; i++)
            assert_near("coefficient", own && i % 2 ? -0.8 : 0.8, ar->coefficient[i * ar->D + 4], own ? 0.05 : 0.15);
        syn_ar_free(ar), syn_rival_data_free(&data), set_free(&set), raw_free(&raw);
    }
}

/* Noise of many neurons, of which a weak ridge learns the accidents. */
static void ridges_are_tuned(void **state) {
    (void)state;
    raw_data raw = raw_create(200, 24, 0, "fluorescence", 23);
    for (int64_t k = 0; k < raw.T * raw.N; k++) raw.x[k] = (float)normal(24, k);
    test_set set = set_create(&raw, 1, 8);
    syn_rival_data data = data_of(&set, SYN_LOSS_GAUSSIAN);
    static const char *const names[] = {"linear", "linear-residual", "reduced-rank"};
    const double mean = mse_of(rival_called("mean"), &data);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        assert_near(names[k], mean, mse_of(rival_called(names[k]), &data), 0.06);
    syn_rival_data_free(&data), set_free(&set), raw_free(&raw);
}

/* One pattern that predicts another: of rank one. */
static void ranks_are_tuned(void **state) {
    (void)state;
    const int64_t N = 16;
    raw_data raw = raw_create(300, N, 0, "fluorescence", 25);
    for (int64_t t = 1; t < raw.T; t++) {
        double along = 0;
        for (int64_t i = 0; i < N; i++) along += normal(26, i) * (double)raw.x[(t - 1) * N + i] / sqrt((double)N);
        for (int64_t i = 0; i < N; i++)
            raw.x[t * N + i] = (float)(0.7 * normal(27, i) * tanh(along) + normal(28, t * N + i));
    }
    test_set set = set_create(&raw, 1, 8);
    syn_rival_data data = data_of(&set, SYN_LOSS_GAUSSIAN);
    syn_var *var;
    assert_ok(syn_var_fit(&var, &data, &two_threads, 1u << SYN_VAR_LEVEL, true));
    assert_true(var->rank >= 1 && var->rank <= 3);
    syn_var_free(var);
    syn_rival_data_free(&data), set_free(&set), raw_free(&raw);
}

/* Spikes of a chain: neuron 1 follows neuron 0 by one bin, the others nobody. The regression comes near the true rates,
 * which a model of single neurons cannot. */
static void coupling_filters_find_a_chain(void **state) {
    (void)state;
    raw_data raw = raw_create(3000, 4, 0, "counts", 12);
    for (int64_t t = 0; t < raw.T; t++)
        for (int64_t i = 0; i < 4; i++) {
            const double before = i == 1 && t > 0 ? (double)raw.x[(t - 1) * 4] : 0, rate = 0.2 * exp(1.2 * before);
            raw.x[t * 4 + i] = normal(13, 4 * t + i) > 0.84 * (rate > 0.4 ? -1 : 1) ? 1 : 0;
        }
    test_set set = set_create(&raw, 1, 8);
    syn_rival_data data = data_of(&set, SYN_LOSS_POISSON);
    float *coupled = predictions_of(rival_called("glm"), &data, &two_threads);
    float *alone = predictions_of(rival_called("ar"), &data, &two_threads);
    double nll[2] = {0};
    for (int64_t k = 0; k < data.F[SYN_TEST]; k++) {
        const int64_t t = data.frame[SYN_TEST][k];
        const syn_normalisation *norm = &data.session->norm;
        const double count = (double)raw.x[t * 4 + 1];
        const float *prediction[2] = {coupled + 4 * k, alone + 4 * k};
        for (int m = 0; m < 2; m++) {
            const double rate = (double)(prediction[m][1] * norm->scale[1] + norm->mean[1]);
            nll[m] += rate - count * log(rate);
        }
    }
    assert_true(nll[0] < nll[1] - 0.05 * (double)data.F[SYN_TEST]);
    free(coupled), free(alone);
    syn_rival_data_free(&data), set_free(&set), raw_free(&raw);
}

/* Counts of a ring: each neuron follows the one before it. */
static raw_data spiking_ring(int64_t T, int64_t N) {
    raw_data raw = raw_create(T, N, 1, "counts", 15);
    for (int64_t t = 0; t < T; t++)
        for (int64_t i = 0; i < N; i++) {
            const bool driven = t > 0 && raw.x[(t - 1) * N + (i + N - 1) % N] > 0;
            raw.x[t * N + i] = normal(16, t * N + i) > (driven ? 0 : 1.3) ? 1 : 0;
        }
    return raw;
}

/* Test predictions of a regression that was chosen on as many receivers as `work` allows, and what was chosen. */
static float *chosen_within(const syn_rival_data *data, double work, json_t *chosen) {
    const syn_rival *glm = rival_called("glm");
    float *prediction = floats(data->F[SYN_TEST] * data->N);
    void *model;
    assert_ok(syn_glm_fit(&model, data, &two_threads, work, chosen));
    assert_ok(glm->predict(model, data, &two_threads, SYN_TEST, prediction));
    glm->free(model);
    return prediction;
}

/* Of a large recording the choice is made on some receivers. Then all are fitted with it: to the same weights as when
 * all took part in the choice, where that is the same, and else none is left at its mean rate. */
static void a_choice_on_some_receivers_is_for_all(void **state) {
    (void)state;
    const int64_t N = 12;
    raw_data raw = spiking_ring(500, N);
    test_set set = set_create(&raw, 1, 8);
    syn_rival_data data = data_of(&set, SYN_LOSS_POISSON);
    const double all = (double)(N * N * data.F[SYN_TRAIN]);
    json_t *chosen[3] = {json_object(), json_object(), json_object()};
    float *whole = chosen_within(&data, all, chosen[0]), *again = chosen_within(&data, all - 1, chosen[1]),
          *some = chosen_within(&data, 0.1 * all, chosen[2]);
    assert_true(json_number_value(json_object_get(chosen[0], "basis_functions")) > 0);
    assert_true(json_equal(chosen[0], chosen[1]));
    for (int64_t k = 0; k < data.F[SYN_TEST] * N; k++) {
        const double rate = (double)(whole[k] * data.session->norm.scale[k % N] + data.session->norm.mean[k % N]);
        assert_near("prediction", (double)whole[k], (double)again[k], 0.01 * rate);
    }
    for (int64_t i = 0; i < N; i++) {
        float low = INFINITY, high = -INFINITY;
        for (int64_t k = 0; k < data.F[SYN_TEST]; k++)
            low = fminf(low, some[k * N + i]), high = fmaxf(high, some[k * N + i]);
        if (!(high > low + 0.3f)) fail_msg("receiver %d is at its mean rate", (int)i);
    }
    assert_true(error_of(&data, some) < 0.95);
    for (int k = 0; k < 3; k++) json_decref(chosen[k]);
    free(whole), free(again), free(some);
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

/* ---- recurrent networks ---- */

/* Every derivative against a central difference, with windows of several lengths, gaps, behaviour and dropout. */
static void check_gradient(const syn_cell *cell, syn_loss loss, bool slow, double dropout) {
    raw_data raw = raw_create(240, 4, 2, signal_of(loss), 5);
    for (int64_t k = 0; !strcmp(raw.signal, "fluorescence") && k < raw.T * raw.N; k++)
        raw.x[k] += 4 * sinf(0.01f * (float)k);
    raw_hide(&raw, 9);
    test_set set = set_create(&raw, 1, 8);
    syn_rival_data data = data_of(&set, loss);
    const syn_rnn_window window[] = {{0, 7}, {20, 3}, {31, 1}};
    syn_rnn net;
    double ignored, low, high;
    if (slow) assert_non_null(data.baseline);
    assert_ok(syn_rnn_create(&net, cell, 3, slow, &data, &two_threads));
    net.dropout = dropout;
    for (size_t k = 0; k < net.at.count; k++) net.value[k] += (float)(0.3 * normal(6, (int64_t)k));
    float *gradient = floats((int64_t)net.at.count), *other = floats((int64_t)net.at.count);
    syn_rnn_pass *pass;
    assert_ok(syn_rnn_pass_create(&pass, &net, &data, 5, 9));
    const syn_rnn_window before[] = {{3, 9}, {10, 9}, {20, 9}, {30, 9}, {40, 9}};
    syn_rnn_gradient(pass, before, 5, 11, gradient, &ignored); /* must leave nothing behind */
    syn_rnn_gradient(pass, window, 3, 12, gradient, &ignored);
    for (size_t k = 0; k < net.at.count; k++) {
        const float kept = net.value[k], step = 4e-3f;
        net.value[k] = kept + step;
        syn_rnn_gradient(pass, window, 3, 12, other, &high);
        net.value[k] = kept - step;
        syn_rnn_gradient(pass, window, 3, 12, other, &low);
        net.value[k] = kept;
        assert_near(cell->name, (high - low) / (2 * (double)step), (double)gradient[k],
                    2e-4 + 2e-3 * fabs((double)gradient[k]));
    }
    free(gradient), free(other), syn_rnn_pass_free(pass), syn_rnn_free(&net);
    syn_rival_data_free(&data), set_free(&set), raw_free(&raw);
}

static void gradients_of_recurrent_networks(void **state) {
    (void)state;
    const syn_cell *const cells[] = {&syn_cell_gru, &syn_cell_lstm};
    for (int k = 0; k < 2; k++) {
        check_gradient(cells[k], SYN_LOSS_GAUSSIAN, false, 0);
        check_gradient(cells[k], SYN_LOSS_GAUSSIAN, true, 0.4);
        check_gradient(cells[k], SYN_LOSS_POISSON, false, 0.4);
    }
}

/* Without a readout what is left is the own-activity term, which dropout must not touch. */
static void dropout_spares_the_own_past(void **state) {
    (void)state;
    raw_data raw = raw_create(240, 4, 0, "fluorescence", 14);
    test_set set = set_create(&raw, 1, 8);
    syn_rival_data data = data_of(&set, SYN_LOSS_GAUSSIAN);
    const syn_rnn_window window = {0, 50};
    syn_rnn net;
    double with, without;
    assert_ok(syn_rnn_create(&net, &syn_cell_gru, 3, false, &data, &two_threads));
    memset(net.value + net.at.v, 0, (size_t)(data.N * net.H) * sizeof *net.value);
    float *gradient = floats((int64_t)net.at.count);
    net.dropout = 0.6;
    syn_rnn_pass *pass;
    assert_ok(syn_rnn_pass_create(&pass, &net, &data, 1, 50));
    syn_rnn_gradient(pass, &window, 1, 0, gradient, &without);
    syn_rnn_gradient(pass, &window, 1, 12, gradient, &with);
    assert_near("loss", without, with, 0);
    free(gradient), syn_rnn_pass_free(pass), syn_rnn_free(&net), syn_rival_data_free(&data), set_free(&set),
        raw_free(&raw);
}

/* Predictions of an untrained network: nothing of the future or of another trial is in them, and a Poisson one is a
 * rate. */
static void recurrent_networks_look_back_alone(void **state) {
    (void)state;
    const syn_cell *const cells[] = {&syn_cell_gru, &syn_cell_lstm};
    raw_data raw = hard_data("counts");
    test_set set = set_create(&raw, 1, 8);
    for (int k = 0; k < 4; k++) {
        syn_rival_data data = data_of(&set, k & 2 ? SYN_LOSS_POISSON : SYN_LOSS_GAUSSIAN);
        const int64_t F = data.F[SYN_TEST], N = data.N, half = F / 2, start = data.start[data.frame[SYN_TEST][0]];
        float *prediction = floats(F * N), *other = floats(F * N);
        syn_rnn net;
        assert_ok(syn_rnn_create(&net, cells[k & 1], 5, false, &data, &two_threads));
        for (size_t j = 0; j < net.at.count; j++) net.value[j] += (float)(0.3 * normal(11, (int64_t)j));
        assert_ok(syn_rnn_predict(&net, &data, SYN_TEST, prediction));
        const syn_normalisation *norm = &data.session->norm;
        for (int64_t j = 0; k & 2 && j < F * N; j++)
            assert_true(prediction[j] * norm->scale[j % N] + norm->mean[j % N] > 0);
        for (int64_t j = 0; j < start * N; j++) data.x[j] = 5;
        for (int64_t j = data.frame[SYN_TEST][half] * N; j < data.T * N; j++) data.x[j] = -5;
        assert_ok(syn_rnn_predict(&net, &data, SYN_TEST, other));
        assert_same(cells[k & 1]->name, prediction, other, (half + 1) * N);
        assert_false(same(prediction, other, F * N));
        free(prediction), free(other), syn_rnn_free(&net), syn_rival_data_free(&data);
    }
    set_free(&set), raw_free(&raw);
}

/* Nor does the slow baseline of a frame reach its own prediction. */
static void recurrent_networks_know_no_later_baseline(void **state) {
    (void)state;
    raw_data raw = ring(300, 3);
    for (int64_t k = 0; k < raw.T * raw.N; k++) raw.x[k] += 4 * sinf(0.01f * (float)k);
    test_set set = set_create(&raw, 1, 8);
    syn_rival_data data = data_of(&set, SYN_LOSS_GAUSSIAN);
    const int64_t F = data.F[SYN_TEST], N = data.N, half = F / 2;
    float *prediction = floats(F * N), *other = floats(F * N);
    syn_rnn net;
    assert_non_null(data.baseline);
    assert_ok(syn_rnn_create(&net, &syn_cell_gru, 5, true, &data, &two_threads));
    assert_ok(syn_rnn_predict(&net, &data, SYN_TEST, prediction));
    for (int64_t k = data.frame[SYN_TEST][half] * N; k < data.T * N; k++) data.baseline[k] = 9;
    assert_ok(syn_rnn_predict(&net, &data, SYN_TEST, other));
    assert_same("baseline", prediction, other, (half + 1) * N);
    assert_false(same(prediction, other, F * N));
    free(prediction), free(other), syn_rnn_free(&net);
    syn_rival_data_free(&data), set_free(&set), raw_free(&raw);
}

/* What a linear model cannot: one neuron's next value is the size of another's three frames ago. */
static void recurrent_networks_remember(void **state) {
    (void)state;
    const syn_cell *const cells[] = {&syn_cell_gru, &syn_cell_lstm};
    raw_data raw = raw_create(1500, 3, 0, "fluorescence", 7);
    for (int64_t t = 0; t < raw.T; t++) {
        raw.x[3 * t] = (float)normal(8, t), raw.x[3 * t + 1] = (float)normal(9, t);
        raw.x[3 * t + 2] = (t > 2 ? fabsf(raw.x[3 * (t - 3)]) : 0) + 0.1f * (float)normal(10, t);
    }
    test_set set = set_create(&raw, 1, 8);
    syn_rival_data data = data_of(&set, SYN_LOSS_GAUSSIAN);
    /* two of three neurons are noise; of the third all but a few per cent can be known */
    assert_true(mse_of(rival_called("linear"), &data) > 0.95);
    for (int k = 0; k < 2; k++) {
        float *prediction = floats(data.F[SYN_TEST] * data.N);
        syn_rnn net;
        assert_ok(syn_rnn_create(&net, cells[k], 16, false, &data, &two_threads));
        net.rate = 0.01;
        assert_ok(syn_rnn_train(&net, &data, &two_threads));
        assert_ok(syn_rnn_predict(&net, &data, SYN_TEST, prediction));
        if (error_of(&data, prediction) > 0.85) fail_msg("%s: %g", cells[k]->name, error_of(&data, prediction));
        free(prediction), syn_rnn_free(&net);
    }
    syn_rival_data_free(&data), set_free(&set), raw_free(&raw);
}

static double validation_loss_of(const syn_rnn *net, const syn_rival_data *data) {
    float *prediction = floats(data->F[SYN_VALIDATION] * data->N);
    syn_rival_loss sum = {0};
    int floor;
    assert_ok(syn_rnn_predict(net, data, SYN_VALIDATION, prediction));
    for (int64_t k = 0; k < data->F[SYN_VALIDATION]; k++)
        syn_rival_loss_add(&sum, data, data->frame[SYN_VALIDATION][k], prediction + k * data->N);
    free(prediction);
    return syn_rival_loss_least(&sum, data, &floor);
}

/* The weights that are kept are those with the least loss on the validation frames, and no test frame has a say. */
static void recurrent_networks_are_chosen_on_validation(void **state) {
    (void)state;
    raw_data raw = ring(400, 4), other = raw_copy(&raw);
    test_set set = set_create(&raw, 1, 8);
    syn_rival_data data = data_of(&set, SYN_LOSS_GAUSSIAN);
    for (int64_t k = data.frame[SYN_TEST][0] * raw.N; k < raw.T * raw.N; k++) other.x[k] = (float)(k % 3);
    test_set late = set_create(&other, 1, 8);
    syn_rival_data late_data = data_of(&late, SYN_LOSS_GAUSSIAN);
    const syn_rival_data *const both[2] = {&data, &late_data};
    const double start = 4 * (double)data.F[SYN_VALIDATION];
    syn_rnn net[2];
    for (int k = 0; k < 2; k++) {
        assert_ok(syn_rnn_create(&net[k], &syn_cell_gru, 4, false, both[k], &two_threads));
        net[k].rate = 0.03, net[k].dropout = 0.3;
        assert_ok(syn_rnn_train(&net[k], both[k], &two_threads));
        assert_near("least loss", net[k].loss, validation_loss_of(&net[k], both[k]), 1e-4 * start);
        assert_true(net[k].steps > 0 && net[k].loss < 0.7 * start);
    }
    assert_same("weights", net[0].value, net[1].value, (int64_t)net[0].at.count);
    /* its state at the first test frame knows the frames before the split */
    float *prediction[2] = {floats(data.F[SYN_TEST] * data.N), floats(data.F[SYN_TEST] * data.N)};
    assert_ok(syn_rnn_predict(&net[0], &data, SYN_TEST, prediction[0]));
    data.x[(data.frame[SYN_TEST][0] - 3) * data.N] += 3;
    assert_ok(syn_rnn_predict(&net[0], &data, SYN_TEST, prediction[1]));
    assert_false(same(prediction[0], prediction[1], data.N));
    free(prediction[0]), free(prediction[1]);
    syn_rnn_free(&net[0]), syn_rnn_free(&net[1]);
    syn_rival_data_free(&data), syn_rival_data_free(&late_data), set_free(&set), set_free(&late);
    raw_free(&raw), raw_free(&other);
}

/* Weight decay shrinks the matrices, and leaves what a neuron says of itself. */
static void decay_shrinks_the_network(void **state) {
    (void)state;
    raw_data raw = raw_create(400, 3, 0, "fluorescence", 7);
    for (int64_t k = 0; k < raw.T * raw.N; k++)
        raw.x[k] = (float)normal(11, k) + (k < raw.N ? 0 : 0.8f * raw.x[k - raw.N]);
    test_set set = set_create(&raw, 1, 8);
    syn_rival_data data = data_of(&set, SYN_LOSS_GAUSSIAN);
    double size[2] = {0}, own[2] = {0};
    for (int k = 0; k < 2; k++) {
        syn_rnn net;
        assert_ok(syn_rnn_create(&net, &syn_cell_gru, 8, false, &data, &two_threads));
        net.rate = 0.01, net.decay = k == 0 ? 0.01 : 10;
        assert_ok(syn_rnn_train(&net, &data, &two_threads));
        for (size_t m = 0; m < net.at.a; m++) size[k] += (double)net.value[m] * (double)net.value[m];
        for (size_t m = net.at.a; m < net.at.c; m++) own[k] += (double)net.value[m] / 3;
        syn_rnn_free(&net);
    }
    assert_true(size[1] < 0.5 * size[0]);
    assert_true(own[0] > 0.6 && own[1] > 0.6);
    syn_rival_data_free(&data), set_free(&set), raw_free(&raw);
}

static syn_status predict_zero(const void *model, const syn_rival_data *data, const syn_rival_settings *settings,
                               syn_split split, float *prediction) {
    (void)model, (void)settings;
    memset(prediction, 0, (size_t)(data->F[split] * data->N) * sizeof *prediction);
    return SYN_OK;
}

/* A rival that says 0 where everything is 1: its corrected predictions rise to 1 within a trial and begin at 0 in the
 * next one. */
static void check_corrections(int64_t T, int64_t trials) {
    const syn_rival zero = {.name = "zero", .predict = predict_zero};
    raw_data raw = raw_create(T, 3, 0, "fluorescence", 96);
    if (trials > 1) raw_cut(&raw, trials, 0);
    test_set set = set_create(&raw, 1, 8);
    syn_rival_data data = data_of(&set, SYN_LOSS_GAUSSIAN);
    json_t *chosen = json_object();
    float *prediction = floats(data.F[SYN_TEST] * data.N);
    for (int64_t k = 0; k < data.T * data.N; k++) data.x[k] = 1;
    assert_ok(syn_rival_predict_test(&zero, NULL, &data, &two_threads, chosen, prediction));
    for (int64_t k = 0; k < data.F[SYN_TEST]; k++) {
        const int64_t t = data.frame[SYN_TEST][k];
        const bool first = trials > 1 && (k == 0 || data.start[t] != data.start[data.frame[SYN_TEST][k - 1]]);
        for (int64_t i = 0; i < data.N; i++)
            assert_true(first ? prediction[k * data.N + i] == 0 : prediction[k * data.N + i] > 0.4f);
    }
    json_decref(chosen), free(prediction);
    syn_rival_data_free(&data), set_free(&set), raw_free(&raw);
}

/* The longer one has more frames before its test split than any correction remembers. */
static void corrections_end_with_a_trial(void **state) {
    (void)state;
    check_corrections(480, 16);
    check_corrections(3000, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rivals),
        cmocka_unit_test(floors_of_rates_are_tuned),
        cmocka_unit_test(rates_are_above_zero),
        cmocka_unit_test(linear_models_find_a_linear_network),
        cmocka_unit_test(ridge_solves_its_equations),
        cmocka_unit_test(autoregressions_are_tuned),
        cmocka_unit_test(ridges_are_tuned),
        cmocka_unit_test(ranks_are_tuned),
        cmocka_unit_test(coupling_filters_find_a_chain),
        cmocka_unit_test(a_choice_on_some_receivers_is_for_all),
        cmocka_unit_test(hidden_entries_do_not_bias),
        cmocka_unit_test(gradients_of_recurrent_networks),
        cmocka_unit_test(corrections_end_with_a_trial),
        cmocka_unit_test(dropout_spares_the_own_past),
        cmocka_unit_test(recurrent_networks_look_back_alone),
        cmocka_unit_test(recurrent_networks_know_no_later_baseline),
        cmocka_unit_test(recurrent_networks_remember),
        cmocka_unit_test(recurrent_networks_are_chosen_on_validation),
        cmocka_unit_test(decay_shrinks_the_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
