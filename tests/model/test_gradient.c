/* The gradient of the loss against finite differences of the model written again in double precision, from its
 * equations and not from the kernels. */
#include "fixture.h"

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

/* What neuron j sends at frame t of a window that starts at `start`; the first frame stands for the one before it. */
static double exact_sent(const exact *m, int64_t j, int64_t t, int64_t start) {
    const syn_session *session = &m->data->session[m->s];
    const double share = m->p->form == SYN_FORM_NONE ? 0 : m->value[m->p->session[m->s].send + (size_t)j];
    return (double)session->x[t * session->N + j] -
           share * (double)session->x[(t > start ? t - 1 : start) * session->N + j];
}

/* One GRU step of neuron i at frame t; returns its prediction before the link function. */
static double exact_step(const exact *m, int64_t i, int64_t t, int64_t start, double *h) {
    const syn_session *session = &m->data->session[m->s];
    const syn_session_layout *at = &m->p->session[m->s];
    const int H = m->p->H;
    const int64_t N = session->N;
    const syn_decoder_layout d = syn_decoder_layout_of(H);
    const double *decoder = m->value + m->p->decoder, *wh = decoder + d.wh;
    double current = 0, next[16];
    for (int64_t j = 0; j < N; j++) current += m->W[i * N + j] * exact_sent(m, j, t, start);
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
    const double rate = mean * log1p(exp(y + log(exp(1) - 1)));
    return rate - (x * (double)session->norm.scale[i] + mean) * log(rate);
}

static double exact_loss(const exact *m, const syn_window *w, int64_t n) {
    const syn_session *session = &m->data->session[m->s];
    double sum = 0, count = 0;
    exact_weights(m);
    for (int64_t k = 0; k < n; k++)
        for (int64_t i = 0; i < session->N; i++) {
            double h[16] = {0};
            for (int64_t t = w[k].start; t < w[k].start + w[k].length; t++) {
                double y = exact_step(m, i, t, w[k].start, h);
                if (!syn_session_observed(session, t + 1, i)) continue;
                sum += exact_entry_loss(m, i, t + 1, y);
                count++;
            }
        }
    return sum / count;
}

/* --- the gradient --- */

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
        if (p->tensor[k].group != SYN_GROUP_FIXED && (p->tensor[k].session < 0 || (size_t)p->tensor[k].session == s))
            check_tensor(&m, &p->tensor[k], gradient);
    for (int level = 0; level < KERNEL_LEVELS; level++) free(gradient[level]);
    free(m.value), free(m.W);
    syn_parameters_free(p);
}

static void check_every_form(syn_loss loss) {
    raw_data raw[2] = {raw_create(220, 19, 3, signal_of(loss), 1), raw_create(200, 5, 1, signal_of(loss), 2)};
    raw_hide(&raw[0], 13);
    test_set set = set_create(raw, 2, 8);
    for (syn_form form = SYN_FORM_NONE; form < SYN_FORMS; form++) check_gradient(set.data, 0, form, loss);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_gaussian),
        cmocka_unit_test(gradient_poisson),
        cmocka_unit_test(gradient_without_behaviour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
