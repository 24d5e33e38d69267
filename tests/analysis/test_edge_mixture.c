/* The spread of what is no edge, from statistics of which the truth is drawn: where edges are as many, where they
 * cannot be told apart one by one, and where there are none. */
#include "../model/fixture.h"
#include "analysis/edge_mixture.h"
#include "analysis/fdr.h"

enum { N = 60, SENDERS_THAT_LOWER = 5 }; /* one in five */

/* What is drawn: mean and spread of no edges, and of edges of senders that raise and that lower. */
typedef struct drawn {
    double density, mean, spread;
    double up, up_spread, down, down_spread;
    bool mixed; /* every sender has edges of both signs */
} drawn;

/* z: [N][N], NaN on the diagonal. Returns the root mean square of those that are no edge. */
static double draw(const drawn *d, uint32_t stream, double *z) {
    double square = 0, none = 0;
    for (int k = 0; k < N * N; k++) {
        const bool edge = 0.5 * erfc(-normal(stream, k) / sqrt(2)) < d->density;
        const bool lowers = d->mixed ? normal(stream + 1, k) > 0 : k % N % SENDERS_THAT_LOWER == 0;
        const double u = normal(stream + 2, k);
        z[k] = !edge ? d->mean + d->spread * u : lowers ? d->down + d->down_spread * u : d->up + d->up_spread * u;
        if (k / N == k % N) z[k] = NAN;
        if (k / N != k % N && !edge) square += z[k] * z[k], none++;
    }
    return sqrt(square / none);
}

/* The mean spread over senders is that of what is no edge, up to a share. */
static void assert_spread(const char *what, const drawn *d, uint32_t stream, double below, double above) {
    double z[N * N], spread[N], mean = 0;
    const double truth = draw(d, stream, z);
    assert_ok(syn_edge_mixture_spread(z, N, spread, NULL));
    for (int j = 0; j < N; j++) mean += spread[j] / N;
    if (!(mean > (1 - below) * truth && mean < (1 + above) * truth))
        fail_msg("%s: found %.3f, drawn %.3f", what, mean, truth);
}

static void half_of_all_pairs_may_be_edges(void **state) {
    (void)state;
    const drawn spikes = {0.5, 0.1, 1.05, 4, 1.4, -12, 2.5, false}, both_signs = {0.5, 0, 1, 4, 1.4, -4, 1.4, true};
    double z[N * N], list[N * N], bulk;
    int64_t n = 0;
    for (uint32_t seed = 0; seed < 3; seed++) {
        assert_spread("senders of one sign", &spikes, 100 + 10 * seed, 0.05, 0.1);
        assert_spread("senders of both signs", &both_signs, 200 + 10 * seed, 0.05, 0.25);
    }
    draw(&spikes, 100, z);
    for (int k = 0; k < N * N; k++)
        if (!isnan(z[k])) list[n++] = z[k];
    assert_ok(syn_empirical_null(list, n, &bulk));
    assert_true(bulk > 2.5); /* the middle of all of them is made of edges */
}

/* Edges that raise are hardly larger than what is none; those that lower tell how wide that is. */
static void senders_whose_edges_stand_out_tell_of_the_others(void **state) {
    (void)state;
    const drawn fluorescence = {0.5, 0.3, 1.15, 1.6, 1.15, -4, 1.4, false},
                fewer = {0.25, 0.2, 1.1, 1.9, 1.2, -4.4, 1.3, false};
    for (uint32_t seed = 0; seed < 3; seed++) {
        assert_spread("half", &fluorescence, 300 + 10 * seed, 0.1, 0.3);
        assert_spread("a quarter", &fewer, 400 + 10 * seed, 0.1, 0.2);
    }
}

