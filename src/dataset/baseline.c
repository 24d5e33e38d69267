#include "dataset/baseline.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

enum { ORDER = 3, CHOICES = 6 };
/* Time constants of about 300, 100, 30, 10 and 3 frames. */
static const double choices[CHOICES] = {0, 0.003, 0.01, 0.03, 0.1, 0.3};
/* Frames' worth of weight that pull a neuron's coefficients to those of all neurons. */
static const double shrinkage = 30;

/* Normal equations of x[t+1] on x~[t], x~[t-1], ... of one neuron, and the sum of squares of the target. */
typedef struct regression {
    double xx[ORDER][ORDER], xy[ORDER], yy;
} regression;

static void add(regression *r, const double *x, double y) {
    for (int i = 0; i < ORDER; i++) {
        for (int j = 0; j < ORDER; j++) r->xx[i][j] += x[i] * x[j];
        r->xy[i] += x[i] * y;
    }
    r->yy += y * y;
}

static int split_of(const syn_session *s, int64_t frame) {
    for (int split = SYN_TRAIN; split <= SYN_VALIDATION; split++)
        for (int64_t k = 0; k < s->n_spans[split]; k++)
            if (frame >= s->span[split][k].start && frame < s->span[split][k].stop) return split;
    return -1;
}

/* Accumulates train and validation equations of every neuron: r[2][N]. */
static syn_status accumulate(const syn_session *s, double alpha, regression *r) {
    const syn_recording *recording = s->recording;
    const int64_t N = s->N;
    double *level, *past;
    SYN_TRY(syn_alloc(&level, (size_t)N * (1 + ORDER), sizeof *level, "baseline"));
    past = level + N; /* [ORDER][N] x~, newest first */
    for (int64_t k = 0; k < recording->S; k++) {
        const syn_segment segment = recording->segment[k];
        memset(level, 0, (size_t)(N * (1 + ORDER)) * sizeof *level);
        for (int64_t t = segment.start; t < segment.stop; t++) {
            const int split = t >= segment.start + ORDER ? split_of(s, t) : -1;
            for (int64_t i = 0; i < N; i++) {
                const bool observed = syn_session_observed(s, t, i);
                double x = observed ? (double)s->x[t * N + i] : level[i], lags[ORDER];
                for (int p = 0; p < ORDER; p++) lags[p] = past[p * N + i];
                if (split >= 0 && observed) add(&r[split * N + i], lags, x - level[i]);
                level[i] += alpha * (x - level[i]);
                for (int p = ORDER - 1; p > 0; p--) past[p * N + i] = past[(p - 1) * N + i];
                past[i] = x - level[i];
            }
        }
    }
    free(level);
    return SYN_OK;
}

/* b = A^-1 c of a small positive definite system (Cholesky). */
static void solve(double A[ORDER][ORDER], const double *c, double *b) {
    for (int i = 0; i < ORDER; i++)
        for (int j = 0; j <= i; j++) {
            double sum = A[i][j];
            for (int k = 0; k < j; k++) sum -= A[i][k] * A[j][k];
            A[i][j] = i == j ? sqrt(fmax(sum, 1e-12)) : sum / A[j][j];
        }
    for (int i = 0; i < ORDER; i++) {
        b[i] = c[i];
        for (int k = 0; k < i; k++) b[i] -= A[i][k] * b[k];
        b[i] /= A[i][i];
    }
    for (int i = ORDER - 1; i >= 0; i--) {
        for (int k = i + 1; k < ORDER; k++) b[i] -= A[k][i] * b[k];
        b[i] /= A[i][i];
    }
}

static double validation_error(const regression *r, int64_t N, double frames) {
    regression all = {0};
    double pooled[ORDER], A[ORDER][ORDER], c[ORDER], b[ORDER], error = 0;
    for (int64_t i = 0; i < N; i++)
        for (int p = 0; p < ORDER; p++) {
            for (int q = 0; q < ORDER; q++) all.xx[p][q] += r[i].xx[p][q];
            all.xy[p] += r[i].xy[p];
        }
    memcpy(A, all.xx, sizeof A);
    for (int p = 0; p < ORDER; p++) A[p][p] += 1e-6 * (double)N;
    solve(A, all.xy, pooled);
    for (int64_t i = 0; i < N; i++) {
        const regression *train = &r[i], *validation = &r[N + i];
        for (int p = 0; p < ORDER; p++) {
            c[p] = train->xy[p];
            for (int q = 0; q < ORDER; q++) {
                double prior = shrinkage * all.xx[p][q] / ((double)N * frames);
                A[p][q] = train->xx[p][q] + prior + (p == q ? 1e-9 : 0);
                c[p] += prior * pooled[q];
            }
        }
        solve(A, c, b);
        error += validation->yy;
        for (int p = 0; p < ORDER; p++) {
            error -= 2 * b[p] * validation->xy[p];
            for (int q = 0; q < ORDER; q++) error += b[p] * b[q] * validation->xx[p][q];
        }
    }
    return error;
}

