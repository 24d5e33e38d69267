#include "base/standard_error.h"

#include <math.h>

enum { STRETCHES = 16 };

bool syn_above_error(const double *difference, int64_t n, double standard_errors) {
    const int64_t stretches = n < STRETCHES ? n : STRETCHES;
    double of[STRETCHES] = {0}, mean = 0, square = 0;
    for (int64_t k = 0; k < stretches; k++) {
        const int64_t from = k * n / stretches, to = (k + 1) * n / stretches;
        for (int64_t t = from; t < to; t++) of[k] += difference[t] / (double)(to - from);
        mean += of[k] / (double)stretches;
    }
    for (int64_t k = 0; k < stretches; k++) square += (of[k] - mean) * (of[k] - mean);
    return stretches > 1 && mean > standard_errors * sqrt(square / (double)(stretches * (stretches - 1)));
}
