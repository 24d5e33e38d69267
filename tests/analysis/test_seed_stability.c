/* The repeats of a fit: each is the fit from its seed, what they say together is what their connectivities say, and the
 * model is that of a fit without them. */
#include <jansson.h>
#include <unistd.h>

#include "tiny_model.h"

enum { N = 6, T = 600, SESSIONS = 2 };

static const char mask_path[] = "test_seed_stability_mask.csv";

/* Each neuron follows the one before it; every 11th value is missing. */
static raw_data chain(uint32_t stream) {
    raw_data raw = raw_create(T, N, 0, "fluorescence", stream);
    for (int64_t k = N; k < T * N; k++)
        raw.x[k] = (float)(0.5 * normal(stream, k)) + 0.8f * raw.x[k - N - (k % N ? 1 : 1 - N)];
    raw_hide(&raw, 11);
    return raw;
}

static syn_options *small_on(const char *threads, syn_options *options, const char *seed, const char *repeats) {
    const char *const all[][2] = {{"hidden", "4"},   {"embedding", "0"}, {"window", "8"},      {"epochs", "6"},
                                  {"patience", "3"}, {"seed", seed},     {"repeats", repeats}, {"threads", threads}};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) assert_ok(syn_options_set(options, all[k][0], all[k][1]));
    return options;
}

static syn_options *small(syn_options *options, const char *seed, const char *repeats) {
    return small_on("1", options, seed, repeats);
}

/* Frees the options. */
static syn_model *fitted(const raw_data *raw, size_t n, syn_options *options, syn_progress_fn progress, void *user) {
    syn_recording *recording[SESSIONS] = {0};
    syn_model *model;
    for (size_t k = 0; k < n; k++) recording[k] = recording_of(&raw[k]);
    assert_ok(syn_fit(&model, recording, n, options, progress, user));
    for (size_t k = 0; k < n; k++) syn_recording_free(recording[k]);
    syn_options_free(options);
    return model;
}

static float *connectivity_of(const syn_model *model, size_t s) {
    const int64_t kept = syn_model_neurons(model, s);
    float *C = floats(kept * kept);
    assert_ok(syn_connectivity(model, s, 0, 0, C));
    return C;
}

static double pearson(const float *a, const float *b, int64_t kept) {
    double n = 0, sa = 0, sb = 0, aa = 0, bb = 0, ab = 0;
    for (int64_t k = 0; k < kept * kept; k++) {
        if (k / kept == k % kept) continue;
        const double x = (double)a[k], y = (double)b[k];
        n++, sa += x, sb += y, aa += x * x, bb += y * y, ab += x * y;
    }
    return (ab - sa * sb / n) / sqrt((aa - sa * sa / n) * (bb - sb * sb / n));
}

/* The summary of three fits of session s, the model first. */
static void assert_summary(const syn_seed_estimates *seeds, float *const C[3], int64_t kept) {
    for (int64_t k = 0; k < kept * kept; k++) {
        const double a = (double)C[0][k], b = (double)C[1][k], c = (double)C[2][k], mean = (a + b + c) / 3;
        const double square = (a - mean) * (a - mean) + (b - mean) * (b - mean) + (c - mean) * (c - mean);
        const int same = ((double)C[1][k] * a > 0) + ((double)C[2][k] * a > 0);
        assert_true(seeds->mean[k] == (float)mean);
        assert_true(seeds->sd[k] == (float)sqrt(square / 2));
        assert_true(seeds->same_sign[k] == (float)same / 2);
    }
    const double r[3] = {pearson(C[0], C[1], kept), pearson(C[0], C[2], kept), pearson(C[1], C[2], kept)};
    const double least = fmin(r[0], fmin(r[1], r[2])), most = fmax(r[0], fmax(r[1], r[2]));
    assert_near("correlation", r[0] + r[1] + r[2] - least - most, seeds->median_correlation, 1e-5);
}

/* One candidate whose form and strength are given: fits from the seeds that the model names give its figures. */
static void check_against_separate_fits(const raw_data *raw, size_t n, const char *form, const char *option,
                                        const char *value) {
    const char *const pairs[] = {"connectivity", form, "innovation", "0.5", option, value, NULL};
    syn_options *options[3];
    syn_model *model[3];
    for (int k = 0; k < 3; k++) {
        char seed[24] = "7";
        if (k) snprintf(seed, sizeof seed, "%lld", (long long)model[0]->session[0].seeds->seed[k]);
        options[k] = small(options_of(pairs), seed, k ? "0" : "2");
        assert_ok(syn_options_set(options[k], "l1", "5"));
        assert_ok(syn_options_set(options[k], "strength", "10"));
        model[k] = fitted(raw, n, options[k], NULL, NULL);
        if (k) assert_null(model[k]->session[0].seeds);
    }
    for (size_t s = 0; s < n; s++) {
        const syn_seed_estimates *seeds = model[0]->session[s].seeds;
        const int64_t kept = syn_model_neurons(model[0], s);
        float *C[3];
        assert_int_equal(seeds->fits, 3);
        assert_true(seeds->seed[0] == 7 && seeds->seed[1] != seeds->seed[2]);
        for (int k = 0; k < 3; k++) C[k] = connectivity_of(model[k], s);
        assert_false(same(C[0], C[1], kept * kept));
        assert_summary(seeds, C, kept);
        for (int k = 0; k < 3; k++) free(C[k]);
    }
    for (int k = 0; k < 3; k++) syn_model_free(model[k]);
}

