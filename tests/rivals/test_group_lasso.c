/* The conditions that Karush, Kuhn and Tucker state of a minimum, computed here in double precision from the
 * definition; a sparse network of rates is found; the way to a solution does not matter. */
#include "fixture.h"
#include "rivals/group_lasso.h"

enum { F = 1500, GROUPS = 12, K = 3, O = 2, B = 1, N = 3, D = GROUPS * K + B + 1, W = D + O, G = GROUPS + B + 1 };

typedef struct problem {
    float *column, *own, *count;
    float mean[N];
    int64_t first[G + 2];
    syn_lasso_features x;
} problem;

/* Regression j depends on group 2 j + 1 (and, the second, on group 7 and its own columns); neighbouring columns are
 * alike. */
static double true_drive(const problem *p, int64_t j, int64_t t) {
    double drive =
        0.4 * (double)p->column[(2 * j + 1) * K * F + t] - 0.3 * (double)p->column[((2 * j + 1) * K + 2) * F + t];
    if (j == 1) drive += 0.4 * (double)p->column[(7 * K + 1) * F + t] - 0.5 * (double)p->own[(j * O + 1) * F + t];
    return drive + 0.2 * (double)p->column[GROUPS * K * F + t];
}

static problem create(void) {
    problem p = {.column = floats(D * F), .own = floats(N * O * F), .count = floats(N * F)};
    for (int64_t k = 0; k < (D - 1) * F; k++) {
        const double before = k / F % K == 0 ? 0 : (double)p.column[k - F];
        p.column[k] = (float)(0.6 * before + 0.8 * normal(40, k));
    }
    for (int64_t t = 0; t < F; t++) p.column[(D - 1) * F + t] = 1;
    for (int64_t k = 0; k < N * O * F; k++) p.own[k] = (float)normal(41, k);
    for (int64_t j = 0; j < N; j++) {
        p.mean[j] = 0.3f * (float)(j + 1);
        for (int64_t t = 0; t < F; t++) {
            const double chance = syn_random_uniform((syn_random){3, SYN_STREAM_TEST, 42}, (uint64_t)(j * F + t));
            p.count[j * F + t] = (float)floor((double)p.mean[j] * exp(true_drive(&p, j, t)) + chance);
            if ((t + j) % 17 == 0) p.count[j * F + t] = -1;
        }
    }
    for (int64_t g = 0; g <= G; g++) p.first[g] = g < GROUPS ? g * K : GROUPS * K + g - GROUPS;
    p.first[G + 1] = W;
    return p;
}

static void connect(problem *p) { p->x = (syn_lasso_features){F, D, O, G, p->column, p->first, GROUPS}; }

static void destroy(problem *p) { free(p->column), free(p->own), free(p->count); }

/* Solves at each of `count` penalties in turn; w [N][W]. */
static void solve(problem *p, const double *penalty, int count, syn_lasso_strength s, float *w) {
    syn_lasso lasso;
    syn_lasso_work *work;
    connect(p);
    assert_ok(syn_lasso_create(&lasso, &p->x, N, 0, p->own, p->count, p->mean));
    assert_ok(syn_lasso_work_create(&work, &p->x));
    for (int k = 0; k < count; k++) {
        s.penalty = penalty[k];
        syn_lasso_solve(&lasso, &s, work);
    }
    memcpy(w, lasso.w, (size_t)(N * W) * sizeof *w);
    syn_lasso_work_free(work), syn_lasso_free(&lasso);
}

/* Gradient [W] of all but the lasso. */
static void gradient_of(const problem *p, int64_t j, const float *w, syn_lasso_strength s, double *gradient) {
    for (int q = 0; q < W; q++)
        gradient[q] = q == D - 1 ? 0 : q < D ? s.ridge * (double)w[q] : s.own_ridge * (double)(w[q] - s.towards[q - D]);
    for (int64_t t = 0; t < F; t++) {
        double drive = 0;
        const float count = p->count[j * F + t];
        if (count < 0) continue;
        for (int q = 0; q < W; q++)
            drive += (double)w[q] * (double)(q < D ? p->column[q * F + t] : p->own[(j * O + q - D) * F + t]);
        const double left = (double)p->mean[j] * exp(drive) - (double)count;
        for (int q = 0; q < W; q++)
            gradient[q] += left * (double)(q < D ? p->column[q * F + t] : p->own[(j * O + q - D) * F + t]);
    }
}

