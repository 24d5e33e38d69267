/* The network: its gradient against finite differences of a model written again in double precision, W as the only way
 * between neurons, missing entries, segments, gains and independence of the number of threads. */
#include "fixture.h"

enum { MAX_FRAMES = 512, MAX_WINDOW = 64 };

static syn_network *network_of(const syn_parameters *p, const syn_dataset *data, syn_loss loss,
                               const syn_kernels *kernels, int threads) {
    syn_network *net;
    assert_ok(syn_network_create(&net, p, data, loss, kernels, threads, MAX_FRAMES, MAX_WINDOW));
    return net;
}

/* --- the model in double precision --- */

static double logistic(double value) { return 1 / (1 + exp(-value)); }

typedef struct exact {
    const syn_parameters *p;
    const syn_dataset *data;
    syn_loss loss;
    size_t s;
    double *value; /* [p->count] */
    double *W;     /* [N][N] of session s */
} exact;

static void exact_weights(const exact *m) {
    const syn_session_layout *at = &m->p->session[m->s];
    const int64_t N = at->N;
    const syn_form form = m->p->form;
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < N; j++) {
            double w = form == SYN_FORM_NONE || form == SYN_FORM_LOWRANK ? 0 : m->value[at->z + (size_t)(i * N + j)];
            for (int r = 0; r < m->p->rank; r++)
                w += m->value[at->s + (size_t)(i * m->p->rank + r)] * m->value[at->r + (size_t)(j * m->p->rank + r)];
            m->W[i * N + j] = i == j ? 0 : w;
        }
}

/* What reaches gate `row` of neuron i at frame t but for the state. */
static double exact_gate(const exact *m, int64_t i, int64_t t, int row, double current) {
    const syn_parameters *p = m->p;
    const syn_session_layout *at = &p->session[m->s];
    const syn_session *session = &m->data->session[m->s];
    const syn_decoder_layout d = syn_decoder_layout_of(p->H);
    const double *decoder = m->value + p->decoder;
    double sum = m->value[p->bias + (size_t)row] +
                 decoder[d.wx + (size_t)row] * (double)session->x[t * session->N + i] +
                 decoder[d.wi + (size_t)row] * current;
    for (int k = 0; k < p->d; k++)
        sum += m->value[p->we + (size_t)(row * p->d + k)] * m->value[at->e + (size_t)(i * p->d + k)];
    for (int k = 0; k < p->b; k++)
        for (int64_t v = 0; v < at->B; v++)
            sum += m->value[p->wu + (size_t)(row * p->b + k)] * m->value[at->p + (size_t)(k * at->B + v)] *
                   (double)session->u[t * at->B + v];
    return sum;
}

/* One GRU step of neuron i at frame t; returns its prediction before the link function. */
static double exact_step(const exact *m, int64_t i, int64_t t, double *h) {
    const syn_session *session = &m->data->session[m->s];
    const syn_session_layout *at = &m->p->session[m->s];
    const int H = m->p->H;
    const int64_t N = session->N;
    const syn_decoder_layout d = syn_decoder_layout_of(H);
    const double *decoder = m->value + m->p->decoder, *wh = decoder + d.wh;
    double current = 0, next[16];
    for (int64_t j = 0; j < N; j++) current += m->W[i * N + j] * (double)session->x[t * N + j];
    for (int k = 0; k < H; k++) {
        double state[3] = {0};
        for (int g = 0; g < 3; g++)
            for (int j = 0; j < H; j++) state[g] += wh[(g * H + k) * H + j] * h[j];
        double r = logistic(exact_gate(m, i, t, k, current) + state[0]);
        double z = logistic(exact_gate(m, i, t, H + k, current) + state[1]);
        double n = tanh(exact_gate(m, i, t, 2 * H + k, current) + r * (state[2] + decoder[d.bhn + (size_t)k]));
        next[k] = (1 - z) * n + z * h[k];
    }
    double y = m->value[at->a + (size_t)i] * (double)session->x[t * N + i] + m->value[at->c + (size_t)i];
    for (int k = 0; k < H; k++) y += decoder[d.v + (size_t)k] * (h[k] = next[k]);
    return y;
}

