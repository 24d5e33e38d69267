/* The linear warm start on data from a known linear model, against sums taken here. */
#include "training/linear.h"

#include "fixture.h"

enum { N = 16, T = 3000 };

/* A third of the pairs connected, or a product of two vectors a side. */
static void true_weights(bool low_rank, double W[N][N]) {
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < N; j++) {
            double w = 0;
            for (int r = 0; r < 2 && low_rank; r++)
                w += 0.14 * normal(200 + (uint32_t)r, i) * normal(210 + (uint32_t)r, j);
            if (!low_rank && i != j && normal(220, i * N + j) > 0.45) w = 0.22 * normal(221, i * N + j);
            W[i][j] = w;
        }
}

static raw_data simulate(double W[N][N]) {
    raw_data raw = raw_create(T, N, 0, "fluorescence", 20);
    for (int64_t t = 0; t < T; t++)
        for (int64_t i = 0; i < N; i++) {
            double x = normal(20, t * N + i);
            for (int64_t j = 0; j < N && t > 0; j++) x += W[i][j] * (double)raw.x[(t - 1) * N + j];
            raw.x[t * N + i] = (float)x;
        }
    return raw;
}

typedef struct fitted {
    raw_data raw;
    test_set set;
    syn_parameters *p;
    syn_network *network;
    syn_linear *linear;
    float share;
} fitted;

/* All parameters are zero: what is left to explain is the activity itself, and what was not observed counts as the
 * mean, whatever is stored there. share: of a neuron's frame before that is taken off what it sends. Takes raw over. */
static fitted fit_of(raw_data raw, float share) {
    fitted f = {.raw = raw, .share = share};
    f.set = set_create(&f.raw, 1, 16);
    syn_session *s = &f.set.data->session[0];
    assert_true(s->N == N && s->norm.alpha == 0);
    for (int64_t k = 0; k < T * N; k++)
        if (!syn_session_observed(s, k / N, k % N)) s->x[k] = 30;
    const int64_t B = 0, neurons = N;
    assert_ok(syn_parameters_create(&f.p, 2, 1, 0, SYN_FORM_NONE, 0, 1, &neurons, &B, NULL));
    assert_ok(syn_network_create(&f.network, f.p, f.set.data, SYN_LOSS_GAUSSIAN, best_kernels(), 2, 256, 64));
    float shares[N];
    for (int i = 0; i < N; i++) shares[i] = share;
    const float *send = shares;
    assert_ok(syn_linear_create(&f.linear, f.network, f.set.data, &send));
    return f;
}

static fitted fit(double W[N][N]) { return fit_of(simulate(W), 0); }

/* Missing entries, segments, and senders that send what is new. */
static fitted fit_pieces(double W[N][N]) {
    raw_data raw = simulate(W);
    raw_cut(&raw, 20, 3);
    raw_hide(&raw, 11);
    return fit_of(raw, 0.3f);
}

static void fitted_free(fitted *f) {
    syn_linear_free(f->linear), syn_network_free(f->network), syn_parameters_free(f->p);
    set_free(&f->set), raw_free(&f->raw);
}

/* What neuron j sends at frame t of a span, whose first frame stands for the one before it. */
static double sent(const fitted *f, const syn_span *span, int64_t t, int64_t j) {
    const float *x = f->set.data->session[0].x;
    const int64_t before = t > span->start - span->context ? t - 1 : t;
    return (double)x[t * N + j] - (double)f->share * (double)x[before * N + j];
}

/* Sums over the targets of a split of x_i[t] sent_j[t-1] and sent_i[t-1] sent_j[t-1]. */
static void moments(const fitted *f, syn_split split, double ex[N][N], double xx[N][N]) {
    const syn_session *s = &f->set.data->session[0];
    memset(ex, 0, N * sizeof *ex), memset(xx, 0, N * sizeof *xx);
    for (const syn_span *span = s->span[split]; span < s->span[split] + s->n_spans[split]; span++)
        for (int64_t t = syn_span_first_target(span); t < span->stop; t++)
            for (int64_t i = 0; i < N; i++)
                for (int64_t j = 0; j < N; j++) {
                    ex[i][j] += (double)s->x[t * N + i] * sent(f, span, t - 1, j);
                    xx[i][j] += sent(f, span, t - 1, i) * sent(f, span, t - 1, j);
                }
}

