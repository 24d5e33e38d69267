/* The network: W as the only way between neurons, permutations, missing entries, segments, gains and independence of
 * the number of threads. */
#include "fixture.h"

/* --- predictions --- */

typedef struct trace {
    const syn_session *session;
    float *prediction; /* [T][N] */
    float *slope;      /* [T][N], where they were wanted */
    int *visits;       /* [T] */
    int64_t last;
} trace;

static syn_status record(void *user, int64_t frame, const float *prediction, const float *truth, const float *slope) {
    trace *t = user;
    const int64_t N = t->session->N;
    assert_true(frame > t->last); /* in order */
    t->last = frame;
    t->visits[frame]++;
    memcpy(t->prediction + frame * N, prediction, (size_t)N * sizeof(float));
    if (slope) memcpy(t->slope + frame * N, slope, (size_t)N * sizeof(float));
    assert_ptr_equal(truth, t->session->x + frame * N);
    return SYN_OK;
}

static trace trace_run(const syn_parameters *p, const syn_dataset *data, size_t s, syn_loss loss,
                       const syn_kernels *kernels, int threads, syn_split split) {
    const syn_session *session = &data->session[s];
    trace t = {session, floats(session->T * session->N), floats(session->T * session->N),
               zeros(session->T, sizeof(int)), -1};
    syn_network *net = network_of(p, data, loss, kernels, threads);
    assert_ok(syn_network_run(net, s, split, record, &t));
    syn_network_free(net);
    return t;
}

static void trace_free(trace *t) { free(t->prediction), free(t->slope), free(t->visits); }

/* Neurons whose predictions differ by at least one bit. */
static void changed_neurons(const float *a, const float *b, int64_t T, int64_t N, bool *changed) {
    for (int64_t i = 0; i < N; i++) changed[i] = false;
    for (int64_t k = 0; k < T * N; k++)
        if (!same(&a[k], &b[k], 1)) changed[k % N] = true;
}

static void assert_changed(const char *what, const char *level, const bool *changed, const bool *expected, int64_t N) {
    for (int64_t i = 0; i < N; i++)
        if (changed[i] != expected[i])
            fail_msg("%s, %s: neuron %lld %s", what, level, (long long)i,
                     changed[i] ? "changed and must not" : "did not change and must");
}

/* One step from a zero state for the last frames of x, then several frames, then one frame of several copies. */
static float *advanced(const syn_parameters *p, const syn_dataset *data, syn_loss loss, const syn_kernels *kernels) {
    const syn_session *session = &data->session[0];
    const int64_t N = session->N, n = 12;
    float *out = floats(session->T * N), *state, *copies;
    syn_network *net = network_of(p, data, loss, kernels, 2);
    assert_ok(syn_network_state(net, 0, 1, &state));
    assert_ok(syn_network_state(net, 0, n, &copies));
    for (int64_t t = 0; t < n; t++)
        assert_ok(
            syn_network_advance(net, 0, state, session->x + t * N, session->u + t * session->B, 1, false, out + t * N));
    assert_ok(
        syn_network_advance(net, 0, state, session->x + n * N, session->u + n * session->B, n, false, out + n * N));
    assert_ok(syn_network_advance(net, 0, copies, session->x + 2 * n * N, session->u + 2 * n * session->B, n, true,
                                  out + 2 * n * N));
    free(state), free(copies);
    syn_network_free(net);
    return out;
}

