/* The test of the edges: false alarms on neurons without connections, agreement with shifting the sender and doing it
 * all again, what it finds in a small network, and what it must not depend on. */
#include "analysis/edge_design.h"
#include "analysis/edge_targets.h"
#include "analysis/fdr.h"
#include "tiny_model.h"

/* Neurons with memory `a` that share a behaviour, driven through W [N][N] (NULL: none). */
static raw_data simulate(int64_t T, int64_t N, int64_t B, double a, const double *W, uint32_t stream) {
    raw_data raw = raw_create(T, N, B, "fluorescence", stream);
    for (int64_t t = 1; t < T && B; t++)
        raw.u[t] = (float)(0.95 * (double)raw.u[t - 1] + 0.3 * normal(stream + 500, t));
    for (int64_t t = 1; t < T; t++)
        for (int64_t i = 0; i < N; i++) {
            double x = a * (double)raw.x[(t - 1) * N + i] + normal(stream, t * N + i);
            if (B) x += 0.6 * (double)raw.u[t - 1];
            for (int64_t j = 0; W && j < N; j++) x += W[i * N + j] * (double)raw.x[(t - 1) * N + j];
            raw.x[t * N + i] = (float)x;
        }
    return raw;
}

/* Residuals of a model that knows a neuron's own past by `a` only. */
static float *residuals(const syn_session *s, double a) {
    float *r = floats(syn_edge_targets(s) * s->N), *to = r;
    for (int split = SYN_TRAIN; split <= SYN_VALIDATION; split++)
        for (int64_t k = 0; k < s->n_spans[split]; k++)
            for (int64_t t = syn_span_first_target(&s->span[split][k]); t < s->span[split][k].stop; t++, to += s->N)
                for (int64_t i = 0; i < s->N; i++)
                    to[i] =
                        syn_session_observed(s, t, i) ? s->x[t * s->N + i] - (float)a * s->x[(t - 1) * s->N + i] : 0.0f;
    return r;
}

/* Tests a recording with C = 0. set: the data set behind it, to be freed. */
static syn_edge_estimates *test(const raw_data *raw, double a, int threads, test_set *set) {
    syn_edge_estimates *edges;
    *set = set_create(raw, 1, TINY_WINDOW);
    set->data->session[0].norm.alpha = 0;
    const syn_session *s = &set->data->session[0];
    float *r = residuals(s, a), *C = floats(s->N * s->N);
    assert_ok(syn_test_residuals(s, syn_edge_whole_frames, NULL, r, C, best_kernels(), threads, NULL, &edges));
    free(r), free(C);
    return edges;
}

static double share_below(const syn_edge_estimates *e, int64_t N, double level) {
    double below = 0;
    for (int64_t k = 0; k < N * N; k++)
        if (e->error[k] > 0) below += syn_two_sided_p((double)(e->estimate[k] / e->error[k]), e->freedom) < level;
    return below / (double)(N * (N - 1));
}

/* A model that knows less of the own past than there is leaves residuals with an autocorrelation of their own, and one
 * without behaviour leaves that in all of them. */
static void unconnected_neurons_give_false_alarms_at_their_rate(void **state) {
    (void)state;
    enum { N = 40 };
    double at_5 = 0, at_50 = 0;
    for (uint32_t seed = 0; seed < 4; seed++) {
        raw_data raw = simulate(2000, N, 1, 0.95, NULL, 3000 + 10 * seed);
        test_set set;
        syn_edge_estimates *e = test(&raw, seed % 2 ? 0.95 : 0.7, 2, &set);
        const double share = share_below(e, N, 0.05);
        if (!(share > 0.03 && share < 0.07)) fail_msg("share of p < 0.05 of seed %u: %.3f", seed, share);
        at_5 += share / 4, at_50 += share_below(e, N, 0.5) / 4;
        syn_edge_estimates_free(e), set_free(&set), raw_free(&raw);
    }
    assert_near("p < 0.05", 0.05, at_5, 0.01);
    assert_near("p < 0.5", 0.5, at_50, 0.03);
}

/* Neurons follow the square of a behaviour, half of them slowly: nobody drives anybody. */
static void what_follows_behaviour_slowly_and_not_in_proportion_is_no_edge(void **state) {
    (void)state;
    enum { N = 40, T = 5000 };
    double share = 0;
    for (uint32_t seed = 0; seed < 2; seed++) {
        raw_data raw = simulate(T, N, 1, 0, NULL, 3500 + 10 * seed);
        test_set set;
        double slow = 0;
        for (int64_t t = 0; t < T; t++) {
            const double u = (double)raw.u[t], now = u + u * u;
            slow += 0.2 * (now - slow);
            for (int64_t i = 0; i < N; i++)
                raw.x[t * N + i] =
                    (float)(normal(3600 + seed, t * N + i) + (i % 3 ? 0.4 : -0.4) * (i % 2 ? slow : now));
        }
        syn_edge_estimates *e = test(&raw, 0, 2, &set);
        share += share_below(e, N, 0.05) / 2;
        syn_edge_estimates_free(e), set_free(&set), raw_free(&raw);
    }
    assert_near("share of p < 0.05", 0.05, share, 0.015);
}

/* Two neurons each answer where two moments of a behaviour add up to enough, others for every two: nobody drives
 * anybody, though each of the two tells what the other does as no third neuron does. */
