/* Speed of one training step and of matrix products, on random data.
 *
 *     bench_step step N H THREADS SECONDS    nanoseconds per neuron-step of N neurons: forward, backward, update
 *     bench_step gemm THREADS SECONDS        GFLOP/s of syn_gemm and of OpenBLAS
 *
 * Prints one number per line, nothing else: the median over the runs of a step, the best over the runs of a product.
 */
#include <cblas.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/random.h"
#include "model/network.h"
#include "training/optimiser.h"

enum { WINDOW = 64, BATCH = 32, D = 8, PRODUCT = 1024, MAX_RUNS = 10000 };

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fill(float *out, size_t count, double scale, uint32_t substream) {
    syn_random random = {1, SYN_STREAM_TEST, substream};
    for (size_t k = 0; k < count; k++) out[k] = (float)(scale * syn_random_normal(random, k));
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static syn_status time_steps(syn_network *network, syn_optimiser *optimiser, float *gradient, double seconds,
                             double *median) {
    static double elapsed[MAX_RUNS];
    syn_window windows[BATCH];
    const double rate[3] = {1e-3, 1e-3, 1e-3};
    int runs = 0;
    for (int k = 0; k < BATCH; k++) windows[k] = (syn_window){k * WINDOW, WINDOW};
    for (double start = now_s(), before = start; runs < 3 || (before - start < seconds && runs < MAX_RUNS); runs++) {
        double loss;
        SYN_TRY(syn_network_gradient(network, 0, windows, BATCH, gradient, &loss));
        SYN_TRY(syn_optimiser_step(optimiser, gradient, rate, (syn_penalty){0}, 1.0));
        double after = now_s();
        elapsed[runs] = after - before, before = after;
    }
    qsort(elapsed, (size_t)runs, sizeof *elapsed, compare);
    *median = elapsed[runs / 2];
    return SYN_OK;
}

static syn_status bench_step(int64_t N, int H, int threads, double seconds) {
    const int64_t T = BATCH * WINDOW + 1, none = 0;
    syn_parameters *p = NULL;
    syn_network *network = NULL;
    syn_optimiser optimiser = {0};
    float *x = NULL, *gradient = NULL, *ones = NULL;
    const syn_kernels *kernels;
    double median;
    syn_status status;
    SYN_CHECK(syn_alloc(&x, (size_t)(T * N), sizeof *x, "bench"));
    SYN_CHECK(syn_alloc(&ones, (size_t)N, sizeof *ones, "bench"));
    for (int64_t k = 0; k < N; k++) ones[k] = 1.0f;
    fill(x, (size_t)(T * N), 1.0, 1);
    syn_session session = {.norm = {.mean = ones, .scale = ones}, .T = T, .N = N, .x = x};
    syn_dataset data = {.n = 1, .session = &session, .window = WINDOW};
    SYN_CHECK(syn_kernels_select(&kernels, "auto"));
    SYN_CHECK(syn_parameters_create(&p, H, D, 0, SYN_FORM_DENSE, 0, 1, &N, &none, NULL));
    fill(p->value, p->count, 0.1, 2);
    SYN_CHECK(syn_alloc(&gradient, p->count, sizeof *gradient, "bench"));
    SYN_CHECK(syn_optimiser_create(&optimiser, p));
    SYN_CHECK(syn_network_create(&network, p, &data, SYN_LOSS_GAUSSIAN, kernels, threads, BATCH * WINDOW, WINDOW));
    SYN_CHECK(time_steps(network, &optimiser, gradient, seconds, &median));
    printf("%.2f\n", median * 1e9 / ((double)N * WINDOW * BATCH));
done:
    syn_network_free(network), syn_optimiser_free(&optimiser), syn_parameters_free(p);
    free(x), free(ones), free(gradient);
    return status;
}

static syn_status bench_gemm(int threads, double seconds) {
    const double flops = 2.0 * PRODUCT * PRODUCT * PRODUCT;
    const size_t count = (size_t)PRODUCT * PRODUCT;
    double best[2] = {1e9, 1e9};
    float *a = NULL, *b = NULL, *c = NULL;
    const syn_kernels *kernels;
    syn_status status;
    SYN_CHECK(syn_alloc(&a, count, sizeof *a, "bench"));
    SYN_CHECK(syn_alloc(&b, count, sizeof *b, "bench"));
    SYN_CHECK(syn_alloc(&c, count, sizeof *c, "bench"));
    fill(a, count, 1.0, 3), fill(b, count, 1.0, 4);
    SYN_CHECK(syn_kernels_select(&kernels, "auto"));
    openblas_set_num_threads(threads);
    for (double start = now_s(); now_s() - start < seconds;)
        for (int k = 0; k < 2; k++) {
            double before = now_s();
            if (k == 0)
                SYN_CHECK(syn_gemm(kernels, threads, PRODUCT, PRODUCT, PRODUCT, (syn_matrix){a, PRODUCT, 1},
                                   (syn_matrix){b, PRODUCT, 1}, c, PRODUCT, false));
            else
                cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, PRODUCT, PRODUCT, PRODUCT, 1.0f, a, PRODUCT, b,
                            PRODUCT, 0.0f, c, PRODUCT);
            double elapsed = now_s() - before;
            if (elapsed < best[k]) best[k] = elapsed;
        }
    printf("%.1f\n%.1f\n", flops / best[0] * 1e-9, flops / best[1] * 1e-9);
done:
    free(a), free(b), free(c);
    return status;
}

int main(int argc, char **argv) {
    syn_status status = SYN_OK;
    if (argc == 6 && !strcmp(argv[1], "step"))
        status = bench_step(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]), atof(argv[5]));
    else if (argc == 4 && !strcmp(argv[1], "gemm"))
        status = bench_gemm(atoi(argv[2]), atof(argv[3]));
    else {
        fprintf(stderr, "usage: bench_step step N H THREADS SECONDS | gemm THREADS SECONDS\n");
        return 2;
    }
    if (status != SYN_OK) fprintf(stderr, "bench_step: %s\n", syn_last_error());
    return status != SYN_OK;
}
