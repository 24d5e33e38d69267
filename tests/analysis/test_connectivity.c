/* Effective connectivity against finite differences of the predictions: raw activity is moved by a little, and what
 * that does to the predictions of later frames is averaged over the train split. */
#include <unistd.h>

#include "analysis/connectivity.h"
#include "dataset/baseline.h"
#include "tiny_model.h"

enum { N = 4, T = 160, LAGS = 3 };
static const double step = 0.02;

typedef struct collected {
    const syn_session *session;
    syn_level level;
    double *x; /* [T][N] predictions, z-scored */
    float *row;
} collected;

static syn_status keep(void *user, int64_t frame, const float *prediction, const float *truth, const float *slope) {
    (void)slope;
    collected *c = user;
    if (frame == syn_span_first_target(c->session->span[SYN_TRAIN])) syn_level_start(&c->level, SYN_TRAIN, 0);
    syn_level_restore(&c->level, prediction, c->row);
    for (int i = 0; i < N; i++) c->x[frame * N + i] = (double)c->row[i];
    syn_level_restore(&c->level, truth, c->row);
    syn_level_move(&c->level, frame, c->row);
    return SYN_OK;
}

/* Predictions over the train split of raw activity, normalised as `like` is. */
static void predict(const raw_data *raw, const test_set *like, const syn_parameters *p, syn_loss loss, double *x) {
    test_set set = set_create_as(raw, like);
    syn_network *network;
    collected c = {.session = &set.data->session[0], .x = x, .row = floats(N)};
    assert_ok(syn_level_create(&c.level, c.session));
    assert_ok(syn_network_create(&network, p, set.data, loss, best_kernels(), 1, 64, 64));
    assert_ok(syn_network_run(network, 0, SYN_TRAIN, keep, &c));
    syn_network_free(network), syn_level_free(&c.level), free(c.row), set_free(&set);
}

/* Mean over train frames t of d xhat_i[t+1] / d x_j[t-tau], z-scored: C[LAGS + 1][N][N]. */
static void by_differences(const raw_data *raw, const test_set *set, const syn_parameters *p, syn_loss loss,
                           double *C) {
    const syn_session *s = &set->data->session[0];
    const syn_span *span = s->span[SYN_TRAIN];
    double *up = zeros(T * N, sizeof *up), *down = zeros(T * N, sizeof *down);
    raw_data moved = raw_copy(raw);
    for (int64_t from = span->start; from + 1 < span->stop; from++)
        for (int j = 0; j < N; j++) {
            const float size = (float)step * s->norm.scale[j], kept = raw->x[from * N + j];
            moved.x[from * N + j] = kept + size;
            predict(&moved, set, p, loss, up);
            moved.x[from * N + j] = kept - size;
            predict(&moved, set, p, loss, down);
            moved.x[from * N + j] = kept;
            for (int tau = 0; tau <= LAGS; tau++) {
                const int64_t t = from + tau;
                if (t < span->start + (tau ? LAGS : 0) || t + 1 >= span->stop) continue;
                for (int i = 0; i < N; i++)
                    C[(tau * N + i) * N + j] += (up[(t + 1) * N + i] - down[(t + 1) * N + i]) / (2 * step);
            }
        }
    for (int k = 0; k < (LAGS + 1) * N * N; k++)
        C[k] /= (double)(span->stop - 1 - span->start - (k < N * N ? 0 : LAGS)); /* lag 0 has all frames */
    free(up), free(down), raw_free(&moved);
}

static test_set set_with_alpha(const raw_data *raw, double alpha) {
    test_set first = set_create(raw, 1, TINY_WINDOW), set;
    first.data->session[0].norm.alpha = alpha;
    set = set_create_as(raw, &first);
    set_free(&first);
    return set;
}

static void keep_gain(syn_model *model, const test_set *set, int lags) {
    syn_fitted_session *s = &model->session[0];
    free(s->gain);
    s->lags = lags;
    assert_ok(syn_measure_gain(model->p, model->loss, set->data, 0, lags, best_kernels(), 2, &s->gain));
}

