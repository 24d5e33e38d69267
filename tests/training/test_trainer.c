/* The trainer: it learns, stops at the right time and keeps the best; nothing that is not of the train split changes
 * what is learnt, and neither does the number of threads. */
#include "training/trainer.h"

#include "fixture.h"
#include "training/start.h"

enum { WINDOW = 16, MOST_EPOCHS = 40 };

static const syn_settings settings = {.hidden = 6,
                                      .embedding = 2,
                                      .behavior_inputs = 2,
                                      .threads = 1,
                                      .seed = 5,
                                      .decoder_rate = 0.01,
                                      .connectivity_rate = 0.1,
                                      .batch_frames = 64,
                                      .max_epochs = MOST_EPOCHS,
                                      .patience = 5};

/* Each neuron follows the one before it. */
static raw_data chain(int64_t T, int64_t N) {
    raw_data raw = raw_create(T, N, 1, "fluorescence", 30);
    for (int64_t k = N; k < T * N; k++)
        raw.x[k] = (float)(0.5 * normal(31, k)) + 0.8f * raw.x[k - N - (k % N ? 1 : 1 - N)];
    return raw;
}

static syn_schedule schedule_of(int epochs, int patience) {
    return (syn_schedule){.decoder_rate = settings.decoder_rate,
                          .connectivity_rate = 0.02,
                          .batch_frames = settings.batch_frames,
                          .max_epochs = epochs,
                          .patience = patience,
                          .seed = settings.seed,
                          .stage = 1};
}

/* A dense W from zero on top of a fresh decoder. */
static syn_trainer *trainer_of(const syn_dataset *data, syn_loss loss, int threads, const syn_schedule *schedule) {
    syn_parameters *p = random_parameters(data, SYN_FORM_DENSE, settings.hidden, 140);
    syn_trainer *t;
    for (size_t k = 0; k < p->n_tensors; k++)
        for (size_t j = 0; j < p->tensor[k].count; j++)
            p->value[p->tensor[k].offset + j] *= p->tensor[k].name[0] == 'z' ? 0.02f : 0.5f;
    assert_ok(syn_trainer_create(&t, p, data, loss, best_kernels(), threads, schedule, (syn_penalty){.ridge = 10}));
    return t;
}

/* Returns whether the trainer says that it is finished. */
static bool train(syn_trainer *t, int epochs) {
    bool done = false;
    for (int k = 0; k < epochs && !done; k++) assert_ok(syn_trainer_epoch(t, &done, NULL, NULL));
    return done;
}

static syn_trainer *trained(const test_set *set, int threads, int epochs) {
    const syn_schedule schedule = schedule_of(MOST_EPOCHS, MOST_EPOCHS);
    syn_trainer *t = trainer_of(set->data, SYN_LOSS_GAUSSIAN, threads, &schedule);
    train(t, epochs);
    return t;
}

static void assert_same_training(const syn_trainer *a, const syn_trainer *b) {
    const int64_t n = (int64_t)a->p->count;
    assert_same("weights", a->p->value, b->p->value, n);
    assert_same("moments", a->optimiser.moment, b->optimiser.moment, n);
    assert_same("best", a->best, b->best, n);
    assert_memory_equal(a->curve, b->curve, (size_t)a->epoch * sizeof *a->curve);
    assert_int_equal(a->epoch, b->epoch);
    assert_int_equal(a->best_epoch, b->best_epoch);
}

/* --- learning --- */