static double exact_entry_loss(const exact *m, int64_t i, int64_t t, double y) {
    const syn_session *session = &m->data->session[m->s];
    const double x = (double)session->x[t * session->N + i], mean = (double)session->norm.mean[i];
    if (m->loss == SYN_LOSS_GAUSSIAN) return 0.5 * (y - x) * (y - x);
    double rate = mean * log1p(exp(y + log(exp(1) - 1)));
    return rate - (x * (double)session->norm.scale[i] + mean) * log(rate);
}

static double exact_loss(const exact *m, const syn_window *windows, int64_t n) {
    const syn_session *session = &m->data->session[m->s];
    double sum = 0, count = 0;
    exact_weights(m);
    for (int64_t k = 0; k < n; k++)
        for (int64_t i = 0; i < session->N; i++) {
            double h[16] = {0};
            for (int64_t t = windows[k].start; t < windows[k].start + windows[k].length; t++) {
                double y = exact_step(m, i, t, h);
                if (!syn_session_observed(session, t + 1, i)) continue;
                sum += exact_entry_loss(m, i, t + 1, y);
                count++;
            }
        }
    return sum / count;
}

/* --- the gradient --- */

static const syn_window windows[] = {{0, 11}, {11, 1}, {40, 17}, {20, 6}, {25, 2}, {60, 17}, {31, 1}};
enum { N_WINDOWS = 7 };

/* Derivative of the exact loss along direction[count] of a tensor. */
static double difference(exact *m, const syn_tensor *t, const double *direction) {
    const double step = 1e-5;
    double loss[2];
    for (int side = 0; side < 2; side++) {
        for (size_t k = 0; k < t->count; k++)
            m->value[t->offset + k] = (double)m->p->value[t->offset + k] + (side ? step : -step) * direction[k];
        loss[side] = exact_loss(m, windows, N_WINDOWS);
    }
    for (size_t k = 0; k < t->count; k++) m->value[t->offset + k] = (double)m->p->value[t->offset + k];
    return (loss[1] - loss[0]) / (2 * step);
}

/* Direction `number` of a tensor: three random ones, then single entries. Edges outside the support stay absent. */
static void choose_direction(const syn_parameters *p, const syn_tensor *t, int number, double *direction) {
    const uint8_t *support = t->session >= 0 && t->name[0] == 'z' ? p->session[t->session].support : NULL;
    const double single = syn_random_uniform((syn_random){9, SYN_STREAM_TEST, 1}, (uint64_t)number + t->offset);
    for (size_t k = 0; k < t->count; k++) {
        direction[k] = number < 3 ? normal(500 + (uint32_t)number, (int64_t)(t->offset + k))
                                  : k == (size_t)(single * (double)t->count);
        if (support && !support[k]) direction[k] = 0;
    }
}

static void check_tensor(exact *m, const syn_tensor *t, float *const *gradient) {
    double *direction = zeros((int64_t)t->count, sizeof(double));
    for (int number = 0; number < 8; number++) {
        choose_direction(m->p, t, number, direction);
        const double expected = difference(m, t, direction);
        for (int level = 0; level < KERNEL_LEVELS; level++) {
            double found = 0, size = 1e-2;
            for (size_t k = 0; k < t->count && gradient[level]; k++) {
                double part = (double)gradient[level][t->offset + k] * direction[k];
                found += part, size += fabs(part);
            }
            if (gradient[level] && !(fabs(found - expected) <= 3e-5 * size))
                fail_msg("%s of session %d, %s, %s, direction %d, %s: %.9g, expected %.9g", t->name, t->session,
                         syn_form_name[m->p->form], syn_loss_name[m->loss], number, kernel_levels[level], found,
                         expected);
        }
    }
    free(direction);
}

static void assert_zero(const char *what, const float *found, size_t n) {
    for (size_t k = 0; k < n; k++)
        if (found[k] != 0) fail_msg("%s[%zu]: %g, expected exactly 0", what, k, (double)found[k]);
}

/* What must be zero to the last bit: other sessions, the diagonal of W, edges outside the support. */
static void check_zeros(const exact *m, const float *gradient) {
    const syn_parameters *p = m->p;
    const syn_session_layout *at = &p->session[m->s];
    for (size_t k = 0; k < p->n_tensors; k++) {
        const syn_tensor *t = &p->tensor[k];
        if (t->session >= 0 && (size_t)t->session != m->s) assert_zero(t->name, gradient + t->offset, t->count);
        if ((size_t)t->session != m->s || t->name[0] != 'z') continue;
        for (int64_t j = 0; j < at->N * at->N; j++)
            if (j / at->N == j % at->N || (at->support && !at->support[j]))
                assert_zero("z off the support", gradient + t->offset + j, 1);
    }
}