/* W (X^T X + strength) = E^T X, at any strength. */
static void check_normal_equations(const fitted *f) {
    double ex[N][N], xx[N][N];
    float found[N][N];
    moments(f, SYN_TRAIN, ex, xx);
    const double strengths[] = {0.1, 77, 12345};
    for (int k = 0; k < 3; k++) {
        assert_ok(syn_linear_weights(f->linear, 0, strengths[k], &found[0][0]));
        for (int64_t i = 0; i < N; i++)
            for (int64_t j = 0; j < N; j++) {
                double sum = strengths[k] * (double)found[i][j];
                for (int64_t l = 0; l < N; l++) sum += (double)found[i][l] * xx[l][j];
                assert_near("E^T X", ex[i][j], sum, 2e-3 * (1 + fabs(ex[i][j])));
            }
    }
}

static void solves_the_normal_equations(void **state) {
    (void)state;
    double W[N][N];
    true_weights(false, W);
    fitted whole = fit(W), pieces = fit_pieces(W);
    check_normal_equations(&whole);
    check_normal_equations(&pieces);
    fitted_free(&whole), fitted_free(&pieces);
}

/* Sum of squared errors of x[t+1] = W sent[t] on the validation split. */
static double validation_error(const fitted *f, const float *W, bool diagonal) {
    const syn_session *s = &f->set.data->session[0];
    double error = 0;
    for (int64_t k = 0; k < s->n_spans[SYN_VALIDATION]; k++) {
        const syn_span *span = &s->span[SYN_VALIDATION][k];
        for (int64_t t = syn_span_first_target(span); t < span->stop; t++)
            for (int64_t i = 0; i < N; i++) {
                double e = (double)s->x[t * N + i];
                for (int64_t j = 0; j < N; j++)
                    if (diagonal || i != j) e -= (double)W[i * N + j] * sent(f, span, t - 1, j);
                error += e * e;
            }
    }
    return error;
}

static void check_errors(const fitted *f) {
    float found[N * N] = {0}, S[N * 64], R[N * 64];
    const double none = validation_error(f, found, false);
    assert_near("none", none, f->linear->no_connectivity_error, 1e-5 * none);
    for (int k = 0; k < SYN_LINEAR_STRENGTHS; k++) {
        assert_ok(syn_linear_weights(f->linear, 0, f->linear->strength[k], found));
        assert_near("ridge", validation_error(f, found, false), f->linear->ridge_error[k], 1e-5 * none);
    }
    for (int m = 0; m < SYN_LINEAR_RANKS; m++) {
        const int rank = syn_linear_rank[m];
        assert_ok(syn_linear_factors(f->linear, 0, f->linear->rank_strength[m], rank, S, R));
        memset(found, 0, sizeof found);
        for (int64_t k = 0; k < N * N; k++)
            for (int r = 0; r < rank; r++) found[k] += S[k / N * rank + r] * R[k % N * rank + r];
        assert_near("rank", validation_error(f, found, true), f->linear->rank_error[m], 1e-5 * none);
    }
}

static void errors_are_those_of_the_validation_split(void **state) {
    (void)state;
    double W[N][N];
    true_weights(false, W);
    fitted whole = fit(W), pieces = fit_pieces(W);
    check_errors(&whole);
    check_errors(&pieces);
    fitted_free(&whole), fitted_free(&pieces);
}

static double correlation(const float *found, double W[N][N]) {
    double xx = 0, xy = 0, yy = 0;
    for (int64_t k = 0; k < N * N; k++) {
        const double x = (double)found[k], y = W[k / N][k % N];
        if (k / N != k % N) xx += x * x, xy += x * y, yy += y * y;
    }
    return xy / sqrt(xx * yy);
}