/* With W a neuron is known from the one before it; without, nearly nothing is. */
static void learns(void **state) {
    (void)state;
    raw_data raw = chain(1200, 8);
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_session *s = &set.data->session[0];
    const syn_schedule schedule = schedule_of(MOST_EPOCHS, MOST_EPOCHS);
    syn_parameters *p;
    syn_trainer *none, *dense = trainer_of(set.data, SYN_LOSS_GAUSSIAN, 1, &schedule);
    const float *W;
    assert_ok(syn_start_none(&p, set.data, &settings));
    assert_ok(
        syn_trainer_create(&none, p, set.data, SYN_LOSS_GAUSSIAN, best_kernels(), 1, &schedule, (syn_penalty){0}));
    assert_true(train(none, MOST_EPOCHS) && train(dense, MOST_EPOCHS));
    assert_true(dense->curve[MOST_EPOCHS - 1].train < 0.6 * dense->curve[0].train);
    assert_true(dense->best_loss < 0.6 * none->best_loss);
    memcpy(dense->p->value, dense->best, dense->p->count * sizeof(float));
    assert_ok(syn_network_weights(dense->network, 0, &W));
    for (int64_t i = 0; i < s->N; i++)
        for (int64_t j = 0; j < s->N; j++)
            if (j != (i + s->N - 1) % s->N)
                assert_true(fabsf(W[i * s->N + j]) < 0.5f * fabsf(W[i * s->N + (i + s->N - 1) % s->N]));
    syn_trainer_free(none), syn_trainer_free(dense), set_free(&set), raw_free(&raw);
}

static void learns_counts(void **state) {
    (void)state;
    raw_data raw = raw_create(900, 6, 1, "counts", 32);
    for (int64_t k = raw.N; k < raw.T * raw.N; k++) /* many after many of the neuron before */
        raw.x[k] = floorf(0.5f * raw.x[k] + 0.7f * raw.x[k - raw.N - (k % raw.N ? 1 : 1 - raw.N)]);
    raw_hide(&raw, 31);
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_schedule schedule = schedule_of(15, 15);
    syn_trainer *t = trainer_of(set.data, SYN_LOSS_POISSON, 1, &schedule);
    train(t, 15);
    assert_true(t->curve[14].train < t->curve[0].train - 0.03);
    assert_true(t->best_loss < t->curve[0].validation - 0.03);
    syn_trainer_free(t), set_free(&set), raw_free(&raw);
}

static bool never(void *user) {
    (void)user;
    return false;
}

/* A penalty that dwarfs the data is all there is in the first step's moments. It counts against the errors of the
 * observed targets of the train split, which are all that the loss is a mean of. */
static void penalty_is_against_observed_targets(void **state) {
    (void)state;
    const double ridge = 1e9;
    raw_data raw = chain(600, 6);
    raw_hide(&raw, 5);
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_session *s = &set.data->session[0];
    const syn_schedule schedule = schedule_of(1, 1);
    syn_parameters *p = random_parameters(set.data, SYN_FORM_DENSE, settings.hidden, 141), *before;
    syn_trainer *t;
    bool done;
    double observed = 0;
    assert_ok(syn_parameters_copy(&before, p));
    assert_ok(syn_trainer_create(&t, p, set.data, SYN_LOSS_GAUSSIAN, best_kernels(), 1, &schedule,
                                 (syn_penalty){.ridge = ridge}));
    assert_int_equal(syn_trainer_epoch(t, &done, never, NULL), SYN_ERR_INTERRUPTED);
    for (int64_t frame = 1; frame < s->span[SYN_TRAIN][0].stop; frame++)
        for (int64_t i = 0; i < s->N; i++) observed += syn_session_observed(s, frame, i);
    for (size_t k = p->session[0].z; k < p->session[0].z + (size_t)(s->N * s->N); k++) {
        const double expected = 0.1 * ridge / observed * t->gain * t->gain * (double)before->value[k];
        assert_near("moment", expected, (double)t->optimiser.moment[k], 1e-3 * (10 + fabs(expected)));
    }
    syn_trainer_free(t), syn_parameters_free(before), set_free(&set), raw_free(&raw);
}

/* --- an epoch --- */

/* Trains an epoch whose windows must lie side by side: every frame of the train split is an input once. Returns where
 * their grid begins. */
static int64_t check_windows(syn_trainer *t, const syn_session *s) {
    int *visits = zeros(s->T, sizeof *visits), *expected = zeros(s->T, sizeof *expected);
    int64_t grid = 0;
    for (syn_window *w = t->window; w->length > 0; w++) *w = (syn_window){0}; /* of the epoch before */
    train(t, 1);
    for (const syn_window *w = t->window; w->length > 0; w++) {
        for (int64_t frame = w->start; frame < w->start + w->length; frame++) visits[frame]++;
        if (w->start > 0) grid = w->start % WINDOW;
    }
    for (int64_t k = 0; k < s->n_spans[SYN_TRAIN]; k++)
        for (int64_t frame = s->span[SYN_TRAIN][k].start; frame + 1 < s->span[SYN_TRAIN][k].stop; frame++)
            expected[frame] = 1;
    assert_memory_equal(visits, expected, (size_t)s->T * sizeof *visits);
    free(visits), free(expected);
    return grid;
}