static void what_follows_sums_of_behaviour_not_in_proportion_is_no_edge(void **state) {
    (void)state;
    enum { N = 12, T = 8000, LONGEST = 16, SEEDS = 6 };
    double square = 0;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        raw_data raw = simulate(T, N, 1, 0, NULL, 3800 + 10 * seed);
        test_set set;
        for (int64_t t = LONGEST; t < T; t++)
            for (int64_t i = 0; i < N; i++) {
                const double sum = (double)(raw.u[t - i / 2 % 3] + raw.u[t - (4 << i / 2 % 3)]);
                raw.x[t * N + i] =
                    (float)(normal(3850 + seed, t * N + i) + 2 / (1 + exp(-1.5 * (sum - 1 - 0.2 * (double)(i / 2)))));
            }
        syn_edge_estimates *e = test(&raw, 0, 2, &set);
        for (int64_t i = 0; i < N; i++) {
            const double z = (double)(e->estimate[i * N + (i ^ 1)] / e->error[i * N + (i ^ 1)]);
            square += z * z / (N * SEEDS);
        }
        syn_edge_estimates_free(e), set_free(&set), raw_free(&raw);
    }
    assert_near("mean square statistic of the two", 1, square, 0.5);
}

/* Every second neuron follows a behaviour 3 frames later, the others 4 frames later: the former are ahead of the
 * latter, and drive nobody. */
static void what_follows_behaviour_later_is_no_edge(void **state) {
    (void)state;
    enum { N = 20, T = 3000 };
    raw_data raw = simulate(T, N, 1, 0, NULL, 3700);
    test_set set;
    for (int64_t t = 0; t < T; t++) raw.u[t] = (float)normal(3750, t);
    for (int64_t t = 4; t < T; t++)
        for (int64_t i = 0; i < N; i++) raw.x[t * N + i] = (float)normal(3751, t * N + i) + raw.u[t - (i % 2 ? 3 : 4)];
    syn_edge_estimates *e = test(&raw, 0, 2, &set);
    assert_near("share of p < 0.05", 0.05, share_below(e, N, 0.05), 0.03);
    syn_edge_estimates_free(e), set_free(&set), raw_free(&raw);
}

/* The slow way: the sender shifted around a circle, and every regression done again. */
static void errors_are_the_spread_over_shifts_of_the_sender(void **state) {
    (void)state;
    enum { N = 5, T = 1500, SHIFTS = 60 };
    raw_data raw = simulate(T, N, 0, 0.8, NULL, 4000);
    test_set set;
    syn_edge_estimates *once = test(&raw, 0.4, 1, &set);
    double ratio = 0;
    set_free(&set);
    for (int j = 0; j < N; j++) {
        double sum[N] = {0}, square[N] = {0};
        for (int k = 0; k < SHIFTS; k++) {
            raw_data moved = raw_copy(&raw);
            for (int64_t t = 0; t < T; t++) moved.x[t * N + j] = raw.x[(t + 100 + k * (T - 200) / SHIFTS) % T * N + j];
            syn_edge_estimates *again = test(&moved, 0.4, 1, &set);
            for (int i = 0; i < N; i++) {
                const double value = (double)again->estimate[i * N + j];
                sum[i] += value / SHIFTS, square[i] += value * value / SHIFTS;
            }
            syn_edge_estimates_free(again), set_free(&set), raw_free(&moved);
        }
        for (int i = 0; i < N; i++)
            if (i != j)
                ratio += (square[i] - sum[i] * sum[i]) /
                         ((double)once->error[i * N + j] * (double)once->error[i * N + j] * N * (N - 1));
    }
    assert_near("variance over shifts / error^2", 1, ratio, 0.15);
    syn_edge_estimates_free(once), raw_free(&raw);
}

/* The closed form against the very sums that it stands for: residuals, whose own autocorrelation the model has missed,
 * against x~ at every shift. */
static void variance_is_that_of_all_shifts(void **state) {
    (void)state;
    enum { N = 5, T = 3000 };
    raw_data raw = simulate(T, N, 0, 0.9, NULL, 5000);
    test_set set = set_create(&raw, 1, TINY_WINDOW);
    set.data->session[0].norm.alpha = 0;
    const syn_session *s = &set.data->session[0];
    const syn_span *train = s->span[SYN_TRAIN];
    const int64_t first = syn_span_first_target(train), n = train->stop - first;
    float *r = residuals(s, 0.9), *C = floats(N * N);
    double observed[N], ratio = 0, white = 0;
    syn_edge_estimates *e;
    syn_edge_design d;
    assert_ok(syn_edge_design_create(&d, s, syn_edge_whole_frames, best_kernels(), 1));
    for (int64_t k = d.T * N - 1; k >= 3 * N; k--) r[k] += 0.9f * r[k - 3 * N];
    for (int i = 0; i < N; i++) observed[i] = (double)d.T;
    assert_ok(syn_edge_design_solve(&d, r, observed));
    assert_ok(syn_test_residuals(s, syn_edge_whole_frames, NULL, r, C, best_kernels(), 1, NULL,
                                 &e)); /* leaves r as it was tested */
    double *x = zeros(n, sizeof *x);
    for (int k = 0; k < N * N; k++) {
        const int i = k / N, j = k % N;
        double square = 0, size = 0, rr = 0, xx = 0;
        if (i == j) continue;
        for (int64_t t = 0; t < n; t++) {
            x[t] = -(double)d.BG[j];
            for (int l = 0; l < N; l++) x[t] += (double)s->x[(first - 1 + t) * N + l] * (double)d.G[l * N + j];
            size += x[t] * (double)s->x[(first - 1 + t) * N + j];
            rr += (double)r[t * N + i] * (double)r[t * N + i], xx += x[t] * x[t];
        }
        for (int64_t shift = 0; shift < n; shift++) {
            double sum = 0;
            for (int64_t t = 0; t < n; t++) sum += (double)r[t * N + i] * x[(t + shift) % n];
            square += sum * sum / (double)n;
        }
        /* the recording is longer than its train split */
        const double error = (double)e->error[k] * sqrt((double)d.T / (double)n);
        ratio += square / (size * size * error * error) / (N * (N - 1));
        white += rr * xx / (double)n / square / (N * (N - 1));
    }
    assert_near("variance over all shifts / error^2", 1, ratio, 0.1);
    assert_true(white > 1.2); /* without its lags it would be too large by as much */
    free(x), free(r), free(C);
    syn_edge_design_free(&d), syn_edge_estimates_free(e), set_free(&set), raw_free(&raw);
}