syn_status syn_baseline_choose(const syn_session *session, double *alpha) {
    const size_t N = (size_t)session->N;
    regression *r;
    const double frames = (double)syn_session_frames(session, SYN_TRAIN);
    double least = INFINITY;
    *alpha = 0;
    if (session->recording->signal == SYN_SIGNAL_COUNTS) return SYN_OK;
    SYN_TRY(syn_alloc(&r, 2 * N, sizeof *r, "baseline"));
    for (int k = 0; k < CHOICES; k++) {
        memset(r, 0, 2 * N * sizeof *r);
        syn_status status = accumulate(session, choices[k], r);
        if (status != SYN_OK) return free(r), status;
        double error = validation_error(r, session->N, frames);
        if (error < least) least = error, *alpha = choices[k];
    }
    free(r);
    return SYN_OK;
}

/* Keeps b where a span's first target follows frame t. */
static void keep_level(syn_session *s, int64_t t, const float *level) {
    for (int split = 0; split < SYN_SPLITS; split++)
        for (int64_t k = 0; k < s->n_spans[split]; k++)
            if (syn_span_first_target(&s->span[split][k]) == t + 1)
                memcpy(s->level[split] + k * s->N, level, (size_t)s->N * sizeof *level);
}

syn_status syn_baseline_remove(syn_session *s) {
    const int64_t N = s->N;
    const float alpha = (float)s->norm.alpha;
    float *level;
    for (int split = 0; split < SYN_SPLITS; split++)
        SYN_TRY(syn_alloc(&s->level[split], (size_t)(s->n_spans[split] * N), sizeof(float), "baseline"));
    if (s->norm.alpha == 0) return SYN_OK;
    SYN_TRY(syn_alloc(&level, (size_t)N, sizeof *level, "baseline"));
    for (int64_t k = 0; k < s->recording->S; k++) {
        memset(level, 0, (size_t)N * sizeof *level);
        for (int64_t t = s->recording->segment[k].start; t < s->recording->segment[k].stop; t++) {
            for (int64_t i = 0; i < N; i++) {
                if (!syn_session_observed(s, t, i)) continue;
                float *x = &s->x[t * N + i];
                level[i] += alpha * (*x - level[i]);
                *x -= level[i];
            }
            keep_level(s, t, level);
        }
    }
    free(level);
    return SYN_OK;
}

syn_status syn_level_create(syn_level *level, const syn_session *session) {
    level->session = session;
    return syn_alloc(&level->value, (size_t)session->N, sizeof *level->value, "baseline");
}

void syn_level_free(syn_level *level) { free(level->value); }

void syn_level_start(syn_level *level, syn_split split, int64_t k) {
    const int64_t N = level->session->N;
    memcpy(level->value, level->session->level[split] + k * N, (size_t)N * sizeof *level->value);
}

void syn_level_restore(const syn_level *level, const float *filtered, float *x) {
    const float rest = 1.0f - (float)level->session->norm.alpha;
    for (int64_t i = 0; i < level->session->N; i++) x[i] = level->value[i] + filtered[i] / rest;
}

void syn_level_move(syn_level *level, int64_t observed_frame, const float *x) {
    const syn_session *s = level->session;
    const float alpha = (float)s->norm.alpha;
    for (int64_t i = 0; alpha > 0 && i < s->N; i++)
        if (observed_frame < 0 || syn_session_observed(s, observed_frame, i))
            level->value[i] += alpha * (x[i] - level->value[i]);
}

/* The span whose first target is frame t, or NULL; its kept level. */
static const float *kept_level(const syn_session *s, int64_t t) {
    for (int split = 0; split < SYN_SPLITS; split++)
        for (int64_t k = 0; k < s->n_spans[split]; k++)
            if (syn_span_first_target(&s->span[split][k]) == t) return s->level[split] + k * s->N;
    return NULL;
}

syn_status syn_baseline_restore(const syn_session *s, int64_t T, float *x) {
    const int64_t N = s->N;
    syn_level level = {0};
    syn_status status;
    SYN_CHECK(syn_level_create(&level, s));
    memset(x, 0, (size_t)(T * N) * sizeof *x);
    for (int64_t k = 0; k < s->recording->S; k++) {
        memset(level.value, 0, (size_t)N * sizeof *level.value);
        for (int64_t t = s->recording->segment[k].start; t < s->recording->segment[k].stop && t < T; t++) {
            /* as evaluation does, which starts every span anew: the same bits */
            const float *kept = kept_level(s, t);
            if (kept) memcpy(level.value, kept, (size_t)N * sizeof *kept);
            syn_level_restore(&level, s->x + t * N, x + t * N);
            for (int64_t i = 0; i < N; i++)
                if (!syn_session_observed(s, t, i)) x[t * N + i] = 0;
            syn_level_move(&level, t, x + t * N);
        }
    }
done:
    syn_level_free(&level);
    return status;
}
