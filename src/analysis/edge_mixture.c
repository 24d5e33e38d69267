#include "analysis/edge_mixture.h"

#include <float.h>
#include <math.h>

#include "analysis/fdr.h"
#include "base/memory.h"

enum { RAISES, LOWERS, BOTH, KINDS }; /* of senders */
enum { NONE, UP, DOWN, COMPONENTS };  /* of statistics */
enum { FEWEST = 200, MOST = 40000 };  /* statistics that are looked at: MOST know a spread to some thousandths */
enum { COLUMN = 60 };                 /* of one sender, at least: fewer do not tell its kind */
enum { STEPS = 300 };
static const double settled = 1e-4; /* change of means and spread that ends the steps */
/* Edges are on average so many deviations from what is none, or they would be its shoulders. */
static const double apart = 1.25;
/* As if that many pairs more were known to have no edge: where edges and none cannot be told apart, a wider spread. */
static const double doubt = 50;
/* A spread to start from as a share of that of the bulk, but at least 1; where edges start, and the largest statistic
 * that is told from larger ones, in starting spreads. A start that is too narrow widens, a wide one may take the edges
 * for the bulk. */
static const double start_share = 0.25, start_edge = 3, start_edge_spread = 2, largest = 20;
/* Standard errors by which the spread is taken to be wider than it is found. */
static const double in_doubt = 2;
static const double least_spread = 0.8;
/* A receiver is known from at most so many senders, its spread is held to that of all by as many statistics, and is
 * found in so many steps. */
enum { MOST_SENDERS = 400, RECEIVER_STEPS = 60 };
static const double held_by = 2;
/* Of the variance of log s^2 by chance: what not knowing which pairs have an edge makes of it, and the standard errors
 * by which receivers have to be more unlike. */
static const double by_chance = 1.3, unlike = 2;
/* Edges that raise and that lower, as a share of a sender's. */
static const double edges_of[KINDS][COMPONENTS] = {
    [RAISES] = {[UP] = 1}, [LOWERS] = {[DOWN] = 1}, [BOTH] = {0, .5, .5}};

typedef struct mixture {
    double kind[KINDS];      /* their shares of the senders */
    double none;             /* share of pairs without an edge */
    double mean[KINDS];      /* of these, in the columns of each kind */
    double spread;           /* of these */
    double edge[COMPONENTS]; /* mean of UP and DOWN */
    double edge_spread[COMPONENTS];
} mixture;

typedef struct sums {
    double n, z, zz;
} sums;

typedef struct expected {
    double kind[KINDS];
    sums of[KINDS][COMPONENTS];
} expected;

static void add(sums *to, const sums *from, double weight) {
    to->n += weight * from->n, to->z += weight * from->z, to->zz += weight * from->zz;
}

/* Sum of squares about `mean`. */
static double squares_about(const sums *s, double mean) {
    return fmax(s->zz - 2 * mean * s->z + mean * mean * s->n, 0);
}

/* Up to the factor that all have in common. */
static double density(double z, double mean, double spread) {
    const double u = (z - mean) / spread;
    return exp(-u * u / 2) / spread;
}

/* What the statistics z[n] of one sender say of it and of its pairs. */
static void expect_sender(const mixture *m, const double *z, int64_t n, double kind[KINDS], expected *e) {
    sums of[KINDS][COMPONENTS] = {0};
    double log_likelihood[KINDS], most = -INFINITY, all = 0;
    for (int k = 0; k < KINDS; k++) log_likelihood[k] = log(m->kind[k]);
    for (int64_t t = 0; t < n; t++) {
        const double up = density(z[t], m->edge[UP], m->edge_spread[UP]),
                     down = density(z[t], m->edge[DOWN], m->edge_spread[DOWN]);
        for (int k = 0; k < KINDS; k++) {
            const double p[COMPONENTS] = {m->none * density(z[t], m->mean[k], m->spread),
                                          (1 - m->none) * edges_of[k][UP] * up,
                                          (1 - m->none) * edges_of[k][DOWN] * down};
            const double sum = fmax(p[NONE] + p[UP] + p[DOWN], DBL_MIN);
            const sums one = {1, z[t], z[t] * z[t]};
            log_likelihood[k] += log(sum);
            for (int c = 0; c < COMPONENTS; c++) add(&of[k][c], &one, p[c] / sum);
        }
    }
    for (int k = 0; k < KINDS; k++) most = fmax(most, log_likelihood[k]);
    for (int k = 0; k < KINDS; k++) all += kind[k] = exp(log_likelihood[k] - most);
    for (int k = 0; k < KINDS; k++) {
        kind[k] /= all;
        e->kind[k] += kind[k];
        for (int c = 0; c < COMPONENTS; c++) add(&e->of[k][c], &of[k][c], kind[k]);
    }
}

