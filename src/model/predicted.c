#include "model/predicted.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/standard_error.h"

double syn_observed_loss(const syn_session *session, syn_loss loss, int64_t frame, const float *prediction,
                         const float *truth, int64_t *count) {
    const syn_normalisation *norm = &session->norm;
    double sum = 0;
    for (int64_t i = 0; i < session->N; i++) {
        if (!syn_session_observed(session, frame, i)) continue;
        double y = (double)prediction[i], x = (double)truth[i];
        if (loss == SYN_LOSS_POISSON) {
            double scale = (double)norm->scale[i], mean = (double)norm->mean[i];
            double rate = fmax(y * scale + mean, 1e-6 * mean), counts = x * scale + mean;
            sum += rate - counts * log(rate);
        } else {
            sum += 0.5 * (y - x) * (y - x);
        }
        ++*count;
    }
    return sum;
}

/* By how many standard errors of the difference what moves has to be ahead. */
static const double moving_errors = 1;

enum { ALPHAS = 6, SHARES = 14, WEIGHTS = 8, MOST_LINES = 1 + 2 * ALPHAS };
static const float alphas[ALPHAS] = {0.5f, 0.3f, 0.1f, 0.03f, 0.01f, 0.003f};
const syn_correction syn_slowest_correction = {.alpha = 0.003f};
static const float shares[SHARES] = {0, 0.01f, 0.02f, 0.05f, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f, 1};
static const float weights[WEIGHTS] = {0, 0.1f, 0.2f, 0.3f, 0.4f, 0.6f, 0.8f, 1};

syn_status syn_predicted_create(syn_predicted *of, const syn_session *session, const float *x, int64_t F) {
    const size_t n = (size_t)F;
    syn_status status;
    *of = (syn_predicted){.session = session, .x = x, .F = F};
    SYN_CHECK(syn_alloc(&of->frame, n, sizeof *of->frame, "predictions"));
    SYN_CHECK(syn_alloc(&of->begins, n, sizeof *of->begins, "predictions"));
    SYN_CHECK(syn_alloc(&of->scored, n, sizeof *of->scored, "predictions"));
    SYN_CHECK(syn_alloc(&of->prediction, n * (size_t)session->N, sizeof *of->prediction, "predictions"));
done:
    if (status != SYN_OK) syn_predicted_free(of);
    return status;
}

void syn_predicted_free(syn_predicted *of) {
    free(of->frame), free(of->begins), free(of->scored), free(of->prediction);
    *of = (syn_predicted){0};
}

/* ---- one correction at work ---- */

typedef struct walk {
    const syn_correction *correction;
    const syn_predicted *of;
    syn_loss loss;
    float *state, *row, *seen; /* [states], [N], [N] */
} walk;

static syn_status walk_create(walk *w, const syn_correction *correction, const syn_predicted *of, syn_loss loss) {
    const int64_t N = of->session->N, states = syn_correction_states(N);
    *w = (walk){.correction = correction, .of = of, .loss = loss};
    SYN_TRY(syn_alloc(&w->state, (size_t)(states + 2 * N), sizeof *w->state, "predictions"));
    w->row = w->state + states, w->seen = w->row + N;
    return SYN_OK;
}

/* Leaves the corrected prediction k in `row`. */
static void walk_on(walk *w, int64_t k) {
    const syn_session *s = w->of->session;
    const int64_t N = s->N, t = w->of->frame[k];
    if (w->of->begins[k]) memset(w->state, 0, (size_t)syn_correction_states(N) * sizeof *w->state);
    memcpy(w->row, w->of->prediction + k * N, (size_t)N * sizeof *w->row);
    syn_correction_apply(w->correction, w->loss, &s->norm, w->state, w->row);
    for (int64_t i = 0; i < N; i++)
        w->seen[i] = syn_session_observed(s, t, i) ? w->of->x[t * N + i] : w->of->prediction[k * N + i];
    syn_correction_see(w->correction, w->loss, N, w->state, w->seen);
}

