/* Principal components of a few columns, by the eigenvectors of their covariance. */
#include <math.h>

#include "base/lapack.h"
#include "base/memory.h"
#include "report/report.h"

static void covariance(const float *rows, int64_t n, int d, double *mean, double *out) {
    for (int64_t i = 0; i < n * d; i++) mean[i % d] += (double)rows[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        for (int a = 0; a < d; a++)
            for (int b = 0; b <= a; b++)
                out[a * d + b] += ((double)rows[i * d + a] - mean[a]) * ((double)rows[i * d + b] - mean[b]);
    for (int a = 0; a < d; a++)
        for (int b = 0; b < a; b++) out[b * d + a] = out[a * d + b];
}

/* The sign of an eigenvector is free: here its largest entry is positive. */
static double sign_of(const double *vector, int d) {
    int largest = 0;
    for (int a = 1; a < d; a++)
        if (fabs(vector[a]) > fabs(vector[largest])) largest = a;
    return vector[largest] < 0 ? -1 : 1;
}

syn_status syn_principal_components(const float *rows, int64_t n, int d, int k, float *component, double *explained) {
    syn_status status;
    double *A = NULL, *mean = NULL, *lambda = NULL, total = 0;
    SYN_CHECK(syn_alloc(&A, (size_t)(d * d), sizeof *A, "principal components"));
    SYN_CHECK(syn_alloc(&mean, (size_t)d, sizeof *mean, "principal components"));
    SYN_CHECK(syn_alloc(&lambda, (size_t)d, sizeof *lambda, "principal components"));
    covariance(rows, n, d, mean, A);
    SYN_CHECK(syn_eigen(A, lambda, d));
    for (int a = 0; a < d; a++) total += lambda[a];
    for (int c = 0; c < k; c++) {
        const double *vector = A + (d - 1 - c) * d, sign = sign_of(vector, d);
        explained[c] = total > 0 ? lambda[d - 1 - c] / total : 0;
        for (int64_t i = 0; i < n; i++) {
            double sum = 0;
            for (int a = 0; a < d; a++) sum += vector[a] * ((double)rows[i * d + a] - mean[a]);
            component[i * k + c] = (float)(sign * sum);
        }
    }
done:
    free(A), free(mean), free(lambda);
    return status;
}
