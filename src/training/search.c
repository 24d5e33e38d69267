#include "training/search.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"
#include "training/blend.h"
#include "training/mean_share.h"

/* A decoder twice as large is tried while the last one was still improving late in its schedule and, unless it was the
 * first, gained this much. */
static const double worth_keeping = 0.003, still_improving = 0.7;
enum { LARGEST_HIDDEN = 64, MAX_HALVINGS = 6, USUAL_STAGES = 6 };
/* ... and while the whole search stays below this many multiplications of decoder weights and states (under a minute on
 * a laptop). */
static const double growth_budget = 3e11;
/* A connectivity is chosen if the validation loss falls by at least this share. */
static const double worth_an_edge = 2e-4;
/* Rates when the decoder of another model is trained on, as a share of the usual ones. */
static const double tuning_rate = 0.2;
/* Ridges on the embeddings that are tried, in observations, and the one on the projection of the behaviour: weak priors
 * of neurons that are alike and of behaviour that says nothing. */
static const double embedding_ridge[] = {100, 3};
static const double behavior_ridge = 1000;
enum { EMBEDDING_RIDGES = sizeof embedding_ridge / sizeof *embedding_ridge };
/* Beside L1 the ridge only steadies the weights. */
static const double ridge_beside_l1 = 0.1;

/* Another filter of what is sent is tried if the regression's error falls by this share at n validation frames: three
 * standard deviations, 2 sqrt(share / n), of such a gain if the neurons of a frame were one. */
static double worth_a_filter(double n) { return fmax(36 / n, worth_an_edge); }

/* Of a split, a recording. */
static double mean_frames(const syn_dataset *data, syn_split split) {
    double frames = 0;
    for (size_t s = 0; s < data->n; s++)
        for (int64_t k = 0; k < data->session[s].n_spans[split]; k++)
            frames += (double)(data->session[s].span[split][k].stop - data->session[s].span[split][k].start);
    return frames / (double)data->n;
}

/* Everything that the result depends on: what a checkpoint must agree with. */
static uint64_t fingerprint(const syn_dataset *data, const syn_kernels *kernels, const syn_settings *settings,
                            const syn_search_limits *limits) {
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
                              (double)data->window};
    XXH64_update(state, numbers, sizeof numbers);
    if (settings->source)
        XXH64_update(state, settings->source->value, settings->source->count * sizeof *settings->source->value);
    XXH64_update(state, kernels->name, strlen(kernels->name));
    uint64_t hash = XXH64_digest(state);
    XXH64_freeState(state);
    return hash;
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
    (*search)->fingerprint = fingerprint(data, kernels, settings, limits);
    return SYN_OK;
}

/* What only goes on searching needs. */
static void free_candidates(syn_search *search) {
    for (int k = 0; k < search->n_linear; k++) syn_linear_free(search->linear[k]), search->linear[k] = NULL;
    for (int k = 0; k < search->n_stages; k++) syn_parameters_free(search->member[k]), search->member[k] = NULL;
}

void syn_search_free(syn_search *search) {
    if (!search) return;
    free_candidates(search);
    syn_parameters_free(search->none);
    syn_parameters_free(search->ablation);
    syn_parameters_free(search->best);
    syn_parameters_free(search->blend);
    syn_trainer_free(search->trainer);
    for (int k = 0; k < search->n_stages; k++) free(search->curve[k]);
    free(search);
}

void syn_stage_label(const syn_stage *stage, char *text, size_t size) {
    const syn_candidate *c = &stage->candidate;
    int n = snprintf(text, size, "%s", syn_form_name[c->form]);
    if (c->rank) n += snprintf(text + n, size - (size_t)n, " rank %d", c->rank);
    if (c->ridge > 0) n += snprintf(text + n, size - (size_t)n, " ridge %.3g", c->ridge);
    if (c->l1 > 0) n += snprintf(text + n, size - (size_t)n, " l1 %.3g", c->l1);
    if (c->innovation > 0) n += snprintf(text + n, size - (size_t)n, " innovation %.3g", c->innovation);
    n += snprintf(text + n, size - (size_t)n, ", %d hidden%s", stage->hidden, stage->tuned ? ", decoder tuned" : "");
    if (c->form == SYN_FORM_NONE && c->embedding > 0)
        snprintf(text + n, size - (size_t)n, ", embedding ridge %.3g", c->embedding);
}

/* The finished stages that `none` took. */
static int none_stages(const syn_search *search) {
    int n = 0;
    while (n < search->n_stages && search->stage[n].candidate.form == SYN_FORM_NONE) n++;
    return n;
}

