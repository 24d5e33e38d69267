/* Compares predictions, loss, gradients and training steps with vectors made by PyTorch (make_golden.py, which also
 * says what a file holds), for every kernel variant that this processor runs. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/network.h"
#include "training/optimiser.h"

static const char *const levels[] = {"reference", "simd128", "avx2", "avx512"};

enum { MAX_RECORDS = 64, MAX_WINDOWS = 8 };

typedef struct record {
    char name[32];
    int64_t count;
    float *value;
} record;

typedef struct golden {
    const char *name;
    record record[MAX_RECORDS];
    int n;
    int steps;
    syn_loss loss;
    syn_session session;
    syn_dataset data;
    syn_parameters *p;
    syn_window window[MAX_WINDOWS];
    int64_t n_windows, frames, longest;
} golden;

static const record *find(const golden *g, const char *kind, const char *name) {
    char full[80];
    snprintf(full, sizeof full, "%s%s", kind, name);
    for (int k = 0; k < g->n; k++)
        if (!strcmp(g->record[k].name, full)) return &g->record[k];
    fail_msg("%s: no record %s", g->name, full);
    return NULL;
}

static void read_records(golden *g) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s.bin", GOLDEN_DIR, g->name);
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("%s: cannot be opened", path);
    for (record *r = g->record; fread(r->name, sizeof r->name, 1, file) == 1; r++, g->n++) {
        assert_true(g->n < MAX_RECORDS);
        assert_int_equal(fread(&r->count, sizeof r->count, 1, file), 1);
        assert_int_equal(syn_alloc(&r->value, (size_t)r->count, sizeof(float), "test"), SYN_OK);
        assert_int_equal(fread(r->value, sizeof(float), (size_t)r->count, file), r->count);
    }
    fclose(file);
}

static uint8_t *packed_mask(const float *mask, int64_t T, int64_t N) {
    uint8_t *bits;
    const int64_t bytes = (N + 7) / 8;
    assert_int_equal(syn_alloc(&bits, (size_t)(T * bytes), 1, "test"), SYN_OK);
    for (int64_t k = 0; k < T * N; k++)
        if (mask[k] > 0) bits[k / N * bytes + k % N / 8] |= (uint8_t)(1 << (k % N % 8));
    return bits;
}

static void golden_open(golden *g, const char *name) {
    *g = (golden){.name = name};
    read_records(g);
    const float *size = find(g, "", "sizes")->value;
    const int64_t N = (int64_t)size[1], B = (int64_t)size[3], T = (int64_t)size[6];
    g->loss = size[8] > 0 ? SYN_LOSS_POISSON : SYN_LOSS_GAUSSIAN;
    g->steps = (int)size[9];
    assert_int_equal(syn_parameters_create(&g->p, (int)size[0], (int)size[2], (int)size[4], (syn_form)size[7],
                                           (int)size[5], 1, &N, &B, NULL),
                     SYN_OK);
    g->session = (syn_session){.norm = {.mean = find(g, "", "mean")->value, .scale = find(g, "", "scale")->value},
                               .T = T,
                               .N = N,
                               .B = B,
                               .x = find(g, "", "x")->value,
                               .mask = packed_mask(find(g, "", "mask")->value, T, N),
                               .u = find(g, "", "u")->value};
    g->data = (syn_dataset){.n = 1, .session = &g->session};
    const record *windows = find(g, "", "windows");
    g->n_windows = windows->count / 2;
    for (int64_t k = 0; k < g->n_windows; k++) {
        syn_window w = {(int64_t)windows->value[2 * k], (int64_t)windows->value[2 * k + 1]};
        g->window[k] = w;
        g->frames += w.length;
        if (w.length > g->longest) g->longest = w.length;
    }
    if (g->p->form != SYN_FORM_MASKED) return;
    const record *support = find(g, "", "support");
    assert_int_equal(syn_alloc(&g->p->session[0].support, (size_t)support->count, 1, "test"), SYN_OK);
    for (int64_t k = 0; k < support->count; k++) g->p->session[0].support[k] = support->value[k] > 0;
}

static void golden_close(golden *g) {
    for (int k = 0; k < g->n; k++) free(g->record[k].value);
    free((uint8_t *)(uintptr_t)g->session.mask);
    syn_parameters_free(g->p);
}

static void set_parameters(golden *g) {
    for (size_t k = 0; k < g->p->n_tensors; k++) {
        const syn_tensor *t = &g->p->tensor[k];
        const record *value = find(g, "value.", t->name);
        assert_int_equal(value->count, t->count);
        memcpy(g->p->value + t->offset, value->value, t->count * sizeof(float));
    }
}

/* Largest difference over the largest size of expected - origin (origin NULL: 0). */
static void assert_close(const golden *g, const char *kind, const char *name, const float *expected,
                         const float *origin, const float *got, int64_t count, double tolerance) {
    double scale = 0, difference = 0;
    for (int64_t k = 0; k < count; k++) {
        assert_true(isfinite(got[k]));
        scale = fmax(scale, fabs((double)expected[k] - (origin ? (double)origin[k] : 0)));
        difference = fmax(difference, fabs((double)expected[k] - (double)got[k]));
    }
    if (difference > tolerance * scale)
        fail_msg("%s: %s%s is off by %.2g at a scale of %.2g", g->name, kind, name, difference, scale);
}

