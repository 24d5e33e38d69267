#include "training/plan.h"

#include <math.h>

/* What a larger decoder, or another way to train it, has to gain to be built on. A decoder twice as large is tried
 * while the last one was still improving late in its schedule and, unless it was the first, gained that much. */
static const double worth_keeping = 0.003, still_improving = 0.7;
enum { LARGEST_HIDDEN = 64 };
/* ... and while all epochs of a stage stay below this many multiplications of decoder weights and states (some twenty
 * seconds on a laptop). */
static const double growth_budget = 1e11;
/* Ridges on the embeddings, in observations: priors of neurons that are alike. The first two are always tried, greater
 * ones as long as they clearly help. The third leaves nothing of the embeddings: of no more neurons than they have
 * dimensions they are a table, from which a decoder may learn each neuron by heart, and it is tried too. */
static const double first_ridge[] = {100, 3, 90000}, ridge_factor = 30, most_embedding_ridge = 90000;
enum { FIRST_RIDGES = 2 };
/* Steps of the ridge and of L1, and how many steps off its start each may go. */
static const double ridge_step = 3.1622776601683795, l1_step = 2;
enum { MOST_STEPS = 6 };
/* A regression that sees nothing asks for any ridge. Above this many train frames W could not learn what only a trained
 * model sees. */
static const double most_ridge = 10;
/* The first rank is the least with this share of what the regression gains from the best one. */
static const double rank_share = 0.9;
/* ... and others are tried unless it is further behind free weights than this. */
static const double rank_behind = 0.001;
/* ... and is level with another one up to this share. */
static const double rank_level = 0.0002;
/* Beside L1 the ridge only steadies the weights. */
static const double ridge_beside_l1 = 0.1;

/* The finished stages that `none` took. */
static int none_stages(const syn_search *search) {
    int n = 0;
    while (n < search->n_stages && search->stage[n].candidate.form == SYN_FORM_NONE) n++;
    return n;
}

/* The first decoder that was trained after the candidates, as the best of them was, or NULL. */
static const syn_stage *none_alike(const syn_search *search) {
    for (int k = none_stages(search); k < search->n_stages; k++)
        if (search->stage[k].candidate.form == SYN_FORM_NONE && !search->stage[k].tuned) return &search->stage[k];
    return NULL;
}

/* Multiplications of decoder weights and states in a stage without an early end. */
static double stage_cost(const syn_search *search, int hidden) {
    double entries = 0;
    for (size_t s = 0; s < search->data->n; s++) {
        const syn_session *session = &search->data->session[s];
        entries += (double)(syn_session_frames(session, SYN_TRAIN) * session->N);
    }
    return entries * hidden * hidden * search->settings.max_epochs;
}

/* The best one of the first n stages. */
static const syn_stage *least_of(const syn_search *search, int n) {
    const syn_stage *least = NULL;
    for (int k = 0; k < n; k++)
        if (!search->stage[k].passed_over && (!least || search->stage[k].loss < least->loss)) least = &search->stage[k];
    return least;
}

/* How many of the n finished stages had the first number of hidden units and started afresh. */
static int first_decoders(const syn_search *search, int n) {
    int first = 0;
    while (first < n && search->stage[first].hidden == search->settings.hidden && !search->stage[first].again) first++;
    return first;
}

int syn_plan_least_before(const syn_search *search, int k, bool connectivity, bool fresh) {
    int least = -1;
    for (int j = 0; j < k; j++) {
        const syn_stage *stage = &search->stage[j];
        if ((stage->candidate.form != SYN_FORM_NONE) != connectivity || stage->passed_over ||
            (fresh && (stage->again || stage->tuned)))
            continue;
        if (least < 0 || stage->loss < search->stage[least].loss) least = j;
    }
    return least;
}

bool syn_plan_needs_evidence(const syn_search *search, const syn_stage *stage) {
    if (search->n_stages == 0) return false;
    const syn_stage *best = least_of(search, search->n_stages);
    return stage->hidden > best->hidden || stage->candidate.embedding != best->candidate.embedding;
}