/* Multiplications of decoder weights and states in a search of the usual length. */
static double search_cost(const syn_search *search, int hidden) {
    double entries = 0;
    for (size_t s = 0; s < search->data->n; s++) {
        const syn_session *session = &search->data->session[s];
        for (int64_t k = 0; k < session->n_spans[SYN_TRAIN]; k++)
            entries += (double)((session->span[SYN_TRAIN][k].stop - session->span[SYN_TRAIN][k].start) * session->N);
    }
    return entries * hidden * hidden * search->settings.max_epochs * USUAL_STAGES;
}

/* The stage with the least loss among the first n. */
static const syn_stage *least_of(const syn_search *search, int n) {
    const syn_stage *least = &search->stage[0];
    for (int k = 1; k < n; k++)
        if (search->stage[k].loss < least->loss) least = &search->stage[k];
    return least;
}

/* Whether the decoder without connectivity should be tried with other embeddings or more hidden units, or trained
 * again. */
static bool next_none(const syn_search *search, syn_stage *next) {
    const int n = none_stages(search);
    const int ridges = search->settings.source || search->settings.embedding == 0 ? 1 : EMBEDDING_RIDGES;
    *next = (syn_stage){.hidden = search->settings.hidden};
    if (n < ridges) {
        next->candidate.embedding = ridges == 1 ? 0 : embedding_ridge[n];
        return true;
    }
    const syn_stage *last = &search->stage[n - 1], *best = least_of(search, n);
    if (last->again || last->tuned) return false;
    const bool late = best->best_epoch >= still_improving * search->settings.max_epochs;
    const double before = n > ridges ? least_of(search, n - 1)->loss : INFINITY;
    const bool helped = n == ridges || last->loss < before - worth_keeping * fabs(before);
    next->candidate.embedding = best->candidate.embedding;
    next->hidden = best->hidden;
    if (search->limits.any_hidden && late && helped && best->hidden < LARGEST_HIDDEN &&
        search_cost(search, 2 * best->hidden) < growth_budget)
        next->hidden *= 2;
    else
        next->again = true;
    return true;
}

/* The stage with the least loss among those of a form under L1, or -1. */
static int best_l1(const syn_search *search, int from, syn_form form) {
    int best = -1;
    for (int k = from; k < search->n_stages; k++)
        if (search->stage[k].candidate.form == form && search->stage[k].candidate.l1 > 0 &&
            (best < 0 || search->stage[k].loss < search->stage[best].loss))
            best = k;
    return best;
}

static bool tried_l1(const syn_search *search, int from, syn_form form, double l1) {
    for (int k = from; k < search->n_stages; k++)
        if (search->stage[k].candidate.form == form && search->stage[k].candidate.l1 > 0 &&
            fabs(log(search->stage[k].candidate.l1 / l1)) < 0.1)
            return true;
    return false;
}

/* The next strength of L1: sqrt(T) first (the size of a gradient's noise), then its double, then halves, going on in
 * the direction that helps. */
static bool next_l1(const syn_search *search, int from, syn_form form, double *l1) {
    const double start = sqrt(mean_frames(search->data, SYN_TRAIN));
    const int best = best_l1(search, from, form);
    if (best < 0) return *l1 = start, true;
    const double strength = search->stage[best].candidate.l1;
    if (fabs(log(strength / start)) > (MAX_HALVINGS + 0.5) * log(2)) return false;
    if (!tried_l1(search, from, form, 2 * strength)) return *l1 = 2 * strength, true;
    if (!tried_l1(search, from, form, strength / 2)) return *l1 = strength / 2, true;
    return false;
}

/* The best L1 again with senders that keep one sign, where an L1 has helped; then halves of it for as long as they do:
 * signs do part of the penalty's work. */
static bool next_dale(const syn_search *search, int from, syn_candidate *c) {
    const int l1 = best_l1(search, from, SYN_FORM_DENSE), dale = best_l1(search, from, SYN_FORM_DALE);
    if (search->stage[l1].loss > search->ablation_loss - worth_an_edge * fabs(search->ablation_loss)) return false;
    c->form = SYN_FORM_DALE;
    c->l1 = search->stage[dale < 0 ? l1 : dale].candidate.l1 / (dale < 0 ? 1 : 2);
    return dale < 0 || (dale == search->n_stages - 1 && search->stage[dale].loss < search->stage[l1].loss);
}