/* Shares at a false discovery rate of 0.1. */
typedef struct discoveries {
    double power, wrong;
} discoveries;

static discoveries discover(const syn_edge_estimates *e, const double *W, int64_t N) {
    double *p = zeros(N * N, sizeof *p), *q = zeros(N * N, sizeof *q), found = 0, wrong = 0, edges = 0;
    for (int64_t k = 0; k < N * N; k++)
        p[k] = e->error[k] > 0 ? syn_two_sided_p((double)(e->estimate[k] / e->error[k]), e->freedom) : NAN;
    assert_ok(syn_false_discovery(p, N * N, false, q));
    for (int64_t k = 0; k < N * N; k++)
        found += q[k] <= 0.1 && W[k] != 0, wrong += q[k] <= 0.1 && W[k] == 0, edges += W[k] != 0;
    free(p), free(q);
    return (discoveries){found / edges, wrong / fmax(found + wrong, 1)};
}

static void a_small_network_is_found(void **state) {
    (void)state;
    enum { N = 30 };
    double W[N * N] = {0};
    for (int k = 0; k < N * N; k++)
        if (k / N != k % N && normal(9, k) > 1.5) W[k] = normal(10, k) > 0 ? 0.12 : -0.12;
    raw_data raw = simulate(6000, N, 1, 0.4, W, 6000);
    test_set set;
    syn_edge_estimates *e = test(&raw, 0.4, 2, &set);
    for (int k = 0; k < N * N; k++)
        if (W[k] != 0) assert_near("estimate", W[k], (double)e->estimate[k], 6 * (double)e->error[k]);
    const discoveries d = discover(e, W, N);
    assert_true(d.power > 0.9 && d.wrong <= 0.15);
    assert_true(e->correlation_of_halves > 0.5);
    syn_edge_estimates_free(e), set_free(&set), raw_free(&raw);
}

/* Half of all pairs, excited by four neurons in five and inhibited by the others: no bulk is left that has no edges. */
static void a_network_of_which_half_is_connected_is_found(void **state) {
    (void)state;
    enum { N = 30 };
    double W[N * N] = {0};
    for (int k = 0; k < N * N; k++)
        if (k / N != k % N && normal(12, k) > 0) W[k] = k % N % 5 ? 0.04 : -0.1;
    raw_data raw = simulate(12000, N, 0, 0.3, W, 6500);
    test_set set;
    syn_edge_estimates *e = test(&raw, 0.3, 2, &set);
    const discoveries d = discover(e, W, N);
    if (!(d.power > 0.8 && d.wrong <= 0.12)) fail_msg("power %.3f, false %.3f", d.power, d.wrong);
    assert_true(e->inflation < 1.3);
    syn_edge_estimates_free(e), set_free(&set), raw_free(&raw);
}

/* With many frames the estimate is that of the data, whatever the model believed. */
static void estimate_does_not_depend_on_the_models_C(void **state) {
    (void)state;
    enum { N = 6, T = 3000 };
    raw_data raw = simulate(T, N, 1, 0.5, NULL, 7000);
    test_set set = set_create(&raw, 1, TINY_WINDOW);
    const syn_session *s = &set.data->session[0];
    float *r = residuals(s, 0.5), *C = floats(N * N);
    syn_edge_estimates *without, *with;
    syn_edge_design d;
    assert_ok(syn_edge_design_create(&d, s, syn_edge_whole_frames, best_kernels(), 1));
    float *other = floats(d.T * N);
    for (int k = 0; k < N * N; k++) C[k] = k / N == k % N ? 0.0f : (float)(0.2 * normal(11, k));
    for (int64_t c = 0; c < d.n_chunks; c++)
        for (int64_t t = 0; t < d.chunk[c].n; t++)
            for (int i = 0; i < N; i++) {
                float *to = &other[(d.chunk[c].row + t) * N + i];
                *to = r[(d.chunk[c].row + t) * N + i];
                for (int j = 0; j < N; j++) *to -= C[i * N + j] * syn_edge_senders(&d, &d.chunk[c])[t * N + j];
            }
    assert_ok(syn_test_residuals(s, syn_edge_whole_frames, NULL, other, C, best_kernels(), 1, NULL, &with));
    memset(C, 0, N * N * sizeof *C);
    assert_ok(syn_test_residuals(s, syn_edge_whole_frames, NULL, r, C, best_kernels(), 1, NULL, &without));
    for (int k = 0; k < N * N; k++) {
        if (k / N == k % N) continue;
        assert_near("estimate", (double)without->estimate[k], (double)with->estimate[k], 2e-3);
        assert_near("error", (double)without->error[k], (double)with->error[k], 1e-3 * (double)without->error[k]);
    }
    syn_edge_estimates_free(with), syn_edge_estimates_free(without), syn_edge_design_free(&d);
    free(r), free(C), free(other), set_free(&set), raw_free(&raw);
}