bool syn_plan_knows_less(const syn_search *search, const syn_stage *stage) {
    return search->n_stages > 0 && stage->candidate.no_behavior &&
           !least_of(search, search->n_stages)->candidate.no_behavior;
}

/* Whether one of the first n decoders is like c. */
static bool decoder_tried(const syn_search *search, int n, const syn_candidate *c) {
    for (int k = 0; k < n; k++) {
        const syn_candidate *other = &search->stage[k].candidate;
        if (other->embedding == c->embedding && other->no_behavior == c->no_behavior) return true;
    }
    return false;
}

static int64_t most_neurons(const syn_dataset *data) {
    int64_t most = 0;
    for (size_t s = 0; s < data->n; s++) {
        const int64_t M = data->sharing ? data->sharing[s].M : data->session[s].N;
        if (M > most) most = M;
    }
    return most;
}

/* What the first decoders differ in: the ridge on the embeddings, and whether they see the behaviour. n: of them so
 * far. */
static bool next_first_decoder(const syn_search *search, int n, syn_candidate *c) {
    const bool ridges = search->settings.embedding > 0;
    if (n < (ridges ? FIRST_RIDGES + (most_neurons(search->data) <= search->settings.embedding) : 1)) {
        c->embedding = ridges ? first_ridge[n] : 0;
        return true;
    }
    const syn_candidate best = *c = least_of(search, n)->candidate;
    c->embedding *= ridge_factor;
    if (best.embedding >= first_ridge[0] && c->embedding <= most_embedding_ridge && !decoder_tried(search, n, c))
        return true;
    *c = best;
    c->no_behavior = true;
    for (int k = 0; k < n; k++)
        if (search->stage[k].candidate.no_behavior) return false;
    return !search->settings.source && search->settings.behavior_inputs > 0 && syn_dataset_behavior(search->data);
}

bool syn_plan_none(const syn_search *search, syn_stage *next) {
    const int n = none_stages(search), first = first_decoders(search, n);
    if (n < search->n_stages) return false;
    *next = (syn_stage){.hidden = search->settings.hidden};
    if (n == first && next_first_decoder(search, n, &next->candidate)) return true;
    const syn_stage *last = &search->stage[n - 1], *best = least_of(search, n);
    if (last->again || last->tuned) return false;
    const bool late = best->best_epoch >= still_improving * search->settings.max_epochs;
    const double before = n > first ? least_of(search, n - 1)->loss : INFINITY;
    const bool helped = n == first || (!last->passed_over && last->loss < before - worth_keeping * fabs(before));
    next->candidate = best->candidate;
    next->hidden = best->hidden;
    if (search->limits.any_hidden && late && helped && best->hidden < LARGEST_HIDDEN &&
        stage_cost(search, 2 * best->hidden) < growth_budget)
        next->hidden *= 2;
    else
        next->again = 1;
    return true;
}

/* ---- lines of strengths: the best so far, a step on, a step back ---- */

static double strength_of(const syn_candidate *c) { return c->l1 > 0 ? c->l1 : c->ridge; }

/* Whether two candidates are points of one line: alike but for the strength of their penalty. */
static bool same_line(const syn_candidate *a, const syn_candidate *b) {
    return a->form == b->form && (a->l1 > 0) == (b->l1 > 0) && a->innovation == b->innovation &&
           a->embedding == b->embedding && a->pace == b->pace;
}

/* The stage with the least loss on the line of c, or -1. */
static int best_on_line(const syn_search *search, const syn_candidate *c) {
    int best = -1;
    for (int k = none_stages(search); k < search->n_stages; k++)
        if (same_line(&search->stage[k].candidate, c) && (best < 0 || search->stage[k].loss < search->stage[best].loss))
            best = k;
    return best;
}