syn_status syn_correct_predicted(const syn_correction *correction, const syn_predicted *of, syn_loss loss, float *out) {
    const int64_t N = of->session->N;
    walk w;
    SYN_TRY(walk_create(&w, correction, of, loss));
    for (int64_t k = 0; k < of->F; k++) {
        walk_on(&w, k);
        if (of->scored[k]) memcpy(out, w.row, (size_t)N * sizeof *out), out += N;
    }
    free(w.state);
    return SYN_OK;
}

/* ---- the choice ---- */

/* Corrections that differ in how much of them there is; the best so far. */
typedef struct line {
    syn_correction best;
    double least;
    double *losses, *tried; /* of every frame that is scored */
} line;

/* Losses of every frame that is scored; *sum: of all. */
static syn_status score(const syn_correction *correction, const syn_predicted *of, size_t n, syn_loss loss,
                        double *losses, double *sum) {
    int64_t scored = 0, observed = 0;
    *sum = 0;
    for (size_t s = 0; s < n; s++) {
        walk w;
        SYN_TRY(walk_create(&w, correction, &of[s], loss));
        for (int64_t k = 0; k < of[s].F; k++) {
            const int64_t t = of[s].frame[k];
            walk_on(&w, k);
            if (!of[s].scored[k]) continue;
            losses[scored] =
                syn_observed_loss(of[s].session, loss, t, w.row, of[s].x + t * of[s].session->N, &observed);
            *sum += losses[scored++];
        }
        free(w.state);
    }
    return SYN_OK;
}

/* From none of it up, for as long as the loss falls. */
static syn_status search_line(line *l, const syn_predicted *of, size_t n, syn_loss loss, int64_t frames) {
    const bool gaussian = loss == SYN_LOSS_GAUSSIAN;
    syn_correction c = l->best;
    l->least = INFINITY;
    for (int k = 0; k < (gaussian ? WEIGHTS : SHARES); k++) {
        double sum;
        *(gaussian ? &c.weight : &c.share) = gaussian ? weights[k] : shares[k];
        SYN_TRY(score(&c, of, n, loss, l->tried, &sum));
        if (!(sum < l->least)) break;
        l->least = sum, l->best = c;
        memcpy(l->losses, l->tried, (size_t)frames * sizeof *l->losses);
        if (gaussian && c.alpha == 0.0f) break;
    }
    return SYN_OK;
}

/* The first line does not move. */
static int list_lines(line *lines, syn_loss loss) {
    int n = 1;
    for (int k = 0; k < ALPHAS; k++) {
        lines[n++].best.alpha = alphas[k];
        if (loss == SYN_LOSS_POISSON) lines[n++].best = (syn_correction){.alpha = alphas[k], .weight = 1};
    }
    return n;
}

syn_status syn_best_correction(syn_correction *chosen, const syn_predicted *of, size_t n, syn_loss loss, int threads) {
    line lines[MOST_LINES] = {0};
    const int count = list_lines(lines, loss);
    int64_t frames = 0;
    int best = 0;
    syn_status status, failed = SYN_OK;
    for (size_t s = 0; s < n; s++)
        for (int64_t k = 0; k < of[s].F; k++) frames += of[s].scored[k];
    for (int k = 0; k < count; k++) {
        SYN_CHECK(syn_alloc(&lines[k].losses, (size_t)frames, sizeof(double), "validation losses"));
        SYN_CHECK(syn_alloc(&lines[k].tried, (size_t)frames, sizeof(double), "validation losses"));
    }
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (int k = 0; k < count; k++) {
        const syn_status one = search_line(&lines[k], of, n, loss, frames);
        if (one != SYN_OK) {
#pragma omp critical
            failed = one;
        }
    }
    SYN_CHECK(failed);
    for (int k = 1; k < count; k++)
        if (lines[k].least < lines[best].least) best = k;
    for (int64_t t = 0; t < frames; t++) lines[0].tried[t] = lines[0].losses[t] - lines[best].losses[t];
    *chosen = lines[best > 0 && syn_above_error(lines[0].tried, frames, moving_errors) ? best : 0].best;
done:
    for (int k = 0; k < MOST_LINES; k++) free(lines[k].losses), free(lines[k].tried);
    return status;
}