static void assert_same_edges(const syn_edge_estimates *a, const syn_edge_estimates *b, int64_t N) {
    assert_same("estimate", a->estimate, b->estimate, N * N);
    assert_same("error", a->error, b->error, N * N);
    assert_true(a->correlation_of_halves == b->correlation_of_halves &&
                a->residual_correlation == b->residual_correlation);
}

/* Frames between segments hold what must not be seen. Bits, with one thread and with two. */
static void neither_threads_nor_frames_between_segments_matter(void **state) {
    (void)state;
    enum { N = 70, T = 1200, S = 12 };
    raw_data raw = simulate(T, N, 2, 0.8, NULL, 8000), other;
    test_set set[2];
    raw_cut(&raw, S, 10);
    other = raw_copy(&raw);
    for (int64_t t = 0; t < T; t++)
        for (int64_t i = 0; t % (T / S) >= T / S - 10 && i < N; i++)
            other.x[t * N + i] = 1e4f, other.u[2 * t + i % 2] = 1e4f;
    syn_edge_estimates *a = test(&raw, 0.8, 1, &set[0]), *b = test(&other, 0.8, 2, &set[1]);
    assert_true(set[0].data->session[0].norm.N == N && a->lags < T / S);
    assert_same_edges(a, b, N);
    for (int64_t k = 0; k < N * N; k++) assert_true(isfinite(a->estimate[k]) && isfinite(a->error[k]));
    syn_edge_estimates_free(a), syn_edge_estimates_free(b);
    set_free(&set[0]), set_free(&set[1]), raw_free(&raw), raw_free(&other);
}

/* No product crosses the border of a trial: the order of trials says nothing. */
static void trials_may_come_in_any_order(void **state) {
    (void)state;
    enum { N = 6, T = 2000, TRIALS = 20, LENGTH = T / TRIALS };
    raw_data raw = simulate(T, N, 0, 0.9, NULL, 5600), other;
    raw_cut(&raw, TRIALS, 0);
    other = raw_copy(&raw);
    for (int k = 0; k < 6; k++)
        memcpy(other.x + k * LENGTH * N, raw.x + (5 - k) * LENGTH * N, LENGTH * N * sizeof *raw.x);
    test_set set, other_set;
    syn_edge_estimates *e = test(&raw, 0.6, 2, &set), *o = test(&other, 0.6, 2, &other_set);
    for (int64_t k = 0; k < N * N; k++) {
        if (k / N == k % N) continue;
        assert_true(e->error[k] > 0);
        assert_near("error", 1, (double)(o->error[k] / e->error[k]), 1e-4);
        assert_near("estimate", 0, (double)((o->estimate[k] - e->estimate[k]) / e->error[k]), 1e-3);
    }
    syn_edge_estimates_free(e), syn_edge_estimates_free(o), set_free(&set), set_free(&other_set);
    raw_free(&raw), raw_free(&other);
}

/* Nor does what is stored where nothing was observed, when residuals are those of a model. */
typedef struct collected {
    const syn_session *session;
    float *residual, *slope; /* [N] of the next target */
} collected;

static syn_status keep(void *user, int64_t frame, const float *prediction, const float *truth, const float *slope) {
    (void)frame;
    collected *c = user;
    for (int64_t i = 0; i < c->session->N; i++) *c->residual++ = truth[i] - prediction[i], *c->slope++ = slope[i];
    return SYN_OK;
}

/* Nor does it matter what stands in for them, or how predictions are corrected. */
static void missing_entries_have_no_residual(void **state) {
    (void)state;
    enum { N = 12, T = 600 };
    raw_data raw = simulate(T, N, 1, 0.8, NULL, 8100);
    syn_edge_estimates *edges[2];
    double gain[N];
    for (int i = 0; i < N; i++) gain[i] = 0.5;
    raw_hide(&raw, 5);
    for (int spoilt = 0; spoilt <= 1; spoilt++) {
        test_set set = set_create(&raw, 1, TINY_WINDOW);
        const syn_session *s = &set.data->session[0];
        syn_parameters *p = random_parameters(set.data, SYN_FORM_DENSE, 5, 8200);
        for (int64_t k = 0; k < T * N; k++)
            if (!syn_session_observed(s, k / N, k % N)) s->x[k] = spoilt ? 1e5f : 0;
        if (spoilt) p->correction = (syn_correction){.alpha = 0.3f, .weight = 0.6f};
        assert_ok(syn_test_edges(p, set.data, 0, gain, best_kernels(), 1, NULL, &edges[spoilt]));
        syn_parameters_free(p), set_free(&set);
    }
    assert_same_edges(edges[0], edges[1], N);
    syn_edge_estimates_free(edges[0]), syn_edge_estimates_free(edges[1]), raw_free(&raw);
}

/* Receivers that saturate hardly answer in most frames: a network of known edges (kind 0) and weak ones (kind 1) that
 * its model knows nothing of. */
typedef struct saturated {
    raw_data raw;
    test_set set;
    syn_session *s;
    syn_parameters *p;
    syn_network *network;
    int kind[20 * 20];
    double W[20 * 20], gain[20];
} saturated;

enum { SATURATED = 20, SATURATED_PAIRS = SATURATED * SATURATED };