static double norm(const double *v, int n) {
    double sum = 0;
    for (int q = 0; q < n; q++) sum += v[q] * v[q];
    return sqrt(sum);
}

/* Returns the number of groups with weights. */
static int check_conditions(const problem *p, const float *w, syn_lasso_strength s) {
    int found = 0;
    for (int64_t j = 0; j < N; j++) {
        double gradient[W];
        const double noise = sqrt(F * (double)p->mean[j]), penalty = s.penalty * noise * sqrt(K);
        gradient_of(p, j, w + j * W, s, gradient);
        for (int g = 0; g < GROUPS; g++) {
            const float *group = w + j * W + g * K;
            double weights[K] = {(double)group[0], (double)group[1], (double)group[2]}, *left = gradient + g * K;
            const double size = norm(weights, K);
            if (g == j) { /* must not use itself */
                assert_true(size <= 0);
                continue;
            }
            for (int k = 0; k < K && size > 0; k++) left[k] += penalty * weights[k] / size;
            assert_true(norm(left, K) <= (size > 0 ? 0.02 : 1.02) * penalty);
            found += size > 0;
        }
        for (int q = GROUPS * K; q < W; q++) assert_near("not penalised", 0, gradient[q], 0.02 * noise);
    }
    return found;
}

static const float towards[O] = {0.2f, -0.1f};

static void solutions_fulfil_the_conditions(void **state) {
    (void)state;
    problem p = create();
    static const double penalty[] = {8, 3, 1.2, 0.4};
    static const int least[] = {0, 1, 4, 12};
    float w[N * W];
    for (int k = 0; k < 4; k++)
        for (int strong = 0; strong < 2; strong++) {
            syn_lasso_strength s = {.ridge = strong ? 50 : 0.5, .own_ridge = strong ? 200 : 1, .towards = towards};
            solve(&p, penalty, k + 1, s, w);
            s.penalty = penalty[k];
            assert_true(check_conditions(&p, w, s) >= least[k]);
        }
    destroy(&p);
}

static void the_true_groups_are_found(void **state) {
    (void)state;
    problem p = create();
    static const double penalty[] = {4, 2.5};
    const syn_lasso_strength s = {.ridge = 1, .own_ridge = 1, .towards = towards};
    float w[N * W];
    solve(&p, penalty, 2, s, w);
    for (int64_t j = 0; j < N; j++)
        for (int g = 0; g < GROUPS; g++) {
            const bool is_true = (g == 2 * j + 1 && g != j) || (j == 1 && g == 7);
            assert_int_equal(w[j * W + g * K] != 0, is_true);
        }
    destroy(&p);
}

static void the_path_does_not_matter(void **state) {
    (void)state;
    problem p = create();
    static const double path[] = {6, 5, 3, 2, 1}, straight[] = {1}, back[] = {0.3, 1};
    const syn_lasso_strength s = {.ridge = 5, .own_ridge = 5, .towards = towards};
    float slowly[N * W], at_once[N * W], from_weak[N * W];
    solve(&p, path, 5, s, slowly), solve(&p, straight, 1, s, at_once), solve(&p, back, 2, s, from_weak);
    for (int k = 0; k < N * W; k++) {
        assert_near("at once", (double)slowly[k], (double)at_once[k], 2e-3);
        assert_near("from a weak penalty", (double)slowly[k], (double)from_weak[k], 2e-3);
    }
    destroy(&p);
}

/* A neuron that fires in two frames only, far above what its mean says: the value stays bounded, and weights finite. */
static void a_rare_burst_is_no_harm(void **state) {
    (void)state;
    problem p = create();
    static const double penalty[] = {2, 0.5, 0.1};
    const syn_lasso_strength s = {.ridge = 0.1, .own_ridge = 0.1};
    float w[N * W];
    for (int64_t t = 0; t < F; t++) p.count[t] = t == 300 ? 9 : t == 900 ? 4 : 0;
    p.mean[0] = 13.0f / F;
    solve(&p, penalty, 3, s, w);
    for (int k = 0; k < N * W; k++) assert_true(isfinite(w[k]) && fabsf(w[k]) < 50);
    destroy(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(solutions_fulfil_the_conditions),
        cmocka_unit_test(the_true_groups_are_found),
        cmocka_unit_test(the_path_does_not_matter),
        cmocka_unit_test(a_rare_burst_is_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