/* Without behaviour: a separate fit chooses for itself whether it uses it. */
static void repeats_are_separate_fits(void **state) {
    (void)state;
    raw_data raw[SESSIONS] = {chain(401), raw_create(400, 4, 0, "fluorescence", 402)};
    uint8_t *support = random_support(N);
    FILE *file = fopen(mask_path, "w");
    assert_non_null(file);
    for (int k = 0; k < N * N; k++) fprintf(file, "%d%c", support[k], k % N == N - 1 ? '\n' : ',');
    fclose(file);
    check_against_separate_fits(raw, 1, "masked", "mask", mask_path);
    check_against_separate_fits(raw, 1, "lowrank+sparse", "rank", "1");
    check_against_separate_fits(raw, 2, "dense", "events", "no");
    unlink(mask_path);
    free(support), raw_free(&raw[0]), raw_free(&raw[1]);
    raw[0] = raw_create(T, N, 0, "counts", 403);
    check_against_separate_fits(raw, 1, "dense", "loss", "poisson");
    raw_free(&raw[0]);
}

/* Parameters, connectivity, tests of edges and description. */
static void assert_same_model(const syn_model *a, const syn_model *b) {
    assert_int_equal(a->p->count, b->p->count);
    assert_same("parameters", a->p->value, b->p->value, (int64_t)a->p->count);
    assert_string_equal(a->description, b->description);
    for (size_t s = 0; s < a->n; s++) {
        const syn_fitted_session *x = &a->session[s], *y = &b->session[s];
        const int64_t kept = x->norm.N;
        assert_memory_equal(x->gain, y->gain, (size_t)((x->lags + 1) * kept) * sizeof(double));
        assert_same("estimate", x->edges->estimate, y->edges->estimate, kept * kept);
        assert_same("error", x->edges->error, y->edges->error, kept * kept);
    }
}

static void assert_same_seeds(const syn_seed_estimates *a, const syn_seed_estimates *b, int64_t kept) {
    assert_int_equal(a->fits, b->fits);
    assert_memory_equal(a->seed, b->seed, (size_t)a->fits * sizeof *a->seed);
    assert_same("mean", a->mean, b->mean, kept * kept);
    assert_same("sd", a->sd, b->sd, kept * kept);
    assert_same("same_sign", a->same_sign, b->same_sign, kept * kept);
    assert_true(a->median_correlation == b->median_correlation);
}

/* Whatever is chosen, an average too; and the number of threads changes nothing. */
static void the_model_stays_as_it_is(void **state) {
    (void)state;
    static const char *const forms[] = {"auto", "dale"};
    static const char file[] = "test_seed_stability.h5";
    raw_data raw[SESSIONS] = {chain(404), chain(405)};
    for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
        syn_model *without = fitted(raw, 2, small(OPTIONS("connectivity", forms[k]), "3", "0"), NULL, NULL);
        syn_model *one = fitted(raw, 2, small(OPTIONS("connectivity", forms[k]), "3", "2"), NULL, NULL);
        syn_model *two = fitted(raw, 2, small_on("2", OPTIONS("connectivity", forms[k]), "3", "2"), NULL, NULL), *read;
        assert_same_model(without, one);
        assert_same_model(without, two);
        assert_ok(syn_model_write(two, file));
        assert_ok(syn_model_read(&read, file));
        for (size_t s = 0; s < 2; s++) {
            const syn_seed_estimates *seeds = one->session[s].seeds;
            float *C = connectivity_of(one, s);
            assert_same_seeds(seeds, two->session[s].seeds, N);
            assert_same_seeds(seeds, read->session[s].seeds, N);
            assert_true(seeds->median_correlation > 0.8);
            for (int i = 0; i < N; i++) {
                const int j = i * N + (i + N - 1) % N; /* the edge that is there */
                assert_true(seeds->sd[j] > 0 && seeds->sd[j] < fabsf(C[j]) && seeds->same_sign[j] == 1);
            }
            free(C);
        }
        syn_model_free(without), syn_model_free(one), syn_model_free(two), syn_model_free(read);
    }
    unlink(file);
    raw_free(&raw[0]), raw_free(&raw[1]);
}

static void without_a_connectivity_nothing_is_repeated(void **state) {
    (void)state;
    raw_data raw = chain(406);
    syn_model *model = fitted(&raw, 1, small(OPTIONS("connectivity", "none"), "3", "0"), NULL, NULL);
    assert_null(model->session[0].seeds);
    float *values = floats(N * N);
    assert_int_equal(syn_edge_seeds(model, 0, NULL, values, NULL, NULL), SYN_ERR_INPUT);
    assert_non_null(strstr(syn_last_error(), "fit it with --repeats"));
    free(values), syn_model_free(model), raw_free(&raw);
}