/* Neurons that were not recorded excite all pairs, or spread them; with few edges or none. */
static void what_is_left_out_widens_it(void **state) {
    (void)state;
    const drawn wide = {0, 0, 1.7, 0, 1, 0, 1, false}, shifted = {0.1, 0.6, 1.1, 4.7, 1.6, -10, 2.7, false},
                wider = {0, 0, 60, 0, 1, 0, 1, false}, nothing = {0, 0, 1, 0, 1, 0, 1, false};
    for (uint32_t seed = 0; seed < 3; seed++) {
        assert_spread("no edges", &nothing, 500 + 10 * seed, 0.02, 0.06);
        assert_spread("no edges, wide", &wide, 600 + 10 * seed, 0.05, 0.06);
        assert_spread("no edges, very wide", &wider, 700 + 10 * seed, 0.1, 0.1);
        assert_spread("all shifted", &shifted, 800 + 10 * seed, 0.05, 0.1);
    }
}

/* Traces of the edges of senders that lower, in their own columns. */
static void kinds_of_senders_have_spreads_of_their_own(void **state) {
    (void)state;
    const drawn d = {0.25, 0, 1, 4, 1.3, -8, 2, false};
    double z[N * N], spread[N];
    draw(&d, 900, z);
    for (int k = 0; k < N * N; k++)
        if (k % N % SENDERS_THAT_LOWER == 0) z[k] -= 1;
    assert_ok(syn_edge_mixture_spread(z, N, spread, NULL));
    for (int j = 0; j < N; j++)
        assert_near("spread", j % SENDERS_THAT_LOWER == 0 ? sqrt(2) : 1, spread[j], j % SENDERS_THAT_LOWER ? 0.1 : 0.2);
}

/* Rows of which what is no edge spreads wider, among edges that are told from it. */
static void receivers_may_spread_wider(void **state) {
    (void)state;
    const drawn d = {0.1, 0, 1, 5, 1, -7, 1.5, false};
    double z[N * N], spread[N], receiver[N];
    for (uint32_t seed = 0; seed < 3; seed++) {
        draw(&d, 1100 + 10 * seed, z);
        assert_ok(syn_edge_mixture_spread(z, N, spread, receiver));
        for (int i = 0; i < N; i++) assert_near("alike", 1, receiver[i], 0.05);
        for (int k = 0; k < N * N / 4; k++)
            if (fabs(z[k]) < 3) z[k] *= 1.8;
        assert_ok(syn_edge_mixture_spread(z, N, spread, receiver));
        double wide = 0, others = 0;
        for (int i = 0; i < N; i++) *(i < N / 4 ? &wide : &others) += receiver[i];
        assert_near("wide to others", 1.75, wide / (N / 4) / (others / (N - N / 4)), 0.3);
    }
}

static void few_or_enormous_statistics_are_no_harm(void **state) {
    (void)state;
    double z[N * N], spread[N], receiver[N];
    const drawn d = {0.1, 0, 1, 1e4, 1, -1e6, 1, false};
    draw(&d, 1000, z);
    for (int k = 0; k < N; k++) z[k * N + 7] = NAN; /* a sender that was not tested */
    assert_ok(syn_edge_mixture_spread(z, N, spread, receiver));
    for (int j = 0; j < N; j++) assert_near("spread", 1, spread[j], 0.1);
    assert_ok(syn_edge_mixture_spread(z, 14, spread, receiver));
    for (int j = 0; j < 14; j++) assert_true(spread[j] == 1 && receiver[j] == 1);
    for (int k = 0; k < N * N; k++) z[k] = 0;
    assert_ok(syn_edge_mixture_spread(z, N, spread, receiver));
    for (int j = 0; j < N; j++) assert_true(isfinite(spread[j]) && receiver[j] == 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_of_all_pairs_may_be_edges),
        cmocka_unit_test(senders_whose_edges_stand_out_tell_of_the_others),
        cmocka_unit_test(what_is_left_out_widens_it),
        cmocka_unit_test(kinds_of_senders_have_spreads_of_their_own),
        cmocka_unit_test(receivers_may_spread_wider),
        cmocka_unit_test(few_or_enormous_statistics_are_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
