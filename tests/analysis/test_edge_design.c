/* Nuisance columns of bins that are shorter than a frame: how behaviour rises within the frame. */
#include "../model/fixture.h"
#include "analysis/edge_design.h"

enum { K = 4 };

static void behaviour_has_a_slope_within_its_frame(void **state) {
    (void)state;
    raw_data raw = raw_create(1600, 5, 2, "fluorescence", 71);
    raw_cut(&raw, 4, 2 * K);
    test_set set = set_create(&raw, 1, 8);
    syn_session *s = &set.data->session[0];
    for (int64_t t = 0; t < s->T; t++) /* as one value a frame */
        for (int64_t b = 0; b < s->B; b++) s->u[t * s->B + b] = s->u[t / K * K * s->B + b];
    for (int earlier = 0; earlier <= 2; earlier += 2) {
        syn_edge_design d;
        assert_ok(
            syn_edge_design_create(&d, s, (syn_edge_bins){.per_frame = K, .earlier = earlier}, best_kernels(), 1));
        const int64_t at = 1 + d.powers * d.offsets * s->B;
        float *q = malloc((size_t)(SYN_EDGE_CHUNK * d.Q) * sizeof *q);
        int borders = 0;
        assert_int_equal(d.slopes, s->B);
        for (int64_t c = 0; c < d.n_chunks; c++) {
            syn_edge_nuisance(&d, &d.chunk[c], q);
            for (int64_t t = 0; t < d.chunk[c].n; t++) {
                const int64_t target = d.chunk[c].frame + t;
                int64_t g = 0;
                while (target >= raw.segment[2 * g + 1]) g++;
                const int64_t start = raw.segment[2 * g], frame = (target - start) / K,
                              last = (raw.segment[2 * g + 1] - start) / K - 1;
                const int64_t before = start + K * (frame > 0 ? frame - 1 : 0),
                              after = start + K * (frame < last ? frame + 1 : last);
                const double place = ((double)((target - start) % K) + 0.5) / K - 0.5; /* -3/8, -1/8, 1/8, 3/8 */
                borders += frame == 0 || frame == last;
                for (int64_t j = 0; earlier && j < s->N; j++) { /* the last columns */
                    const int64_t from = target - 1 - earlier;
                    const float sent = from < start ? 0 : s->x[from * s->N + j];
                    assert_near("earlier", (double)sent, (double)q[t * d.Q + d.Q - s->N + j], 0);
                }
                for (int64_t b = 0; b < s->B; b++) {
                    const double rise = (double)(s->u[after * s->B + b] - s->u[before * s->B + b]) / 2;
                    assert_near("slope", place * rise, (double)q[t * d.Q + at + b], 1e-5);
                }
            }
        }
        assert_true(borders > 2 * K);
        free(q), syn_edge_design_free(&d);
    }
    syn_edge_design d;
    assert_ok(syn_edge_design_create(&d, s, syn_edge_whole_frames, best_kernels(), 1));
    assert_int_equal(d.slopes, 0);
    syn_edge_design_free(&d), set_free(&set), raw_free(&raw);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behaviour_has_a_slope_within_its_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
