#include "training/linear.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"

const int syn_linear_rank[SYN_LINEAR_RANKS] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};

/* Second moments of one split: X inputs, E residuals one frame later, of the N neurons of a population
 * (dataset/sharing.h). A neuron that a recording lacks counts there as one at its mean without a residual. */
typedef struct moments {
    double *xx;   /* [N][N] X^T X */
    double *ex;   /* [N][N] E^T X */
    double error; /* sum of E^2 */
} moments;

/* The regression of a population, kept under the number of its first recording; those of the others are empty. */
struct syn_linear_session {
    int64_t N;
    double *present; /* [N] share of the frames whose recording has the neuron, or NULL: all */
    double *Q;       /* [N][N] rows: eigenvectors of X^T X */
    double *lambda;  /* [N] its eigenvalues */
    double *P;       /* [N][N] E^T X Q^T */
    double *xx;      /* [N][N] X^T X of the train split */
};

enum { ROWS = 256 };

typedef struct collector {
    const syn_session *session;
    const syn_sharing *sharing; /* of the session, or NULL */
    const syn_kernels *kernels;
    syn_split split;
    const float *send; /* [N] */
    moments *m;
    float *x, *e;   /* [ROWS][N] */
    float *product; /* [N][N] */
    int64_t rows;
} collector;

/* target[N][N] += A[rows][N]^T B[rows][N] */
static syn_status add_product(const collector *c, const float *A, const float *B, double *target) {
    int64_t N = c->session->N;
    SYN_TRY(syn_gemm(c->kernels, 1, N, N, c->rows, (syn_matrix){A, 1, N}, (syn_matrix){B, N, 1}, c->product, N, false));
    const int64_t *place = c->sharing ? c->sharing->place : NULL;
    for (int64_t k = 0; k < N * N; k++)
        target[place ? place[k / N] * c->sharing->M + place[k % N] : k] += (double)c->product[k];
    return SYN_OK;
}

static syn_status flush(collector *c) {
    if (c->rows == 0) return SYN_OK;
    SYN_TRY(add_product(c, c->x, c->x, c->m->xx));
    SYN_TRY(add_product(c, c->e, c->x, c->m->ex));
    c->rows = 0;
    return SYN_OK;
}

/* Whether a split is read from frame t on, so that nothing is known before it. */
static bool opens_span(const collector *c, int64_t t) {
    for (int64_t k = 0; k < c->session->n_spans[c->split]; k++)
        if (c->session->span[c->split][k].start - c->session->span[c->split][k].context == t) return true;
    return false;
}

static syn_status collect(void *user, int64_t frame, const float *prediction, const float *truth, const float *slope) {
    (void)slope;
    collector *c = user;
    int64_t N = c->session->N;
    float *e = c->e + c->rows * N;
    const float *x = c->session->x + (frame - 1) * N;
    syn_send(c->send, x, opens_span(c, frame - 1) ? NULL : x - N, N, 1, c->x + c->rows * N);
    for (int64_t i = 0; i < N; i++) {
        e[i] = syn_session_observed(c->session, frame, i) ? truth[i] - prediction[i] : 0.0f;
        c->m->error += (double)e[i] * (double)e[i];
    }
    return ++c->rows == ROWS ? flush(c) : SYN_OK;
}

/* Adds session s to m, which is allocated for its population. */
static syn_status add_moments(syn_network *network, const syn_dataset *data, size_t s, syn_split split,
                              const float *send, moments *m) {
    const syn_session *session = &data->session[s];
    size_t N = (size_t)session->N;
    collector c = {.session = session,
                   .sharing = data->sharing ? &data->sharing[s] : NULL,
                   .kernels = syn_network_kernels(network),
                   .split = split,
                   .send = send,
                   .m = m};
    syn_status status;
    SYN_CHECK(syn_alloc(&c.x, ROWS * N, sizeof(float), "second moments"));
    SYN_CHECK(syn_alloc(&c.e, ROWS * N, sizeof(float), "second moments"));
    SYN_CHECK(syn_alloc(&c.product, N * N, sizeof(float), "second moments"));
    SYN_CHECK(syn_network_run(network, s, split, collect, &c));
    SYN_CHECK(flush(&c));
done:
    free(c.x), free(c.e), free(c.product);
    return status;
}