static void check_tensors(const golden *g, const char *kind, const float *got, bool changes, double tolerance) {
    for (size_t k = 0; k < g->p->n_tensors; k++) {
        const syn_tensor *t = &g->p->tensor[k];
        const float *origin = changes ? find(g, "value.", t->name)->value : NULL;
        assert_close(g, kind, t->name, find(g, kind, t->name)->value, origin, got + t->offset, (int64_t)t->count,
                     tolerance);
    }
}

static void check_predictions(const golden *g, syn_network *network) {
    const int64_t N = g->session.N, B = g->session.B;
    float *got, *state;
    assert_int_equal(syn_alloc(&got, (size_t)(g->frames * N), sizeof(float), "test"), SYN_OK);
    for (int64_t k = 0, row = 0; k < g->n_windows; row += g->window[k++].length) {
        const syn_window *w = &g->window[k];
        assert_int_equal(syn_network_state(network, 0, 1, &state), SYN_OK);
        assert_int_equal(syn_network_advance(network, 0, state, g->session.x + w->start * N,
                                             B ? g->session.u + w->start * B : NULL, w->length, false, got + row * N),
                         SYN_OK);
        free(state);
    }
    assert_close(g, "", "prediction", find(g, "", "prediction")->value, NULL, got, g->frames * N, 1e-5);
    free(got);
}

static void check_training(golden *g, syn_network *network) {
    const float *rates = find(g, "", "rates")->value, *penalty = find(g, "", "penalty")->value;
    const double rate[3] = {(double)rates[0], (double)rates[1], (double)rates[2]};
    syn_optimiser optimiser;
    float *gradient;
    assert_int_equal(syn_optimiser_create(&optimiser, g->p), SYN_OK);
    assert_int_equal(syn_alloc(&gradient, g->p->count, sizeof(float), "test"), SYN_OK);
    for (int step = 0; step < g->steps; step++) {
        double loss;
        assert_int_equal(syn_network_gradient(network, 0, g->window, g->n_windows, gradient, &loss), SYN_OK);
        if (step == 0) {
            assert_close(g, "", "loss", find(g, "", "loss")->value, NULL, &(float){(float)loss}, 1, 1e-5);
            check_tensors(g, "gradient.", gradient, false, 5e-5);
        }
        syn_penalty weights = {.ridge = (double)penalty[0], .l1 = (double)penalty[1]};
        assert_int_equal(syn_optimiser_step(&optimiser, gradient, rate, weights, (double)penalty[2]), SYN_OK);
    }
    check_tensors(g, "next.", g->p->value, true, 5e-4); /* Adam magnifies errors of gradients that are almost zero */
    check_tensors(g, "average.", optimiser.average, true, 5e-4);
    free(gradient), syn_optimiser_free(&optimiser);
}

static void matches_pytorch(void **state) {
    golden g;
    golden_open(&g, *state);
    for (size_t k = 0; k < sizeof levels / sizeof *levels; k++)
        for (int threads = 1; threads <= 2; threads++) {
            const syn_kernels *kernels;
            syn_network *network;
            if (syn_kernels_select(&kernels, levels[k]) != SYN_OK) continue;
            set_parameters(&g);
            assert_int_equal(syn_network_create(&network, g.p, &g.data, g.loss, kernels, threads, g.frames, g.longest),
                             SYN_OK);
            check_predictions(&g, network);
            check_training(&g, network);
            syn_network_free(network);
        }
    golden_close(&g);
}

int main(void) {
#define CASE(name)                                                                                                     \
    { name, matches_pytorch, NULL, NULL, name }
    const struct CMUnitTest tests[] = {
        CASE("none_gaussian"), CASE("dense_gaussian"),   CASE("dense_behavior"),  CASE("dense_poisson"),
        CASE("mixed_poisson"), CASE("lowrank_gaussian"), CASE("masked_gaussian"), CASE("clipped_gaussian"),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