static void an_epoch_takes_every_frame_once(void **state) {
    (void)state;
    for (int64_t segments = 1; segments <= 50; segments += segments == 1 ? 19 : 30) {
        raw_data raw = chain(600, 4);
        raw_cut(&raw, segments, 2);
        test_set set = set_create(&raw, 1, WINDOW);
        syn_trainer *t = trained(&set, 1, 0);
        int64_t grid[3];
        for (int k = 0; k < 3; k++) grid[k] = check_windows(t, &set.data->session[0]);
        assert_true(segments > 1 || (grid[0] != grid[1] && grid[1] != grid[2]));
        syn_trainer_free(t), set_free(&set), raw_free(&raw);
    }
}

/* Weights that do not move: the train loss, a mean over batches of 14 equal trials, is that of the whole split. */
static void an_epoch_runs_every_batch(void **state) {
    (void)state;
    raw_data raw = chain(300, 4);
    raw_cut(&raw, 20, 0);
    test_set set = set_create(&raw, 1, WINDOW);
    syn_schedule schedule = schedule_of(3, 3);
    schedule.decoder_rate = schedule.connectivity_rate = 0;
    schedule.batch_frames = 28;
    syn_trainer *t = trainer_of(set.data, SYN_LOSS_GAUSSIAN, 1, &schedule);
    double loss;
    train(t, 2);
    assert_int_equal(t->optimiser.step, 2 * 7);
    assert_ok(syn_split_loss(t->network, set.data, SYN_LOSS_GAUSSIAN, SYN_TRAIN, NULL, &loss));
    for (int k = 0; k < 2; k++) assert_near("train loss", loss, t->curve[k].train, 1e-5);
    double gain[4], square = 0;
    assert_ok(syn_network_gain(t->network, 0, 0, 1000, gain));
    for (int i = 0; i < 4; i++) square += gain[i] * gain[i] / 4;
    assert_near("gain", sqrt(square), t->gain, 1e-6);
    syn_trainer_free(t), set_free(&set), raw_free(&raw);
}

/* Root mean square change of the decoder in the next epoch. */
static double change(syn_trainer *t) {
    const size_t from = t->p->decoder, n = syn_decoder_layout_of(settings.hidden).count;
    float *before = floats((int64_t)n);
    double square = 0;
    memcpy(before, t->p->value + from, n * sizeof *before);
    train(t, 1);
    for (size_t k = 0; k < n; k++) square += pow((double)(t->p->value[from + k] - before[k]), 2);
    free(before);
    return sqrt(square / (double)n);
}

/* They grow over the first 20 and shrink until the last epoch, to a fiftieth of the rate. */
static void steps_shrink(void **state) {
    (void)state;
    raw_data raw = chain(600, 6);
    test_set set = set_create(&raw, 1, WINDOW);
    syn_trainer *t = trained(&set, 1, 0);
    const double first = change(t);
    train(t, 6);
    const double middle = change(t);
    train(t, MOST_EPOCHS - 9);
    const double last = change(t);
    assert_int_equal(t->epoch, MOST_EPOCHS);
    assert_true(first < 0.7 * middle && last < 0.1 * middle);
    syn_trainer_free(t), set_free(&set), raw_free(&raw);
}

/* --- stopping --- */

