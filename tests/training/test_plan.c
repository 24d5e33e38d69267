/* What a search tries next: the candidates are only planned here, and their losses are a formula. */
#include "training/plan.h"

#include "fixture.h"

enum { WINDOW = 16, NEURONS = 8, FRAMES = 1000 };

static const syn_settings settings = {
    .hidden = 4, .embedding = 2, .behavior_inputs = 2, .threads = 1, .max_epochs = 10, .patience = 5};

typedef struct planned {
    raw_data raw;
    test_set set;
    syn_search *search;
    syn_linear linear;
} planned;

typedef double (*loss_of)(const syn_candidate *c);

/* A search whose decoder without connectivity is done, with a loss of 1. Its regression likes a ridge of 100, and rank
 * 2 nearly as much as 4, the best. */
static void begin(planned *p, double ridge, double l1) {
    const syn_search_limits limits = {.any_form = true, .ridge = ridge, .l1 = l1, .innovation = 0, .any_rate = true};
    *p = (planned){.raw = raw_create(FRAMES, NEURONS, 0, "fluorescence", 71)};
    p->set = set_create(&p->raw, 1, WINDOW);
    assert_ok(syn_search_create(&p->search, p->set.data, best_kernels(), &settings, &limits));
    p->search->none = random_parameters(p->set.data, SYN_FORM_NONE, settings.hidden, 72);
    p->search->stage[0] = (syn_stage){.hidden = settings.hidden, .again = 1, .loss = 1};
    p->search->n_stages = 1;
    p->search->ablation_loss = 1;
    p->linear.no_connectivity_error = 10;
    for (int k = 0; k < SYN_LINEAR_STRENGTHS; k++)
        p->linear.strength[k] = pow(10, 0.5 * k), p->linear.ridge_error[k] = 9 + 0.1 * fabs(k - 4.0);
    for (int k = 0; k < SYN_LINEAR_RANKS; k++)
        p->linear.rank_error[k] = syn_linear_rank[k] == 1 ? 9.5 : 8.5 + 0.01 * fabs(syn_linear_rank[k] - 4.0),
        p->linear.rank_strength[k] = 10;
    p->search->linear[0] = &p->linear, p->search->n_linear = 1;
}

static void end(planned *p) {
    p->search->linear[0] = NULL, p->search->n_linear = 0;
    syn_search_free(p->search), set_free(&p->set), raw_free(&p->raw);
}

/* Plans until nothing is left; returns how many candidates there were. */
static int run(planned *p, loss_of loss) {
    syn_search *s = p->search;
    syn_stage next;
    while (syn_plan_candidate(s, &next)) {
        next.loss = loss(&next.candidate);
        for (int k = 1; k < s->n_stages; k++) {
            const syn_candidate *a = &s->stage[k].candidate, *b = &next.candidate;
            if (a->form == b->form && a->rank == b->rank && a->ridge == b->ridge && a->l1 == b->l1 &&
                a->embedding == b->embedding && a->pace == b->pace)
                fail_msg("candidate %d is planned again", k);
        }
        s->stage[s->n_stages++] = next;
        assert_in_range(s->n_stages, 1, SYN_MAX_STAGES - 4);
    }
    return s->n_stages - 1;
}

/* The best of a form, with L1 or without. */
static const syn_candidate *best_of(const planned *p, syn_form form, bool l1) {
    const syn_stage *best = NULL;
    for (int k = 1; k < p->search->n_stages; k++) {
        const syn_stage *s = &p->search->stage[k];
        if (s->candidate.form == form && (s->candidate.l1 > 0) == l1 && (!best || s->loss < best->loss)) best = s;
    }
    return best ? &best->candidate : NULL;
}

static double distance(double strength, double best) { return fabs(log10(strength / best)); }

