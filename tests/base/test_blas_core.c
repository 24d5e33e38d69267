/* Which core type OpenBLAS is told to use, from what it chose and what the processor runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/blas_core.h"
#include "synapsnet/synapsnet.h"

static const syn_processor old = {false, false}, avx2 = {true, false}, avx512 = {true, true};

static void a_core_type_too_old_is_replaced(void **state) {
    (void)state;
    assert_string_equal(syn_blas_better_core("Prescott", avx512), "SkylakeX");
    assert_string_equal(syn_blas_better_core("Prescott", avx2), "Haswell");
    assert_string_equal(syn_blas_better_core("Core2", avx512), "SkylakeX");
    assert_string_equal(syn_blas_better_core("Sandybridge", avx2), "Haswell");
    assert_string_equal(syn_blas_better_core("Barcelona", avx2), "Haswell");
    assert_string_equal(syn_blas_better_core("nehalem", avx2), "Haswell");
}

static void a_fitting_core_type_stays(void **state) {
    (void)state;
    static const char *const fitting[] = {"Haswell", "Zen",        "SkylakeX", "Cooperlake", "SapphireRapids",
                                          "Unknown", "NEOVERSEN1", "",         "Excavator"};
    for (size_t k = 0; k < sizeof fitting / sizeof *fitting; k++) {
        assert_null(syn_blas_better_core(fitting[k], avx512));
        assert_null(syn_blas_better_core(fitting[k], avx2));
    }
    assert_null(syn_blas_better_core("Prescott", old));
    assert_null(syn_blas_better_core(NULL, avx512));
}

static void what_the_user_set_stays(void **state) {
    (void)state;
    static const char *const values[] = {"Prescott", "Haswell", ""};
    for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
        setenv("OPENBLAS_CORETYPE", values[k], 1);
        assert_null(syn_blas_core_type());
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_core_type_too_old_is_replaced),
        cmocka_unit_test(a_fitting_core_type_stays),
        cmocka_unit_test(what_the_user_set_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
