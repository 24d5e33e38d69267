/* Active sets with strong rules (Tibshirani et al. 2012): per neuron only those groups are looked at that have weights,
 * or whose gradient at the penalty before was nearly large enough. Within them proximal Newton steps (Lee, Sun &
 * Saunders 2014): the likelihood is replaced by its second-order expansion, which block coordinate descent minimises
 * group by group (Friedman, Hastie & Tibshirani 2010); then a step that is halved until the value falls. Last the
 * gradient of all groups, of a block of neurons in one product, shows which others have to be looked at, until there
 * are none.
 */
#include "rivals/group_lasso.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"

enum { MOST_NEWTON = 30, MOST_SWEEPS = 100, MOST_HALVINGS = 12, MOST_ROUNDS = 20, GROUP_STEPS = 30 };
enum { WIDTH = SYN_LASSO_WIDTH };
static const double tolerance = 1e-6; /* a Newton step that lowers the value by less, relative to it, is the last */
static const double inexact = 0.03;   /* share of the largest change of a sweep below which sweeps end */
static const double violation = 1.01; /* a gradient this much above the penalty takes a group in */

struct syn_lasso_work {
    float *drive, *rate, *left, *move, *moved; /* [F]; left: derivative of the expansion by the drive; move: of drive */
    float *weighted;                           /* [WIDTH][F] */
    float *curvature;                          /* [G + 1][WIDTH][WIDTH] of the expansion */
    bool *known;                               /* [G + 1] whether that is computed */
    float *start;                              /* [D + O] w before the Newton step */
};

/* ---- groups ---- */

static int width_of(const syn_lasso_features *x, int64_t g) { return (int)(x->first[g + 1] - x->first[g]); }

static const float *columns_of(const syn_lasso *b, int64_t j, int64_t g) {
    return g < b->x->G ? b->x->column + b->x->first[g] * b->x->F : b->own + j * b->x->O * b->x->F;
}

static float *weights_of(const syn_lasso *b, int64_t j, int64_t g) {
    return b->w + j * (b->x->D + b->x->O) + b->x->first[g];
}

static double ridge_of(const syn_lasso *b, int64_t g, const syn_lasso_strength *s) {
    return g == b->x->G ? s->own_ridge : g + 1 == b->x->G ? 0 : s->ridge;
}

static float target_of(const syn_lasso *b, int64_t g, int p, const syn_lasso_strength *s) {
    return g == b->x->G && s->towards ? s->towards[p] : 0;
}

double syn_lasso_penalty(const syn_lasso *b, int64_t j, int64_t g, double penalty) {
    if (g >= b->x->penalised) return 0;
    return penalty * sqrt((double)b->x->F * (double)b->mean[j] * (double)width_of(b->x, g));
}

static double norm_of(const float *v, int n) {
    double sum = 0;
    for (int p = 0; p < n; p++) sum += (double)v[p] * (double)v[p];
    return sqrt(sum);
}

/* ---- the value ---- */

static double likelihood(const syn_lasso *b, int64_t j, const float *drive) {
    const float *count = b->count + j * b->x->F, mean = b->mean[j], most = SYN_LASSO_MOST_DRIVE;
    double sum = 0;
    for (int64_t t = 0; t < b->x->F; t++) {
        if (count[t] < 0) continue;
        const float above = fmaxf(drive[t] - most, 0), rate = mean * expf(fminf(drive[t], most));
        sum += (double)(rate * (1 + above + 0.5f * above * above)) - (double)count[t] * (double)drive[t];
    }
    return sum;
}

/* rate: the curvature of the likelihood along the drive; left: its slope. */
static void expand(const syn_lasso *b, int64_t j, const float *drive, float *rate, float *left) {
    const float *count = b->count + j * b->x->F, mean = b->mean[j], most = SYN_LASSO_MOST_DRIVE;
    for (int64_t t = 0; t < b->x->F; t++) {
        rate[t] = count[t] < 0 ? 0 : mean * expf(fminf(drive[t], most));
        left[t] = count[t] < 0 ? 0 : rate[t] * (1 + fmaxf(drive[t] - most, 0)) - count[t];
    }
}

static double penalties(const syn_lasso *b, int64_t j, const syn_lasso_strength *s) {
    const syn_lasso_features *x = b->x;
    double sum = 0;
    for (int64_t g = 0; g <= x->G; g++) {
        if (!b->active[j * (x->G + 1) + g]) continue;
        const float *w = weights_of(b, j, g);
        const double penalty = syn_lasso_penalty(b, j, g, s->penalty);
        if (penalty > 0) sum += penalty * norm_of(w, width_of(x, g));
        for (int p = 0; p < width_of(x, g); p++)
            sum += 0.5 * ridge_of(b, g, s) * pow((double)(w[p] - target_of(b, g, p, s)), 2);
    }
    return sum;
}

