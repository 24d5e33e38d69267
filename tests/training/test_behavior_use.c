/* Whether a behaviour is used: only where it makes the validation loss less by more than its own error. */
#include "training/search.h"

#include "fixture.h"

enum { WINDOW = 16, NEURONS = 4, FRAMES = 1500, DRAWS = 8 };

static const syn_settings settings = {.hidden = 4,
                                      .embedding = 2,
                                      .behavior_inputs = 1,
                                      .threads = 1,
                                      .decoder_rate = 0.01,
                                      .connectivity_rate = 0.01,
                                      .batch_frames = 64,
                                      .max_epochs = 60,
                                      .patience = 10};

/* x[t+1] = 0.5 x[t] + effect u[t] + noise, of a behaviour that is noise itself. */
static raw_data driven(float effect, uint32_t stream) {
    raw_data raw = raw_create(FRAMES, NEURONS, 1, "fluorescence", stream);
    for (int64_t k = 0; k < FRAMES; k++) raw.u[k] = (float)normal(stream + 1, k);
    for (int64_t k = NEURONS; k < FRAMES * NEURONS; k++)
        raw.x[k] = (float)normal(stream + 2, k) + 0.5f * raw.x[k - NEURONS] + effect * raw.u[k / NEURONS - 1];
    return raw;
}

typedef struct outcome {
    bool used;  /* the decoder that candidates start from knows the behaviour */
    bool lower; /* and had the lower validation loss */
} outcome;

static outcome search_decoders(float effect, uint32_t stream) {
    raw_data raw = driven(effect, stream);
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_search_limits limits = {.form = SYN_FORM_NONE, .ridge = -1, .l1 = -1, .innovation = 0};
    syn_search *search;
    bool done = false;
    double with = INFINITY, without = INFINITY;
    assert_ok(syn_search_create(&search, set.data, best_kernels(), &settings, &limits));
    while (!done) assert_ok(syn_search_epoch(search, &done, NULL, NULL));
    for (int k = 0; k < search->n_stages; k++) {
        const syn_stage *stage = &search->stage[k];
        if (stage->again) continue;
        if (stage->candidate.no_behavior)
            without = fmin(without, stage->loss);
        else
            with = fmin(with, stage->loss);
    }
    double sum = 0; /* of P, which stays 0 in a decoder that does not know the behaviour */
    const syn_session_layout *at = &search->ablation->session[0];
    for (int64_t k = 0; k < search->ablation->b * at->B; k++)
        sum += fabs((double)search->ablation->value[at->p + (size_t)k]);
    const outcome o = {.used = sum > 0, .lower = with < without};
    const syn_stage *last = &search->stage[search->n_stages - 1];
    assert_true(last->again);
    assert_int_equal(o.used, !last->candidate.no_behavior);
    for (int k = 0; k < search->n_stages; k++) /* what is not used is passed over, whatever its loss */
        if (!o.used && !search->stage[k].candidate.no_behavior) assert_true(search->stage[k].passed_over);
    syn_search_free(search), set_free(&set), raw_free(&raw);
    return o;
}

static void behavior_that_predicts_is_used(void **state) {
    (void)state;
    for (uint32_t k = 0; k < DRAWS; k++) assert_true(search_decoders(0.5f, 300 + 3 * k).used);
}

/* Noise lowers the loss of every other draw or so, hardly ever by more than one standard error. */
static void noise_is_not_used(void **state) {
    (void)state;
    int used = 0, lower = 0;
    for (uint32_t k = 0; k < DRAWS; k++) {
        const outcome o = search_decoders(0, 400 + 3 * k);
        used += o.used, lower += o.lower;
    }
    assert_in_range(used, 0, 2);
    assert_true(lower > used);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behavior_that_predicts_is_used),
        cmocka_unit_test(noise_is_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
