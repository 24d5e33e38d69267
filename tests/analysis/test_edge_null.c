/* How much errors are widened: by what neurons have in common, and not by edges however many a neuron receives. */
#include "../model/fixture.h"
#include "analysis/edge_null.h"

enum { N = 60, SOME = N / 2 };

/* Statistics of which nothing is an edge: [N][N], standard normal. */
static void draw(uint32_t stream, double *z) {
    for (int k = 0; k < N * N; k++) z[k] = normal(stream, k);
}

/* Mean factor on the errors of the pairs whose receiver and sender are both among the first SOME, and of all others.
 * Returns the largest ratio of two errors of one sender: 1 where nothing is in common. */
static double inflate(const double *z, double *some, double *others) {
    syn_edge_estimates *e = calloc(1, sizeof *e);
    int n[2] = {0};
    *some = *others = 0;
    e->estimate = malloc(N * N * sizeof(float)), e->error = malloc(N * N * sizeof(float)), e->freedom = 1e4;
    for (int k = 0; k < N * N; k++) e->estimate[k] = (float)z[k], e->error[k] = k % (N + 1) ? 1.0f : 0.0f;
    assert_ok(syn_edge_null_inflate(e, N));
    double square = 0;
    for (int k = 0; k < N * N; k++) {
        const bool first = k / N < SOME && k % N < SOME;
        if (k % (N + 1) == 0) continue;
        *(first ? some : others) += (double)e->error[k], n[first]++;
        square += (double)(e->error[k] * e->error[k]);
    }
    *some /= n[1], *others /= n[0];
    assert_near("inflation", sqrt(square / (N * (N - 1))), e->inflation, 1e-4);
    double largest = 1;
    for (int j = 0; j < N; j++) {
        double low = INFINITY, high = 0;
        for (int i = 0; i < N; i++)
            if (i != j) low = fmin(low, (double)e->error[i * N + j]), high = fmax(high, (double)e->error[i * N + j]);
        largest = fmax(largest, high / low);
    }
    syn_edge_estimates_free(e);
    return largest;
}

static void what_neurons_share_widens_errors_between_them(void **state) {
    (void)state;
    for (uint32_t seed = 0; seed < 3; seed++) {
        double z[N * N], some, others;
        draw(10 * seed + 1, z);
        inflate(z, &some, &others);
        assert_true(some < 1.08 && others < 1.08);
        for (int i = 0; i < SOME; i++)
            for (int j = 0; j < i; j++) {
                const double shared = 1.5 * normal(10 * seed + 2, i * N + j);
                z[i * N + j] += shared, z[j * N + i] += shared;
            }
        inflate(z, &some, &others);
        assert_true(some > 1.2 && others < some - 0.1);
    }
}

/* Half of the neurons receive edges from half of all others; neurons that were not recorded may excite all pairs alike.
 */
static void edges_of_hubs_do_not(void **state) {
    (void)state;
    const double shifts[] = {0, 0.3, 0.6, 1};
    for (uint32_t seed = 0; seed < 3; seed++)
        for (int s = 0; s < 4; s++) {
            double z[N * N], some, others;
            draw(100 + 10 * seed, z);
            for (int k = 0; k < N * N; k++) {
                z[k] += shifts[s];
                if (k < SOME * N && normal(101 + 10 * seed, k) > 0) z[k] += k % N % 5 ? 3 : -4;
            }
            assert_near("largest factor", 1, inflate(z, &some, &others), 0.02);
            if (s == 0) assert_true(some < 1.12 && others < 1.12);
        }
}

/* Pairs that are connected both ways, as many of every neuron. */
static void edges_both_ways_do_not(void **state) {
    (void)state;
    for (uint32_t seed = 0; seed < 3; seed++) {
        double z[N * N], some, others;
        draw(200 + 10 * seed, z);
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                if (i != j && i % 10 == j % 10) z[i * N + j] += 4;
        assert_near("largest factor", 1, inflate(z, &some, &others), 0.02);
        assert_true(some < 1.12 && others < 1.12);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_neurons_share_widens_errors_between_them),
        cmocka_unit_test(edges_of_hubs_do_not),
        cmocka_unit_test(edges_both_ways_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
