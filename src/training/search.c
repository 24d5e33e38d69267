#include "training/search.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"
#include "base/text.h"
#include "training/ahead.h"
#include "training/blend.h"
#include "training/correction.h"
#include "training/plan.h"

/* Rates when the decoder of another model is trained on, as a share of the usual ones. */
static const double tuning_rate = 0.2;
/* The decoder's rate, as a multiple of the usual one. */
static const double rate_of[] = {[SYN_PACE_USUAL] = 1, [SYN_PACE_FAST] = 3, [SYN_PACE_SLOW] = 0.2};
/* Whose weights are kept to be averaged. */
enum { MOST_MEMBERS = 8 };
/* A candidate that is behind the best one by this share has a third of the patience; a decoder without the behaviour
 * may be so far behind after as many epochs. */
static const double far_behind = 0.003;
/* Ridge on the projection of the behaviour, in observations: a weak prior of behaviour that says nothing. */
static const double behavior_ridge = 1000;
/* By how many standard errors of the difference a larger decoder, or one with another ridge on the embeddings, the one
 * that knows the behaviour, and what a connectivity predicts have to be ahead. */
static const double decoder_errors = 2, behavior_errors = 1, connectivity_errors = 1;

/* Another filter of what is sent is tried if the regression's error falls by this share at n validation frames: three
 * standard deviations, 2 sqrt(share / n), of such a gain if the neurons of a frame were one. */
static double worth_a_filter(double n) { return fmax(36 / n, SYN_WORTH_AN_EDGE); }

/* Everything that the result depends on: what a checkpoint must agree with. */
static uint64_t fingerprint(const syn_dataset *data, const syn_kernels *kernels, const syn_settings *settings,
                            const syn_search_limits *limits, const syn_parameters *prior) {
    XXH64_state_t *state = XXH64_createState();
    if (!state) return 0;
    XXH64_reset(state, settings->seed);
    for (size_t k = 0; k < data->n; k++) {
        const syn_session *s = &data->session[k];
        XXH64_update(state, s->x, (size_t)(s->T * s->N) * sizeof(float));
        XXH64_update(state, &s->norm.alpha, sizeof s->norm.alpha);
        if (s->B) XXH64_update(state, s->u, (size_t)(s->T * s->B) * sizeof(float));
        if (s->mask) XXH64_update(state, s->mask, (size_t)(s->T * ((s->N + 7) / 8)));
        if (settings->support) XXH64_update(state, settings->support[k], (size_t)(s->N * s->N));
        if (data->sharing) XXH64_update(state, &data->sharing[k].owner, sizeof data->sharing[k].owner);
        if (data->sharing && data->sharing[k].place)
            XXH64_update(state, data->sharing[k].place, (size_t)s->N * sizeof(int64_t));
        for (int split = 0; split < SYN_SPLITS; split++)
            XXH64_update(state, s->span[split], (size_t)s->n_spans[split] * sizeof(syn_span));
    }
    const double numbers[] = {settings->hidden,
                              settings->embedding,
                              settings->behavior_inputs,
                              settings->loss,
                              settings->decoder_rate,
                              settings->connectivity_rate,
                              (double)settings->batch_frames,
                              settings->max_epochs,
                              settings->patience,
                              limits->any_form,
                              limits->form,
                              limits->rank,
                              limits->ridge,
                              limits->l1,
                              limits->innovation,
                              limits->any_hidden,
                              limits->any_rate,
                              (double)data->window};
    XXH64_update(state, numbers, sizeof numbers);
    if (prior) XXH64_update(state, prior->value, prior->count * sizeof *prior->value);
    XXH64_update(state, kernels->name, strlen(kernels->name));
    uint64_t hash = XXH64_digest(state);
    XXH64_freeState(state);
    return hash;
}

syn_status syn_search_take_prior(syn_search *search) {
    return search->settings.source ? syn_start_prior(&search->prior, search->data, &search->settings) : SYN_OK;
}