/* The bits that change in every kind of output when the activity of `sender` is changed are those of `receiver`. */
static void check_path(const syn_parameters *p, const test_set *set, const test_set *other, syn_loss loss,
                       const bool *receiver) {
    const syn_session *session = &set->data->session[0];
    const int64_t N = session->N, T = session->T;
    bool *changed = zeros(N, sizeof *changed);
    for (int level = 0; level < KERNEL_LEVELS; level++) {
        const syn_kernels *kernels = kernels_at(level);
        if (!kernels) continue;
        trace a = trace_run(p, set->data, 0, loss, kernels, 2, SYN_TRAIN);
        trace b = trace_run(p, other->data, 0, loss, kernels, 2, SYN_TRAIN);
        changed_neurons(a.prediction, b.prediction, T, N, changed);
        assert_changed("run", kernel_levels[level], changed, receiver, N);
        float *c = advanced(p, set->data, loss, kernels), *d = advanced(p, other->data, loss, kernels);
        changed_neurons(c, d, T, N, changed);
        assert_changed("advance", kernel_levels[level], changed, receiver, N);
        trace_free(&a), trace_free(&b), free(c), free(d);
    }
    free(changed);
}

/* The same recording, but for the activity of one neuron. */
static test_set with_another(const raw_data *raw, const test_set *like, int64_t sender) {
    raw_data changed = raw_copy(raw);
    for (int64_t t = 0; t < raw->T; t++)
        if (isfinite(raw->x[t * raw->N + sender])) changed.x[t * raw->N + sender] = (float)(t % 7);
    test_set set = set_create_as(&changed, like);
    raw_free(&changed);
    return set;
}

static const int64_t sender = 7;

static void check_sole_pathway(syn_loss loss, bool missing) {
    raw_data raw = raw_create(160, 35, 1, signal_of(loss), 4);
    if (missing) raw_hide(&raw, 11);
    test_set set = set_create(&raw, 1, 8), other = with_another(&raw, &set, sender);
    const int64_t N = set.data->session[0].N;
    bool *receiver = zeros(N, sizeof *receiver);
    assert_int_equal(N, 35);
    receiver[sender] = true; /* its own past */
    for (syn_form form = SYN_FORM_NONE; form <= SYN_FORM_DENSE; form++) {
        syn_parameters *p = random_parameters(set.data, form, 5, 50);
        if (form == SYN_FORM_DENSE) memset(p->value + p->session[0].z, 0, (size_t)(N * N) * sizeof(float));
        check_path(p, &set, &other, loss, receiver);
        syn_parameters_free(p);
    }
    /* all edges but those of the sender, which has three; no missing entries, through which it could go on */
    syn_parameters *p = random_parameters(set.data, SYN_FORM_DENSE, 5, 50);
    float *z = p->value + p->session[0].z;
    for (int64_t i = 0; i < N; i++) {
        receiver[i] = i == sender || i == 0 || i == 16 || i == 34;
        if (!receiver[i]) z[i * N + sender] = 0;
    }
    if (!missing) check_path(p, &set, &other, loss, receiver);
    syn_parameters_free(p);
    free(receiver), set_free(&set), set_free(&other), raw_free(&raw);
}

static void sole_pathway(void **state) {
    (void)state;
    check_sole_pathway(SYN_LOSS_GAUSSIAN, false);
    check_sole_pathway(SYN_LOSS_GAUSSIAN, true);
    check_sole_pathway(SYN_LOSS_POISSON, false);
    check_sole_pathway(SYN_LOSS_POISSON, true);
}