static size_t owner_of(const syn_dataset *data, size_t s) { return data->sharing ? data->sharing[s].owner : s; }

/* Over all sessions of the owner's population, of N neurons. */
static syn_status split_moments(syn_network *network, const syn_dataset *data, size_t owner, int64_t N, syn_split split,
                                const float *const *send, moments *m) {
    SYN_TRY(syn_alloc(&m->xx, (size_t)(N * N), sizeof(double), "second moments"));
    SYN_TRY(syn_alloc(&m->ex, (size_t)(N * N), sizeof(double), "second moments"));
    for (size_t s = owner; s < data->n; s++)
        if (owner_of(data, s) == owner) SYN_TRY(add_moments(network, data, s, split, send[s], m));
    return SYN_OK;
}

/* The share of the population's train frames whose recording has each neuron; NULL where all have all. */
static syn_status measure_presence(const syn_dataset *data, size_t owner, int64_t N, double **present) {
    double all = 0;
    bool complete = true;
    *present = NULL;
    for (size_t s = owner; s < data->n; s++) complete &= owner_of(data, s) != owner || data->session[s].N == N;
    if (complete || !data->sharing) return SYN_OK;
    SYN_TRY(syn_alloc(present, (size_t)N, sizeof **present, "ridge"));
    for (size_t s = owner; s < data->n; s++) {
        const syn_session *session = &data->session[s];
        const int64_t *place = data->sharing[s].place;
        const double frames = (double)syn_session_frames(session, SYN_TRAIN);
        if (owner_of(data, s) != owner) continue;
        all += frames;
        for (int64_t i = 0; i < session->N; i++) (*present)[place ? place[i] : i] += frames;
    }
    for (int64_t i = 0; i < N; i++) (*present)[i] /= all;
    return SYN_OK;
}

/* C[n][n] = op(A) op(B), row-major. */
static void multiply(const double *A, bool transpose_a, const double *B, bool transpose_b, double *C, int64_t n) {
    cblas_dgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, (int)n,
                (int)n, (int)n, 1.0, A, (int)n, B, (int)n, 0.0, C, (int)n);
}

/* out = W at a strength, in the basis of the eigenvectors. However small the strength, directions in which the activity
 * does not vary get no weight. */
static void rotated_weights(const struct syn_linear_session *s, double strength, double *out) {
    strength = fmax(strength, 1e-6 * s->lambda[s->N - 1] + 1e-12);
    for (int64_t i = 0; i < s->N; i++)
        for (int64_t k = 0; k < s->N; k++) out[i * s->N + k] = s->P[i * s->N + k] / (fmax(s->lambda[k], 0) + strength);
}

static double dot(const double *a, const double *b, int64_t n) {
    double sum = 0;
    for (int64_t k = 0; k < n; k++) sum += a[k] * b[k];
    return sum;
}

/* Components of the reduced-rank regression at a strength: V rows are directions of the fitted values by falling
 * variance, A = V W. */
static syn_status components(const struct syn_linear_session *s, double strength, double *V, double *A) {
    const int64_t N = s->N;
    double *W = NULL, *lambda = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&W, (size_t)(N * N), sizeof *W, "reduced rank"));
    SYN_CHECK(syn_alloc(&lambda, (size_t)N, sizeof *lambda, "reduced rank"));
    rotated_weights(s, strength, A);
    multiply(A, false, s->Q, false, W, N);
    multiply(W, false, s->xx, false, A, N);
    multiply(A, false, W, true, V, N);
    SYN_CHECK(syn_eigen(V, lambda, N));
    for (int64_t k = 0; k < N / 2; k++) cblas_dswap((int)N, V + k * N, 1, V + (N - 1 - k) * N, 1);
    multiply(V, false, W, false, A, N);
done:
    free(W), free(lambda);
    return status;
}