static void drive_of(const syn_lasso *b, int64_t j, float *drive) {
    const syn_lasso_features *x = b->x;
    const int F = (int)x->F;
    memset(drive, 0, (size_t)F * sizeof *drive);
    for (int64_t g = 0; g <= x->G; g++) {
        const float *w = weights_of(b, j, g);
        const int k = width_of(x, g);
        if (b->active[j * (x->G + 1) + g] && norm_of(w, k) > 0)
            cblas_sgemv(CblasRowMajor, CblasTrans, k, F, 1, columns_of(b, j, g), F, w, 1, 1, drive, 1);
    }
}

double syn_lasso_value(const syn_lasso *b, int64_t j, const syn_lasso_strength *s, syn_lasso_work *work) {
    drive_of(b, j, work->drive);
    return likelihood(b, j, work->drive) + penalties(b, j, s);
}

/* ---- one group ---- */

/* A [k][k] <- its Cholesky factor, on and below the diagonal; false where A is not positive. */
static bool factorise(int k, double *A) {
    for (int p = 0; p < k; p++)
        for (int q = 0; q <= p; q++) {
            double sum = A[p * k + q];
            for (int r = 0; r < q; r++) sum -= A[p * k + r] * A[q * k + r];
            if (p == q && !(sum > 0)) return false;
            A[p * k + q] = p == q ? sqrt(sum) : sum / A[q * k + q];
        }
    return true;
}

/* v <- L^-1 v */
static void solve_lower(int k, const double *L, double *v) {
    for (int p = 0; p < k; p++) {
        for (int q = 0; q < p; q++) v[p] -= L[p * k + q] * v[q];
        v[p] /= L[p * k + p];
    }
}

/* v <- L^-T v */
static void solve_upper(int k, const double *L, double *v) {
    for (int p = k - 1; p >= 0; p--) {
        for (int q = p + 1; q < k; q++) v[p] -= L[q * k + p] * v[q];
        v[p] /= L[p * k + p];
    }
}

static double square_of(int k, const double *v) {
    double sum = 0;
    for (int p = 0; p < k; p++) sum += v[p] * v[p];
    return sum;
}

/* u [k] <- what minimises u H u / 2 - b u + penalty |u|, which is (H + m)^-1 b with m = penalty / |u|. Newton's method
 * for the m at which 1 / |u| = m / penalty, from that of `size`, the |u| before. 1 / |u| is concave in m and nearly a
 * straight line (More & Sorensen 1983), so that steps end above the root, and from there do not overshoot it. */
static void minimise_group(int k, const double *H, const double *b, double penalty, double size, double *u) {
    const double length = sqrt(square_of(k, b));
    double trace = 0, L[WIDTH * WIDTH], v[WIDTH];
    memset(u, 0, (size_t)k * sizeof *u);
    for (int p = 0; p < k; p++) trace += H[p * k + p];
    if (length <= penalty || !(trace > 0)) return;
    const double most = penalty > 0 ? penalty * trace / (length - penalty) : 0; /* no less than the root */
    double m = size > 0 ? fmin(penalty / size, most) : most;
    for (int step = 0; step < GROUP_STEPS; step++) {
        memcpy(L, H, (size_t)(k * k) * sizeof *L);
        for (int p = 0; p < k; p++) L[p * k + p] += m + 1e-9 * trace;
        memcpy(u, b, (size_t)k * sizeof *u);
        if (!factorise(k, L)) return;
        solve_lower(k, L, u), solve_upper(k, L, u);
        if (penalty <= 0) return;
        memcpy(v, u, (size_t)k * sizeof *v);
        solve_lower(k, L, v);
        const double norm = sqrt(square_of(k, u)), slope = square_of(k, v) / (norm * norm * norm) - 1 / penalty;
        const double next = slope < 0 ? m - (1 / norm - m / penalty) / slope : most;
        if (!(fabs(next - m) > 1e-5 * m)) return;
        m = fmin(next, most);
    }
}

/* Curvature [k][k] of a group in the expansion. */
static const float *curvature_of(const syn_lasso *b, int64_t j, int64_t g, syn_lasso_work *work) {
    const int F = (int)b->x->F, k = width_of(b->x, g);
    const float *column = columns_of(b, j, g);
    float *curvature = work->curvature + g * WIDTH * WIDTH;
    if (work->known[g]) return curvature;
    for (int p = 0; p < k; p++)
        for (int t = 0; t < F; t++) work->weighted[p * F + t] = work->rate[t] * column[p * F + t];
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, k, k, F, 1, work->weighted, F, column, F, 0, curvature, k);
    work->known[g] = true;
    return curvature;
}

