#include "analysis/fdr.h"

#include <math.h>

#include "base/memory.h"
#include "base/order.h"

/* The normal deviate with the same tail as Student's t (Wallace 1959): exact to three digits from 10 degrees on. */
double syn_two_sided_p(double statistic, double freedom) {
    const double t = fabs(statistic);
    const double z = (8 * freedom + 1) / (8 * freedom + 3) * sqrt(freedom * log1p(t * t / freedom));
    return erfc(z / sqrt(2));
}

double syn_two_sided_quantile(double p, double freedom) {
    double low = 0, high = 1;
    while (syn_two_sided_p(high, freedom) > p) high *= 2;
    for (int k = 0; k < 60; k++) {
        const double middle = (low + high) / 2;
        if (syn_two_sided_p(middle, freedom) > p)
            low = middle;
        else
            high = middle;
    }
    return high;
}

typedef struct ranked {
    double p;
    int64_t place;
} ranked;

static int by_p(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->p != y->p) return x->p < y->p ? -1 : 1;
    return x->place < y->place ? -1 : 1;
}

syn_status syn_false_discovery(const double *p, int64_t n, bool any_dependence, double *q) {
    ranked *order;
    int64_t tests = 0;
    double factor = 0, least = 1;
    SYN_TRY(syn_alloc(&order, (size_t)(n ? n : 1), sizeof *order, "false discovery rate"));
    for (int64_t k = 0; k < n; k++) {
        q[k] = NAN;
        if (!isnan(p[k])) order[tests++] = (ranked){p[k], k};
    }
    qsort(order, (size_t)tests, sizeof *order, by_p);
    for (int64_t k = 1; any_dependence && k <= tests; k++) factor += 1 / (double)k;
    if (!any_dependence) factor = 1;
    for (int64_t k = tests - 1; k >= 0; k--) {
        least = fmin(least, factor * (double)tests / (double)(k + 1) * order[k].p);
        q[order[k].place] = least;
    }
    free(order);
    return SYN_OK;
}

/* Variance of a standard normal deviate that is known to lie within +-c. */
static double truncated_variance(double c) {
    const double inside = erf(c / sqrt(2)), density = exp(-c * c / 2) / sqrt(2 * acos(-1));
    return 1 - 2 * c * density / inside;
}

/* The standard deviation at which values within +-c have the mean square that these have. */
static double fit_middle(const double *size, int64_t n, double c) {
    double square = 0, inside = 0, low = c / 20, high = c * 20;
    for (int64_t k = 0; k < n && size[k] <= c; k++) square += size[k] * size[k], inside++;
    for (int k = 0; k < 60; k++) {
        const double middle = (low + high) / 2;
        if (middle * middle * truncated_variance(c / middle) * inside < square)
            low = middle;
        else
            high = middle;
    }
    return high;
}

syn_status syn_empirical_null(const double *z, int64_t n, double *deviation) {
    enum { FEWEST = 200, STEPS = 8, WIDTH = 2 };
    double *size;
    *deviation = 1;
    if (n < FEWEST) return SYN_OK;
    SYN_TRY(syn_alloc(&size, (size_t)n, sizeof *size, "empirical null"));
    for (int64_t k = 0; k < n; k++) size[k] = fabs(z[k]);
    syn_sort(size, n);
    if (size[n / 2] > 0) {
        *deviation = size[n / 2] / 0.6744897501960817;
        for (int step = 0; step < STEPS; step++) *deviation = fit_middle(size, n, WIDTH * *deviation);
    }
    free(size);
    return SYN_OK;
}