/* Noise, learnt by heart: the validation loss rises, and the weights from before are kept. */
static void stops_early_and_keeps_the_best(void **state) {
    (void)state;
    raw_data raw = raw_create(200, 20, 0, "fluorescence", 33);
    for (int64_t k = 0; k < raw.T * raw.N; k++) raw.x[k] = (float)normal(34, k);
    test_set set = set_create(&raw, 1, WINDOW);
    syn_schedule schedule = schedule_of(MOST_EPOCHS, 3);
    schedule.connectivity_rate = 0.1;
    syn_trainer *t = trainer_of(set.data, SYN_LOSS_GAUSSIAN, 1, &schedule);
    double loss;
    assert_true(train(t, MOST_EPOCHS));
    assert_true(t->epoch < MOST_EPOCHS);
    assert_int_equal(t->epoch - 1 - t->best_epoch, 3);
    for (int k = 0; k < t->epoch; k++)
        assert_true(k == t->best_epoch ? t->curve[k].validation == t->best_loss
                                       : t->curve[k].validation > t->best_loss);
    assert_true(t->curve[t->epoch - 1].train < t->curve[t->best_epoch].train);
    assert_false(same(t->best, t->p->value, (int64_t)t->p->count));
    memcpy(t->p->value, t->best, t->p->count * sizeof(float));
    assert_ok(syn_split_loss(t->network, set.data, SYN_LOSS_GAUSSIAN, SYN_VALIDATION, NULL, &loss));
    assert_true(loss == t->best_loss);
    syn_trainer_free(t), set_free(&set), raw_free(&raw);
}

/* A candidate that is behind another one after as many epochs as that one took is given up, one that is ahead is not.
 */
static void is_given_up_when_behind(void **state) {
    (void)state;
    raw_data raw = chain(600, 6);
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_schedule usual = schedule_of(MOST_EPOCHS, MOST_EPOCHS);
    syn_trainer *undisturbed = trainer_of(set.data, SYN_LOSS_GAUSSIAN, 1, &usual);
    assert_true(train(undisturbed, MOST_EPOCHS));
    for (int behind = 0; behind <= 1; behind++) {
        syn_schedule schedule = usual;
        schedule.rival_loss = undisturbed->curve[4].validation * (behind ? 0.999 : 1.001);
        schedule.epochs_behind = 5;
        syn_trainer *t = trainer_of(set.data, SYN_LOSS_GAUSSIAN, 1, &schedule);
        assert_true(train(t, MOST_EPOCHS));
        assert_int_equal(t->epoch, behind ? 5 : MOST_EPOCHS);
        syn_trainer_free(t);
    }
    syn_trainer_free(undisturbed), set_free(&set), raw_free(&raw);
}

/* Where training only makes a warm start worse, the start is kept. */
static void a_good_start_is_kept(void **state) {
    (void)state;
    raw_data raw = chain(600, 6);
    test_set set = set_create(&raw, 1, WINDOW);
    syn_schedule schedule = schedule_of(30, 30);
    syn_trainer *first = trainer_of(set.data, SYN_LOSS_GAUSSIAN, 1, &schedule), *again;
    syn_parameters *p;
    train(first, 30);
    assert_ok(syn_parameters_copy(&p, first->p));
    memcpy(p->value, first->best, p->count * sizeof(float));
    schedule.warm = true;
    schedule.decoder_rate = schedule.connectivity_rate = 3;
    assert_ok(syn_trainer_create(&again, p, set.data, SYN_LOSS_GAUSSIAN, best_kernels(), 1, &schedule,
                                 (syn_penalty){.ridge = 10}));
    train(again, 2);
    assert_true(again->curve[0].validation > first->best_loss && again->curve[1].validation > first->best_loss);
    assert_int_equal(again->best_epoch, -1);
    assert_true(again->best_loss == first->best_loss);
    assert_same("best", first->best, again->best, (int64_t)p->count);
    syn_trainer_free(first), syn_trainer_free(again), set_free(&set), raw_free(&raw);
}

static bool ask(void *user) { return --*(int *)user > 0; }

static void stops_on_request(void **state) {
    (void)state;
    raw_data raw = chain(600, 8);
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_schedule schedule = schedule_of(MOST_EPOCHS, MOST_EPOCHS);
    syn_trainer *t = trainer_of(set.data, SYN_LOSS_GAUSSIAN, 1, &schedule);
    bool done = false;
    int steps = 3;
    assert_int_equal(syn_trainer_epoch(t, &done, ask, &steps), SYN_ERR_INTERRUPTED);
    assert_int_equal(steps, 0);
    assert_int_equal(t->optimiser.step, 3);
    assert_int_equal(t->epoch, 0);
    assert_false(done);
    syn_trainer_free(t), set_free(&set), raw_free(&raw);
}

/* --- what may not matter --- */