/* Moves a group to where the expansion is least; returns twice the size of what that does to the likelihood's share. */
static double move_group(const syn_lasso *b, int64_t j, int64_t g, const syn_lasso_strength *s, syn_lasso_work *work) {
    const int F = (int)b->x->F, k = width_of(b->x, g);
    const float *column = columns_of(b, j, g);
    const double penalty = syn_lasso_penalty(b, j, g, s->penalty), ridge = ridge_of(b, g, s);
    float *w = weights_of(b, j, g), gradient[WIDTH], by[WIDTH];
    double H[WIDTH * WIDTH], target[WIDTH], to[WIDTH], change = 0;
    cblas_sgemv(CblasRowMajor, CblasNoTrans, k, F, 1, column, F, work->left, 1, 0, gradient, 1);
    if (penalty > 0 && norm_of(w, k) <= 0 && norm_of(gradient, k) <= penalty) return 0;
    const float *curvature = curvature_of(b, j, g, work);
    for (int p = 0; p < k; p++) {
        target[p] = ridge * (double)target_of(b, g, p, s) - (double)gradient[p];
        for (int q = 0; q < k; q++) {
            H[p * k + q] = (double)curvature[p * k + q] + (p == q ? ridge : 0);
            target[p] += (double)curvature[p * k + q] * (double)w[q];
        }
    }
    minimise_group(k, H, target, penalty, norm_of(w, k), to);
    for (int p = 0; p < k; p++) by[p] = (float)to[p] - w[p], w[p] = (float)to[p];
    for (int p = 0; p < k; p++)
        for (int q = 0; q < k; q++) change += (double)by[p] * H[p * k + q] * (double)by[q];
    cblas_sgemv(CblasRowMajor, CblasTrans, k, F, 1, column, F, by, 1, 0, work->moved, 1);
    for (int t = 0; t < F; t++) work->move[t] += work->moved[t], work->left[t] += work->rate[t] * work->moved[t];
    return change;
}

/* ---- one regression ---- */

/* One pass over the active groups; all: those without weights too. */
static double sweep(const syn_lasso *b, int64_t j, bool all, const syn_lasso_strength *s, syn_lasso_work *work) {
    const syn_lasso_features *x = b->x;
    double change = 0;
    for (int64_t g = x->G; g >= 0; g--)
        if (b->active[j * (x->G + 1) + g] &&
            (all || g >= x->penalised || norm_of(weights_of(b, j, g), width_of(x, g)) > 0))
            change += move_group(b, j, g, s, work);
    return change;
}

/* Once over all active groups if `all`, then over those with weights until little changes. */
static void minimise_expansion(const syn_lasso *b, int64_t j, bool all, const syn_lasso_strength *s, double little,
                               syn_lasso_work *work) {
    double most = 0;
    for (int k = 0; k < MOST_SWEEPS; k++) {
        const double change = sweep(b, j, all && k == 0, s, work);
        most = fmax(most, change);
        if (change <= fmax(inexact * most, little)) break;
    }
}

/* The step from `start` to w, halved until the value is not above `before`; returns it. */
static double search_line(const syn_lasso *b, int64_t j, const syn_lasso_strength *s, double before,
                          syn_lasso_work *work) {
    const int64_t F = b->x->F, D = b->x->D + b->x->O;
    float *w = b->w + j * D, share = 1;
    for (int k = 0; k < MOST_HALVINGS; k++, share /= 2) {
        for (int64_t t = 0; t < F; t++) work->moved[t] = work->drive[t] + share * work->move[t];
        const double value = likelihood(b, j, work->moved) + penalties(b, j, s);
        if (value <= before) return memcpy(work->drive, work->moved, (size_t)F * sizeof *work->drive), value;
        for (int64_t p = 0; p < D; p++) w[p] = 0.5f * (work->start[p] + w[p]);
    }
    memcpy(w, work->start, (size_t)D * sizeof *w);
    return before;
}

static void solve_one(syn_lasso *b, int64_t j, const syn_lasso_strength *s, syn_lasso_work *work) {
    const syn_lasso_features *x = b->x;
    const size_t D = (size_t)(x->D + x->O);
    double value = syn_lasso_value(b, j, s, work);
    for (int k = 0; k < MOST_NEWTON; k++) {
        const double little = tolerance * (fabs(value) + 1), before = value;
        expand(b, j, work->drive, work->rate, work->left);
        memset(work->move, 0, (size_t)x->F * sizeof *work->move);
        memset(work->known, 0, (size_t)(x->G + 1) * sizeof *work->known);
        memcpy(work->start, b->w + (size_t)j * D, D * sizeof *work->start);
        minimise_expansion(b, j, k == 0, s, little, work);
        value = search_line(b, j, s, before, work);
        if (before - value <= little) break;
    }
    expand(b, j, work->drive, work->rate, b->left + j * x->F);
}