/* Without W the gradient of what belongs to another neuron does not change by a bit either. */
static void sole_pathway_of_the_gradient(void **state) {
    (void)state;
    raw_data raw = raw_create(160, 35, 1, "fluorescence", 5);
    test_set set = set_create(&raw, 1, 8), other = with_another(&raw, &set, sender);
    syn_parameters *p = random_parameters(set.data, SYN_FORM_DENSE, 5, 60);
    const syn_session_layout *at = &p->session[0];
    const int64_t N = at->N;
    memset(p->value + at->z, 0, (size_t)(N * N) * sizeof(float));
    float *a = floats((int64_t)p->count), *b = floats((int64_t)p->count);
    for (int level = 0; level < KERNEL_LEVELS; level++) {
        const syn_kernels *kernels = kernels_at(level);
        double loss;
        if (!kernels) continue;
        syn_network *net[2] = {network_of(p, set.data, SYN_LOSS_GAUSSIAN, kernels, 2),
                               network_of(p, other.data, SYN_LOSS_GAUSSIAN, kernels, 2)};
        assert_ok(syn_network_gradient(net[0], 0, windows, N_WINDOWS, a, &loss));
        assert_ok(syn_network_gradient(net[1], 0, windows, N_WINDOWS, b, &loss));
        for (int64_t i = 0; i < N; i++) {
            if (i == sender) continue;
            assert_same("e", a + at->e + i * p->d, b + at->e + i * p->d, p->d);
            assert_same("a", a + at->a + i, b + at->a + i, 1);
            assert_same("c", a + at->c + i, b + at->c + i, 1);
            for (int64_t j = 0; j < N; j++) {
                const size_t edge = at->z + (size_t)(i * N + j);
                if (j != sender)
                    assert_same("z", a + edge, b + edge, 1);
                else
                    assert_false(same(a + edge, b + edge, 1));
            }
        }
        assert_false(same(a + at->a + sender, b + at->a + sender, 1));
        syn_network_free(net[0]), syn_network_free(net[1]);
    }
    free(a), free(b), syn_parameters_free(p), set_free(&set), set_free(&other), raw_free(&raw);
}

/* --- permutation --- */

/* to[order[k]] = from[k] for rows of `columns` numbers. */
static void permute_rows(float *to, const float *from, const int64_t *order, int64_t N, int64_t columns) {
    for (int64_t k = 0; k < N; k++)
        memcpy(to + order[k] * columns, from + k * columns, (size_t)columns * sizeof(float));
}

static void permute_columns(float *to, const float *from, const int64_t *order, int64_t rows, int64_t N) {
    for (int64_t t = 0; t < rows; t++)
        for (int64_t k = 0; k < N; k++) to[t * N + order[k]] = from[t * N + k];
}

/* Every tensor of session 0 with the neurons in another order. */
static void permute_tensors(const syn_parameters *p, float *to, const float *from, const int64_t *order) {
    const int64_t N = p->session[0].N;
    float *rows = floats(N * N);
    memcpy(to, from, p->count * sizeof(float));
    for (size_t k = 0; k < p->n_tensors; k++) {
        const syn_tensor *t = &p->tensor[k];
        if (t->session < 0 || t->name[0] == 'p') continue;
        if (t->group == SYN_GROUP_FIXED) permute_columns(to + t->offset, from + t->offset, order, 1, N);
        if (t->group == SYN_GROUP_FIXED) continue;
        permute_rows(to + t->offset, from + t->offset, order, N, t->columns);
        if (t->name[0] != 'z') continue;
        permute_rows(rows, from + t->offset, order, N, N);
        permute_columns(to + t->offset, rows, order, N, N);
    }
    free(rows);
}

static void assert_close(const char *what, const float *expected, const float *found, int64_t n, double tolerance) {
    double size = 1e-3;
    for (int64_t k = 0; k < n; k++) size = fmax(size, fabs((double)expected[k]));
    for (int64_t k = 0; k < n; k++)
        if (!(fabs((double)(expected[k] - found[k])) <= tolerance * size))
            fail_msg("%s[%lld]: %g, expected %g (size %g)", what, (long long)k, (double)found[k], (double)expected[k],
                     size);
}