syn_status syn_search_create(syn_search **search, const syn_dataset *data, const syn_kernels *kernels,
                             const syn_settings *settings, const syn_search_limits *limits) {
    SYN_TRY(syn_alloc(search, 1, sizeof **search, "search"));
    **search = (syn_search){.data = data,
                            .kernels = kernels,
                            .settings = *settings,
                            .limits = *limits,
                            .none_loss = INFINITY,
                            .ablation_loss = INFINITY,
                            .best_loss = INFINITY};
    const syn_status status = syn_search_take_prior(*search);
    if (status != SYN_OK) return syn_search_free(*search), *search = NULL, status;
    (*search)->fingerprint = fingerprint(data, kernels, settings, limits, (*search)->prior);
    return SYN_OK;
}

/* What only goes on searching needs. */
static void free_candidates(syn_search *search) {
    for (int k = 0; k < search->n_linear; k++) syn_linear_free(search->linear[k]), search->linear[k] = NULL;
    for (int k = 0; k < SYN_MAX_STAGES; k++) syn_parameters_free(search->member[k]), search->member[k] = NULL;
}

void syn_search_free(syn_search *search) {
    if (!search) return;
    free_candidates(search);
    syn_parameters_free(search->prior);
    syn_parameters_free(search->none);
    syn_parameters_free(search->ablation);
    syn_parameters_free(search->best);
    syn_parameters_free(search->blend);
    syn_trainer_free(search->trainer);
    for (int k = 0; k < SYN_MAX_STAGES; k++) free(search->curve[k]); /* of a stage that could not be ended, too */
    free(search);
}

void syn_stage_label(const syn_stage *stage, char *text, size_t size) {
    const syn_candidate *c = &stage->candidate;
    size_t n = 0;
    n += (size_t)syn_print_text(text + n, size - n, "%s", syn_form_name[c->form]);
    if (c->rank) n += (size_t)syn_print_text(text + n, size - n, " rank %d", c->rank);
    if (c->ridge > 0) n += (size_t)syn_print_text(text + n, size - n, " ridge %.3g", c->ridge);
    if (c->l1 > 0) n += (size_t)syn_print_text(text + n, size - n, " l1 %.3g", c->l1);
    if (c->innovation > 0) n += (size_t)syn_print_text(text + n, size - n, " innovation %.3g", c->innovation);
    n += (size_t)syn_print_text(text + n, size - n, ", %d hidden%s", stage->hidden,
                                stage->tuned ? ", decoder tuned" : "");
    if (c->embedding > 0) n += (size_t)syn_print_text(text + n, size - n, ", embedding ridge %.3g", c->embedding);
    if (c->no_behavior) n += (size_t)syn_print_text(text + n, size - n, ", no behaviour");
    if (c->pace != SYN_PACE_USUAL)
        n += (size_t)syn_print_text(text + n, size - n, c->pace == SYN_PACE_FAST ? ", fast decoder" : ", slow decoder");
    static const char *const agains[] = {"", ", trained on", ", trained on twice", ", of the best with connectivity"};
    syn_print_text(text + n, size - n, "%s", agains[stage->again]);
}

/* One regression, of what is sent with `innovation`. */
static syn_status regress(const syn_search *search, syn_network *network, double innovation, syn_linear **linear) {
    const syn_dataset *data = search->data;
    float **send = NULL;
    syn_status status;
    *linear = NULL;
    SYN_CHECK(syn_alloc(&send, data->n, sizeof *send, "filter"));
    for (size_t s = 0; s < data->n; s++) {
        SYN_CHECK(syn_alloc(&send[s], (size_t)data->session[s].N, sizeof **send, "filter"));
        SYN_CHECK(syn_start_filter(data, s, innovation, send[s]));
    }
    SYN_CHECK(syn_linear_create(linear, network, data, (const float *const *)send));
done:
    for (size_t s = 0; send && s < data->n; s++) free(send[s]);
    free(send);
    return status;
}

