/* p-values and false discovery rates against a case done by hand and against scipy 1.x (stats.t.sf,
 * stats.false_discovery_control). */
#include "../model/fixture.h"
#include "analysis/fdr.h"

static void students_tail_is_that_of_scipy(void **state) {
    (void)state;
    static const struct {
        double t, freedom, p;
    } golden[] = {{2, 30, 0.05462504496},
                  {1.96, 5000, 0.05005125229},
                  {6, 40, 4.726455133e-07},
                  {0.5, 100, 0.6181735658},
                  {9, 1000, 1.112907717e-18}};
    for (size_t k = 0; k < sizeof golden / sizeof *golden; k++) {
        const double p = syn_two_sided_p(-golden[k].t, golden[k].freedom);
        assert_near("p", golden[k].p, p, 0.01 * golden[k].p);
        assert_near("quantile", golden[k].t, syn_two_sided_quantile(p, golden[k].freedom), 1e-6);
    }
}

/* Four tests: p n / rank is .04, .06, .0533, .5, and no q is above that of a larger p. By any dependence all are
 * multiplied by 1 + 1/2 + 1/3 + 1/4. */
static void three_of_four_by_hand(void **state) {
    (void)state;
    const double p[] = {0.03, 0.5, 0.01, 0.04}, by_hand[] = {0.16 / 3, 0.5, 0.04, 0.16 / 3};
    double q[4];
    assert_ok(syn_false_discovery(p, 4, false, q));
    for (int k = 0; k < 4; k++) assert_near("bh", by_hand[k], q[k], 1e-15);
    assert_ok(syn_false_discovery(p, 4, true, q));
    for (int k = 0; k < 4; k++) assert_near("by", fmin(1, by_hand[k] * 25 / 12), q[k], 1e-15);
}

static void ties_and_what_is_no_test(void **state) {
    (void)state;
    const double p[] = {0.001, 0.2, NAN, 0.013, 0.9, 0.04, 0.0005, 0.04, 0.6, NAN};
    const double bh[] = {0.004, 0.26666666666667, 0.034666666666667, 0.9, 0.064, 0.004, 0.064, 0.68571428571429};
    const double by[] = {0.010871428571429, 0.7247619047619,   0.094219047619048, 1,
                         0.17394285714286,  0.010871428571429, 0.17394285714286,  1};
    double q[10];
    for (int method = 0; method < 2; method++) {
        assert_ok(syn_false_discovery(p, 10, method, q));
        for (int k = 0, n = 0; k < 10; k++) {
            assert_true(isnan(p[k]) == isnan(q[k]));
            if (!isnan(p[k])) assert_near("q", (method ? by : bh)[n], q[k], 1e-11), n++;
        }
    }
}

static void the_middle_tells_the_spread_of_what_is_not_there(void **state) {
    (void)state;
    enum { N = 20000 };
    double *z = zeros(N, sizeof *z), found;
    for (int k = 0; k < N; k++) z[k] = normal(1, k) * (k % 10 ? 1.3 : 6);
    assert_ok(syn_empirical_null(z, N, &found));
    assert_true(found > 1.3 && found < 1.45);
    for (int k = 0; k < N; k++) z[k] = normal(2, k);
    assert_ok(syn_empirical_null(z, N, &found));
    assert_near("deviation", 1, found, 0.03);
    assert_ok(syn_empirical_null(z, 100, &found));
    assert_true(found == 1);
    free(z);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(students_tail_is_that_of_scipy),
        cmocka_unit_test(three_of_four_by_hand),
        cmocka_unit_test(ties_and_what_is_no_test),
        cmocka_unit_test(the_middle_tells_the_spread_of_what_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