static bool tried(const syn_search *search, const syn_candidate *c) {
    for (int k = none_stages(search); k < search->n_stages; k++) {
        const syn_candidate *other = &search->stage[k].candidate;
        if (same_line(other, c) && (c->form == SYN_FORM_LOWRANK ? other->rank == c->rank
                                                                : fabs(log(strength_of(other) / strength_of(c))) < 0.1))
            return true;
    }
    return false;
}

/* The next point on the line of c, which holds its start: steps by a factor in the direction that helps. */
static bool next_on_line(const syn_search *search, syn_candidate *c, double factor) {
    const double start = strength_of(c);
    double *strength = c->l1 > 0 ? &c->l1 : &c->ridge;
    const int best = best_on_line(search, c);
    if (best < 0) return true;
    const double least = strength_of(&search->stage[best].candidate);
    if (fabs(log(least / start)) > (MOST_STEPS - 0.5) * log(factor)) return false;
    for (int k = 0; k < 2; k++) {
        *strength = k ? least / factor : least * factor;
        if (!tried(search, c)) return true;
    }
    return false;
}

/* Which filter of what is sent the next candidate has: each at first, where a ridge alone is tried, and then the one
 * that was better; else the one that the regression prefers. */
static int next_filter(const syn_search *search, bool ridge_alone) {
    const int from = none_stages(search), done = search->n_stages - from;
    if (search->n_linear == 1) return 0;
    if (!ridge_alone) return syn_linear_least_error(search->linear[1]) < syn_linear_least_error(search->linear[0]);
    return done < 2 ? done : search->stage[from + 1].loss < search->stage[from].loss;
}

/* Index of the least rank with most of what the regression sees, or of the one that the user asked for. */
static int first_rank(const syn_search *search, const syn_linear *linear) {
    const double none = linear->no_connectivity_error, gain = none - linear->rank_error[syn_linear_best_rank(linear)];
    int at = 0;
    if (search->limits.rank)
        while (at + 1 < SYN_LINEAR_RANKS && syn_linear_rank[at] < search->limits.rank) at++;
    else
        while (gain > 0 && none - linear->rank_error[at] < rank_share * gain) at++;
    return at;
}

/* Index of the rank below or above the best one that was not tried yet and the neurons have, or -1. */
static int neighbour_rank(const syn_search *search, syn_candidate c, int rank) {
    int at = 0;
    while (syn_linear_rank[at] < rank) at++;
    for (int k = at - 1; k <= at + 1; k += 2) {
        if (k < 0 || k == SYN_LINEAR_RANKS || syn_linear_rank[k] > most_neurons(search->data)) continue;
        c.rank = syn_linear_rank[k];
        if (!tried(search, &c)) return k;
    }
    return -1;
}

/* The rank to go on from: that of the best stage or, where it gains much on no connectivity, the greatest whose loss is
 * level with it, as a line that is flat may fall again. */
static int rank_ahead(const syn_search *search, const syn_stage *best) {
    const double none = least_of(search, none_stages(search))->loss;
    int rank = best->candidate.rank;
    if (best->loss > none - worth_keeping * fabs(none)) return rank;
    for (int k = none_stages(search); k < search->n_stages; k++) {
        const syn_stage *stage = &search->stage[k];
        if (same_line(&stage->candidate, &best->candidate) && stage->candidate.rank > rank &&
            stage->loss <= best->loss + rank_level * fabs(best->loss))
            rank = stage->candidate.rank;
    }
    return rank;
}