static void any_number_of_threads(void **state) {
    (void)state;
    for (int64_t N = 3; N <= 70; N += 67) {
        raw_data raw[2] = {chain(400, N), raw_create(300, 5, 2, "fluorescence", 35)};
        raw_hide(&raw[0], 37);
        test_set one = set_create(raw, 2, WINDOW);
        syn_trainer *first = trained(&one, 1, 3);
        for (int threads = 2; threads <= 5; threads += threads == 3 ? 2 : 1) {
            test_set again = set_create(raw, 2, WINDOW);
            syn_trainer *t = trained(&again, threads, 3);
            assert_same_training(first, t);
            assert_same("filled", one.data->session[0].x, again.data->session[0].x, raw[0].T * N);
            syn_trainer_free(t), set_free(&again);
        }
        syn_trainer_free(first), set_free(&one), raw_free(&raw[0]), raw_free(&raw[1]);
    }
}

static void the_seed_and_the_stage_matter(void **state) {
    (void)state;
    raw_data raw = chain(400, 4);
    test_set set = set_create(&raw, 1, WINDOW);
    syn_trainer *first = trained(&set, 1, 2);
    for (int k = 0; k < 2; k++) {
        syn_schedule schedule = schedule_of(MOST_EPOCHS, MOST_EPOCHS);
        schedule.seed += k == 0;
        schedule.stage += k == 1;
        syn_trainer *t = trainer_of(set.data, SYN_LOSS_GAUSSIAN, 1, &schedule);
        train(t, 2);
        assert_false(same(first->p->value, t->p->value, (int64_t)t->p->count));
        syn_trainer_free(t);
    }
    syn_trainer_free(first), set_free(&set), raw_free(&raw);
}

static void spoil(raw_data *raw, int64_t start, int64_t stop, float size) {
    for (int64_t k = start * raw->N; k < stop * raw->N; k++) raw->x[k] = k % 2 ? size : -size;
    for (int64_t k = start * raw->B; k < stop * raw->B; k++) raw->u[k] = k % 2 ? size : -size;
}

/* Frames that are in no segment: were one of them in a window, all would differ. */
static void check_frames_between(int64_t segments) {
    raw_data raw = chain(600, 6), other;
    raw_cut(&raw, segments, 3);
    other = raw_copy(&raw);
    for (int64_t s = 0; s < segments; s++) spoil(&other, raw.segment[2 * s + 1], raw.segment[2 * s + 1] + 3, 1e6f);
    test_set a = set_create(&raw, 1, WINDOW), b = set_create(&other, 1, WINDOW);
    syn_trainer *t = trained(&a, 1, 5), *u = trained(&b, 1, 5);
    assert_same_training(t, u);
    syn_trainer_free(t), syn_trainer_free(u), set_free(&a), set_free(&b), raw_free(&raw), raw_free(&other);
}

static void windows_stay_inside_segments(void **state) {
    (void)state;
    check_frames_between(3);  /* longer than a window, cut inside */
    check_frames_between(20); /* trials of more than a window */
    check_frames_between(50); /* trials of less than a window */
}

/* Everything after the train split, the gap included: the steps taken are the same. */
static void windows_stay_inside_the_train_split(void **state) {
    (void)state;
    raw_data raw = chain(600, 6), other = raw_copy(&raw);
    spoil(&other, 420, 600, 30);
    test_set a = set_create(&raw, 1, WINDOW), b = set_create_as(&other, &a);
    syn_trainer *t = trained(&a, 1, 5), *u = trained(&b, 1, 5);
    const int64_t n = (int64_t)t->p->count;
    assert_same("weights", t->p->value, u->p->value, n);
    assert_same("average", t->optimiser.average, u->optimiser.average, n);
    for (int k = 0; k < 5; k++) {
        assert_true(t->curve[k].train == u->curve[k].train);
        assert_true(t->curve[k].validation < u->curve[k].validation);
    }
    syn_trainer_free(t), syn_trainer_free(u), set_free(&a), set_free(&b), raw_free(&raw), raw_free(&other);
}