static void check(const char *signal, syn_loss loss, double alpha) {
    raw_data raw = raw_create(T, N, 0, signal, 21);
    for (int k = 0; k < T * N && loss == SYN_LOSS_POISSON; k++) raw.x[k]++; /* a little less is still a count */
    test_set set = set_with_alpha(&raw, alpha);
    syn_model *model = model_of(&set, random_parameters(set.data, SYN_FORM_DENSE, 5, 22), loss);
    const float *scale = model->session[0].norm.scale;
    double expected[(LAGS + 1) * N * N] = {0}, largest = 0;
    float z[(LAGS + 1) * N * N], units[(LAGS + 1) * N * N];
    assert_int_equal(set.data->session[0].N, N);
    keep_gain(model, &set, LAGS);
    assert_ok(syn_connectivity(model, 0, LAGS, 0, z));
    assert_ok(syn_connectivity(model, 0, LAGS, 1, units));
    by_differences(&raw, &set, model->p, loss, expected);
    for (int k = 0; k < (LAGS + 1) * N * N; k++) {
        const int i = k / N % N, j = k % N;
        if (i == j) {
            assert_true(z[k] == 0 && units[k] == 0);
            continue;
        }
        assert_near("C", expected[k], (double)z[k], 2e-3);
        assert_near("C in raw units", (double)(z[k] * scale[i] / scale[j]), (double)units[k], 1e-5);
        if (fabs(expected[k]) > largest) largest = fabs(expected[k]);
    }
    assert_true(largest > 0.05);
    syn_model_free(model), set_free(&set), raw_free(&raw);
}

static void gaussian_is_the_derivative(void **state) {
    (void)state;
    check("fluorescence", SYN_LOSS_GAUSSIAN, 0);
}

static void with_a_slow_baseline_too(void **state) {
    (void)state;
    check("fluorescence", SYN_LOSS_GAUSSIAN, 0.3);
}

static void poisson_is_the_derivative(void **state) {
    (void)state;
    check("counts", SYN_LOSS_POISSON, 0);
}

static void weights_are_the_parameters(void **state) {
    (void)state;
    raw_data raw = raw_create(TINY_T, TINY_N, 0, "fluorescence", 23);
    test_set set = set_create(&raw, 1, TINY_WINDOW);
    syn_model *model = model_of(&set, random_parameters(set.data, SYN_FORM_DENSE, 5, 24), SYN_LOSS_GAUSSIAN);
    float W[TINY_N * TINY_N];
    assert_ok(syn_weights(model, 0, W));
    for (size_t k = 0; k < TINY_N * TINY_N; k++)
        assert_true(W[k] == (k / TINY_N == k % TINY_N ? 0 : model->p->value[model->p->session[0].z + k]));
    assert_int_equal(syn_weights(model, 1, W), SYN_ERR_OPTION);
    assert_int_equal(syn_connectivity(model, 1, 0, 0, W), SYN_ERR_OPTION);
    assert_int_equal(syn_connectivity(model, 0, -1, 0, W), SYN_ERR_OPTION);
    syn_model_free(model), set_free(&set), raw_free(&raw);
}

/* The recording is opened again where the model does not keep enough of them. */
static void more_lags_than_kept(void **state) {
    (void)state;
    enum { KEPT = 2, ASKED = 5 };
    static const char path[] = "test_connectivity.h5";
    raw_data raw = raw_create(TINY_T, TINY_N, 0, "fluorescence", 25);
    syn_recording *recording = recording_of(&raw);
    assert_ok(syn_recording_write(recording, path));
    test_set set = set_create(&raw, 1, TINY_WINDOW);
    syn_model *model = model_of(&set, random_parameters(set.data, SYN_FORM_LOWRANK, 5, 26), SYN_LOSS_GAUSSIAN);
    float expected[(ASKED + 1) * TINY_N * TINY_N], found[(ASKED + 1) * TINY_N * TINY_N];
    syn_fitted_session *s = &model->session[0];
    keep_gain(model, &set, ASKED);
    assert_ok(syn_connectivity(model, 0, ASKED, 0, expected));
    keep_gain(model, &set, KEPT);
    assert_int_equal(syn_connectivity(model, 0, ASKED, 0, found), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "from memory; give the recording"));
    assert_ok(syn_copy_text(&s->path, path));
    assert_int_equal(syn_connectivity(model, 0, 500, 0, found), SYN_ERR_OPTION);
    assert_non_null(strstr(syn_last_error(), "lags: found 500; expected at most"));
    assert_ok(syn_connectivity(model, 0, ASKED, 0, found));
    assert_same("C", expected, found, (ASKED + 1) * TINY_N * TINY_N);
    unlink(path);
    assert_int_not_equal(syn_connectivity(model, 0, ASKED, 0, found), SYN_OK);
    assert_non_null(strstr(syn_last_error(), path));
    syn_model_free(model), set_free(&set), syn_recording_free(recording), raw_free(&raw);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gaussian_is_the_derivative), cmocka_unit_test(with_a_slow_baseline_too),
        cmocka_unit_test(poisson_is_the_derivative),  cmocka_unit_test(weights_are_the_parameters),
        cmocka_unit_test(more_lags_than_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