/* Loss of each kind of candidate: the strength that is best for it, and what it has then. */
static double ridge_of_3000(const syn_candidate *c) {
    if (c->form == SYN_FORM_LOWRANK) return 0.9;
    return c->l1 > 0 ? 0.8 + 0.1 * distance(c->l1, 30) : 0.7 + 0.1 * distance(c->ridge, 3000);
}
static double l1_of_4(const syn_candidate *c) {
    if (c->form == SYN_FORM_DALE) return 0.95;
    return c->l1 > 0 ? 0.5 + 0.01 * distance(c->l1, 4) : 0.9;
}
static double rank_of_1(const syn_candidate *c) { return c->form == SYN_FORM_LOWRANK ? 0.5 + 0.01 * c->rank : 0.9; }
static double more_rank_is_better(const syn_candidate *c) {
    return c->form == SYN_FORM_LOWRANK ? 0.5 - 0.001 * c->rank : 0.9;
}
/* Free weights are just ahead of the first rank, and behind a greater one. */
static double rank_3_is_ahead_of_a_ridge(const syn_candidate *c) {
    if (c->form == SYN_FORM_LOWRANK) return c->rank == 3 ? 0.6999 : 0.7005;
    return c->l1 > 0 ? 0.9 : 0.7 + 0.1 * distance(c->ridge, 100);
}
/* Level from the first rank on, until a greater one is ahead; in all, `gain` below no connectivity. */
static double gain;
static double flat_until_6(const syn_candidate *c) {
    if (c->form == SYN_FORM_LOWRANK) return 1 - gain + (c->rank == 6 ? -0.002 : 1e-6 * c->rank);
    return 1.1;
}
static double nothing_helps(const syn_candidate *c) {
    (void)c;
    return 1;
}

static void lines_lead_to_the_best_strength(void **state) {
    (void)state;
    planned p;
    begin(&p, -1, -1);
    run(&p, ridge_of_3000);
    assert_near("first", 100, p.search->stage[1].candidate.ridge, 1e-9);
    assert_near("ridge", 3162, best_of(&p, SYN_FORM_DENSE, false)->ridge, 1);
    assert_near("ridge beside L1", 10, best_of(&p, SYN_FORM_DENSE, true)->ridge, 1e-9);
    end(&p);
    begin(&p, -1, -1);
    run(&p, l1_of_4);
    const double l1 = best_of(&p, SYN_FORM_DENSE, true)->l1;
    assert_true(l1 > 4 / sqrt(2) && l1 < 4 * sqrt(2));
    assert_non_null(best_of(&p, SYN_FORM_DALE, true));
    end(&p);
}

/* A regression that sees nothing asks for any ridge: W starts where it can still learn. */
static void a_blind_regression_does_not_forbid_learning(void **state) {
    (void)state;
    planned p;
    begin(&p, -1, -1);
    for (int k = 0; k < SYN_LINEAR_STRENGTHS; k++) p.linear.strength[k] *= 1e4, p.linear.ridge_error[k] = 11 - 0.05 * k;
    run(&p, nothing_helps);
    assert_near("first", 10 * syn_dataset_mean_frames(p.set.data, SYN_TRAIN), p.search->stage[1].candidate.ridge, 1e-6);
    assert_null(best_of(&p, SYN_FORM_DALE, true));
    end(&p);
}

static void ranks_are_walked_unless_clearly_behind(void **state) {
    (void)state;
    planned p;
    begin(&p, -1, -1);
    run(&p, rank_of_1);
    assert_int_equal(best_of(&p, SYN_FORM_LOWRANK, false)->rank, 1);
    end(&p);
    begin(&p, -1, -1);
    run(&p, more_rank_is_better);
    assert_int_equal(best_of(&p, SYN_FORM_LOWRANK, false)->rank, NEURONS);
    end(&p);
    begin(&p, -1, -1);
    run(&p, rank_3_is_ahead_of_a_ridge);
    assert_int_equal(best_of(&p, SYN_FORM_LOWRANK, false)->rank, 3);
    end(&p);
    for (int k = 0; k < 2; k++) {
        gain = k ? 0.001 : 0.01; /* where there is little to gain, a flat line is not walked */
        begin(&p, -1, -1);
        run(&p, flat_until_6);
        if (k == 0) assert_int_equal(best_of(&p, SYN_FORM_LOWRANK, false)->rank, 6);
        if (k == 1) assert_true(best_of(&p, SYN_FORM_LOWRANK, false)->rank < 4);
        end(&p);
    }
    begin(&p, -1, -1);
    run(&p, ridge_of_3000);
    int ranks = 0;
    for (int k = 1; k < p.search->n_stages; k++) ranks += p.search->stage[k].candidate.form == SYN_FORM_LOWRANK;
    assert_int_equal(ranks, 1);
    assert_int_equal(best_of(&p, SYN_FORM_LOWRANK, false)->rank, 2); /* nine tenths of what rank 4 gains */
    end(&p);
}