static void saturated_create(saturated *n, int64_t T) {
    enum { N = SATURATED };
    n->raw = raw_create(T, N, 0, "fluorescence", 8300), n->set = set_create(&n->raw, 1, TINY_WINDOW);
    n->s = &n->set.data->session[0], n->p = random_parameters(n->set.data, SYN_FORM_DENSE, 5, 8600);
    n->network = network_of(n->p, n->set.data, SYN_LOSS_GAUSSIAN, best_kernels(), 1);
    float *W = n->p->value + n->p->session[0].z, *x = n->s->x, *decoder;
    memset(n->p->value + n->p->session[0].send, 0, N * sizeof(float));
    for (int k = 0; k < SATURATED_PAIRS; k++) {
        n->kind[k] = k / N == k % N ? 2 : (13 * (k / N) + 29 * (k % N) + 7 * (k / N) * (k % N)) % 11 / 2;
        n->W[k] = (double)(W[k] *= n->kind[k] == 0 ? 4 : n->kind[k] == 1 ? 1.2f : 0);
    }
    assert_ok(syn_network_state(n->network, 0, 1, &decoder));
    assert_ok(syn_network_prepare(n->network, 0));
    for (int64_t t = 0; t + 1 < T; t++) {
        syn_network_step(n->network, 0, decoder, x + t * N, NULL, x + (t + 1) * N);
        for (int64_t i = 0; i < N; i++) x[(t + 1) * N + i] += (float)normal(8500, t * N + i);
    }
    for (int k = 0; k < SATURATED_PAIRS; k++)
        if (n->kind[k]) W[k] = 0;
    assert_ok(syn_network_gain(n->network, 0, 0, INT64_MAX, n->gain));
    free(decoder);
}

static void saturated_free(saturated *n) {
    syn_network_free(n->network), syn_parameters_free(n->p), set_free(&n->set), raw_free(&n->raw);
}

/* The test of these gains on residuals that are weighted here, or not at all. */
static syn_edge_estimates *weighted_by_hand(const saturated *n, bool weigh, int64_t *weighted) {
    const int64_t N = SATURATED, T = syn_edge_targets(n->s);
    float *r = floats(T * N), *g = floats(T * N), *C = floats(SATURATED_PAIRS);
    const float *W = n->p->value + n->p->session[0].z;
    syn_edge_estimates *edges;
    collected c = {n->s, r, g};
    assert_ok(syn_network_want_slopes(n->network));
    assert_ok(syn_network_run(n->network, 0, SYN_TRAIN, keep, &c));
    assert_ok(syn_network_run(n->network, 0, SYN_VALIDATION, keep, &c));
    for (int64_t i = 0; i < N && weigh; i++) {
        double gg = 0, rr = 0, ggrr = 0;
        for (int64_t k = i; k < T * N; k += N) {
            const double a = (double)(g[k] * g[k]), b = (double)(r[k] * r[k]);
            gg += a / (double)T, rr += b / (double)T, ggrr += a * b / (double)T;
        }
        if (n->gain[i] * n->gain[i] < 0.01 * gg || gg * gg / ggrr < n->gain[i] * n->gain[i] / rr) continue;
        ++*weighted;
        for (int64_t k = i; k < T * N; k += N) r[k] *= (float)(n->gain[i] / gg) * g[k];
    }
    for (int k = 0; k < SATURATED_PAIRS; k++) C[k] = W[k] * (float)n->gain[k / N];
    assert_ok(syn_test_residuals(n->s, syn_edge_whole_frames, NULL, r, C, best_kernels(), 1, NULL, &edges));
    free(r), free(g), free(C);
    return edges;
}

/* Edges are seen in the frames in which receivers answer, at the size that they have in all; what is no edge is seen to
 * be none at its rate. */
static void receivers_are_heard_when_they_answer(void **state) {
    (void)state;
    saturated n;
    saturated_create(&n, 12000);
    syn_edge_estimates *edges, *plain = weighted_by_hand(&n, false, NULL);
    double size[2] = {0}, false_alarms = 0, none = 0, xx = 0, xy[3] = {0};
    assert_ok(syn_test_edges(n.p, n.set.data, 0, n.gain, best_kernels(), 1, NULL, &edges));
    for (int k = 0; k < SATURATED_PAIRS; k++) {
        if (k / SATURATED == k % SATURATED) continue;
        const double z = (double)(edges->estimate[k] / edges->error[k]), C = n.gain[k / SATURATED] * n.W[k];
        if (n.kind[k] == 1) size[0] += fabs(z), size[1] += fabs((double)(plain->estimate[k] / plain->error[k]));
        if (n.kind[k] > 1) none++, false_alarms += syn_two_sided_p(z, edges->freedom) < 0.05;
        xx += C * C, xy[0] += C * (double)edges->estimate[k];
        for (int half = 0; half < 2; half++) xy[1 + half] += C * (double)edges->half[half][k];
    }
    if (!(size[0] > 1.3 * size[1])) fail_msg("statistics of weak edges: %g weighted, %g not", size[0], size[1]);
    const double share = false_alarms / none; /* errors are widened, never narrowed */
    if (!(share > 0.01 && share < 0.07)) fail_msg("share of p < 0.05: %.3f", share);
    for (int k = 0; k < 3; k++) assert_near("slope of the estimates", 1, xy[k] / xx, 0.15);
    syn_edge_estimates_free(edges), syn_edge_estimates_free(plain), saturated_free(&n);
}