/* In raw units, and what all edges say together. */
static void edges_carry_the_seeds(void **state) {
    (void)state;
    raw_data raw = chain(407);
    for (int64_t k = 0; k < T * N; k += N) raw.x[k] *= 10;
    syn_model *model = fitted(&raw, 1, small(OPTIONS("connectivity", "dense", "l1", "5"), "3", "2"), NULL, NULL);
    const syn_seed_estimates *seeds = model->session[0].seeds;
    const float *scale = model->session[0].norm.scale;
    float *mean = floats(N * N), *sd = floats(N * N), *same_sign = floats(N * N);
    char *text;
    assert_ok(syn_edge_seeds(model, 0, NULL, mean, sd, same_sign));
    assert_same("same sign", seeds->same_sign, same_sign, N * N);
    for (int k = 0; k < N * N; k++) {
        const double unit = (double)scale[k / N] / (double)scale[k % N];
        assert_true(mean[k] == (float)((double)seeds->mean[k] * unit));
        assert_true(sd[k] == (float)((double)seeds->sd[k] * unit));
    }
    assert_ok(syn_edges_describe(model, 0, NULL, &text));
    json_t *root = json_loads(text, 0, NULL);
    const json_t *said = json_object_get(json_object_get(root, "stability"), "seeds");
    const json_int_t agreeing = json_integer_value(json_object_get(said, "agreeing_signs"));
    assert_int_equal(json_integer_value(json_object_get(said, "fits")), 3);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(said, "seeds"), 0)), 3);
    assert_true(agreeing >= N && agreeing <= json_integer_value(json_object_get(root, "n_significant")));
    assert_non_null(json_object_get(json_array_get(json_object_get(root, "top"), 0), "seeds"));
    json_decref(root), syn_free(text);
    free(mean), free(sd), free(same_sign), syn_model_free(model), raw_free(&raw);
}

/* Asks for `what` in a repeat. */
typedef struct request {
    int what;
    const char *stage;
} request;

static int ask(const syn_progress *p, void *user) {
    const request *r = user;
    assert_true(p->candidate <= p->candidates);
    return strstr(p->stage, r->stage) ? r->what : SYN_GO_ON;
}

/* The model is whole, with the repeats that were done, and says that more were asked for. */
static void a_stop_leaves_the_model(void **state) {
    (void)state;
    raw_data raw = chain(408);
    syn_model *whole = fitted(&raw, 1, small(OPTIONS("connectivity", "dense"), "3", "1"), NULL, NULL);
    for (int what = SYN_STOP; what <= SYN_FINISH; what++) {
        request first = {what, "repeat 1 of 3: "}, second = {what, "repeat 2 of 3: dense"};
        syn_model *none = fitted(&raw, 1, small(OPTIONS("connectivity", "dense"), "3", "3"), ask, &first);
        syn_model *one = fitted(&raw, 1, small(OPTIONS("connectivity", "dense"), "3", "3"), ask, &second);
        assert_null(none->session[0].seeds);
        assert_same("parameters", whole->p->value, none->p->value, (int64_t)whole->p->count);
        assert_same("parameters", whole->p->value, one->p->value, (int64_t)whole->p->count);
        assert_same_seeds(whole->session[0].seeds, one->session[0].seeds, N);
        assert_non_null(strstr(one->description, "\"repeats\":{\"done\":1,\"asked\":3}"));
        assert_non_null(strstr(one->description, "only 1 of its 3 repeats"));
        syn_model_free(none), syn_model_free(one);
    }
    syn_model_free(whole), raw_free(&raw);
}

/* With the decoder of the source, kept or tuned. */
static void adaptations_are_repeated(void **state) {
    (void)state;
    raw_data raw = chain(409), other = chain(410);
    syn_model *source = fitted(&raw, 1, small(OPTIONS("connectivity", "dense"), "3", "0"), NULL, NULL), *adapted[2];
    for (int k = 0; k < 2; k++) {
        syn_recording *recording = recording_of(&other);
        syn_options *options =
            OPTIONS("connectivity", "dense", "l1", "5", "epochs", "6", "threads", "1", "repeats", k ? "2" : "0");
        assert_ok(syn_adapt(&adapted[k], source, &recording, 1, options, NULL, NULL));
        syn_options_free(options), syn_recording_free(recording);
    }
    assert_same_model(adapted[0], adapted[1]);
    assert_int_equal(adapted[1]->session[0].seeds->fits, 3);
    assert_true(adapted[1]->session[0].seeds->median_correlation > 0.8);
    assert_true(adapted[1]->session[0].seeds->sd[1] > 0);
    syn_model_free(source), syn_model_free(adapted[0]), syn_model_free(adapted[1]);
    raw_free(&raw), raw_free(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeats_are_separate_fits),
        cmocka_unit_test(the_model_stays_as_it_is),
        cmocka_unit_test(without_a_connectivity_nothing_is_repeated),
        cmocka_unit_test(edges_carry_the_seeds),
        cmocka_unit_test(a_stop_leaves_the_model),
        cmocka_unit_test(adaptations_are_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