static syn_status regress_residuals(syn_search *search) {
    static const double innovations[] = {0.5, 0.8, 1};
    const bool fixed = search->limits.innovation >= 0;
    const double worth =
        worth_a_filter((double)search->data->n * syn_dataset_mean_frames(search->data, SYN_VALIDATION));
    syn_network *network = NULL;
    syn_linear *linear = NULL;
    syn_status status;
    SYN_CHECK(syn_network_create(&network, search->none, search->data, search->settings.loss, search->kernels,
                                 search->settings.threads, 256 + search->data->window, search->data->window));
    search->innovation[0] = fixed ? search->limits.innovation : 0;
    SYN_CHECK(regress(search, network, search->innovation[0], &search->linear[0]));
    search->n_linear = 1;
    for (size_t k = 0; !fixed && k < sizeof innovations / sizeof *innovations; k++) {
        SYN_CHECK(regress(search, network, innovations[k], &linear));
        const double least = syn_linear_least_error(search->linear[search->n_linear - 1]);
        if (syn_linear_least_error(linear) < least * (search->n_linear == 1 ? 1 - worth : 1)) {
            if (search->n_linear == 2) syn_linear_free(search->linear[1]);
            search->linear[1] = linear, search->innovation[1] = innovations[k];
            search->n_linear = 2;
        } else {
            syn_linear_free(linear);
        }
        linear = NULL;
    }
done:
    syn_network_free(network);
    return status;
}

syn_status syn_search_train(syn_search *search, const syn_stage *stage, syn_parameters *p,
                            const syn_schedule *schedule) {
    /* without factors L2 shrinks every weight; a factored W is regularised by its rank */
    const bool factored = stage->candidate.form == SYN_FORM_LOWRANK;
    const syn_penalty penalty = {.ridge = factored ? 0 : stage->candidate.ridge,
                                 .l1 = stage->candidate.l1,
                                 .embedding = stage->candidate.embedding,
                                 .prior = search->prior,
                                 .behavior = stage->candidate.no_behavior ? INFINITY : behavior_ridge};
    search->running = *stage;
    return syn_trainer_create(&search->trainer, p, search->data, search->settings.loss, search->kernels,
                              search->settings.threads, schedule, penalty);
}

/* The best candidate before the next stage, or NULL. A repeat takes what was the best one in its origin. */
static const syn_parameters *best_so_far(const syn_search *search) {
    if (!search->origin) return search->best;
    const int best = syn_plan_least_before(search->origin, search->planned[search->n_stages], true, false);
    for (int k = 0; k < search->n_stages; k++)
        if (search->planned[k] == best) return search->member[k];
    return NULL;
}

/* The parameters that a stage without connectivity, or a candidate, starts from. */
static syn_status start_stage(syn_search *search, const syn_stage *next, syn_parameters **p) {
    syn_settings settings = search->settings;
    settings.hidden = next->hidden;
    if (next->tuned)
        return syn_parameters_copy(p, next->candidate.form == SYN_FORM_NONE ? search->ablation : best_so_far(search));
    if (next->candidate.form == SYN_FORM_NONE && next->again) return syn_parameters_copy(p, search->ablation);
    if (next->candidate.form == SYN_FORM_NONE) {
        SYN_TRY(syn_start_none(p, search->data, &settings));
        if (next->candidate.no_behavior) syn_start_without_behavior(*p);
        return SYN_OK;
    }
    return syn_start_candidate(p, next->again ? search->ablation : search->none, best_so_far(search),
                               search->linear[next->candidate.innovation == search->innovation[0] ? 0 : 1],
                               &next->candidate, search->data, &search->settings, search->kernels);
}

/* What comes after the finished stages of a repeat. */
static syn_status next_planned(syn_search *search, syn_stage *next, bool *more) {
    *more = search->n_stages < search->n_planned;
    if (!*more) return SYN_OK;
    *next = search->origin->stage[search->planned[search->n_stages]];
    if (next->candidate.form != SYN_FORM_NONE && !search->n_linear) SYN_TRY(regress_residuals(search));
    return SYN_OK;
}