/* One receiver whose slopes cancel, one to which the weights would add noise, the others weighted, in all frames. */
static void residuals_are_weighted_where_that_helps(void **state) {
    (void)state;
    saturated n;
    int64_t weighted = 0;
    saturated_create(&n, 1500);
    n.gain[3] *= 0.01, n.gain[5] *= 10;
    syn_edge_estimates *edges, *plain = weighted_by_hand(&n, false, NULL),
                               *by_hand = weighted_by_hand(&n, true, &weighted);
    assert_ok(syn_test_edges(n.p, n.set.data, 0, n.gain, best_kernels(), 2, NULL, &edges));
    assert_true(weighted > 10 && weighted <= SATURATED - 2);
    for (int k = 0; k < SATURATED_PAIRS; k++) {
        const double unit = (double)by_hand->error[k] + 1e-9;
        assert_near("estimate", (double)by_hand->estimate[k] / unit, (double)edges->estimate[k] / unit, 1e-2);
        for (int half = 0; half < 2; half++)
            assert_near("half", (double)by_hand->half[half][k] / unit, (double)edges->half[half][k] / unit, 1e-2);
        const double wider = (double)edges->error[k] / unit;
        if (k / SATURATED != k % SATURATED && !(wider > 0.999 && wider < 1.2)) fail_msg("error: %g times", wider);
    }
    assert_near("correlation", plain->residual_correlation, edges->residual_correlation, 1e-4);
    syn_edge_estimates_free(edges), syn_edge_estimates_free(plain), syn_edge_estimates_free(by_hand);
    saturated_free(&n);
}

/* What senders did before their window: of a trial's first frames nothing, however the trial before it ended. */
static void what_was_before_a_window_ends_at_a_trials_border(void **state) {
    (void)state;
    enum { N = 5, T = 900, EARLIER = 4 };
    raw_data raw = simulate(T, N, 1, 0.5, NULL, 8700);
    raw_cut(&raw, 12, 3);
    test_set set = set_create(&raw, 1, TINY_WINDOW);
    const syn_session *s = &set.data->session[0];
    syn_edge_design d;
    int64_t borders = 0;
    assert_ok(syn_edge_design_create(&d, s, (syn_edge_bins){1, EARLIER}, best_kernels(), 1));
    assert_int_equal(d.bins.earlier, EARLIER);
    float *q = floats(SYN_EDGE_CHUNK * d.Q);
    for (int64_t c = 0; c < d.n_chunks; c++) {
        syn_edge_nuisance(&d, &d.chunk[c], q);
        for (int64_t t = 0; t < d.chunk[c].n; t++) {
            const int64_t frame = d.chunk[c].frame + t, from = frame - 1 - EARLIER;
            int64_t start = 0;
            for (int64_t k = 0; k < s->recording->S; k++)
                if (s->recording->segment[k].start <= frame) start = s->recording->segment[k].start;
            borders += from < start && start > 0;
            for (int64_t j = 0; j < N; j++)
                assert_near("before", from < start ? 0 : (double)s->x[from * N + j], (double)q[t * d.Q + d.Q - N + j],
                            1e-9);
        }
    }
    assert_true(borders > 10);
    free(q), syn_edge_design_free(&d), set_free(&set), raw_free(&raw);
}

/* 0 drives 1 within the frame and 1 drives 2 to the next, for every three neurons: 0 has no edge to 2. */
static void what_passes_on_within_a_frame_is_no_edge(void **state) {
    (void)state;
    enum { N = 30, T = 20000 };
    raw_data raw = simulate(T, N, 0, 0, NULL, 9500);
    test_set set;
    double sure = 0;
    for (int64_t t = 1; t < T; t++)
        for (int64_t i = 0; i < N; i += 3) {
            raw.x[t * N + i + 1] += 0.3f * raw.x[t * N + i] + 0.3f * raw.x[(t - 1) * N + i];
            raw.x[t * N + i + 2] += 0.3f * raw.x[(t - 1) * N + i + 1];
        }
    syn_edge_estimates *e = test(&raw, 0, 1, &set);
    for (int i = 0; i < N; i += 3) {
        const int first = (i + 1) * N + i, second = (i + 2) * N + i + 1, both = (i + 2) * N + i;
        assert_true(e->estimate[first] > 6 * e->error[first] && e->estimate[second] > 6 * e->error[second]);
        sure += fabs((double)(e->estimate[both] / e->error[both])) > 3;
    }
    assert_true(sure <= 1);
    syn_edge_estimates_free(e), set_free(&set), raw_free(&raw);
}

/* 0 drives 1 to the next frame, and 1 drives 2 within the frame as well, which is seen in half of the frames: 0 has no
 * edge to 2. */
static void gaps_hide_nothing_of_what_passes_on_within_a_frame(void **state) {
    (void)state;
    enum { N = 30, T = 20000 };
    raw_data raw = simulate(T, N, 0, 0, NULL, 9700);
    test_set set;
    double mean = 0;
    for (int64_t t = 1; t < T; t++)
        for (int64_t i = 0; i < N; i += 3) {
            raw.x[t * N + i + 1] += 0.4f * raw.x[(t - 1) * N + i];
            raw.x[t * N + i + 2] += 0.4f * raw.x[t * N + i + 1] + 0.3f * raw.x[(t - 1) * N + i + 1];
        }
    for (int64_t k = 2; k < T * N; k += 3)
        if (normal(9800, k) > 0) raw.x[k] = NAN;
    syn_edge_estimates *e = test(&raw, 0, 1, &set);
    assert_non_null(set.data->session[0].mask);
    for (int i = 0; i < N; i += 3) mean += 3 * (double)e->estimate[(i + 2) * N + i] / N;
    assert_near("0 to 2", 0, mean, 0.02);
    syn_edge_estimates_free(e), set_free(&set), raw_free(&raw);
}