static double regression_error(const syn_linear *linear) {
    return linear->ridge_error[syn_linear_best_strength(linear)];
}

/* Which filter of what is sent the next candidate has: each at first, where a ridge alone is tried, and then the one
 * that was better; else the one that the regression prefers. */
static int next_filter(const syn_search *search, int from, bool ridge_alone) {
    const int done = search->n_stages - from;
    if (search->n_linear == 1) return 0;
    if (!ridge_alone) return regression_error(search->linear[1]) < regression_error(search->linear[0]);
    return done < 2 ? done : search->stage[from + 1].loss < search->stage[from].loss;
}

/* A candidate of the form that the user asked for, or of those that are tried by default. */
static bool next_candidate(const syn_search *search, syn_stage *next) {
    const syn_search_limits *limits = &search->limits;
    const syn_form form = limits->any_form ? SYN_FORM_DENSE : limits->form;
    const bool factored = syn_form_has_factors(form), ridge_alone = !factored && limits->l1 < 0;
    const int from = none_stages(search), done = search->n_stages - from;
    const int filter = next_filter(search, from, ridge_alone);
    const syn_linear *linear = search->linear[filter];
    const int strength = syn_linear_best_strength(linear), rank = syn_linear_best_rank(linear);
    syn_candidate c = {.form = form, .innovation = search->innovation[filter]};
    c.embedding = least_of(search, from)->candidate.embedding;
    *next = (syn_stage){.hidden = search->none->H};
    c.ridge = limits->ridge >= 0 ? limits->ridge : factored ? linear->rank_strength[rank] : linear->strength[strength];
    if (factored) c.rank = limits->rank ? limits->rank : syn_linear_rank[rank];
    bool more;
    if (limits->l1 >= 0 || form == SYN_FORM_LOWRANK) {
        c.l1 = form == SYN_FORM_LOWRANK ? 0 : limits->l1;
        more = done == 0;
    } else if (ridge_alone && done < search->n_linear) {
        more = true;
    } else if (limits->any_form && done == search->n_linear &&
               linear->rank_error[rank] < linear->ridge_error[strength]) {
        c.form = SYN_FORM_LOWRANK;
        c.rank = limits->rank ? limits->rank : syn_linear_rank[rank];
        c.ridge = linear->rank_strength[rank];
        more = true;
    } else {
        more = next_l1(search, from, form, &c.l1);
        if (!more && limits->any_form) more = next_dale(search, from, &c);
        if (limits->ridge < 0) c.ridge *= ridge_beside_l1;
    }
    next->candidate = c;
    return more && search->n_stages < SYN_MAX_STAGES - 2; /* leaves room to tune */
}

/* The stage with the least loss among those with a connectivity, or without, that are not tuned; -1: none. */
static int best_stage(const syn_search *search, bool connectivity) {
    int best = -1;
    for (int k = 0; k < search->n_stages; k++)
        if ((search->stage[k].candidate.form != SYN_FORM_NONE) == connectivity && !search->stage[k].tuned &&
            (best < 0 || search->stage[k].loss < search->stage[best].loss))
            best = k;
    return best;
}

/* After the last candidate of an adaptation: the best one, then `none`, with all parameters. */
static bool next_tuned(const syn_search *search, syn_stage *next) {
    int tuned = 0;
    for (int k = 0; k < search->n_stages; k++) tuned += search->stage[k].tuned;
    const int best = best_stage(search, search->best && tuned == 0);
    if (!search->settings.source || tuned > (search->best != NULL)) return false;
    *next = search->stage[best];
    next->tuned = true;
    next->again = false;
    return true;
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
    const double worth = worth_a_filter((double)search->data->n * mean_frames(search->data, SYN_VALIDATION));
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
        const double least = regression_error(search->linear[search->n_linear - 1]);
        if (regression_error(linear) < least * (search->n_linear == 1 ? 1 - worth : 1)) {
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
                                 .behavior = behavior_ridge};
    search->running = *stage;
    return syn_trainer_create(&search->trainer, p, search->data, search->settings.loss, search->kernels,
                              search->settings.threads, schedule, penalty);
}