/* What comes after the finished stages; false: nothing. */
static syn_status next_stage(syn_search *search, syn_stage *next, bool *more) {
    if (search->origin) return next_planned(search, next, more);
    const bool any_tuned = search->n_stages > 0 && search->stage[search->n_stages - 1].tuned;
    const bool only_none = !search->limits.any_form && search->limits.form == SYN_FORM_NONE;
    *more = true;
    if (syn_plan_none(search, next)) return SYN_OK;
    if (!only_none && !any_tuned) {
        if (!search->n_linear) SYN_TRY(regress_residuals(search));
        if (syn_plan_candidate(search, next) || syn_plan_none_alike(search, next) || syn_plan_again(search, next))
            return SYN_OK;
    }
    *more = syn_plan_tuned(search, next);
    return SYN_OK;
}

/* For how long the decoder was trained that candidates would start from. */
static int epochs_of_none(const syn_search *search) {
    int k = 0;
    while (search->stage[k].passed_over || search->stage[k].loss != search->none_loss) k++;
    return search->stage[k].epochs;
}

/* Begins the next stage, or sets *done. */
static syn_status begin_stage(syn_search *search, bool *done) {
    syn_stage next;
    syn_parameters *p;
    bool more;
    SYN_TRY(next_stage(search, &next, &more));
    *done = !more;
    if (!more) return SYN_OK;
    SYN_TRY(start_stage(search, &next, &p));
    const int number = search->origin ? search->planned[search->n_stages] : search->n_stages;
    syn_schedule schedule = syn_candidate_schedule(p, &search->settings, (uint32_t)number);
    schedule.warm |= next.again > 0;
    schedule.decoder_rate *= rate_of[next.candidate.pace];
    if (search->best && next.candidate.form != SYN_FORM_NONE && !next.tuned) {
        schedule.rival_loss = search->best_loss + far_behind * fabs(search->best_loss);
        schedule.patience_behind = ((next.candidate.pace == SYN_PACE_SLOW ? 2 : 1) * schedule.patience + 2) / 3;
    }
    if (search->none && next.candidate.form == SYN_FORM_NONE && !next.tuned && !next.again) {
        schedule.rival_loss = search->none_loss;
        if (syn_plan_knows_less(search, &next)) schedule.rival_loss += far_behind * fabs(search->none_loss);
        schedule.epochs_behind = epochs_of_none(search);
    }
    if (next.tuned) {
        schedule.frozen_decoder = false;
        schedule.warm = true;
        schedule.decoder_rate *= tuning_rate;
        schedule.connectivity_rate *= tuning_rate;
    }
    return syn_search_train(search, &next, p, &schedule);
}

/* Puts a copy of the finished stage's best weights in *slot if its loss is below *loss. */
static syn_status keep_if_better(const syn_trainer *t, syn_parameters **slot, double *loss) {
    if (*slot && !(t->best_loss < *loss)) return SYN_OK;
    syn_parameters *copy;
    SYN_TRY(syn_parameters_copy(&copy, t->p));
    memcpy(copy->value, t->best, copy->count * sizeof *copy->value);
    syn_parameters_free(*slot);
    *slot = copy;
    *loss = t->best_loss;
    return SYN_OK;
}

/* Averages are dense, and of models that go back to one decoder. A form and a strength that were asked for are kept. A
 * repeat may also need a candidate as the start of another. */
static bool may_average(const syn_search *search, const syn_stage *stage) {
    if (search->origin) return stage->candidate.form != SYN_FORM_NONE || search->share[search->n_stages] > 0;
    const bool dense = search->limits.any_form || (search->limits.form == SYN_FORM_DENSE && search->limits.l1 < 0);
    return dense && (stage->candidate.form != SYN_FORM_NONE || stage->again);
}

/* Of many members with a connectivity the last ones hardly ever join an average: the one with the largest loss is let
 * go. */
static void let_worst_member_go(syn_search *search) {
    int n = 0, worst = -1;
    for (int k = 0; k <= search->n_stages; k++) {
        if (!search->member[k] || search->stage[k].candidate.form == SYN_FORM_NONE) continue;
        n++;
        if (worst < 0 || search->stage[k].loss > search->stage[worst].loss) worst = k;
    }
    if (n > MOST_MEMBERS) syn_parameters_free(search->member[worst]), search->member[worst] = NULL;
}