/* Low rank: its neighbours too, in the direction that helps, unless factors are clearly behind free weights. */
static bool next_rank(const syn_search *search, const syn_linear *linear, syn_candidate *c) {
    c->form = SYN_FORM_LOWRANK;
    syn_candidate dense = *c;
    dense.form = SYN_FORM_DENSE, dense.l1 = 0;
    const int best = best_on_line(search, c), free_weights = best_on_line(search, &dense);
    const double loss = best < 0 ? 0 : search->stage[best].loss;
    if (best >= 0 && search->limits.rank) return false;
    if (best >= 0 && free_weights >= 0 && search->stage[free_weights].loss < loss - rank_behind * fabs(loss))
        return false;
    const int at =
        best < 0 ? first_rank(search, linear) : neighbour_rank(search, *c, rank_ahead(search, &search->stage[best]));
    if (at < 0) return false;
    c->rank = search->limits.rank ? search->limits.rank : syn_linear_rank[at];
    if (search->limits.ridge < 0) c->ridge = linear->rank_strength[at];
    return true;
}

/* The best L1 again with senders that keep one sign, where an L1 has helped; then halves of it for as long as they do:
 * signs do part of the penalty's work. */
static bool next_dale(const syn_search *search, syn_candidate *c) {
    const int l1 = best_on_line(search, c);
    c->form = SYN_FORM_DALE;
    const int dale = best_on_line(search, c);
    if (search->stage[l1].loss > search->ablation_loss - SYN_WORTH_AN_EDGE * fabs(search->ablation_loss)) return false;
    c->l1 = search->stage[dale < 0 ? l1 : dale].candidate.l1 / (dale < 0 ? 1 : 2);
    return dale < 0 || (dale == search->n_stages - 1 && search->stage[dale].loss < search->stage[l1].loss);
}

/* ---- ways to train the decoder beside W: the ridge on the embeddings, and how fast it learns ---- */

/* The finished stage of c, or NULL. */
static const syn_stage *stage_of(const syn_search *search, const syn_candidate *c) {
    for (int k = none_stages(search); k < search->n_stages; k++) {
        const syn_candidate *other = &search->stage[k].candidate;
        if (same_line(other, c) && other->ridge == c->ridge) return &search->stage[k];
    }
    return NULL;
}

/* A decoder that was trained alone may overfit, or not leave its start, before W has learned. The first candidate is
 * tried again with embeddings that are shrunk more, and with a slow and a fast decoder, for as long as that helps.
 * True: *c becomes one that is to be trained so. False: *c has the best way, which all later candidates have too. */
static bool next_way(const syn_search *search, syn_candidate *c) {
    const syn_stage *best = search->settings.source ? NULL : stage_of(search, c);
    bool moved = best != NULL;
    while (moved) {
        moved = false;
        for (int k = 0; k < 3 && !moved; k++) {
            syn_candidate other = *c;
            if (k == 0) other.embedding *= ridge_factor;
            if (k > 0 && search->limits.any_rate && c->pace == SYN_PACE_USUAL)
                other.pace = k == 1 ? SYN_PACE_SLOW : SYN_PACE_FAST;
            if (same_line(&other, c) || other.embedding > most_embedding_ridge) continue;
            const syn_stage *tried = stage_of(search, &other);
            moved = !tried || tried->loss < best->loss - worth_keeping * fabs(best->loss);
            if (moved) *c = other, best = tried;
            if (!tried) return true;
        }
    }
    return false;
}

/* Ridge alone: the regression's, with each filter and each way, then a line of ridges. *start gets the best way. */
static bool next_ridge(const syn_search *search, syn_candidate *start, syn_candidate *c) {
    if (search->n_stages - none_stages(search) < search->n_linear) return true;
    const bool way = next_way(search, start);
    *c = *start;
    return way || (search->limits.ridge < 0 && next_on_line(search, c, ridge_step));
}