/* Beside a connectivity embeddings like a ridge of 3,000, and the decoder to be fast; or neither by enough. */
static double shrunk_and_fast(const syn_candidate *c) {
    return 0.9 + 0.02 * fabs(log10(c->embedding / 3000)) - 0.01 * (c->pace == SYN_PACE_FAST) -
           0.01 * (c->form == SYN_FORM_LOWRANK);
}
static double hardly_better(const syn_candidate *c) {
    return 0.9 - 0.0025 * (c->embedding > 100) - 0.0025 * (c->pace != SYN_PACE_USUAL);
}
static double better_slow(const syn_candidate *c) { return 0.9 - 0.01 * (c->pace == SYN_PACE_SLOW); }

static void all_candidates_learn_as_was_best_for_the_first(void **state) {
    (void)state;
    planned p;
    begin(&p, -1, -1);
    p.search->stage[0].candidate.embedding = 100;
    run(&p, shrunk_and_fast);
    const syn_stage *stage = p.search->stage;
    assert_near("first", 100, stage[1].candidate.embedding, 0);
    assert_near("stronger", 3000, stage[2].candidate.embedding, 0);
    assert_near("too strong", 90000, stage[3].candidate.embedding, 0);
    assert_int_equal(stage[4].candidate.pace, SYN_PACE_SLOW);
    for (int k = 5; k < p.search->n_stages; k++) {
        const bool other = stage[k].candidate.embedding == 90000;
        assert_int_equal(stage[k].candidate.pace, SYN_PACE_FAST);
        if (!other) assert_near("kept", 3000, stage[k].candidate.embedding, 0);
        assert_true(!other || k == 6);
    }
    assert_non_null(best_of(&p, SYN_FORM_LOWRANK, false));
    assert_non_null(best_of(&p, SYN_FORM_DALE, true));
    /* ... and so does what they are compared with */
    syn_stage next;
    assert_true(syn_plan_none_alike(p.search, &next));
    assert_true(next.again && next.candidate.form == SYN_FORM_NONE && next.candidate.pace == SYN_PACE_FAST);
    assert_near("alike", 3000, next.candidate.embedding, 0);
    next.loss = 0.9999; /* which gains too little to go on from */
    p.search->stage[p.search->n_stages++] = next;
    assert_false(syn_plan_none_alike(p.search, &next));
    assert_false(syn_plan_candidate(p.search, &next));
    assert_false(syn_plan_again(p.search, &next));
    p.search->stage[p.search->n_stages - 1].loss = 0.9;
    assert_true(syn_plan_again(p.search, &next));
    assert_true(next.again && next.candidate.pace == SYN_PACE_FAST && next.candidate.form == SYN_FORM_LOWRANK);
    p.search->stage[p.search->n_stages++] = next;
    assert_false(syn_plan_again(p.search, &next) || syn_plan_candidate(p.search, &next));
    assert_true(syn_plan_none_alike(p.search, &next));
    assert_int_equal(next.again, 2);
    p.search->stage[p.search->n_stages++] = next;
    assert_false(syn_plan_candidate(p.search, &next) || syn_plan_none_alike(p.search, &next) ||
                 syn_plan_again(p.search, &next));
    end(&p);
    begin(&p, -1, -1);
    p.search->stage[0].candidate.embedding = 100;
    const int n = run(&p, hardly_better);
    for (int k = 5; k <= n; k++) assert_near("kept", 100, p.search->stage[k].candidate.embedding, 0);
    for (int k = 5; k <= n; k++) assert_int_equal(p.search->stage[k].candidate.pace, SYN_PACE_USUAL);
    assert_true(syn_plan_none_alike(p.search, &next)); /* one that was not followed is still the best */
    end(&p);
    begin(&p, -1, -1);
    p.search->stage[0].candidate.embedding = 100;
    const int slow = run(&p, better_slow);
    for (int k = 3; k <= slow; k++) assert_int_equal(p.search->stage[k].candidate.pace, SYN_PACE_SLOW);
    assert_true(syn_plan_none_alike(p.search, &next));
    assert_int_equal(next.candidate.pace, SYN_PACE_SLOW);
    end(&p);
    begin(&p, -1, -1);
    run(&p, ridge_of_3000);
    assert_false(syn_plan_none_alike(p.search, &next));
    end(&p);
    /* the user's rate is kept */
    begin(&p, -1, -1);
    p.search->limits.any_rate = false;
    p.search->stage[0].candidate.embedding = 100;
    const int given = run(&p, shrunk_and_fast);
    for (int k = 1; k <= given; k++) assert_int_equal(p.search->stage[k].candidate.pace, SYN_PACE_USUAL);
    end(&p);
    /* an adaptation keeps the decoder */
    begin(&p, -1, -1);
    const syn_model source = {.p = p.search->none};
    p.search->settings.source = &source;
    const int kept = run(&p, nothing_helps);
    for (int k = 1; k <= kept; k++) assert_int_equal(p.search->stage[k].candidate.pace, SYN_PACE_USUAL);
    end(&p);
}