/* Mean and spread of the edges of a sign, of which `center` is what the same senders' pairs without an edge have. */
static void maximise_edges(mixture *m, const expected *e, int c) {
    const double sign = c == UP ? 1 : -1;
    sums all = {0};
    double center = 0;
    for (int k = 0; k < KINDS; k++) add(&all, &e->of[k][c], 1), center += e->of[k][c].n * m->mean[k];
    if (!(all.n > 0)) return;
    m->edge[c] = sign * fmax(sign * all.z / all.n, sign * center / all.n + apart * m->spread);
    m->edge_spread[c] = fmax(sqrt(squares_about(&all, m->edge[c]) / all.n), m->spread);
}

static void maximise(mixture *m, const expected *e) {
    double senders = 0, tests = 0, none = 0, square = 0;
    for (int k = 0; k < KINDS; k++) {
        const sums *s = &e->of[k][NONE];
        if (s->n > 0) m->mean[k] = s->z / s->n;
        none += s->n, square += squares_about(s, m->mean[k]), senders += e->kind[k];
        for (int c = 0; c < COMPONENTS; c++) tests += e->of[k][c].n;
    }
    m->spread = fmax(sqrt(square / fmax(none, 1)), least_spread);
    m->none = (none + doubt) / (tests + doubt);
    for (int k = 0; k < KINDS; k++) m->kind[k] = (e->kind[k] + 1) / (senders + KINDS);
    maximise_edges(m, e, UP);
    maximise_edges(m, e, DOWN);
}

static double largest_change(const mixture *a, const mixture *b) {
    double change = fabs(a->spread - b->spread);
    for (int k = 0; k < KINDS; k++) change = fmax(change, fabs(a->mean[k] - b->mean[k]));
    return change;
}

/* Columns of statistics, evenly thinned to at most about MOST, or to COLUMN each: first[N + 1] places in z. */
static int64_t gather(const double *all, int64_t N, double *z, int64_t *first) {
    int64_t n = 0;
    const int64_t to_most = N * N / MOST + 1, to_column = N / COLUMN + 1,
                  every = to_most < to_column ? to_most : to_column;
    for (int64_t j = 0; j < N; j++) {
        first[j] = n;
        for (int64_t i = 0; i < N; i++)
            if ((i + j) % every == 0 && !isnan(all[i * N + j])) z[n++] = all[i * N + j];
    }
    return first[N] = n;
}

static syn_status start(mixture *m, double *z, int64_t n) {
    double bulk;
    SYN_TRY(syn_empirical_null(z, n, &bulk));
    const double unit = fmax(1, start_share * bulk);
    *m = (mixture){.none = 0.8,
                   .spread = unit,
                   .edge = {[UP] = start_edge * unit, [DOWN] = -start_edge * unit},
                   .edge_spread = {[UP] = start_edge_spread * unit, [DOWN] = start_edge_spread * unit}};
    for (int k = 0; k < KINDS; k++) m->kind[k] = 1.0 / KINDS;
    for (int64_t k = 0; k < n; k++) z[k] = fmax(fmin(z[k], largest * unit), -largest * unit);
    return SYN_OK;
}

/* first: [N + 1]; kind: [N][KINDS]. Returns how many pairs have no edge. */
static double fit(mixture *m, const double *z, const int64_t *first, int64_t N, double *kind) {
    double none = 0;
    for (int step = 0; step < STEPS; step++) {
        const mixture before = *m;
        expected e = {0};
        for (int64_t j = 0; j < N; j++)
            if (first[j + 1] > first[j]) expect_sender(m, z + first[j], first[j + 1] - first[j], kind + j * KINDS, &e);
        maximise(m, &e);
        none = e.of[RAISES][NONE].n + e.of[LOWERS][NONE].n + e.of[BOTH][NONE].n;
        if (largest_change(m, &before) < settled) break;
    }
    return none;
}

