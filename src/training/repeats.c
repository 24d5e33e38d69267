#include "training/repeats.h"

#include <math.h>

#include "base/memory.h"
#include "base/random.h"
#include "training/plan.h"

syn_status syn_repeats_create(syn_repeats **repeats, const syn_search *search, int asked, size_t length) {
    SYN_TRY(syn_alloc(repeats, 1, sizeof **repeats, "repeats"));
    **repeats = (syn_repeats){.search = search, .asked = asked, .length = length};
    const syn_status status = syn_alloc(&(*repeats)->kept, (size_t)asked, sizeof *(*repeats)->kept, "repeats");
    if (status != SYN_OK) syn_repeats_free(*repeats), *repeats = NULL;
    return status;
}

void syn_repeats_free(syn_repeats *repeats) {
    if (!repeats) return;
    for (int k = 0; k < repeats->done; k++) free(repeats->kept[k]);
    free(repeats->kept);
    syn_search_free(repeats->running);
    free(repeats);
}

uint64_t syn_repeat_seed(uint64_t seed, int k) {
    uint32_t words[4];
    syn_random_words((syn_random){seed, SYN_STREAM_REPEATS, 0}, (uint64_t)k, words);
    return words[0] >> 1;
}

bool syn_repeats_left(const syn_repeats *repeats) {
    int stage;
    return repeats->done < repeats->asked && syn_search_winner(repeats->search, &stage)->form != SYN_FORM_NONE;
}

/* Marks what the start of stage k was taken from (start_stage() in search.c). */
static void need_start(const syn_search *search, int k, bool *needed) {
    const syn_stage *stage = &search->stage[k];
    const bool connectivity = stage->candidate.form != SYN_FORM_NONE, signs = stage->candidate.form == SYN_FORM_DALE;
    if (!connectivity && !stage->again && !stage->tuned) return; /* from fresh weights */
    const int none = syn_plan_least_before(search, k, false, true),
              best = syn_plan_least_before(search, k, true, false);
    if (none >= 0) needed[none] = true;
    if (best >= 0 && connectivity && (signs || stage->tuned)) needed[best] = true;
    if (stage->again) needed[syn_plan_least_before(search, k, false, false)] = true;
}

/* The stages of the origin that its winner was made of, and their shares. */
static void plan(syn_search *repeat) {
    const syn_search *origin = repeat->origin;
    bool needed[SYN_MAX_STAGES] = {false};
    double share[SYN_MAX_STAGES] = {0};
    int winner;
    syn_search_winner(origin, &winner);
    for (int k = 0; k < origin->n_stages; k++) {
        share[k] = origin->blend ? origin->blend_share[k] : k == winner;
        needed[k] = share[k] > 0;
    }
    for (int k = origin->n_stages - 1; k >= 0; k--)
        if (needed[k]) need_start(origin, k, needed);
    for (int k = 0; k < origin->n_stages; k++) {
        if (!needed[k]) continue;
        repeat->share[repeat->n_planned] = share[k];
        repeat->planned[repeat->n_planned++] = k;
    }
    /* what was averaged sends alike: one regression is enough */
    repeat->limits.innovation = origin->stage[winner].candidate.innovation;
}

syn_status syn_repeats_begin(syn_repeats *repeats) {
    const syn_search *origin = repeats->search;
    SYN_TRY(syn_alloc(&repeats->running, 1, sizeof *repeats->running, "repeat"));
    syn_search *repeat = repeats->running;
    *repeat = (syn_search){.data = origin->data,
                           .kernels = origin->kernels,
                           .settings = origin->settings,
                           .limits = origin->limits,
                           .none_loss = INFINITY,
                           .ablation_loss = INFINITY,
                           .best_loss = INFINITY,
                           .origin = origin};
    repeat->settings.seed = syn_repeat_seed(origin->settings.seed, repeats->done);
    plan(repeat);
    return syn_search_take_prior(repeat);
}

const syn_parameters *syn_repeats_model(const syn_repeats *repeats) { return repeats->running->blend; }

void syn_repeats_end(syn_repeats *repeats, float *kept) {
    syn_search_free(repeats->running);
    repeats->running = NULL;
    repeats->kept[repeats->done++] = kept;
}