static void what_the_user_fixed_is_kept(void **state) {
    (void)state;
    planned p;
    begin(&p, 42, 0.5);
    assert_int_equal(run(&p, l1_of_4), 1);
    assert_near("ridge", 42, p.search->stage[1].candidate.ridge, 0);
    assert_near("l1", 0.5, p.search->stage[1].candidate.l1, 0);
    end(&p);
    begin(&p, 42, -1);
    run(&p, ridge_of_3000);
    for (int k = 1; k < p.search->n_stages; k++) assert_near("ridge", 42, p.search->stage[k].candidate.ridge, 0);
    end(&p);
    begin(&p, -1, -1);
    p.search->limits.any_form = false, p.search->limits.form = SYN_FORM_LOWRANK, p.search->limits.rank = 5;
    assert_int_equal(run(&p, rank_of_1), 1);
    assert_int_equal(p.search->stage[1].candidate.rank, 5);
    end(&p);
}

/* Losses of decoders alone: the best of the ridges on the embeddings is 100, and the behaviour helps; or it is the
 * greatest, and the behaviour does not. */
static double weak_ridge(const syn_candidate *c) { return 1 + 0.01 * fabs(log10(c->embedding) - 1.5) + c->no_behavior; }
static double strong_ridge(const syn_candidate *c) {
    return 1 + 0.01 * fabs(log10(c->embedding) - 5) - 0.1 * c->no_behavior;
}

/* A weak ridge is better than 100, and no embedding at all better still. */
static double weak_or_none(const syn_candidate *c) {
    return c->embedding == 90000 ? 0.9 : 1 + 0.01 * log10(c->embedding);
}

/* Plans decoders without connectivity of `B` behaviours until nothing is left; returns how many there were. */
static int decoders_of(planned *p, int B, int embedding, loss_of loss, syn_candidate *last) {
    const syn_search_limits limits = {.any_form = true, .ridge = -1, .l1 = -1, .innovation = 0};
    syn_stage next;
    *p = (planned){.raw = raw_create(FRAMES, NEURONS, B, "fluorescence", 73)};
    p->set = set_create(&p->raw, 1, WINDOW);
    assert_ok(syn_search_create(&p->search, p->set.data, best_kernels(), &settings, &limits));
    p->search->settings.embedding = embedding;
    while (syn_plan_none(p->search, &next)) {
        next.loss = loss(&next.candidate);
        p->search->stage[p->search->n_stages++] = next;
        assert_in_range(p->search->n_stages, 1, 8);
    }
    const int n = p->search->n_stages;
    assert_true(p->search->stage[n - 1].again);
    *last = p->search->stage[n - 1].candidate;
    syn_search_free(p->search), set_free(&p->set), raw_free(&p->raw);
    return n;
}

static int decoders(planned *p, int B, loss_of loss, syn_candidate *last) {
    return decoders_of(p, B, settings.embedding, loss, last);
}

