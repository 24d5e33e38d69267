/* Compares every kernel variant that this processor runs with the reference, on random inputs. With the argument
 * `--time`, times each in the same place instead. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "kernels/kernels.h"

static const char *const levels[] = {"simd128", "avx2", "avx512"};

static float *numbers(size_t count, double scale, uint32_t stream) {
    float *out;
    assert_int_equal(syn_alloc(&out, count, sizeof *out, "test"), SYN_OK);
    syn_random random = {11, SYN_STREAM_TEST, stream};
    for (size_t k = 0; k < count; k++) out[k] = (float)(scale * syn_random_normal(random, k));
    return out;
}

/* One block of R neurons with everything that the kernels take and give. */
typedef struct bench {
    int L, H, B, R;
    float *x, *current, *base, *drive, *u, *a, *c, *h, *h0, *tape, *y, *target, *weight, *scale, *offset, *mean, *rate;
    float *dy, *dcurrent, *dbase, *da, *dc, *ddecoder, *ddrive, *work;
} bench;

static void *zeros(size_t count) {
    void *out;
    assert_int_equal(syn_alloc(&out, count, sizeof(float), "test"), SYN_OK);
    return out;
}

static bench bench_create(int L, int H, int B, int R) {
    size_t l = (size_t)L, h = (size_t)H, r = (size_t)R;
    bench b = {.L = L, .H = H, .B = B, .R = R};
    b.x = numbers(l * r, 1, 1), b.current = numbers(l * r, 1, 2), b.base = numbers(3 * h * r, 0.5, 3);
    b.drive = B ? numbers(l * 3 * h, 0.5, 4) : NULL, b.u = numbers(l * (size_t)(B ? B : 1), 1, 5);
    b.a = numbers(r, 1, 6), b.c = numbers(r, 1, 7), b.h0 = numbers(h * r, 0.5, 8), b.h = zeros(h * r);
    b.tape = zeros(l * syn_tape_stride(H, R)), b.y = zeros(l * r), b.target = numbers(l * r, 1, 9);
    b.weight = numbers(l * r, 1, 10), b.scale = numbers(r, 1, 11), b.offset = numbers(r, 1, 12);
    b.mean = numbers(r, 1, 13), b.rate = zeros(l * r);
    for (size_t k = 0; k < l * r; k++) b.weight[k] = b.weight[k] > 0;
    for (size_t k = 0; k < r; k++) b.scale[k] = fabsf(b.scale[k]), b.offset[k] = 4, b.mean[k] = fabsf(b.mean[k]) + 0.1f;
    b.dy = numbers(l * r, 1, 14), b.dcurrent = zeros(l * r), b.dbase = zeros(3 * h * r), b.da = zeros(r),
    b.dc = zeros(r);
    b.ddecoder = zeros(syn_decoder_layout_of(H).count);
    b.ddrive = B ? zeros(3 * h * (size_t)B) : NULL, b.work = zeros(syn_work_size(H, B, R));
    return b;
}

static void bench_free(bench *b) {
    float **all = &b->x;
    for (size_t k = 0; k < (sizeof *b - offsetof(bench, x)) / sizeof(float *); k++) free(all[k]);
}

static syn_block block_of(const bench *b) {
    return (syn_block){.L = b->L,
                       .B = b->B,
                       .x = b->x,
                       .current = b->current,
                       .base = b->base,
                       .drive = b->drive,
                       .u = b->u,
                       .a = b->a,
                       .c = b->c,
                       .h = b->h,
                       .tape = b->tape,
                       .keep_tape = true,
                       .y = b->y};
}

static void run_forward(const syn_kernels *kernels, const bench *b, const float *decoder, const float *transposed) {
    syn_block block = block_of(b);
    memcpy(b->h, b->h0, (size_t)b->H * (size_t)b->R * sizeof(float));
    kernels->forward(&block, decoder, transposed, b->H);
}

static void run_backward(const syn_kernels *kernels, const bench *b, const float *decoder) {
    syn_block block = block_of(b);
    syn_block_gradient gradient = {.h0 = b->h0,
                                   .dy = b->dy,
                                   .dcurrent = b->dcurrent,
                                   .dbase = b->dbase,
                                   .da = b->da,
                                   .dc = b->dc,
                                   .decoder = b->ddecoder,
                                   .drive = b->ddrive,
                                   .work = b->work};
    kernels->backward(&block, &gradient, decoder, b->H);
}