/* Another test split, and another gap before it: not one bit of the model, its normalisation or its curve. */
static void check_no_leakage(int64_t segments, int64_t test_start) {
    raw_data raw = chain(600, 6), other;
    raw_cut(&raw, segments, 0);
    raw_hide(&raw, 43);
    other = raw_copy(&raw);
    spoil(&other, test_start, 600, 1000);
    for (int64_t k = test_start * raw.N; k < 600 * raw.N; k += 5) other.x[k] = NAN;
    test_set a = set_create(&raw, 1, WINDOW), b = set_create(&other, 1, WINDOW);
    assert_memory_equal(a.data->session[0].norm.mean, b.data->session[0].norm.mean, 6 * sizeof(float));
    assert_memory_equal(a.data->session[0].norm.scale, b.data->session[0].norm.scale, 6 * sizeof(float));
    syn_trainer *t = trained(&a, 1, 6), *u = trained(&b, 1, 6);
    assert_same_training(t, u);
    syn_trainer_free(t), syn_trainer_free(u), set_free(&a), set_free(&b), raw_free(&raw), raw_free(&other);
}

static void test_data_do_not_leak(void **state) {
    (void)state;
    check_no_leakage(1, 510);
    check_no_leakage(20, 510);
}

/* What is stored where nothing was observed is replaced before it is used. */
static void missing_entries_are_filled_in(void **state) {
    (void)state;
    raw_data raw = chain(600, 6);
    raw_hide(&raw, 7);
    test_set a = set_create(&raw, 1, WINDOW), b = set_create(&raw, 1, WINDOW);
    const syn_session *s = &b.data->session[0];
    for (int64_t k = 0; k < s->T * s->N; k++)
        if (!syn_session_observed(s, k / s->N, k % s->N)) s->x[k] = 1e7f;
    syn_trainer *t = trained(&a, 1, 3), *u = trained(&b, 1, 3);
    assert_same_training(t, u);
    syn_trainer_free(t), syn_trainer_free(u), set_free(&a), set_free(&b), raw_free(&raw);
}

/* Under a strong ridge embeddings stay at the prior that they start from; without it they go to 0. */
static void a_prior_holds(void **state) {
    (void)state;
    raw_data raw = chain(600, 5);
    test_set set = set_create(&raw, 1, WINDOW);
    const syn_schedule schedule = schedule_of(MOST_EPOCHS, MOST_EPOCHS);
    for (int with = 0; with < 2; with++) {
        syn_parameters *p = random_parameters(set.data, SYN_FORM_NONE, settings.hidden, 141), *prior;
        syn_trainer *t;
        double moved = 0, size = 0;
        assert_ok(syn_parameters_copy(&prior, p));
        assert_ok(syn_trainer_create(&t, p, set.data, SYN_LOSS_GAUSSIAN, best_kernels(), 1, &schedule,
                                     (syn_penalty){.embedding = 1e7, .prior = with ? prior : NULL}));
        train(t, 20);
        for (size_t k = prior->session[0].e; k < prior->session[0].e + 5 * (size_t)prior->d; k++)
            moved += fabs((double)(t->p->value[k] - prior->value[k])), size += fabs((double)prior->value[k]);
        if (with ? moved > 0.05 * size : moved < 0.5 * size) fail_msg("with %d: moved by %g of %g", with, moved, size);
        syn_trainer_free(t), syn_parameters_free(prior);
    }
    set_free(&set), raw_free(&raw);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prior_holds),
        cmocka_unit_test(learns),
        cmocka_unit_test(learns_counts),
        cmocka_unit_test(penalty_is_against_observed_targets),
        cmocka_unit_test(an_epoch_takes_every_frame_once),
        cmocka_unit_test(an_epoch_runs_every_batch),
        cmocka_unit_test(steps_shrink),
        cmocka_unit_test(stops_early_and_keeps_the_best),
        cmocka_unit_test(is_given_up_when_behind),
        cmocka_unit_test(a_good_start_is_kept),
        cmocka_unit_test(stops_on_request),
        cmocka_unit_test(any_number_of_threads),
        cmocka_unit_test(the_seed_and_the_stage_matter),
        cmocka_unit_test(windows_stay_inside_segments),
        cmocka_unit_test(windows_stay_inside_the_train_split),
        cmocka_unit_test(test_data_do_not_leak),
        cmocka_unit_test(missing_entries_are_filled_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