/* ---- a block ---- */

/* Looks at the groups without weights whose gradient is above `share` of their penalty; returns whether there are any.
 */
static bool take_in(const syn_lasso *b, int64_t j, double penalty, double share) {
    const syn_lasso_features *x = b->x;
    bool any = false;
    for (int64_t g = 0; g < x->penalised; g++) {
        const float *gradient = b->gradient + j * (x->D + x->O) + x->first[g];
        const int k = width_of(x, g);
        if (g == b->self + j || norm_of(weights_of(b, j, g), k) > 0) continue;
        if (norm_of(gradient, k) > share * syn_lasso_penalty(b, j, g, penalty))
            b->active[j * (x->G + 1) + g] = any = true;
    }
    return any;
}

/* Looks at no group but those that have weights or no penalty. */
static void let_go(const syn_lasso *b, int64_t j) {
    const syn_lasso_features *x = b->x;
    for (int64_t g = 0; g <= x->G; g++)
        b->active[j * (x->G + 1) + g] = g >= x->penalised || norm_of(weights_of(b, j, g), width_of(x, g)) > 0;
}

void syn_lasso_solve(syn_lasso *b, const syn_lasso_strength *s, syn_lasso_work *work) {
    const syn_lasso_features *x = b->x;
    const int D = (int)(x->D + x->O);
    bool unsolved[SYN_LASSO_BLOCK] = {false}, any = true;
    /* the gradient is taken to fall no faster than the penalty does */
    const double share = b->penalty > s->penalty ? fmax(2 - b->penalty / s->penalty, 0) : 1;
    for (int64_t j = 0; j < b->n; j++) {
        let_go(b, j);
        take_in(b, j, s->penalty, share);
        unsolved[j] = true;
    }
    for (int round = 0; any && round < MOST_ROUNDS; round++) {
        for (int64_t j = 0; j < b->n; j++)
            if (unsolved[j]) solve_one(b, j, s, work);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)b->n, (int)x->D, (int)x->F, 1, b->left, (int)x->F,
                    x->column, (int)x->F, 0, b->gradient, D);
        any = false;
        for (int64_t j = 0; j < b->n; j++) any |= unsolved[j] = take_in(b, j, s->penalty, violation);
    }
    b->penalty = s->penalty;
}

/* ---- memory ---- */

static const char what[] = "coupling filters";

syn_status syn_lasso_create(syn_lasso *b, const syn_lasso_features *x, int64_t n, int64_t self, const float *own,
                            const float *count, const float *mean) {
    const size_t rows = (size_t)n, D = (size_t)(x->D + x->O);
    *b = (syn_lasso){.x = x, .n = n, .self = self, .own = own, .count = count, .mean = mean};
    SYN_TRY(syn_alloc(&b->w, rows * D, sizeof *b->w, what));
    SYN_TRY(syn_alloc(&b->gradient, rows * D, sizeof *b->gradient, what));
    SYN_TRY(syn_alloc(&b->left, rows * (size_t)x->F, sizeof *b->left, what));
    return syn_alloc(&b->active, rows * (size_t)(x->G + 1), sizeof *b->active, what);
}

void syn_lasso_free(syn_lasso *b) {
    free(b->w), free(b->gradient), free(b->left), free(b->active);
    *b = (syn_lasso){0};
}

syn_status syn_lasso_work_create(syn_lasso_work **work, const syn_lasso_features *x) {
    const size_t F = (size_t)x->F, groups = (size_t)x->G + 1;
    SYN_TRY(syn_alloc(work, 1, sizeof **work, what));
    syn_lasso_work *s = *work;
    float **frames[] = {&s->drive, &s->rate, &s->left, &s->move, &s->moved};
    for (int k = 0; k < 5; k++) SYN_TRY(syn_alloc(frames[k], F, sizeof(float), what));
    SYN_TRY(syn_alloc(&s->weighted, WIDTH * F, sizeof *s->weighted, what));
    SYN_TRY(syn_alloc(&s->curvature, groups * WIDTH * WIDTH, sizeof *s->curvature, what));
    SYN_TRY(syn_alloc(&s->known, groups, sizeof *s->known, what));
    return syn_alloc(&s->start, (size_t)(x->D + x->O), sizeof *s->start, what);
}

void syn_lasso_work_free(syn_lasso_work *s) {
    if (!s) return;
    free(s->drive), free(s->rate), free(s->left), free(s->move), free(s->moved);
    free(s->weighted), free(s->curvature), free(s->known), free(s->start);
    free(s);
}