bool syn_plan_candidate(const syn_search *search, syn_stage *next) {
    const syn_search_limits *limits = &search->limits;
    const syn_form form = limits->any_form ? SYN_FORM_DENSE : limits->form;
    const bool factored = syn_form_has_factors(form), one = limits->l1 >= 0;
    const int filter = next_filter(search, !factored && !one);
    const syn_linear *linear = search->linear[filter];
    const int rank = syn_linear_best_rank(linear), best_strength = syn_linear_best_strength(linear);
    const double most = most_ridge * syn_dataset_mean_frames(search->data, SYN_TRAIN);
    const syn_candidate *decoder = &least_of(search, none_stages(search))->candidate;
    syn_candidate start = {.form = form,
                           .rank = !factored      ? 0
                                   : limits->rank ? limits->rank
                                                  : syn_linear_rank[rank],
                           .ridge = limits->ridge >= 0 ? limits->ridge
                                    : factored         ? linear->rank_strength[rank]
                                                       : fmin(linear->strength[best_strength], most),
                           .l1 = one ? limits->l1 : 0,
                           .innovation = search->innovation[filter],
                           .embedding = decoder->embedding,
                           .no_behavior = decoder->no_behavior};
    syn_candidate *c = &next->candidate;
    *next = (syn_stage){.hidden = search->none->H, .candidate = start};
    /* leaves room to tune, or for what is trained again, and for the best one less its W */
    if (search->n_stages >= SYN_MAX_STAGES - 4 || none_alike(search)) return false;
    if (form == SYN_FORM_LOWRANK) return next_rank(search, linear, c);
    if (one) return search->n_stages == none_stages(search);
    if (!factored && next_ridge(search, &start, c)) return true;
    *c = start;
    if (limits->any_form && linear->rank_error[rank] < linear->ridge_error[best_strength] &&
        next_rank(search, linear, c))
        return true;
    *c = start;
    if (limits->ridge < 0) c->ridge *= ridge_beside_l1;
    const double ridge = c->ridge;
    c->l1 = sqrt(syn_dataset_mean_frames(search->data, SYN_TRAIN)); /* the size of a gradient's noise */
    if (next_on_line(search, c, l1_step)) return true;
    c->ridge = ridge;
    return limits->any_form && next_dale(search, c);
}

/* The stage with the least loss among those with a connectivity, or without, that are not tuned; -1: none. */
static int best_stage(const syn_search *search, bool connectivity) {
    int best = -1;
    for (int k = 0; k < search->n_stages; k++)
        if ((search->stage[k].candidate.form != SYN_FORM_NONE) == connectivity && !search->stage[k].tuned &&
            !search->stage[k].passed_over && (best < 0 || search->stage[k].loss < search->stage[best].loss))
            best = k;
    return best;
}

bool syn_plan_tuned(const syn_search *search, syn_stage *next) {
    int tuned = 0;
    for (int k = 0; k < search->n_stages; k++) tuned += search->stage[k].tuned;
    const int best = best_stage(search, search->best && tuned == 0);
    if (!search->settings.source || tuned > (search->best != NULL)) return false;
    *next = search->stage[best];
    next->tuned = true;
    next->again = 0;
    return true;
}

bool syn_plan_none_alike(const syn_search *search, syn_stage *next) {
    const int best = best_stage(search, true);
    if (best < 0 || search->settings.source) return false;
    const syn_candidate *c = &search->stage[best].candidate;
    const syn_stage *last = &search->stage[search->n_stages - 1];
    bool alike = none_alike(search) && !(last->again && last->candidate.form != SYN_FORM_NONE);
    for (int k = 0; k < none_stages(search); k++) {
        const syn_stage *none = &search->stage[k];
        alike |= none->again && none->candidate.embedding == c->embedding && none->candidate.pace == c->pace;
    }
    const syn_candidate candidate = {.embedding = c->embedding, .pace = c->pace, .no_behavior = c->no_behavior};
    *next = (syn_stage){.candidate = candidate, .hidden = search->none->H, .again = none_alike(search) ? 2 : 1};
    return !alike;
}

bool syn_plan_again(const syn_search *search, syn_stage *next) {
    const syn_stage *none = none_alike(search);
    if (!none || none != &search->stage[search->n_stages - 1]) return false;
    const double before = least_of(search, none_stages(search))->loss;
    if (!(none->loss < before - worth_keeping * fabs(before))) return false;
    *next = search->stage[best_stage(search, true)];
    next->again = 1;
    return true;
}
