/* What the library asks of BLAS and LAPACK beyond a call: one thread, so that sums do not depend on the number of
 * threads, and the two factorisations that are used. Matrices are row-major. */
#ifndef SYN_LAPACK_H
#define SYN_LAPACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* BLAS sums depend on its number of threads, which is one setting for the whole process: one thread between the first
 * begin and the last end, then what was set before. Several threads may call BLAS in between. */
void syn_blas_begin(void);
void syn_blas_end(void);

/* A <- eigenvectors (in rows, ascending) of the symmetric A[n][n], lambda[n] <- its eigenvalues. */
syn_status syn_eigen(double *A, double *lambda, int64_t n);
/* X[m][n] <- rows x with A x = X's row, for a symmetric positive definite A[n][n], of which the upper triangle is read
 * and which is overwritten. Returns whether A was positive definite. */
bool syn_solve_positive(double *A, int64_t n, double *X, int64_t m);

#endif