static syn_status add_rank_errors(const struct syn_linear_session *s, const moments *v, double strength,
                                  double *error) {
    const int64_t N = s->N;
    double *V = NULL, *A = NULL, *cross = NULL, *square = NULL, sum = v->error;
    syn_status status;
    double **arrays[] = {&V, &A, &cross, &square};
    for (int k = 0; k < 4; k++) SYN_CHECK(syn_alloc(arrays[k], (size_t)(N * N), sizeof(double), "reduced rank"));
    SYN_CHECK(components(s, strength, V, A));
    multiply(V, false, v->ex, false, cross, N);
    multiply(A, false, v->xx, false, square, N);
    for (int64_t k = 0, m = 0; m < SYN_LINEAR_RANKS; k++) {
        if (k < N) sum += dot(A + k * N, square + k * N, N) - 2 * dot(cross + k * N, A + k * N, N);
        if (k + 1 == syn_linear_rank[m]) error[m++] += sum;
    }
done:
    free(V), free(A), free(cross), free(square);
    return status;
}

static syn_status session_create(syn_linear *l, syn_network *network, const syn_dataset *data, size_t s,
                                 const float *const *send, moments *v) {
    struct syn_linear_session *session = &l->session[s];
    const int64_t N = session->N = data->sharing ? data->sharing[s].M : data->session[s].N;
    const size_t square = (size_t)(N * N);
    moments m = {0};
    double *W = NULL, *product = NULL, *rotated = NULL;
    syn_status status;
    SYN_CHECK(measure_presence(data, s, N, &session->present));
    SYN_CHECK(split_moments(network, data, s, N, SYN_TRAIN, send, &m));
    SYN_CHECK(split_moments(network, data, s, N, SYN_VALIDATION, send, v));
    session->xx = m.xx, m.xx = NULL;
    SYN_CHECK(syn_alloc(&session->Q, square, sizeof(double), "eigenvectors"));
    SYN_CHECK(syn_alloc(&session->lambda, (size_t)N, sizeof(double), "eigenvalues"));
    SYN_CHECK(syn_alloc(&session->P, square, sizeof(double), "ridge"));
    memcpy(session->Q, session->xx, square * sizeof(double));
    SYN_CHECK(syn_eigen(session->Q, session->lambda, N));
    multiply(m.ex, false, session->Q, true, session->P, N);
    SYN_CHECK(syn_alloc(&W, square, sizeof(double), "ridge"));
    SYN_CHECK(syn_alloc(&product, square, sizeof(double), "ridge"));
    SYN_CHECK(syn_alloc(&rotated, square, sizeof(double), "ridge"));
    l->no_connectivity_error += v->error;
    for (int k = 0; k < SYN_LINEAR_STRENGTHS; k++) {
        rotated_weights(session, l->strength[k], rotated);
        multiply(rotated, false, session->Q, false, W, N);
        for (int64_t i = 0; i < N; i++) W[i * N + i] = 0; /* a neuron's own past is the decoder's */
        multiply(W, false, v->xx, false, product, N);
        l->ridge_error[k] += v->error + dot(W, product, N * N) - 2 * dot(W, v->ex, N * N);
    }
done:
    free(m.xx), free(m.ex), free(W), free(product), free(rotated);
    return status;
}

