#include "base/lapack.h"

#include <cblas.h>
#include <pthread.h>

#include "base/memory.h"

void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
             const int *lwork, int *iwork, const int *liwork, int *info);
void dposv_(const char *uplo, const int *n, const int *nrhs, double *a, const int *lda, double *b, const int *ldb,
            int *info);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int users, threads_before;

void syn_blas_begin(void) {
    pthread_mutex_lock(&lock);
    if (users++ == 0) {
        threads_before = openblas_get_num_threads();
        openblas_set_num_threads(1);
    }
    pthread_mutex_unlock(&lock);
}

void syn_blas_end(void) {
    pthread_mutex_lock(&lock);
    if (--users == 0) openblas_set_num_threads(threads_before);
    pthread_mutex_unlock(&lock);
}

syn_status syn_eigen(double *A, double *lambda, int64_t n) {
    int size = (int)n, work_size = -1, iwork_size = -1, info = 0, iwork_best;
    double work_best, *work = NULL;
    int *iwork = NULL;
    syn_status status;
    dsyevd_("V", "L", &size, A, &size, lambda, &work_best, &work_size, &iwork_best, &iwork_size, &info);
    work_size = (int)work_best, iwork_size = iwork_best;
    SYN_CHECK(syn_alloc(&work, (size_t)work_size, sizeof *work, "eigenvectors"));
    SYN_CHECK(syn_alloc(&iwork, (size_t)iwork_size, sizeof *iwork, "eigenvectors"));
    dsyevd_("V", "L", &size, A, &size, lambda, work, &work_size, iwork, &iwork_size, &info);
    if (info)
        status = syn_fail(SYN_ERR_NUMERIC, "the activity's covariance could not be diagonalised (LAPACK %d)", info);
done:
    free(work), free(iwork);
    return status;
}

bool syn_solve_positive(double *A, int64_t n, double *X, int64_t m) {
    int size = (int)n, columns = (int)m, info = 0;
    dposv_("L", &size, &columns, A, &size, X, &size, &info); /* the upper triangle by rows is the lower by columns */
    return info == 0;
}