/* An embedding of as many dimensions as there are neurons may be a table of them. */
static void few_neurons_may_do_without_embedding(void **state) {
    (void)state;
    planned p;
    syn_candidate last;
    assert_int_equal(decoders_of(&p, 0, NEURONS, weak_or_none, &last), 3 + 1);
    assert_near("none", 90000, last.embedding, 0);
    assert_int_equal(decoders_of(&p, 0, NEURONS - 1, weak_or_none, &last), 2 + 1);
    assert_near("weak", 3, last.embedding, 0);
}

static void stronger_ridges_on_embeddings_are_tried_while_they_help(void **state) {
    (void)state;
    planned p;
    syn_candidate last;
    assert_int_equal(decoders(&p, 0, strong_ridge, &last), 4 + 1);
    assert_near("ridge", 90000, last.embedding, 0);
    assert_false(last.no_behavior); /* there is none */
    assert_int_equal(decoders(&p, 0, weak_ridge, &last), 3 + 1);
    assert_near("ridge", 100, last.embedding, 0);
}

/* What is passed over is as if it had not been tried: neither it nor anything like it is built on. */
static void nothing_is_built_on_what_was_passed_over(void **state) {
    (void)state;
    planned p;
    begin(&p, -1, -1);
    syn_search *s = p.search;
    s->stage[0] = (syn_stage){.hidden = settings.hidden, .loss = 1, .candidate.embedding = 100};
    s->stage[1] = (syn_stage){.hidden = settings.hidden, .loss = 0.9, .candidate.embedding = 3, .passed_over = true};
    s->n_stages = 2;
    syn_stage next;
    assert_true(syn_plan_none(s, &next));
    assert_near("ridge", 3000, next.candidate.embedding, 0);
    next.loss = 0.8, next.passed_over = true;
    s->stage[s->n_stages++] = next;
    assert_true(syn_plan_none(s, &next));
    assert_true(next.again);
    assert_near("ridge", 100, next.candidate.embedding, 0);
    next.loss = 1;
    s->stage[s->n_stages++] = next;
    assert_true(syn_plan_candidate(s, &next));
    assert_near("ridge", 100, next.candidate.embedding, 0);
    /* a larger decoder that is passed over is the last */
    s->n_stages = 3, s->limits.any_hidden = true, s->stage[0].best_epoch = settings.max_epochs;
    assert_true(syn_plan_none(s, &next));
    assert_int_equal(next.hidden, 2 * settings.hidden);
    next.loss = 0.5, next.passed_over = true;
    s->stage[s->n_stages++] = next;
    assert_true(syn_plan_none(s, &next));
    assert_true(next.again && next.hidden == settings.hidden);
    end(&p);
}

/* Only without the behaviour a stronger ridge is better: it is tried again then. */
static double strong_ridge_without(const syn_candidate *c) {
    return 1 + (c->no_behavior ? -0.1 : 0.05) * (log10(c->embedding) - 2) - 0.1 * c->no_behavior +
           0.2 * (c->embedding < 100);
}

static void behavior_is_kept_where_it_helps(void **state) {
    (void)state;
    planned p;
    syn_candidate last;
    assert_int_equal(decoders(&p, 2, weak_ridge, &last), 3 + 1 + 1);
    assert_false(last.no_behavior);
    assert_int_equal(decoders(&p, 2, strong_ridge, &last), 4 + 1 + 1);
    assert_true(last.no_behavior);
    assert_near("ridge", 90000, last.embedding, 0);
    assert_int_equal(decoders(&p, 2, strong_ridge_without, &last), 3 + 3 + 1);
    assert_true(last.no_behavior);
    assert_near("ridge", 90000, last.embedding, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_lead_to_the_best_strength),
        cmocka_unit_test(a_blind_regression_does_not_forbid_learning),
        cmocka_unit_test(ranks_are_walked_unless_clearly_behind),
        cmocka_unit_test(all_candidates_learn_as_was_best_for_the_first),
        cmocka_unit_test(what_the_user_fixed_is_kept),
        cmocka_unit_test(few_neurons_may_do_without_embedding),
        cmocka_unit_test(stronger_ridges_on_embeddings_are_tried_while_they_help),
        cmocka_unit_test(behavior_is_kept_where_it_helps),
        cmocka_unit_test(nothing_is_built_on_what_was_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