static void finds_sparse_weights(void **state) {
    (void)state;
    double W[N][N];
    float found[N * N];
    true_weights(false, W);
    fitted f = fit(W);
    const int best = syn_linear_best_strength(f.linear);
    for (int k = 0; k < SYN_LINEAR_STRENGTHS; k++) assert_true(f.linear->ridge_error[k] >= f.linear->ridge_error[best]);
    assert_true(f.linear->ridge_error[best] < 0.95 * f.linear->no_connectivity_error);
    assert_ok(syn_linear_weights(f.linear, 0, f.linear->strength[best], found));
    assert_true(correlation(found, W) > 0.95);
    fitted_free(&f);
}

static void full_rank_is_the_ridge(void **state) {
    (void)state;
    double W[N][N];
    float found[N * N], S[N * (N + 3)], R[N * (N + 3)];
    true_weights(false, W);
    fitted f = fit(W);
    assert_ok(syn_linear_weights(f.linear, 0, 50, found));
    for (int rank = N; rank <= N + 3; rank += 3) { /* there are no more than N components */
        assert_ok(syn_linear_factors(f.linear, 0, 50, rank, S, R));
        for (int64_t k = 0; k < N * N; k++) {
            double w = 0;
            for (int r = 0; r < rank; r++) w += (double)S[k / N * rank + r] * (double)R[k % N * rank + r];
            assert_near("S R^T", (double)found[k], w, 1e-5);
        }
    }
    fitted_free(&f);
}

static void finds_the_rank(void **state) {
    (void)state;
    double W[N][N];
    float S[2 * N], R[2 * N], found[N * N];
    true_weights(true, W);
    fitted f = fit(W);
    const int best = syn_linear_best_rank(f.linear);
    assert_int_equal(syn_linear_rank[best], 2);
    assert_true(f.linear->rank_error[best] < f.linear->ridge_error[syn_linear_best_strength(f.linear)]);
    assert_ok(syn_linear_factors(f.linear, 0, f.linear->rank_strength[best], 2, S, R));
    for (int64_t k = 0; k < N * N; k++) found[k] = S[k / N * 2] * R[k % N * 2] + S[k / N * 2 + 1] * R[k % N * 2 + 1];
    assert_true(correlation(found, W) > 0.95);
    fitted_free(&f);
}

/* Activity in which nothing predicts anything: a strong penalty, and next to nothing gained. */
static void finds_nothing_in_noise(void **state) {
    (void)state;
    double W[N][N] = {0};
    fitted f = fit(W);
    const int best = syn_linear_best_strength(f.linear);
    assert_true(f.linear->strength[best] >= 1000);
    assert_true(f.linear->ridge_error[best] > 0.99 * f.linear->no_connectivity_error);
    fitted_free(&f);
}

/* Another test split, and another gap before it: not one bit of the weights or of the errors. */
static void test_data_do_not_leak(void **state) {
    (void)state;
    double W[N][N];
    float a[N * N], b[N * N];
    true_weights(false, W);
    fitted f = fit(W);
    raw_data other = raw_copy(&f.raw);
    for (int64_t k = 2550 * N; k < T * N; k++) other.x[k] = k % 3 ? 40 : -30;
    test_set set = set_create(&other, 1, 16);
    syn_network *network;
    syn_linear *linear;
    assert_ok(syn_network_create(&network, f.p, set.data, SYN_LOSS_GAUSSIAN, best_kernels(), 1, 256, 64));
    static const float nothing[N];
    const float *send = nothing;
    assert_ok(syn_linear_create(&linear, network, set.data, &send));
    assert_memory_equal(linear->ridge_error, f.linear->ridge_error, sizeof linear->ridge_error);
    assert_memory_equal(linear->rank_error, f.linear->rank_error, sizeof linear->rank_error);
    assert_ok(syn_linear_weights(f.linear, 0, 100, a));
    assert_ok(syn_linear_weights(linear, 0, 100, b));
    assert_same("weights", a, b, N * N);
    syn_linear_free(linear), syn_network_free(network), set_free(&set), raw_free(&other), fitted_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(solves_the_normal_equations),
        cmocka_unit_test(errors_are_those_of_the_validation_split),
        cmocka_unit_test(finds_sparse_weights),
        cmocka_unit_test(full_rank_is_the_ridge),
        cmocka_unit_test(finds_the_rank),
        cmocka_unit_test(finds_nothing_in_noise),
        cmocka_unit_test(test_data_do_not_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