/* Passes over a decoder that is not clearly ahead of the best one before it; or all decoders before it if it knows
 * less, as it does without the behaviour, and the best of them is not clearly ahead. */
static syn_status pass_over(syn_search *search, syn_stage *stage, bool knows_less) {
    syn_trainer *t = search->trainer;
    float *const trained = t->p->value;
    bool ahead = false;
    t->p->value = t->best;
    const syn_parameters *more = knows_less ? search->none : t->p, *less = knows_less ? t->p : search->none;
    const syn_status status = syn_ahead(more, less, knows_less ? behavior_errors : decoder_errors, search->data,
                                        search->settings.loss, search->kernels, search->settings.threads, &ahead);
    t->p->value = trained;
    SYN_TRY(status);
    stage->passed_over = ahead == knows_less;
    if (!knows_less || stage->passed_over) return SYN_OK;
    for (int k = 0; k < search->n_stages; k++) search->stage[k].passed_over = true;
    search->none_loss = search->ablation_loss = INFINITY;
    return SYN_OK;
}

static syn_status end_stage(syn_search *search) {
    syn_trainer *t = search->trainer;
    const bool none = t->p->form == SYN_FORM_NONE;
    syn_stage *stage = &search->stage[search->n_stages];
    *stage = search->running;
    stage->loss = t->best_loss, stage->epochs = t->epoch, stage->best_epoch = t->best_epoch;
    const bool first = none && !stage->again && !stage->tuned && !search->origin;
    const bool knows_less = first && syn_plan_knows_less(search, stage);
    if (knows_less || (first && syn_plan_needs_evidence(search, stage))) SYN_TRY(pass_over(search, stage, knows_less));
    search->curve[search->n_stages] = t->curve, t->curve = NULL;
    if (may_average(search, stage)) {
        SYN_TRY(syn_parameters_copy(&search->member[search->n_stages], t->p));
        memcpy(search->member[search->n_stages]->value, t->best, t->p->count * sizeof *t->best);
        if (!search->origin) let_worst_member_go(search);
    }
    if (none && !stage->passed_over) {
        if (!stage->again) SYN_TRY(keep_if_better(t, &search->none, &search->none_loss));
        SYN_TRY(keep_if_better(t, &search->ablation, &search->ablation_loss));
    }
    if (!none && (!search->origin || search->n_stages + 1 < search->n_planned)) /* else nothing starts from it */
        SYN_TRY(keep_if_better(t, &search->best, &search->best_loss));
    search->n_stages++;
    syn_trainer_free(t);
    search->trainer = NULL;
    return SYN_OK;
}

/* How the predictions of the models that may be used are corrected. */
static syn_status choose_corrections(syn_search *search) {
    syn_parameters *const models[] = {search->ablation, search->best, search->blend};
    for (size_t k = 0; k < sizeof models / sizeof *models; k++)
        if (models[k])
            SYN_TRY(syn_choose_correction(models[k], search->settings.loss, search->data, search->kernels,
                                          search->settings.threads));
    return SYN_OK;
}

/* The best model with its connectivity taken out, as a stage with the epochs of that one, where it beats what was
 * trained without: a decoder that got better beside W is no evidence of W. */
