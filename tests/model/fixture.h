/* What the tests of data set, model and training share: activity, data sets and parameters from numbered random
 * streams, and every kernel level that this processor runs.
 *
 * Letters: T frames, N neurons, B behaviours, S segments.
 */
#ifndef SYN_TEST_FIXTURE_H
#define SYN_TEST_FIXTURE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "model/network.h"

#define assert_ok(expr)                                                                                                \
    do {                                                                                                               \
        if ((expr) != SYN_OK) fail_msg("%s: %s", #expr, syn_last_error());                                             \
    } while (0)

static const char *const kernel_levels[] = {"reference", "simd128", "avx2", "avx512"};
enum { KERNEL_LEVELS = 4 };

/* NULL where this processor does not run it. */
static inline const syn_kernels *kernels_at(int level) {
    const syn_kernels *kernels;
    return syn_kernels_select(&kernels, kernel_levels[level]) == SYN_OK ? kernels : NULL;
}

static inline const syn_kernels *best_kernels(void) {
    const syn_kernels *kernels;
    assert_ok(syn_kernels_select(&kernels, "auto"));
    return kernels;
}

static inline void *zeros(int64_t count, size_t size) {
    void *out;
    assert_ok(syn_alloc(&out, (size_t)(count ? count : 1), size, "test"));
    return out;
}

static inline float *floats(int64_t count) { return zeros(count, sizeof(float)); }

static inline double normal(uint32_t stream, int64_t index) {
    return syn_random_normal((syn_random){3, SYN_STREAM_TEST, stream}, (uint64_t)index);
}

/* What a recording is made from; the tests change it before they make one. */
typedef struct raw_data {
    int64_t T, N, B, S;
    float *x;         /* [T][N] */
    float *u;         /* [T][B] */
    int64_t *segment; /* [S][2] */
    const char *signal;
} raw_data;

/* Neurons with a memory of one frame and a mean of their own, in one segment. */
static inline raw_data raw_create(int64_t T, int64_t N, int64_t B, const char *signal, uint32_t stream) {
    raw_data raw = {T, N, B, 1, floats(T * N), floats(T * B), zeros(2, sizeof(int64_t)), signal};
    const bool counts = !strcmp(signal, "counts");
    for (int64_t k = 0; k < T * N; k++) {
        double before = k < N || counts ? 0 : (double)raw.x[k - N], mean = 0.1 * (double)(k % N);
        double x = 0.6 * before + normal(stream, k) + 0.4 * mean;
        raw.x[k] = (float)(counts ? floor(fabs(2 * x)) : x);
    }
    for (int64_t k = 0; k < T * B; k++) raw.u[k] = (float)normal(stream + 1000, k);
    raw.segment[1] = T;
    return raw;
}

static inline void raw_free(raw_data *raw) { free(raw->x), free(raw->u), free(raw->segment); }

static inline raw_data raw_copy(const raw_data *from) {
    raw_data raw = *from;
    raw.x = floats(raw.T * raw.N), raw.u = floats(raw.T * raw.B), raw.segment = zeros(2 * raw.S, sizeof(int64_t));
    memcpy(raw.x, from->x, (size_t)(raw.T * raw.N) * sizeof(float));
    memcpy(raw.u, from->u, (size_t)(raw.T * raw.B) * sizeof(float));
    memcpy(raw.segment, from->segment, (size_t)(2 * raw.S) * sizeof(int64_t));
    return raw;
}

/* S equal segments with `between` frames after each that are in none. */
static inline void raw_cut(raw_data *raw, int64_t S, int64_t between) {
    free(raw->segment);
    raw->segment = zeros(2 * S, sizeof(int64_t));
    raw->S = S;
    for (int64_t s = 0; s < S; s++) {
        raw->segment[2 * s] = s * (raw->T / S);
        raw->segment[2 * s + 1] = (s + 1) * (raw->T / S) - between;
    }
}

/* Every `every`-th entry is missing. */
static inline void raw_hide(raw_data *raw, int64_t every) {
    for (int64_t k = every / 2; k < raw->T * raw->N; k += every) raw->x[k] = NAN;
}

static inline syn_recording *recording_of(const raw_data *raw) {
    syn_recording *r;
    assert_ok(syn_recording_create(&r, raw->x, raw->T, raw->N, raw->u, raw->B, 10, raw->signal, raw->segment, raw->S));
    return r;
}

/* Gives the neurons names, as a file does. */
static inline void name_neurons(syn_recording *r, const char *const *names) {
    for (int64_t j = 0; j < r->N; j++) {
        free(r->neuron_id[j]);
        assert_ok(syn_copy_text(&r->neuron_id[j], names[j]));
    }
    r->named_neurons = true;
}

/* A data set with the recordings behind it. */
typedef struct test_set {
    size_t n;
    syn_recording *recording[2];
    syn_dataset *data;
} test_set;

/* names: [n][N] of each recording, or NULL. */
static inline test_set set_create_named(const raw_data *raw, size_t n, int window, const char *const *const *names) {
    test_set set = {.n = n};
    syn_options *options;
    char text[16];
    snprintf(text, sizeof text, "%d", window);
    assert_ok(syn_options_create(&options));
    assert_ok(syn_options_set(options, "window", text));
    for (size_t k = 0; k < n; k++) {
        set.recording[k] = recording_of(&raw[k]);
        if (names) name_neurons(set.recording[k], names[k]);
    }
    assert_ok(syn_dataset_create(&set.data, set.recording, n, options));
    syn_options_free(options);
    return set;
}

static inline test_set set_create(const raw_data *raw, size_t n, int window) {
    return set_create_named(raw, n, window, NULL);
}

/* The same for one recording, normalised as another data set is. */
static inline test_set set_create_as(const raw_data *raw, const test_set *like) {
    test_set set = {.n = 1, .recording = {recording_of(raw)}};
    assert_ok(syn_dataset_create_as(&set.data, set.recording, 1, &like->data->session[0].norm, 0.7, 0.15,
                                    like->data->window));
    return set;
}

static inline void set_free(test_set *set) {
    syn_dataset_free(set->data);
    for (size_t k = 0; k < set->n; k++) syn_recording_free(set->recording[k]);
}

/* About half of the pairs, and none of a neuron with itself. */
static inline uint8_t *random_support(int64_t N) {
    uint8_t *support = zeros(N * N, 1);
    for (int64_t k = 0; k < N * N; k++) support[k] = k / N != k % N && normal(77, k) > 0;
    return support;
}

/* Parameters of any form for a data set, every tensor random; weights outside the support of `masked` are zero. */
static inline syn_parameters *random_parameters(const syn_dataset *data, syn_form form, int H, uint32_t stream) {
    int64_t N[2] = {0}, B[2] = {0};
    syn_parameters *p;
    for (size_t s = 0; s < data->n; s++) N[s] = data->session[s].N, B[s] = data->session[s].B;
    const int b = B[0] || B[1] ? 2 : 0, rank = form == SYN_FORM_LOWRANK || form == SYN_FORM_LOWRANK_SPARSE ? 2 : 0;
    assert_ok(syn_parameters_create(&p, H, 3, b, form, rank, data->n, N, B, data->sharing));
    for (size_t k = 0; k < p->n_tensors; k++)
        for (size_t j = p->tensor[k].offset; j < p->tensor[k].offset + p->tensor[k].count; j++)
            p->value[j] = (float)(0.4 * normal(stream + 31 * (uint32_t)k, (int64_t)j));
    for (size_t s = 0; s < data->n && form == SYN_FORM_MASKED; s++) {
        const int64_t M = p->session[s].M;
        if (p->session[s].owner != s) continue;
        p->session[s].support = random_support(M);
        for (int64_t k = 0; k < M * M; k++)
            if (!p->session[s].support[k]) p->value[p->session[s].z + (size_t)k] = 0;
    }
    return p;
}

enum { MAX_FRAMES = 512, MAX_WINDOW = 64 };

static inline syn_network *network_of(const syn_parameters *p, const syn_dataset *data, syn_loss loss,
                                      const syn_kernels *kernels, int threads) {
    syn_network *net;
    assert_ok(syn_network_create(&net, p, data, loss, kernels, threads, MAX_FRAMES, MAX_WINDOW));
    return net;
}

static inline const char *signal_of(syn_loss loss) { return loss == SYN_LOSS_POISSON ? "counts" : "fluorescence"; }

/* Windows of many lengths; some overlap. */
static const syn_window windows[] = {{0, 11}, {11, 1}, {40, 17}, {20, 6}, {25, 2}, {60, 17}, {31, 1}};
enum { N_WINDOWS = 7 };

static inline void assert_same(const char *what, const float *expected, const float *found, int64_t n) {
    for (int64_t k = 0; k < n; k++)
        if (memcmp(&expected[k], &found[k], sizeof(float)) != 0)
            fail_msg("%s[%lld]: %.9g, expected the very bits of %.9g", what, (long long)k, (double)found[k],
                     (double)expected[k]);
}

static inline bool same(const float *a, const float *b, int64_t n) {
    return memcmp(a, b, (size_t)n * sizeof(float)) == 0;
}

static inline void assert_near(const char *what, double expected, double found, double tolerance) {
    if (!(fabs(expected - found) <= tolerance))
        fail_msg("%s: %.9g, expected %.9g within %.2g", what, found, expected, tolerance);
}

#endif