static void check_permutation(const test_set *set, const test_set *permuted, const int64_t *order, syn_form form,
                              const syn_kernels *kernels) {
    const int64_t N = set->data->session[0].N, T = set->data->session[0].T;
    syn_parameters *p = random_parameters(set->data, form, 5, 70), *q;
    float *gradient = floats((int64_t)p->count), *expected = floats((int64_t)p->count),
          *found = floats((int64_t)p->count), *prediction = floats(T * N);
    double loss[2];
    assert_ok(syn_parameters_copy(&q, p));
    permute_tensors(p, q->value, p->value, order);
    syn_network *net[2] = {network_of(p, set->data, SYN_LOSS_GAUSSIAN, kernels, 2),
                           network_of(q, permuted->data, SYN_LOSS_GAUSSIAN, kernels, 2)};
    assert_ok(syn_network_gradient(net[0], 0, windows, N_WINDOWS, gradient, &loss[0]));
    assert_ok(syn_network_gradient(net[1], 0, windows, N_WINDOWS, found, &loss[1]));
    permute_tensors(p, expected, gradient, order);
    assert_near("loss", loss[0], loss[1], 1e-6);
    for (size_t k = 0; k < p->n_tensors; k++)
        assert_close(p->tensor[k].name, expected + p->tensor[k].offset, found + p->tensor[k].offset,
                     (int64_t)p->tensor[k].count, 2e-5);
    trace a = trace_run(p, set->data, 0, SYN_LOSS_GAUSSIAN, kernels, 2, SYN_TRAIN);
    trace b = trace_run(q, permuted->data, 0, SYN_LOSS_GAUSSIAN, kernels, 2, SYN_TRAIN);
    permute_columns(prediction, a.prediction, order, T, N);
    if (form == SYN_FORM_NONE) /* nothing is summed over neurons */
        assert_same("prediction", prediction, b.prediction, T * N);
    else
        assert_close("prediction", prediction, b.prediction, T * N, 1e-5);
    trace_free(&a), trace_free(&b), syn_network_free(net[0]), syn_network_free(net[1]);
    free(gradient), free(expected), free(found), free(prediction), syn_parameters_free(p), syn_parameters_free(q);
}

static void permutation(void **state) {
    (void)state;
    enum { N = 35 };
    int64_t order[N];
    raw_data raw = raw_create(160, N, 2, "fluorescence", 6), other = raw_copy(&raw);
    raw_hide(&raw, 17);
    syn_random_permutation((syn_random){4, SYN_STREAM_TEST, 0}, order, N);
    permute_columns(other.x, raw.x, order, raw.T, N);
    test_set set = set_create(&raw, 1, 8), permuted = set_create(&other, 1, 8);
    for (int level = 0; level < KERNEL_LEVELS; level++)
        for (syn_form form = SYN_FORM_NONE; form <= SYN_FORM_LOWRANK_SPARSE && kernels_at(level); form++)
            check_permutation(&set, &permuted, order, form, kernels_at(level));
    set_free(&set), set_free(&permuted), raw_free(&raw), raw_free(&other);
}

/* --- missing entries and segments --- */

/* What is stored where nothing was observed. */
static void spoil(const syn_session *session, float value) {
    for (int64_t t = 0; t < session->T; t++)
        for (int64_t i = 0; i < session->N; i++)
            if (!syn_session_observed(session, t, i)) session->x[t * session->N + i] = value;
}