static void check_gradient(const syn_dataset *data, size_t s, syn_form form, syn_loss loss) {
    syn_parameters *p = random_parameters(data, form, 5, 40);
    exact m = {.p = p, .data = data, .loss = loss, .s = s, .value = zeros((int64_t)p->count, sizeof(double))};
    float *gradient[KERNEL_LEVELS] = {0};
    m.W = zeros(data->session[s].N * data->session[s].N, sizeof(double));
    for (size_t k = 0; k < p->count; k++) m.value[k] = (double)p->value[k];
    const double expected = exact_loss(&m, windows, N_WINDOWS);
    for (int level = 0; level < KERNEL_LEVELS; level++) {
        const syn_kernels *kernels = kernels_at(level);
        double found, alone;
        if (!kernels) continue;
        syn_network *net = network_of(p, data, loss, kernels, 2);
        gradient[level] = floats((int64_t)p->count);
        for (size_t k = 0; k < p->count; k++) gradient[level][k] = 7; /* it is overwritten */
        assert_ok(syn_network_gradient(net, s, windows, N_WINDOWS, gradient[level], &found));
        assert_ok(syn_network_gradient(net, s, windows, N_WINDOWS, NULL, &alone));
        assert_near("loss", expected, found, 1e-5 * (1 + fabs(expected)));
        assert_true(found == alone);
        check_zeros(&m, gradient[level]);
        syn_network_free(net);
    }
    for (size_t k = 0; k < p->n_tensors; k++)
        if (p->tensor[k].session < 0 || (size_t)p->tensor[k].session == s) check_tensor(&m, &p->tensor[k], gradient);
    for (int level = 0; level < KERNEL_LEVELS; level++) free(gradient[level]);
    free(m.value), free(m.W);
    syn_parameters_free(p);
}

static const char *signal_of(syn_loss loss) { return loss == SYN_LOSS_POISSON ? "counts" : "fluorescence"; }

static void check_every_form(syn_loss loss) {
    raw_data raw[2] = {raw_create(220, 19, 3, signal_of(loss), 1), raw_create(200, 5, 1, signal_of(loss), 2)};
    raw_hide(&raw[0], 13);
    test_set set = set_create(raw, 2, 8);
    for (syn_form form = SYN_FORM_NONE; form <= SYN_FORM_MASKED; form++) check_gradient(set.data, 0, form, loss);
    check_gradient(set.data, 1, SYN_FORM_LOWRANK_SPARSE, loss);
    set_free(&set), raw_free(&raw[0]), raw_free(&raw[1]);
}

static void gradient_gaussian(void **state) {
    (void)state;
    check_every_form(SYN_LOSS_GAUSSIAN);
}

static void gradient_poisson(void **state) {
    (void)state;
    check_every_form(SYN_LOSS_POISSON);
}

static void gradient_without_behaviour(void **state) {
    (void)state;
    for (int64_t N = 1; N <= 17; N += 16) {
        raw_data raw = raw_create(200, N, 0, "fluorescence", 3);
        test_set set = set_create(&raw, 1, 8);
        check_gradient(set.data, 0, SYN_FORM_DENSE, SYN_LOSS_GAUSSIAN);
        set_free(&set), raw_free(&raw);
    }
}

/* --- predictions --- */

typedef struct trace {
    const syn_session *session;
    float *prediction; /* [T][N] */
    float *previous;   /* [T][N] */
    int *visits;       /* [T] */
    int64_t last;
} trace;