static void bench_run(const syn_kernels *kernels, const bench *b, const float *decoder, const float *transposed) {
    run_forward(kernels, b, decoder, transposed);
    run_backward(kernels, b, decoder);
}

static float *transpose(const float *decoder, int H) {
    float *out = zeros((size_t)(3 * H * H));
    const float *wh = decoder + syn_decoder_layout_of(H).wh;
    for (int row = 0; row < 3 * H; row++)
        for (int k = 0; k < H; k++) out[k * 3 * H + row] = wh[row * H + k];
    return out;
}

/* Lane `lane` of [count][R] into [count][1]. */
static void pick(float *out, const float *in, size_t count, int R, int lane) {
    for (size_t k = 0; k < count; k++) out[k] = in[k * (size_t)R + (size_t)lane];
}

static void assert_near(const char *what, const float *expected, const float *found, size_t n, double tolerance) {
    double scale = 1e-3;
    for (size_t k = 0; k < n; k++) scale = fmax(scale, fabs((double)expected[k]));
    for (size_t k = 0; k < n; k++)
        if (!(fabs((double)(expected[k] - found[k])) <= tolerance * scale))
            fail_msg("%s[%zu]: %g, expected %g (scale %g)", what, k, (double)found[k], (double)expected[k], scale);
}

static void compare_decoder(const syn_kernels *kernels, int L, int H, int B) {
    const syn_kernels *reference = &syn_kernels_reference;
    size_t l = (size_t)L, h = (size_t)H, count = syn_decoder_layout_of(H).count;
    float *decoder = numbers(count, 0.3, 20), *transposed = transpose(decoder, H);
    int R = kernels->lanes;
    bench wide = bench_create(L, H, B, R), one = bench_create(L, H, B, 1);
    bench_run(kernels, &wide, decoder, transposed);
    float *lane = zeros(l * 3 * h + 3 * h + 8);
    for (int i = 0; i < R; i++) {
        pick(one.x, wide.x, l, R, i), pick(one.current, wide.current, l, R, i), pick(one.base, wide.base, 3 * h, R, i);
        pick(one.a, wide.a, 1, R, i), pick(one.c, wide.c, 1, R, i), pick(one.h0, wide.h0, h, R, i);
        pick(one.dy, wide.dy, l, R, i);
        memset(one.dbase, 0, 3 * h * sizeof(float)), one.da[0] = one.dc[0] = 0;
        if (B)
            memcpy(one.drive, wide.drive, l * 3 * h * sizeof(float)),
                memcpy(one.u, wide.u, l * (size_t)B * sizeof(float));
        bench_run(reference, &one, decoder, transposed);
        pick(lane, wide.y, l, R, i), assert_near("y", one.y, lane, l, 2e-5);
        pick(lane, wide.h, h, R, i), assert_near("h", one.h, lane, h, 2e-5);
        pick(lane, wide.dcurrent, l, R, i), assert_near("dcurrent", one.dcurrent, lane, l, 1e-4);
        pick(lane, wide.dbase, 3 * h, R, i), assert_near("dbase", one.dbase, lane, 3 * h, 1e-4);
        pick(lane, wide.da, 1, R, i), assert_near("da", one.da, lane, 1, 1e-4);
        pick(lane, wide.dc, 1, R, i), assert_near("dc", one.dc, lane, 1, 1e-4);
    }
    /* the reference summed over the lanes too */
    assert_near("ddecoder", one.ddecoder, wide.ddecoder, count, 2e-4);
    if (B) assert_near("ddrive", one.ddrive, wide.ddrive, 3 * h * (size_t)B, 2e-4);
    free(lane), free(decoder), free(transposed), bench_free(&wide), bench_free(&one);
}

static void for_each_variant(void (*check)(const syn_kernels *)) {
    for (size_t k = 0; k < 3; k++) {
        const syn_kernels *kernels;
        if (syn_kernels_select(&kernels, levels[k]) == SYN_OK) check(kernels);
    }
}

static void check_decoder(const syn_kernels *kernels) {
    const int shapes[][3] = {{1, 1, 0}, {5, 3, 1}, {16, 8, 0}, {17, 7, 2}, {64, 16, 3}, {40, 30, 0}, {33, 64, 1}};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
        compare_decoder(kernels, shapes[k][0], shapes[k][1], shapes[k][2]);
}
static void variants_match_the_reference(void **state) {
    (void)state;
    for_each_variant(check_decoder);
}