/* Frames twice as long as an effect takes: 0 drives 1 and 1 drives 2, partly within a frame, for every three neurons,
 * and what is recorded is noisy. Neither the path nor what 1 has in common with others is an edge. */
static void paths_over_a_third_neuron_are_no_edges(void **state) {
    (void)state;
    enum { N = 90, T = 6000 };
    raw_data fine = simulate(2 * T, N, 0, 0, NULL, 9600), raw = raw_create(T, N, 0, "fluorescence", 9650);
    test_set set;
    double z = 0, least = INFINITY;
    for (int64_t t = 1; t < 2 * T; t++)
        for (int64_t i = 0; i < N; i += 3) {
            fine.x[t * N + i + 1] += 0.3f * fine.x[(t - 1) * N + i];
            fine.x[t * N + i + 2] += 0.3f * fine.x[(t - 1) * N + i + 1];
        }
    for (int64_t t = 0; t < T; t++)
        for (int64_t i = 0; i < N; i++) {
            const float noise = (float)normal(9650, t * N + i);
            raw.x[t * N + i] = fine.x[2 * t * N + i] + fine.x[(2 * t + 1) * N + i] + noise;
        }
    syn_edge_estimates *e = test(&raw, 0, 2, &set);
    for (int i = 0; i < N; i += 3) {
        const int first = (i + 1) * N + i, second = (i + 2) * N + i + 1, both = (i + 2) * N + i;
        least = fmin(least, fmin((double)(e->estimate[first] / e->error[first]),
                                 (double)(e->estimate[second] / e->error[second])));
        z += 3 * (double)(e->estimate[both] / e->error[both]) / N;
    }
    assert_true(least > 4);
    assert_near("statistic of 0 to 2", 0, z, 0.7);
    syn_edge_estimates_free(e), set_free(&set), raw_free(&raw), raw_free(&fine);
}

/* A third of the neurons follow a slow drive that was not recorded: nobody drives anybody. */
static void an_unrecorded_drive_makes_no_edges(void **state) {
    (void)state;
    enum { N = 36, T = 20000, DRIVEN = 12 };
    raw_data raw = raw_create(T, N, 0, "counts", 9950);
    test_set set;
    double drive = 0, found = 0;
    for (int64_t t = 0; t < T; t++) {
        drive = 0.95 * drive + 0.3 * normal(9960, t);
        for (int64_t i = 0; i < N; i++) {
            const syn_random random = {4, SYN_STREAM_TEST, 9970};
            const double chance = i < DRIVEN ? 0.05 * exp(drive) : 0.08;
            raw.x[t * N + i] = syn_random_uniform(random, (uint64_t)(t * N + i)) < chance;
        }
    }
    set = set_create(&raw, 1, TINY_WINDOW);
    syn_edge_estimates *e;
    assert_ok(syn_test_counts(&set.data->session[0], 0.005, best_kernels(), 2, NULL, &e));
    for (int64_t i = 0; i < DRIVEN; i++)
        for (int64_t j = 0; j < DRIVEN; j++)
            if (i != j) found += fabs((double)(e->estimate[i * N + j] / e->error[i * N + j])) > 1.96;
    found /= DRIVEN * (DRIVEN - 1);
    if (!(found < 0.2)) fail_msg("share of p < 0.05 among driven neurons: %.3f", found);
    assert_true(e->coactivity > 0.1);
    syn_edge_estimates_free(e), set_free(&set), raw_free(&raw);
}

/* Every second neuron fires in bursts and drives the next: the edge is found, not the other way round. */
static void bursts_of_a_sender_do_not_turn_an_edge_around(void **state) {
    (void)state;
    enum { N = 30, T = 20000 };
    for (int gaps = 0; gaps < 2; gaps++) {
        raw_data raw = raw_create(T, N, 0, "counts", 9900);
        test_set set;
        double forth = INFINITY, back = 0;
        for (int64_t t = 0; t < T; t++)
            for (int64_t i = 0; i < N; i++) {
                double chance = 0.03;
                for (int lag = 2; lag <= 5 && lag <= t && i % 2 == 0; lag++)
                    chance += 0.12 * (double)raw.x[(t - lag) * N + i];
                if (i % 2 && t > 0) chance += 0.3 * (double)raw.x[(t - 1) * N + i - 1];
                const syn_random random = {3, SYN_STREAM_TEST, 9900};
                raw.x[t * N + i] = syn_random_uniform(random, (uint64_t)(t * N + i)) < chance;
            }
        if (gaps) raw_hide(&raw, 17);
        set = set_create(&raw, 1, TINY_WINDOW);
        syn_edge_estimates *e;
        assert_ok(syn_test_counts(&set.data->session[0], 0.005, best_kernels(), 2, NULL, &e));
        for (int i = 0; i < N; i += 2) {
            const int there = (i + 1) * N + i, opposite = i * N + i + 1;
            forth = fmin(forth, (double)(e->estimate[there] / e->error[there]));
            back += 2 * (double)(e->estimate[opposite] / e->error[opposite]) / N;
        }
        assert_true(forth > 10);
        assert_near("the other way round", 0, back, 0.8);
        syn_edge_estimates_free(e), set_free(&set), raw_free(&raw);
    }
}