/* The parameters that a stage without connectivity, or a candidate, starts from. */
static syn_status start_stage(syn_search *search, const syn_stage *next, syn_parameters **p) {
    syn_settings settings = search->settings;
    settings.hidden = next->hidden;
    if (next->tuned)
        return syn_parameters_copy(p, next->candidate.form == SYN_FORM_NONE ? search->ablation : search->best);
    if (next->again) return syn_parameters_copy(p, search->none);
    if (next->candidate.form == SYN_FORM_NONE) return syn_start_none(p, search->data, &settings);
    return syn_start_candidate(p, search->none, search->best,
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
    if (none_stages(search) == search->n_stages && next_none(search, next)) return SYN_OK;
    if (!only_none && !any_tuned) {
        if (!search->n_linear) SYN_TRY(regress_residuals(search));
        if (next_candidate(search, next)) return SYN_OK;
    }
    *more = next_tuned(search, next);
    return SYN_OK;
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
    schedule.warm |= next.again;
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

/* Averages are dense, and of models that go back to one decoder. A form and a strength that were asked for are kept. */
static bool may_average(const syn_search *search, const syn_stage *stage) {
    if (search->origin) return search->share[search->n_stages] > 0;
    const bool dense = search->limits.any_form || (search->limits.form == SYN_FORM_DENSE && search->limits.l1 < 0);
    return dense && !search->settings.source && (stage->candidate.form != SYN_FORM_NONE || stage->again);
}

static syn_status end_stage(syn_search *search) {
    syn_trainer *t = search->trainer;
    const bool none = t->p->form == SYN_FORM_NONE;
    syn_stage *stage = &search->stage[search->n_stages];
    *stage = search->running;
    stage->loss = t->best_loss, stage->epochs = t->epoch, stage->best_epoch = t->best_epoch;
    search->curve[search->n_stages] = t->curve, t->curve = NULL;
    if (may_average(search, stage)) {
        SYN_TRY(syn_parameters_copy(&search->member[search->n_stages], t->p));
        memcpy(search->member[search->n_stages]->value, t->best, t->p->count * sizeof *t->best);
    }
    if (none && !stage->again) SYN_TRY(keep_if_better(t, &search->none, &search->none_loss));
    if (none)
        SYN_TRY(keep_if_better(t, &search->ablation, &search->ablation_loss));
    else if (!search->origin || search->n_stages + 1 < search->n_planned) /* else nothing starts from it */
        SYN_TRY(keep_if_better(t, &search->best, &search->best_loss));
    search->n_stages++;
    syn_trainer_free(t);
    search->trainer = NULL;
    return SYN_OK;
}

/* How far the rates of the models that may be used are to be trusted. */
static syn_status choose_mean_shares(syn_search *search) {
    syn_parameters *const models[] = {search->ablation, search->best, search->blend};
    for (size_t k = 0; search->settings.loss == SYN_LOSS_POISSON && k < sizeof models / sizeof *models; k++)
        if (models[k])
            SYN_TRY(syn_choose_mean_share(models[k], search->data, search->kernels, search->settings.threads));
    return SYN_OK;
}

syn_status syn_search_epoch(syn_search *search, bool *done, bool (*keep_going)(void *), void *user) {
    bool stage_done;
    *done = false;
    if (search->finished) return *done = true, SYN_OK;
    if (!search->trainer) SYN_TRY(begin_stage(search, done));
    if (*done) {
        SYN_TRY(search->origin ? syn_blend_planned(search) : syn_blend_candidates(search));
        free_candidates(search);
        SYN_TRY(choose_mean_shares(search));
        search->finished = true;
        return SYN_OK;
    }
    SYN_TRY(syn_trainer_epoch(search->trainer, &stage_done, keep_going, user));
    return stage_done ? end_stage(search) : SYN_OK;
}

syn_status syn_search_finish(syn_search *search) {
    if (search->trainer && isfinite(search->trainer->best_loss)) SYN_TRY(end_stage(search));
    if (!search->ablation) return syn_fail(SYN_ERR_INTERRUPTED, "stopped on request before the first epoch ended");
    return choose_mean_shares(search);
}

const syn_parameters *syn_search_winner(const syn_search *search, int *stage) {
    /* A form that was asked for wins over `none` whatever its loss. An average says nothing for a connectivity: `none`
     * is not averaged. */
    const double margin = worth_an_edge * fabs(search->ablation_loss);
    bool none = !search->best || (search->limits.any_form && search->best_loss > search->ablation_loss - margin);
    int best = -1;
    for (int k = 0; k < search->n_stages; k++)
        if ((search->stage[k].candidate.form == SYN_FORM_NONE) == none &&
            (best < 0 || search->stage[k].loss < search->stage[best].loss))
            best = k;
    *stage = best;
    return none ? search->ablation : search->blend ? search->blend : search->best;
}