/* Spread of the pairs without an edge of a receiver, whose statistics are z[N], the edges being those of m. none: how
 * many pairs have no edge. */
static double spread_of_receiver(const mixture *m, const double *z, int64_t N, const double *kind, double *none) {
    const int64_t every = N / MOST_SENDERS + 1;
    double limited[MOST_SENDERS], edge[MOST_SENDERS][KINDS], spread = m->spread;
    const double *of_sender[MOST_SENDERS];
    int n = 0;
    for (int64_t j = 0; j < N; j += every) {
        if (isnan(z[j])) continue;
        limited[n] = fmax(fmin(z[j], largest * m->spread), -largest * m->spread);
        const double up = density(limited[n], m->edge[UP], m->edge_spread[UP]),
                     down = density(limited[n], m->edge[DOWN], m->edge_spread[DOWN]);
        for (int k = 0; k < KINDS; k++) edge[n][k] = (1 - m->none) * (edges_of[k][UP] * up + edges_of[k][DOWN] * down);
        of_sender[n++] = kind + j * KINDS;
    }
    for (int step = 0; step < RECEIVER_STEPS; step++) {
        const double before = spread;
        double square = held_by * m->spread * m->spread;
        *none = 0;
        for (int t = 0; t < n; t++)
            for (int k = 0; k < KINDS; k++) {
                const double p = m->none * density(limited[t], m->mean[k], spread), off = limited[t] - m->mean[k];
                const double weight = of_sender[t][k] * p / fmax(p + edge[t][k], DBL_MIN);
                *none += weight, square += weight * off * off;
            }
        spread = sqrt(square / (*none + held_by));
        if (fabs(spread - before) < settled * before) break;
    }
    return spread;
}

/* Spreads of receivers as shares of that of all, drawn to 1 by how much of their variance is chance. */
static void compare_receivers(const mixture *m, const double *z, int64_t N, const double *kind, double *receiver) {
    double sum = 0, square = 0, all_none = 0, none;
    for (int64_t i = 0; i < N; i++) {
        receiver[i] = 2 * log(spread_of_receiver(m, z + i * N, N, kind, &none) / m->spread);
        sum += receiver[i], square += receiver[i] * receiver[i], all_none += none;
    }
    const double n = (double)N, variance = square / n - sum / n * (sum / n), chance = by_chance * 2 * n / all_none;
    const double more = fmax(variance - chance * (1 + unlike * sqrt(2 / (n - 1))), 0), share = more / (more + chance);
    for (int64_t i = 0; i < N; i++) receiver[i] = exp(share * receiver[i] / 2);
}

syn_status syn_edge_mixture_spread(const double *all, int64_t N, double *spread, double *receiver) {
    mixture m;
    double *z = NULL, *kind = NULL;
    int64_t *first = NULL;
    syn_status status;
    for (int64_t j = 0; j < N; j++) spread[j] = 1;
    for (int64_t i = 0; receiver && i < N; i++) receiver[i] = 1;
    SYN_CHECK(syn_alloc(&z, (size_t)(N * N), sizeof *z, "edges"));
    SYN_CHECK(syn_alloc(&kind, (size_t)(N * KINDS), sizeof *kind, "edges"));
    SYN_CHECK(syn_alloc(&first, (size_t)(N + 1), sizeof *first, "edges"));
    if (gather(all, N, z, first) < FEWEST) goto done;
    SYN_CHECK(start(&m, z, first[N]));
    const double none = fit(&m, z, first, N, kind), wider = 1 + in_doubt / sqrt(2 * fmax(none, 1));
    for (int64_t j = 0; j < N; j++) {
        double square = m.spread * m.spread;
        for (int k = 0; k < KINDS; k++) square += kind[j * KINDS + k] * m.mean[k] * m.mean[k];
        spread[j] = wider * sqrt(square);
    }
    if (receiver) compare_receivers(&m, all, N, kind, receiver);
done:
    free(z), free(kind), free(first);
    return status;
}