/* What all neurons share within a frame is measured where both were seen. */
static void gaps_do_not_hide_that_residuals_correlate(void **state) {
    (void)state;
    enum { N = 12, T = 6000 };
    for (int gaps = 0; gaps < 2; gaps++) {
        raw_data raw = raw_create(T, N, 0, "fluorescence", 10000);
        test_set set;
        for (int64_t k = 0; k < T * N; k++) raw.x[k] = (float)(normal(10050, k) + normal(10100, k / N));
        for (int64_t k = 0; gaps && k < T * N; k++)
            if (normal(10200, k) > 0) raw.x[k] = NAN;
        syn_edge_estimates *e = test(&raw, 0, 1, &set);
        assert_near("correlation", 0.5, e->residual_correlation, 0.03);
        assert_near("by chance", (gaps ? 2 : 1) / sqrt(0.85 * T), e->residual_correlation_by_chance, 0.1 / sqrt(T));
        syn_edge_estimates_free(e), set_free(&set), raw_free(&raw);
    }
}

/* Of two values, whose squares say the same, a third of them rare, and some there twice. */
static void behaviour_that_repeats_itself_is_no_failure(void **state) {
    (void)state;
    enum { N = 15, T = 20000, B = 60, TWICE = 20 };
    raw_data raw = raw_create(T, N, B, "fluorescence", 10300);
    test_set set;
    for (int64_t t = 0; t < T; t++)
        for (int64_t b = 0; b < B; b++) {
            const double most = b % 3 ? -0.5 : -3.1;
            raw.u[t * B + b] = normal(10350, t * B + (b < B - TWICE ? b : b - B + TWICE)) < most;
        }
    syn_edge_estimates *e = test(&raw, 0.6, 2, &set);
    for (int64_t k = 0; k < N * N; k++) assert_true(isfinite(e->estimate[k]) && isfinite(e->error[k]));
    const double below = share_below(e, N, 0.05);
    if (!(below < 0.12)) fail_msg("share of p < 0.05: %.3f", below);
    syn_edge_estimates_free(e), set_free(&set), raw_free(&raw);
}

/* 100 variables leave room for a test without their squares, 300 and more for none. */
static void more_behaviour_than_frames_is_said_not_tested(void **state) {
    (void)state;
    enum { N = 6, T = 600 };
    for (int64_t B = 100; B <= 700; B += 200) {
        raw_data raw = raw_create(T, N, B, "fluorescence", 10400);
        test_set set;
        for (int64_t k = 0; k < T * B; k++) raw.u[k] = (float)normal(10450, k);
        syn_edge_estimates *e = test(&raw, 0, 2, &set);
        assert_true(e->freedom > 0);
        for (int64_t k = 0; k < N * N; k++) {
            assert_true(isfinite(e->estimate[k]) && isfinite(e->error[k]));
            assert_int_equal(e->error[k] > 0, B == 100 && k % (N + 1) != 0);
        }
        syn_edge_estimates_free(e), set_free(&set), raw_free(&raw);
    }
}

/* More neurons than frames, entries missing, two neurons the same: false alarms stay few. */
static void short_recordings_with_gaps(void **state) {
    (void)state;
    enum { N = 150, T = 260 };
    raw_data raw = simulate(T, N, 1, 0.7, NULL, 9000);
    test_set set;
    for (int64_t t = 0; t < T; t++) raw.x[t * N + 1] = raw.x[t * N];
    raw_hide(&raw, 17);
    syn_edge_estimates *e = test(&raw, 0.7, 2, &set);
    double below = share_below(e, N, 0.05);
    if (!(below > 0.02 && below < 0.08)) fail_msg("share of p < 0.05: %.3f", below);
    for (int64_t k = 0; k < N * N; k++) assert_true(isfinite(e->estimate[k]) && isfinite(e->error[k]));
    syn_edge_estimates_free(e), set_free(&set), raw_free(&raw);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unconnected_neurons_give_false_alarms_at_their_rate),
        cmocka_unit_test(what_follows_behaviour_slowly_and_not_in_proportion_is_no_edge),
        cmocka_unit_test(what_follows_sums_of_behaviour_not_in_proportion_is_no_edge),
        cmocka_unit_test(what_follows_behaviour_later_is_no_edge),
        cmocka_unit_test(errors_are_the_spread_over_shifts_of_the_sender),
        cmocka_unit_test(variance_is_that_of_all_shifts),
        cmocka_unit_test(a_small_network_is_found),
        cmocka_unit_test(a_network_of_which_half_is_connected_is_found),
        cmocka_unit_test(estimate_does_not_depend_on_the_models_C),
        cmocka_unit_test(neither_threads_nor_frames_between_segments_matter),
        cmocka_unit_test(trials_may_come_in_any_order),
        cmocka_unit_test(missing_entries_have_no_residual),
        cmocka_unit_test(receivers_are_heard_when_they_answer),
        cmocka_unit_test(residuals_are_weighted_where_that_helps),
        cmocka_unit_test(what_was_before_a_window_ends_at_a_trials_border),
        cmocka_unit_test(what_passes_on_within_a_frame_is_no_edge),
        cmocka_unit_test(gaps_hide_nothing_of_what_passes_on_within_a_frame),
        cmocka_unit_test(paths_over_a_third_neuron_are_no_edges),
        cmocka_unit_test(an_unrecorded_drive_makes_no_edges),
        cmocka_unit_test(bursts_of_a_sender_do_not_turn_an_edge_around),
        cmocka_unit_test(gaps_do_not_hide_that_residuals_correlate),
        cmocka_unit_test(behaviour_that_repeats_itself_is_no_failure),
        cmocka_unit_test(more_behaviour_than_frames_is_said_not_tested),
        cmocka_unit_test(short_recordings_with_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