static syn_status record(void *user, int64_t frame, const float *prediction, const float *truth,
                         const float *previous) {
    trace *t = user;
    const int64_t N = t->session->N;
    assert_true(frame > t->last); /* in order */
    t->last = frame;
    t->visits[frame]++;
    memcpy(t->prediction + frame * N, prediction, (size_t)N * sizeof(float));
    memcpy(t->previous + frame * N, previous, (size_t)N * sizeof(float));
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

static void trace_free(trace *t) { free(t->prediction), free(t->previous), free(t->visits); }

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
    assert_same("previous", a.previous, b.previous, session->T * N);
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

/* The last observed value, or 0 before there is one. */
static void previous_is_last_observed(void **state) {
    (void)state;
    raw_data raw = raw_create(300, 5, 0, "fluorescence", 9);
    raw_cut(&raw, 3, 4);
    raw_hide(&raw, 3);
    test_set set = set_create(&raw, 1, 6);
    const syn_session *s = &set.data->session[0];
    syn_parameters *p = random_parameters(set.data, SYN_FORM_DENSE, 5, 90);
    for (syn_split split = SYN_TRAIN; split < SYN_SPLITS; split++) {
        trace a = trace_run(p, set.data, 0, SYN_LOSS_GAUSSIAN, best_kernels(), 1, split);
        for (int64_t k = 0; k < s->n_spans[split]; k++)
            for (int64_t i = 0; i < s->N; i++) {
                const syn_span *span = &s->span[split][k];
                float last = 0;
                for (int64_t t = span->start - span->context; t < span->stop; t++) {
                    if (t >= syn_span_first_target(span)) assert_same("previous", &last, &a.previous[t * s->N + i], 1);
                    if (syn_session_observed(s, t, i)) last = s->x[t * s->N + i];
                }
            }
        trace_free(&a);
    }
    syn_parameters_free(p), set_free(&set), raw_free(&raw);
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

/* Changes of all predictions of the train span after a change of x_j at frame t: out[T][N], per unit of x_j. */
static void respond(syn_network *net, syn_dataset *data, int64_t t, int64_t j, float *out) {
    const syn_session *s = &data->session[0];
    const syn_span *span = &s->span[SYN_TRAIN][0];
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

/* Mean over the train split of the response of i at t + 1 to j at t - lag, against W_ij gain_i(lag). */
static void check_gain(syn_loss loss, int64_t T, const syn_kernels *kernels) {
    enum { LAGS = 3, N = 6 };
    raw_data raw = raw_create(T, N, 1, signal_of(loss), 12);
    test_set set = set_create(&raw, 1, 8);
    const syn_session *s = &set.data->session[0];
    const syn_span *span = &s->span[SYN_TRAIN][0];
    syn_parameters *p = random_parameters(set.data, SYN_FORM_DENSE, 5, 120);
    syn_network *net = network_of(p, set.data, loss, kernels, 2);
    double gain[(LAGS + 1) * N], response[LAGS + 1][N][N] = {0};
    float *out = floats(s->T * N);
    const float *W;
    for (int64_t t = span->start; t + 1 < span->stop; t++)
        for (int64_t j = 0; j < N; j++) {
            respond(net, set.data, t, j, out);
            for (int64_t lag = 0; lag <= LAGS; lag++)
                for (int64_t i = 0; i < N && t + lag >= span->start + LAGS && t + lag + 1 < span->stop; i++)
                    response[lag][i][j] += (double)out[(t + lag + 1) * N + i];
        }
    assert_ok(syn_network_gain(net, 0, LAGS, s->T, gain));
    assert_ok(syn_network_weights(net, 0, &W));
    for (int64_t lag = 0; lag <= LAGS; lag++)
        for (int64_t i = 0; i < N; i++)
            for (int64_t j = 0; j < N; j++)
                if (i != j)
                    assert_near("gain", response[lag][i][j] / (double)(span->stop - 1 - span->start - LAGS),
                                (double)W[i * N + j] * gain[lag * N + i], 2e-4);
    free(out), syn_network_free(net), syn_parameters_free(p), set_free(&set), raw_free(&raw);
}

/* The longer one is measured in several pieces, between which the state goes on. */
static void gain_is_the_derivative(void **state) {
    (void)state;
    for (int level = 0; level < KERNEL_LEVELS; level++)
        if (kernels_at(level)) check_gain(SYN_LOSS_GAUSSIAN, 100, kernels_at(level));
    check_gain(SYN_LOSS_GAUSSIAN, 240, best_kernels());
    check_gain(SYN_LOSS_POISSON, 240, best_kernels());
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
        cmocka_unit_test(gradient_gaussian),
        cmocka_unit_test(gradient_poisson),
        cmocka_unit_test(gradient_without_behaviour),
        cmocka_unit_test(sole_pathway),
        cmocka_unit_test(sole_pathway_of_the_gradient),
        cmocka_unit_test(permutation),
        cmocka_unit_test(missing_targets),
        cmocka_unit_test(missing_inputs),
        cmocka_unit_test(previous_is_last_observed),
        cmocka_unit_test(segments_reset),
        cmocka_unit_test(copies_are_independent),
        cmocka_unit_test(gain_is_the_derivative),
        cmocka_unit_test(any_number_of_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
