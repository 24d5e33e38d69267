#include "base/order.h"

#include <stdlib.h>

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void syn_sort(double *values, int64_t n) { qsort(values, (size_t)n, sizeof *values, by_value); }