static syn_status take_connectivity_out(syn_search *search) {
    const syn_parameters *with = search->blend ? search->blend : search->best;
    syn_parameters *without = NULL;
    syn_network *network = NULL;
    double loss;
    syn_status status;
    if (!with || search->origin || search->settings.source || search->n_stages == SYN_MAX_STAGES) return SYN_OK;
    SYN_CHECK(syn_parameters_create_for(&without, with->H, with->d, with->b, SYN_FORM_NONE, 0, search->data));
    syn_copy_common_tensors(without, with);
    SYN_CHECK(syn_network_create(&network, without, search->data, search->settings.loss, search->kernels,
                                 search->settings.threads, 256 + search->data->window, search->data->window));
    SYN_CHECK(syn_split_loss(network, search->data, search->settings.loss, SYN_VALIDATION, NULL, &loss));
    if (!(loss < search->ablation_loss)) goto done;
    int best = -1;
    for (int k = 0; k < search->n_stages; k++)
        if (search->stage[k].candidate.form != SYN_FORM_NONE &&
            (best < 0 || search->stage[k].loss < search->stage[best].loss))
            best = k;
    const syn_stage *from = &search->stage[best];
    const int k = search->n_stages;
    SYN_CHECK(syn_alloc(&search->curve[k], (size_t)from->epochs, sizeof **search->curve, "training curve"));
    if (from->epochs) memcpy(search->curve[k], search->curve[best], (size_t)from->epochs * sizeof **search->curve);
    search->stage[k] = *from;
    search->stage[k].candidate = (syn_candidate){.embedding = from->candidate.embedding,
                                                 .pace = from->candidate.pace,
                                                 .no_behavior = from->candidate.no_behavior};
    search->stage[k].again = 3, search->stage[k].loss = loss;
    search->n_stages++;
    syn_parameters_free(search->ablation);
    search->ablation = without, without = NULL;
    search->ablation_loss = loss;
done:
    syn_network_free(network);
    syn_parameters_free(without);
    return status;
}

/* Whether the connectivity is to be believed: its model is clearly ahead of the one without. A repeat does as its
 * origin. */
static syn_status settle_connectivity(syn_search *search) {
    const syn_parameters *with = search->blend ? search->blend : search->best;
    search->connectivity_ahead = search->origin != NULL;
    if (!with || search->origin) return SYN_OK;
    return syn_ahead(with, search->ablation, connectivity_errors, search->data, search->settings.loss, search->kernels,
                     search->settings.threads, &search->connectivity_ahead);
}

syn_status syn_search_epoch(syn_search *search, bool *done, bool (*keep_going)(void *), void *user) {
    bool stage_done = false;
    *done = false;
    if (search->finished) return *done = true, SYN_OK;
    if (!search->trainer) SYN_TRY(begin_stage(search, done));
    if (*done) {
        SYN_TRY(search->origin ? syn_blend_planned(search) : syn_blend_candidates(search));
        SYN_TRY(take_connectivity_out(search));
        free_candidates(search);
        SYN_TRY(choose_corrections(search));
        SYN_TRY(settle_connectivity(search));
        search->finished = true;
        return SYN_OK;
    }
    const syn_status status = syn_trainer_epoch(search->trainer, &stage_done, keep_going, user);
    /* a fast decoder that diverges is no more than one that got no better */
    stage_done |= status == SYN_ERR_NUMERIC && search->running.candidate.pace == SYN_PACE_FAST &&
                  isfinite(search->trainer->best_loss);
    if (!stage_done) return status;
    return end_stage(search);
}

syn_status syn_search_finish(syn_search *search) {
    if (search->trainer && isfinite(search->trainer->best_loss)) SYN_TRY(end_stage(search));
    if (!search->ablation) return syn_fail(SYN_ERR_INTERRUPTED, "stopped on request before the first epoch ended");
    SYN_TRY(take_connectivity_out(search));
    SYN_TRY(choose_corrections(search));
    return settle_connectivity(search);
}

const syn_parameters *syn_search_winner(const syn_search *search, int *stage) {
    /* A form that was asked for wins over `none` whatever its loss; one that was chosen does not if its rates are not
     * to be trusted at all. That an average is better says nothing for a connectivity: one of its members has to be. */
    const double margin = SYN_WORTH_AN_EDGE * fabs(search->ablation_loss);
    const syn_parameters *with = search->blend ? search->blend : search->best;
    const bool worse = search->best_loss > search->ablation_loss - margin || !search->connectivity_ahead ||
                       (with && with->correction.share == 1);
    const bool none = !search->best || (search->limits.any_form && worse);
    int best = -1;
    for (int k = 0; k < search->n_stages; k++)
        if ((search->stage[k].candidate.form == SYN_FORM_NONE) == none && !search->stage[k].passed_over &&
            (best < 0 || search->stage[k].loss < search->stage[best].loss))
            best = k;
    *stage = best;
    return none ? search->ablation : with;
}