syn_status syn_linear_create(syn_linear **linear, syn_network *network, const syn_dataset *data,
                             const float *const *send) {
    syn_status status;
    moments *v = NULL;
    double rank_error[3][SYN_LINEAR_RANKS] = {0};
    SYN_TRY(syn_alloc(linear, 1, sizeof **linear, "linear model"));
    syn_linear *l = *linear;
    l->n_sessions = data->n;
    syn_blas_begin();
    for (int k = 0; k < SYN_LINEAR_STRENGTHS; k++) l->strength[k] = 10 * pow(10, 0.5 * k - 0.5);
    SYN_CHECK(syn_alloc(&l->session, data->n, sizeof *l->session, "linear model"));
    SYN_CHECK(syn_alloc(&v, data->n, sizeof *v, "linear model"));
    for (size_t s = 0; s < data->n; s++)
        if (owner_of(data, s) == s) SYN_CHECK(session_create(l, network, data, s, send, &v[s]));
    const double best = l->strength[syn_linear_best_strength(l)];
    for (int m = 0; m < SYN_LINEAR_RANKS; m++) l->rank_error[m] = INFINITY;
    for (int k = 0; k < 3; k++) {
        const double strength = best * pow(10, -k);
        for (size_t s = 0; s < data->n; s++)
            if (owner_of(data, s) == s) SYN_CHECK(add_rank_errors(&l->session[s], &v[s], strength, rank_error[k]));
        for (int m = 0; m < SYN_LINEAR_RANKS; m++)
            if (rank_error[k][m] < l->rank_error[m])
                l->rank_error[m] = rank_error[k][m], l->rank_strength[m] = strength;
    }
done:
    for (size_t s = 0; v && s < data->n; s++) free(v[s].xx), free(v[s].ex);
    free(v);
    syn_blas_end();
    if (status != SYN_OK) syn_linear_free(l), *linear = NULL;
    return status;
}

void syn_linear_free(syn_linear *l) {
    if (!l) return;
    for (size_t s = 0; l->session && s < l->n_sessions; s++)
        free(l->session[s].Q), free(l->session[s].lambda), free(l->session[s].P), free(l->session[s].xx),
            free(l->session[s].present);
    free(l->session);
    free(l);
}

static int least(const double *error, int n) {
    int best = 0;
    for (int k = 1; k < n; k++)
        if (error[k] < error[best]) best = k;
    return best;
}

int syn_linear_best_strength(const syn_linear *l) { return least(l->ridge_error, SYN_LINEAR_STRENGTHS); }
int syn_linear_best_rank(const syn_linear *l) { return least(l->rank_error, SYN_LINEAR_RANKS); }
double syn_linear_least_error(const syn_linear *l) { return l->ridge_error[syn_linear_best_strength(l)]; }

/* A receiver was regressed on the frames of all recordings, with a residual in its own: what its weights fall short. */
static double presence(const struct syn_linear_session *s, int64_t i) { return s->present ? s->present[i] : 1; }

syn_status syn_linear_weights(const syn_linear *l, size_t s, double strength, float *W) {
    const struct syn_linear_session *session = &l->session[s];
    const int64_t N = session->N;
    double *rotated = NULL, *product = NULL;
    syn_status status;
    syn_blas_begin();
    SYN_CHECK(syn_alloc(&rotated, (size_t)(N * N), sizeof *rotated, "ridge"));
    SYN_CHECK(syn_alloc(&product, (size_t)(N * N), sizeof *product, "ridge"));
    rotated_weights(session, strength, rotated);
    multiply(rotated, false, session->Q, false, product, N);
    for (int64_t k = 0; k < N * N; k++) W[k] = (float)(product[k] / presence(session, k / N));
done:
    syn_blas_end();
    free(rotated), free(product);
    return status;
}

syn_status syn_linear_factors(const syn_linear *l, size_t s, double strength, int r, float *S, float *R) {
    const struct syn_linear_session *session = &l->session[s];
    const int64_t N = session->N;
    double *V = NULL, *A = NULL;
    syn_status status;
    syn_blas_begin();
    SYN_CHECK(syn_alloc(&V, (size_t)(N * N), sizeof *V, "reduced rank"));
    SYN_CHECK(syn_alloc(&A, (size_t)(N * N), sizeof *A, "reduced rank"));
    SYN_CHECK(components(session, strength, V, A));
    for (int k = 0; k < r; k++) {
        /* the factors share the size evenly */
        double size = k < N ? sqrt(sqrt(dot(A + k * N, A + k * N, N))) : 0;
        for (int64_t i = 0; i < N; i++) {
            S[i * r + k] = k < N ? (float)(V[k * N + i] * size / presence(session, i)) : 0.0f;
            R[i * r + k] = k < N && size > 0 ? (float)(A[k * N + i] / size) : 0.0f;
        }
    }
done:
    syn_blas_end();
    free(V), free(A);
    return status;
}