static void check_losses(const syn_kernels *kernels) {
    int R = kernels->lanes, L = 50;
    size_t l = (size_t)L;
    bench b = bench_create(L, 1, 0, R), one = bench_create(L, 1, 0, 1);
    for (size_t k = 0; k < l * (size_t)R; k++) b.y[k] = 8 * b.x[k];
    float *expected = zeros(l), *lane = zeros(l);
    for (int poisson = 0; poisson < 2; poisson++) {
        syn_block_loss loss = {L, b.y, b.target, b.weight, b.scale, b.offset, b.mean, b.dy, poisson ? b.rate : NULL};
        double total = poisson ? kernels->poisson(&loss) : kernels->gaussian(&loss), sum = 0;
        for (int i = 0; i < R; i++) {
            pick(one.y, b.y, l, R, i), pick(one.target, b.target, l, R, i), pick(one.weight, b.weight, l, R, i);
            pick(one.scale, b.scale, 1, R, i), pick(one.offset, b.offset, 1, R, i), pick(one.mean, b.mean, 1, R, i);
            syn_block_loss single = {
                L, one.y, one.target, one.weight, one.scale, one.offset, one.mean, expected, poisson ? one.rate : NULL};
            sum += poisson ? syn_kernels_reference.poisson(&single) : syn_kernels_reference.gaussian(&single);
            pick(lane, b.dy, l, R, i), assert_near("dy", expected, lane, l, 2e-5);
            if (poisson) pick(lane, b.rate, l, R, i), assert_near("rate", one.rate, lane, l, 2e-5);
        }
        assert_true(fabs(total - sum) < 1e-4 * fabs(sum));
    }
    free(expected), free(lane), bench_free(&b), bench_free(&one);
}
static void losses_match_the_reference(void **state) {
    (void)state;
    for_each_variant(check_losses);
}

static void check_tanh(const syn_kernels *kernels) {
    enum { N = 200001 };
    float *in = zeros(N), *out = zeros(N);
    for (int k = 0; k < N; k++) in[k] = (float)(k - N / 2) * 1.2e-4f;
    kernels->tanh(in, out, N);
    double worst = 0;
    for (int k = 0; k < N; k++) {
        double exact = tanh((double)in[k]), ulp = fabs((double)(nextafterf((float)exact, 2) - (float)exact));
        worst = fmax(worst, fabs((double)out[k] - exact) / ulp);
    }
    if (worst > 6) fail_msg("%s: tanh is off by %.1f units in the last place", kernels->name, worst);
    free(in), free(out);
}
static void tanh_is_accurate(void **state) {
    (void)state;
    for_each_variant(check_tanh);
}

static void check_gemm(const syn_kernels *kernels) {
    const int64_t shapes[][3] = {{1, 1, 1}, {7, 5, 3}, {97, 129, 300}, {200, 64, 513}, {33, 250, 2}, {100, 100, 0}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        int64_t M = shapes[s][0], N = shapes[s][1], K = shapes[s][2];
        for (int form = 0; form < 4; form++) {
            float *a = numbers((size_t)(M * K + 1), 1, 30), *b = numbers((size_t)(K * N + 1), 1, 31);
            float *c = numbers((size_t)(M * N), 1, 32), *expected = numbers((size_t)(M * N), 1, 32);
            syn_matrix A = form & 1 ? (syn_matrix){a, 1, M} : (syn_matrix){a, K, 1};
            syn_matrix B = form & 2 ? (syn_matrix){b, 1, K} : (syn_matrix){b, N, 1};
            bool add = form == 3;
            for (int64_t i = 0; i < M; i++)
                for (int64_t j = 0; j < N; j++) {
                    double sum = add ? (double)expected[i * N + j] : 0;
                    for (int64_t k = 0; k < K; k++)
                        sum += (double)a[i * A.row_stride + k * A.column_stride] *
                               (double)b[k * B.row_stride + j * B.column_stride];
                    expected[i * N + j] = (float)sum;
                }
            assert_int_equal(syn_gemm(kernels, 2, M, N, K, A, B, c, N, add), SYN_OK);
            assert_near("C", expected, c, (size_t)(M * N), 1e-5);
            free(a), free(b), free(c), free(expected);
        }
    }
}
static void gemm_matches_the_definition(void **state) {
    (void)state;
    check_gemm(&syn_kernels_reference);
    for_each_variant(check_gemm);
}