static void missing_targets(void **state) {
    (void)state;
    raw_data raw = raw_create(160, 19, 1, "fluorescence", 7);
    for (int64_t t = 12; t < 60; t++) raw.x[t * raw.N + 3] = NAN; /* targets, never inputs, of the windows below */
    test_set set = set_create(&raw, 1, 8);
    const syn_session *session = &set.data->session[0];
    const syn_window before[] = {{0, 12}, {5, 7}};
    syn_parameters *p = random_parameters(set.data, SYN_FORM_DENSE, 5, 80);
    float *a = floats((int64_t)p->count), *b = floats((int64_t)p->count);
    double loss[2];
    syn_network *net = network_of(p, set.data, SYN_LOSS_GAUSSIAN, best_kernels(), 1);
    assert_ok(syn_network_gradient(net, 0, before, 2, a, &loss[0]));
    spoil(session, 1e6f);
    assert_ok(syn_network_gradient(net, 0, before, 2, b, &loss[1]));
    assert_true(loss[0] == loss[1]);
    assert_same("gradient", a, b, (int64_t)p->count);
    free(a), free(b), syn_network_free(net), syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

static void check_filling(const test_set *set, syn_loss loss, const syn_kernels *kernels, syn_split split) {
    const syn_session *session = &set->data->session[0];
    const int64_t N = session->N;
    syn_parameters *p = random_parameters(set->data, SYN_FORM_DENSE, 5, 90);
    spoil(session, 0);
    trace a = trace_run(p, set->data, 0, loss, kernels, 1, split);
    for (int64_t k = 0; k < session->n_spans[split]; k++) {
        const syn_span *span = &session->span[split][k];
        for (int64_t t = span->start - span->context; t < span->stop; t++)
            for (int64_t i = 0; i < N; i++) {
                if (syn_session_observed(session, t, i)) continue;
                const float *x = &session->x[t * N + i];
                if (t == span->start - span->context)
                    assert_true(*x == 0);
                else if (t >= syn_span_first_target(span))
                    assert_same("filled", &a.prediction[t * N + i], x, 1);
            }
    }
    spoil(session, 1e9f);
    trace b = trace_run(p, set->data, 0, loss, kernels, 2, split);
    assert_same("prediction", a.prediction, b.prediction, session->T * N);
    trace_free(&a), trace_free(&b), syn_parameters_free(p);
}

static void missing_inputs(void **state) {
    (void)state;
    for (syn_loss loss = SYN_LOSS_GAUSSIAN; loss <= SYN_LOSS_POISSON; loss++) {
        raw_data raw = raw_create(300, 19, 1, signal_of(loss), 8);
        raw_cut(&raw, 3, 4);
        raw_hide(&raw, 53); /* frames with and without gaps, so that they are run in pieces of many lengths */
        for (int64_t i = 0; i < 9; i++) raw.x[i] = NAN;
        test_set set = set_create(&raw, 1, 6);
        for (int level = 0; level < KERNEL_LEVELS; level++)
            for (syn_split split = SYN_TRAIN; split < SYN_SPLITS && kernels_at(level); split++)
                check_filling(&set, loss, kernels_at(level), split);
        set_free(&set), raw_free(&raw);
    }
}

/* Every target once, none else, and nothing carried from one segment to the next. */
static void segments_reset(void **state) {
    (void)state;
    raw_data raw = raw_create(480, 19, 1, "fluorescence", 10), other;
    raw_cut(&raw, 12, 3);
    raw_hide(&raw, 29);
    other = raw_copy(&raw);
    const int64_t first = raw.segment[4], stop = raw.segment[5];
    for (int64_t k = (stop - 3) * raw.N; k < (stop + 3) * raw.N; k++)
        if (isfinite(raw.x[k])) other.x[k] = -raw.x[k] + 1; /* and the frames between the segments */
    test_set set = set_create(&raw, 1, 8), changed = set_create_as(&other, &set);
    const syn_session *s = &set.data->session[0];
    syn_parameters *p = random_parameters(set.data, SYN_FORM_DENSE, 5, 100);
    trace a = trace_run(p, set.data, 0, SYN_LOSS_GAUSSIAN, best_kernels(), 1, SYN_TRAIN);
    trace b = trace_run(p, changed.data, 0, SYN_LOSS_GAUSSIAN, best_kernels(), 1, SYN_TRAIN);
    for (int64_t t = 0; t < s->T; t++) {
        bool target = false;
        for (int64_t k = 0; k < s->n_spans[SYN_TRAIN]; k++)
            target |= t > s->span[SYN_TRAIN][k].start && t < s->span[SYN_TRAIN][k].stop;
        assert_int_equal(a.visits[t], target);
        const bool is_changed = !same(a.prediction + t * s->N, b.prediction + t * s->N, s->N);
        assert_int_equal(is_changed, t > stop - 3 && t < stop && t > first);
    }
    trace_free(&a), trace_free(&b), syn_parameters_free(p);
    set_free(&set), set_free(&changed), raw_free(&raw), raw_free(&other);
}

/* Runs side by side are the same runs one after the other. */
static void copies_are_independent(void **state) {
    (void)state;
    enum { COPIES = 600 }; /* more than a batch holds */
    raw_data raw = raw_create(1400, 19, 1, "fluorescence", 11);
    test_set set = set_create(&raw, 1, 8);
    const syn_session *s = &set.data->session[0];
    syn_parameters *p = random_parameters(set.data, SYN_FORM_DENSE, 5, 110);
    syn_network *net = network_of(p, set.data, SYN_LOSS_GAUSSIAN, best_kernels(), 2);
    float *states, *state_of_one, *together = floats(COPIES * s->N), *alone = floats(2 * s->N);
    assert_ok(syn_network_state(net, 0, COPIES, &states));
    for (int64_t step = 0; step < 2; step++)
        assert_ok(syn_network_advance(net, 0, states, s->x + step * COPIES * s->N, s->u + step * COPIES, COPIES, true,
                                      together));
    for (int64_t c = 0; c < COPIES; c += 37) {
        assert_ok(syn_network_state(net, 0, 1, &state_of_one));
        for (int64_t step = 0; step < 2; step++)
            assert_ok(syn_network_advance(net, 0, state_of_one, s->x + (step * COPIES + c) * s->N,
                                          s->u + step * COPIES + c, 1, false, alone));
        assert_close("copy", alone, together + c * s->N, s->N, 1e-5); /* the sums of the currents differ in order */
        free(state_of_one);
    }
    free(states), free(together), free(alone);
    syn_network_free(net), syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

/* --- gain --- */

/* Changes of all predictions of a train span after a change of x_j at its frame t: out[T][N], per unit of x_j. */
static void respond(syn_network *net, syn_dataset *data, const syn_span *span, int64_t t, int64_t j, float *out) {
    const syn_session *s = &data->session[0];
    const int64_t N = s->N, n = span->stop - span->start - 1;
    const float step = 0.02f, x = s->x[t * N + j];
    float *side = floats(n * N), *state;
    memset(out, 0, (size_t)(s->T * N) * sizeof(float));
    for (int k = 0; k < 2; k++) {
        s->x[t * N + j] = k ? x + step : x - step;
        assert_ok(syn_network_state(net, 0, 1, &state));
        assert_ok(syn_network_advance(net, 0, state, s->x + span->start * N, s->B ? s->u + span->start * s->B : NULL, n,
                                      false, side));
        for (int64_t e = 0; e < n * N; e++) out[(span->start + 1) * N + e] += (k ? side[e] : -side[e]) / (2 * step);
        free(state);
    }
    s->x[t * N + j] = x;
    free(side);
}

/* Mean over the train split, S segments, of the response of i at t + 1 to j at t - lag, against W_ij gain_i(lag). */
static void check_gain(syn_loss loss, int64_t T, int64_t S, const syn_kernels *kernels) {
    enum { LAGS = 3, N = 6 };
    raw_data raw = raw_create(T, N, 1, signal_of(loss), 12);
    if (S > 1) raw_cut(&raw, S, 3);
    test_set set = set_create(&raw, 1, 8);
    const syn_session *s = &set.data->session[0];
    syn_parameters *p = random_parameters(set.data, SYN_FORM_DENSE, 5, 120);
    if (loss == SYN_LOSS_POISSON) p->correction.share = 0.25f; /* of the train mean, which nobody drives */
    syn_network *net = network_of(p, set.data, loss, kernels, 1);
    double gain[(LAGS + 1) * N], response[LAGS + 1][N][N] = {0}, frames = 0;
    float *out = floats(s->T * N);
    const float *W;
    memset(p->value + p->session[0].send, 0, N * sizeof(float)); /* else a current is not W_ij times one x_j */
    for (const syn_span *span = s->span[SYN_TRAIN]; span < s->span[SYN_TRAIN] + s->n_spans[SYN_TRAIN]; span++) {
        frames += (double)(span->stop - 1 - span->start - LAGS);
        for (int64_t t = span->start; t + 1 < span->stop; t++)
            for (int64_t j = 0; j < N; j++) {
                respond(net, set.data, span, t, j, out);
                for (int64_t lag = 0; lag <= LAGS; lag++)
                    for (int64_t i = 0; i < N && t + lag >= span->start + LAGS && t + lag + 1 < span->stop; i++)
                        response[lag][i][j] += (double)out[(t + lag + 1) * N + i];
            }
    }
    assert_ok(syn_network_gain(net, 0, LAGS, s->T, gain));
    assert_ok(syn_network_weights(net, 0, &W));
    for (int64_t lag = 0; lag <= LAGS; lag++)
        for (int64_t i = 0; i < N; i++)
            for (int64_t j = 0; j < N; j++)
                if (i != j)
                    assert_near("gain", response[lag][i][j] / frames, (double)W[i * N + j] * gain[lag * N + i], 2e-5);
    free(out), syn_network_free(net), syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

/* The longer one is measured in several pieces, between which the state goes on. */
static void gain_is_the_derivative(void **state) {
    (void)state;
    for (int level = 0; level < KERNEL_LEVELS; level++)
        if (kernels_at(level)) check_gain(SYN_LOSS_GAUSSIAN, 100, 1, kernels_at(level));
    check_gain(SYN_LOSS_GAUSSIAN, 240, 1, best_kernels());
    check_gain(SYN_LOSS_POISSON, 240, 1, best_kernels());
}

/* A segment begins without what the one before left behind. */
static void gain_starts_afresh_in_a_segment(void **state) {
    (void)state;
    check_gain(SYN_LOSS_GAUSSIAN, 160, 4, best_kernels());
    check_gain(SYN_LOSS_POISSON, 160, 12, best_kernels());
}

/* However few frames the network has room for; more lags than that are refused. */
static void gain_in_any_pieces(void **state) {
    (void)state;
    enum { LAGS = 1, N = 6 };
    raw_data raw = raw_create(300, N, 0, "fluorescence", 14);
    test_set set = set_create(&raw, 1, 8);
    syn_parameters *p = random_parameters(set.data, SYN_FORM_DENSE, 5, 120);
    syn_network *wide = network_of(p, set.data, SYN_LOSS_GAUSSIAN, best_kernels(), 1), *narrow;
    double expected[(LAGS + 1) * N], found[(LAGS + 1) * N];
    assert_ok(syn_network_create(&narrow, p, set.data, SYN_LOSS_GAUSSIAN, best_kernels(), 1, LAGS + 2, LAGS + 2));
    assert_ok(syn_network_gain(wide, 0, LAGS, 1000, expected));
    assert_ok(syn_network_gain(narrow, 0, LAGS, 1000, found));
    for (int k = 0; k < (LAGS + 1) * N; k++) assert_near("gain", expected[k], found[k], 1e-6);
    assert_int_not_equal(syn_network_gain(narrow, 0, LAGS + 2, 1000, found), SYN_OK);
    syn_network_free(wide), syn_network_free(narrow), syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

/* Of the prediction of every frame, in every piece of a run, with respect to the current of the frame before. */
static void slopes_are_derivatives(void **state) {
    (void)state;
    enum { N = 19, T = 300 };
    raw_data raw = raw_create(T, N, 1, "fluorescence", 15);
    raw_cut(&raw, 3, 3);
    test_set set = set_create(&raw, 1, 8);
    const syn_session *s = &set.data->session[0];
    syn_parameters *p = random_parameters(set.data, SYN_FORM_DENSE, 5, 140);
    float *out = floats(T * N);
    const float *W;
    memset(p->value + p->session[0].send, 0, N * sizeof(float)); /* else a current is not W_ij times one x_j */
    for (int level = 0; level < KERNEL_LEVELS; level++) {
        if (!kernels_at(level)) continue;
        syn_network *net = network_of(p, set.data, SYN_LOSS_GAUSSIAN, kernels_at(level), 2);
        trace run = {s, floats(T * N), floats(T * N), zeros(T, sizeof(int)), -1};
        assert_ok(syn_network_want_slopes(net));
        assert_ok(syn_network_run(net, 0, SYN_TRAIN, record, &run));
        assert_ok(syn_network_weights(net, 0, &W));
        for (const syn_span *span = s->span[SYN_TRAIN]; span < s->span[SYN_TRAIN] + s->n_spans[SYN_TRAIN]; span++)
            for (int64_t t = span->start; t + 1 < span->stop; t++) {
                const int64_t j = t % N;
                respond(net, set.data, span, t, j, out);
                for (int64_t i = 0; i < N && t + 1 >= syn_span_first_target(span); i++)
                    if (i != j)
                        assert_near("slope", (double)out[(t + 1) * N + i],
                                    (double)(W[i * N + j] * run.slope[(t + 1) * N + i]), 1e-4);
            }
        trace_free(&run), syn_network_free(net);
    }
    free(out), syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

/* --- threads --- */

static void check_threads(int64_t N, syn_form form) {
    raw_data raw = raw_create(160, N, 2, "fluorescence", 13);
    raw_hide(&raw, 41);
    test_set set = set_create(&raw, 1, 8);
    const syn_session *s = &set.data->session[0];
    syn_parameters *p = random_parameters(set.data, form, 5, 130);
    const int counts[] = {1, 2, 3, 5};
    float *gradient[2] = {floats((int64_t)p->count), floats((int64_t)p->count)};
    double loss[2], *gain[2] = {zeros(3 * N, sizeof(double)), zeros(3 * N, sizeof(double))};
    trace first = trace_run(p, set.data, 0, SYN_LOSS_GAUSSIAN, best_kernels(), 1, SYN_TRAIN);
    for (int k = 0; k < 4; k++) {
        syn_network *net = network_of(p, set.data, SYN_LOSS_GAUSSIAN, best_kernels(), counts[k]);
        assert_ok(syn_network_gradient(net, 0, windows, N_WINDOWS, gradient[k > 0], &loss[k > 0]));
        assert_ok(syn_network_gain(net, 0, 2, 1000, gain[k > 0]));
        trace run = trace_run(p, set.data, 0, SYN_LOSS_GAUSSIAN, best_kernels(), counts[k], SYN_TRAIN);
        assert_same("prediction", first.prediction, run.prediction, s->T * N);
        trace_free(&run), syn_network_free(net);
        if (k == 0) continue;
        assert_true(loss[0] == loss[1]);
        assert_same("gradient", gradient[0], gradient[1], (int64_t)p->count);
        assert_memory_equal(gain[0], gain[1], (size_t)(3 * N) * sizeof(double));
    }
    trace_free(&first), free(gradient[0]), free(gradient[1]), free(gain[0]), free(gain[1]);
    syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

/* One block, a few, and more blocks than there are sums. */
static void any_number_of_threads(void **state) {
    (void)state;
    check_threads(3, SYN_FORM_DENSE);
    check_threads(60, SYN_FORM_LOWRANK_SPARSE);
    check_threads(700, SYN_FORM_DENSE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sole_pathway),
        cmocka_unit_test(sole_pathway_of_the_gradient),
        cmocka_unit_test(permutation),
        cmocka_unit_test(missing_targets),
        cmocka_unit_test(missing_inputs),
        cmocka_unit_test(segments_reset),
        cmocka_unit_test(copies_are_independent),
        cmocka_unit_test(gain_is_the_derivative),
        cmocka_unit_test(gain_starts_afresh_in_a_segment),
        cmocka_unit_test(gain_in_any_pieces),
        cmocka_unit_test(slopes_are_derivatives),
        cmocka_unit_test(any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