static void check_product(const syn_kernels *kernels) {
    const int shapes[][2] = {{1, 1}, {3, 250}, {64, 17}, {25, 0}};
    const int R = kernels->lanes;
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        const int M = shapes[k][0], K = shapes[k][1];
        float *a = numbers((size_t)(M * K + 1), 1, 40), *b = numbers((size_t)(K * R + 1), 1, 41);
        float *c = numbers((size_t)(M * R), 1, 42), *expected = numbers((size_t)(M * R), 1, 42);
        for (int form = 0; form < 2; form++) { /* stored by rows: overwritten; by columns: added to */
            syn_matrix A = form ? (syn_matrix){a, 1, M} : (syn_matrix){a, K, 1};
            for (int m = 0; m < M; m++)
                for (int i = 0; i < R; i++) {
                    double sum = form ? (double)expected[m * R + i] : 0;
                    for (int j = 0; j < K; j++)
                        sum += (double)a[m * A.row_stride + j * A.column_stride] * (double)b[j * R + i];
                    expected[m * R + i] = (float)sum;
                }
            kernels->product(M, K, A, b, c, form == 1);
            assert_near("C", expected, c, (size_t)(M * R), 1e-5);
        }
        free(a), free(b), free(c), free(expected);
    }
}
static void block_product_matches_the_definition(void **state) {
    (void)state;
    check_product(&syn_kernels_reference);
    for_each_variant(check_product);
}

static void unknown_levels_are_refused(void **state) {
    (void)state;
    const syn_kernels *kernels;
    assert_int_equal(syn_kernels_select(&kernels, "mmx"), SYN_ERR_OPTION);
    assert_non_null(strstr(syn_last_error(), "mmx"));
    assert_int_equal(syn_kernels_select(&kernels, "auto"), SYN_OK);
}

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Best times of one block: nanoseconds per neuron-step on one core. */
static void time_decoder(const syn_kernels *kernels, int H) {
    float *decoder = numbers(syn_decoder_layout_of(H).count, 0.2, 20), *transposed = transpose(decoder, H);
    bench b = bench_create(64, H, 0, kernels->lanes);
    double forward = 1e9, backward = 1e9;
    for (double start = now_s(); now_s() - start < 0.3;) {
        double t0 = now_s();
        run_forward(kernels, &b, decoder, transposed);
        double t1 = now_s();
        run_backward(kernels, &b, decoder);
        double t2 = now_s();
        forward = fmin(forward, t1 - t0), backward = fmin(backward, t2 - t1);
    }
    const double each = 1e9 / (b.L * b.R);
    printf("%-10s H=%d  forward %8.1f ns a neuron-step, backward %8.1f; %5.1f GFLOP/s in the products\n", kernels->name,
           H, forward * each, backward * each, 18.0 * H * H / (forward + backward) / each);
    free(decoder), free(transposed), bench_free(&b);
}

static void time_variant(const syn_kernels *kernels) {
    for (int H = 16; H <= 64; H *= 2) time_decoder(kernels, H);
    enum { N = 768 };
    float *a = numbers(N * N, 1, 1), *c = zeros(N * N);
    double best = 1e9;
    for (double start = now_s(); now_s() - start < 0.3;) {
        double t0 = now_s();
        assert_int_equal(syn_gemm(kernels, 1, N, N, N, (syn_matrix){a, N, 1}, (syn_matrix){a, 1, N}, c, N, false),
                         SYN_OK);
        best = fmin(best, now_s() - t0);
    }
    printf("%-10s matrix product of %d: %.1f GFLOP/s on one core\n", kernels->name, N, 2.0 * N * N * N / best / 1e9);
    free(a), free(c);
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "--time")) {
        time_variant(&syn_kernels_reference);
        for_each_variant(time_variant);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variants_match_the_reference),
        cmocka_unit_test(losses_match_the_reference),
        cmocka_unit_test(tanh_is_accurate),
        cmocka_unit_test(gemm_matches_the_definition),
        cmocka_unit_test(block_product_matches_the_definition),
        cmocka_unit_test(unknown_levels_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
