#include "analysis/edge_events.h"

#include <math.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"
#include "base/order.h"
#include "dataset/baseline.h"

/* Autocovariances that g comes from; own frames that events are cleared of; rounds of estimating S. */
enum { DECAY_LAGS = 4, ORDER = 3, ROUNDS = 3 };
/* Frames over which a transient rises; values so far apart count as one. */
enum { RISE = 3 };
/* Frames worked on at a time, most of them that S comes from, most values that a median comes from. */
enum { CHUNK = 512, MOST_FRAMES = 30000, MOST_VALUES = 4096 };
/* Pairs of like distance that are averaged before the isotonic regression. */
enum { PAIRS_PER_BIN = 20 };
/* Neurons of which most pairs share no light, so that the usual slope is not that of light. */
enum { MANY = 10 };
/* Correlation of the innovations of two sources that share most of their light: 0.5 of cells that share a quarter. */
static const double alike = 0.5;
static const double significant = 3; /* standard errors */
/* Transients outlast a frame: of at least so much of one that is left in the next, and where so large a share of the
 * neurons, by which more are skewed to the right than to the left, is skewed by so much in what is new. They have more
 * of that (0.4 to 1 in simulated ones, 0.5 to 1.2 in recordings) unless noise hides it, but then most of them have
 * some. Rates that saturate have less in fewer neurons, and do not last as long; in a long recording all is
 * significant. */
static const struct {
    double decay, skewness, share;
} transients[] = {{0.5, 0.4, 0.25}, {0.5, 0.2, 0.5}, {0.95, 0.2, 0.25}};
static const double quiet = 1.5;    /* innovations below it, in standard deviations of their middle, are no events */
static const double resting = 0.01; /* quantile of activity at which a neuron is silent */
static const double normal_mad = 1.4826; /* standard deviation of a normal variable over its median deviation */

/* Frames of one segment that follow each other. */
typedef struct piece {
    int64_t start, stop;
} piece;

typedef struct work {
    const syn_session *session;
    const syn_kernels *kernels;
    int threads;
    int64_t N, F, T; /* F: frames of all pieces, T: those until the end of the last */
    int n_pieces;
    piece *piece;
    double *decay;           /* [N] */
    float *y;                /* [T][N] */
    double *share, *largest; /* [N][N] S in raw units, and the largest of all rounds */
    double *slope, *error;   /* [N][N] in raw units */
} work;

static void free_work(work *w) {
    free(w->piece), free(w->decay), free(w->y), free(w->share), free(w->largest), free(w->slope), free(w->error);
}

/* y = x, the last value where it was not observed. */
static syn_status restore_activity(const work *w) {
    const int64_t N = w->N;
    SYN_TRY(syn_baseline_restore(w->session, w->T, w->y));
    for (int k = 0; w->session->mask && k < w->n_pieces; k++)
        for (int64_t t = w->piece[k].start + 1; t < w->piece[k].stop; t++)
            for (int64_t j = 0; j < N; j++)
                if (!syn_session_observed(w->session, t, j)) w->y[t * N + j] = w->y[(t - 1) * N + j];
    return SYN_OK;
}

static syn_status create_work(work *w, const syn_session *s, const syn_kernels *kernels, int threads) {
    *w = (work){.session = s, .kernels = kernels, .threads = threads, .N = s->N};
    const size_t most = (size_t)(s->n_spans[SYN_TRAIN] + s->n_spans[SYN_VALIDATION]);
    SYN_TRY(syn_alloc(&w->piece, most, sizeof *w->piece, "events"));
    SYN_TRY(syn_alloc(&w->decay, (size_t)s->N, sizeof *w->decay, "events"));
    for (int split = SYN_TRAIN; split <= SYN_VALIDATION; split++)
        for (int64_t k = 0; k < s->n_spans[split]; k++) {
            const syn_span *span = &s->span[split][k];
            w->piece[w->n_pieces++] = (piece){span->start - span->context, span->stop};
            w->F += span->stop - span->start + span->context;
            w->T = span->stop > w->T ? span->stop : w->T;
        }
    SYN_TRY(syn_alloc(&w->y, (size_t)(w->T * w->N), sizeof *w->y, "events"));
    return restore_activity(w);
}

static double median(double *values, int64_t n) {
    syn_sort(values, n);
    return n ? values[n / 2] : 0;
}

/* ---- decay ---- */

/* g of every neuron by regressing the autocovariance at lags 2 to 4 on that one frame before. */
static syn_status measure_decays(const work *w) {
    const int64_t N = w->N;
    double *mean = NULL, *covariance = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&mean, (size_t)N, sizeof *mean, "events"));
    SYN_CHECK(syn_alloc(&covariance, (size_t)((DECAY_LAGS + 1) * N), sizeof *covariance, "events"));
    for (int k = 0; k < w->n_pieces; k++)
        for (int64_t t = w->piece[k].start; t < w->piece[k].stop; t++)
            for (int64_t j = 0; j < N; j++) mean[j] += (double)w->y[t * N + j] / (double)w->F;
    for (int k = 0; k < w->n_pieces; k++)
        for (int64_t t = w->piece[k].start; t < w->piece[k].stop; t++)
            for (int lag = 1; lag <= DECAY_LAGS && t - lag >= w->piece[k].start; lag++)
                for (int64_t j = 0; j < N; j++)
                    covariance[lag * N + j] +=
                        ((double)w->y[t * N + j] - mean[j]) * ((double)w->y[(t - lag) * N + j] - mean[j]);
    for (int64_t j = 0; j < N; j++) {
        double product = 0, square = 0;
        for (int lag = 1; lag < DECAY_LAGS; lag++) {
            product += covariance[lag * N + j] * covariance[(lag + 1) * N + j];
            square += covariance[lag * N + j] * covariance[lag * N + j];
        }
        w->decay[j] = square > 0 ? fmin(fmax(product / square, 0), 0.995) : 0;
    }
done:
    free(mean), free(covariance);
    return status;
}

/* In how many more neurons what is new over RISE frames, long enough for a transient to stand out from noise, is skewed
 * to the right than to the left. */
static syn_status count_skewed(const work *w, double least_skewness, double *skewed) {
    const int64_t N = w->N;
    double *sum = NULL, *left = NULL, n = 0; /* sum: [3][N] of powers */
    syn_status status;
    *skewed = 0;
    SYN_CHECK(syn_alloc(&sum, (size_t)(3 * N), sizeof *sum, "events"));
    SYN_CHECK(syn_alloc(&left, (size_t)N, sizeof *left, "events"));
    for (int64_t j = 0; j < N; j++) left[j] = pow(w->decay[j], RISE);
    for (int k = 0; k < w->n_pieces; k++)
        for (int64_t t = w->piece[k].start + RISE; t < w->piece[k].stop; t++, n++)
            for (int64_t j = 0; j < N; j++) {
                const double e = (double)w->y[t * N + j] - left[j] * (double)w->y[(t - RISE) * N + j];
                sum[j] += e, sum[N + j] += e * e, sum[2 * N + j] += e * e * e;
            }
    for (int64_t j = 0; n > 0 && j < N; j++) {
        const double m = sum[j] / n, square = sum[N + j] / n, variance = square - m * m;
        const double third = sum[2 * N + j] / n - 3 * m * square + 2 * m * m * m;
        const double skewness = variance > 0 ? third / pow(variance, 1.5) : 0;
        const double least = fmax(least_skewness, significant * sqrt(6 * RISE / n));
        *skewed += (skewness > least) - (skewness < -least);
    }
done:
    free(sum), free(left);
    return status;
}

static syn_status median_decay(const work *w, double *decay) {
    double *sorted;
    SYN_TRY(syn_alloc(&sorted, (size_t)w->N, sizeof *sorted, "events"));
    memcpy(sorted, w->decay, (size_t)w->N * sizeof *sorted);
    *decay = median(sorted, w->N);
    free(sorted);
    return SYN_OK;
}

syn_status syn_edge_events_suit(const syn_session *session, bool *suit) {
    work w = {0};
    double decay = 0, skewed;
    syn_status status = SYN_OK;
    *suit = false;
    if (session->recording->signal != SYN_SIGNAL_FLUORESCENCE) return SYN_OK;
    SYN_CHECK(create_work(&w, session, NULL, 1));
    SYN_CHECK(measure_decays(&w));
    SYN_CHECK(median_decay(&w, &decay));
    for (size_t k = 0; !*suit && k < sizeof transients / sizeof *transients; k++) {
        if (decay < transients[k].decay) continue;
        SYN_CHECK(count_skewed(&w, transients[k].skewness, &skewed));
        *suit = skewed > transients[k].share * (double)w.N;
    }
done:
    free_work(&w);
    return status;
}

/* ---- the light of others ---- */

/* Sums over frames for the slopes of all pairs; i in rows. w: whether i is quiet, d: its innovation about the middle.
 */
typedef struct slope_sums {
    double *w, *wd, *wdd, *e_sum;               /* [N] */
    double *wdf, *wf, *wff, *we, *wef;          /* [N][N] of w_i with d_i f_j, f_j, f_j^2, e_j, e_j f_j */
    double *ee, frames;                         /* [N][N] of e_i e_j, whether i is quiet or not */
    float *middle, *spread;                     /* [N] of innovations */
    float *e, *f, *ef, *ff, *weight, *weighted; /* [CHUNK][N] */
    float *product;                             /* [N][N] */
} slope_sums;

static void free_sums(slope_sums *s) {
    free(s->w), free(s->wd), free(s->wdd), free(s->wdf), free(s->wf), free(s->wff), free(s->we), free(s->wef);
    free(s->e_sum), free(s->ee);
    free(s->middle), free(s->spread), free(s->e), free(s->f), free(s->ef), free(s->ff), free(s->weight);
    free(s->weighted), free(s->product);
}

static syn_status create_sums(slope_sums *s, int64_t N) {
    double **vectors[] = {&s->w, &s->wd, &s->wdd, &s->e_sum};
    double **squares[] = {&s->wdf, &s->wf, &s->wff, &s->we, &s->wef, &s->ee};
    float **chunks[] = {&s->e, &s->f, &s->ef, &s->ff, &s->weight, &s->weighted}, **rows[] = {&s->middle, &s->spread};
    for (int k = 0; k < 4; k++) SYN_TRY(syn_alloc(vectors[k], (size_t)N, sizeof(double), "crosstalk"));
    for (int k = 0; k < 6; k++) SYN_TRY(syn_alloc(squares[k], (size_t)(N * N), sizeof(double), "crosstalk"));
    for (int k = 0; k < 6; k++) SYN_TRY(syn_alloc(chunks[k], (size_t)(CHUNK * N), sizeof(float), "crosstalk"));
    for (int k = 0; k < 2; k++) SYN_TRY(syn_alloc(rows[k], (size_t)N, sizeof(float), "crosstalk"));
    return syn_alloc(&s->product, (size_t)(N * N), sizeof(float), "crosstalk");
}

static float innovation(const work *w, int64_t t, int64_t j) {
    return w->y[t * w->N + j] - (float)w->decay[j] * w->y[(t - 1) * w->N + j];
}

/* Median and spread of the innovations of every neuron, from frames spread over all pieces. */
static syn_status measure_middle(const work *w, slope_sums *s) {
    const int64_t every = w->F / MOST_VALUES + 1;
    double *values;
    SYN_TRY(syn_alloc(&values, (size_t)w->F, sizeof *values, "crosstalk"));
    for (int64_t j = 0; j < w->N; j++) {
        int64_t n = 0;
        for (int k = 0; k < w->n_pieces; k++)
            for (int64_t t = w->piece[k].start + 1; t < w->piece[k].stop; t += every)
                values[n++] = (double)innovation(w, t, j);
        const double middle = median(values, n);
        for (int64_t m = 0; m < n; m++) values[m] = fabs(values[m] - middle);
        s->middle[j] = (float)middle, s->spread[j] = (float)(normal_mad * median(values, n));
    }
    free(values);
    return SYN_OK;
}

/* sum[N][N] += left[n][N]' right[n][N] */
static syn_status add_product(const work *w, slope_sums *s, const float *left, const float *right, int64_t n,
                              double *sum) {
    const int64_t N = w->N;
    SYN_TRY(syn_gemm(w->kernels, w->threads, N, N, n, (syn_matrix){left, 1, N}, (syn_matrix){right, N, 1}, s->product,
                     N, false));
    for (int64_t k = 0; k < N * N; k++) sum[k] += (double)s->product[k];
    return SYN_OK;
}

/* Frames [first, first + n), which have two neighbours before and one after. */
static syn_status add_frames(const work *w, slope_sums *s, int64_t first, int64_t n) {
    const int64_t N = w->N;
    for (int64_t t = 0; t < n; t++)
        for (int64_t j = 0; j < N; j++) {
            const int64_t k = t * N + j, frame = first + t;
            const float g = (float)w->decay[j], e = innovation(w, frame, j), d = e - s->middle[j];
            const float f = w->y[(frame + 1) * N + j] - g * g * g * w->y[(frame - 2) * N + j];
            const float weight = fabsf(d) < (float)quiet * s->spread[j] ? 1.0f : 0.0f;
            s->e[k] = e, s->f[k] = f, s->ef[k] = e * f, s->ff[k] = f * f;
            s->weight[k] = weight, s->weighted[k] = weight * d;
            s->e_sum[j] += (double)e;
            s->w[j] += (double)weight, s->wd[j] += (double)(weight * d), s->wdd[j] += (double)(weight * d * d);
        }
    s->frames += (double)n;
    SYN_TRY(add_product(w, s, s->e, s->e, n, s->ee));
    SYN_TRY(add_product(w, s, s->weighted, s->f, n, s->wdf));
    SYN_TRY(add_product(w, s, s->weight, s->f, n, s->wf));
    SYN_TRY(add_product(w, s, s->weight, s->ff, n, s->wff));
    SYN_TRY(add_product(w, s, s->weight, s->e, n, s->we));
    return add_product(w, s, s->weight, s->ef, n, s->wef);
}

/* Two sources that do nearly the same in every frame are of one cell, however quiet it is in between. */
static void mark_copies(work *w, const slope_sums *s) {
    const int64_t N = w->N;
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < i; j++) {
            const double n = fmax(s->frames, 1), mi = s->e_sum[i] / n, mj = s->e_sum[j] / n;
            const double covariance = s->ee[i * N + j] / n - mi * mj;
            const double scale = (s->ee[i * N + i] / n - mi * mi) * (s->ee[j * N + j] / n - mj * mj);
            if (covariance > 0 && covariance * covariance > alike * alike * scale)
                w->largest[i * N + j] = w->largest[j * N + i] = 1;
        }
}

/* Adds to w->slope, which holds S, what light of others is left in y. */
static syn_status measure_slopes(work *w) {
    const int64_t N = w->N, every = w->F / MOST_FRAMES + 1;
    const float *scale = w->session->norm.scale;
    slope_sums s = {0};
    syn_status status;
    int64_t count = 0;
    SYN_CHECK(create_sums(&s, N));
    SYN_CHECK(measure_middle(w, &s));
    for (int k = 0; k < w->n_pieces; k++)
        for (int64_t t = w->piece[k].start + 2; t < w->piece[k].stop - 1; t += CHUNK)
            if (count++ % every == 0) {
                const int64_t rest = w->piece[k].stop - 1 - t;
                SYN_CHECK(add_frames(w, &s, t, rest < CHUNK ? rest : CHUNK));
            }
    mark_copies(w, &s);
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < N; j++) {
            const int64_t k = i * N + j;
            const double n = fmax(s.w[i], 1), units = (double)scale[i] / (double)scale[j];
            const double with = s.wef[k] - s.we[k] * s.wf[k] / n, between = s.wdf[k] - s.wd[i] * s.wf[k] / n;
            const double spread = fmax(s.wff[k] - s.wf[k] * s.wf[k] / n, 0) * s.wdd[i] / n;
            const bool known = i != j && fabs(with) > 0 && spread > 0;
            w->slope[k] = w->share[k] + (known ? units * between / with : 0);
            w->error[k] = known ? units * sqrt(spread) / fabs(with) : INFINITY;
        }
done:
    free_sums(&s);
    return status;
}

typedef struct neighbours {
    double distance; /* squared */
    int64_t place;
} neighbours;

static int by_distance(const void *a, const void *b) {
    const neighbours *x = a, *y = b;
    if (x->distance != y->distance) return x->distance < y->distance ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* Pairs of different neurons by their distance. */
static syn_status order_pairs(const work *w, neighbours **pairs) {
    const int64_t N = w->N;
    const float *position = w->session->recording->position;
    int64_t n = 0;
    SYN_TRY(syn_alloc(pairs, (size_t)(N * N), sizeof **pairs, "crosstalk"));
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < N; j++) {
            double square = 0;
            for (int axis = 0; axis < 3; axis++) {
                const double d = (double)position[3 * w->session->norm.kept[i] + axis] -
                                 (double)position[3 * w->session->norm.kept[j] + axis];
                square += d * d;
            }
            /* a cell of unknown place is far away */
            if (i != j) (*pairs)[n++] = (neighbours){isfinite(square) ? square : INFINITY, i * N + j};
        }
    qsort(*pairs, (size_t)n, sizeof **pairs, by_distance);
    return SYN_OK;
}

/* Neighbouring bins of pairs with one value. */
typedef struct block {
    double value, weight;
    int64_t stop; /* first pair beyond it */
} block;

static block merge(block a, block b) {
    const double weight = a.weight + b.weight;
    return (block){weight > 0 ? (a.value * a.weight + b.value * b.weight) / weight : 0, weight, b.stop};
}

/* Mean slope of pairs [first, stop), weighted by its certainty. */
static block average(const work *w, const neighbours *pairs, int64_t first, int64_t stop) {
    block all = {0, 0, stop};
    for (int64_t k = first; k < stop; k++) {
        const double error = w->error[pairs[k].place];
        all = merge(all, (block){w->slope[pairs[k].place], 1 / (error * error), stop});
    }
    return all;
}

/* Steps between blocks of pairs become slopes over half a bin to either side. */
static void smooth_steps(const work *w, const neighbours *pairs, const block *blocks, int64_t count) {
    const int64_t n = w->N * (w->N - 1), half = PAIRS_PER_BIN / 2;
    for (int64_t b = 0; b + 1 < count; b++) {
        const int64_t step = blocks[b].stop, low = step - half, high = step + half < n ? step + half - 1 : n - 1;
        const double near = sqrt(pairs[low].distance), far = sqrt(pairs[high].distance);
        const double from = w->share[pairs[low].place], to = w->share[pairs[high].place];
        if (!(far > near) || !isfinite(far)) continue;
        for (int64_t k = low; k <= high; k++) {
            const double part = (sqrt(pairs[k].distance) - near) / (far - near);
            w->share[pairs[k].place] = from + (to - from) * part;
        }
    }
}

/* S as a decreasing function of distance, beyond what the farther half of the pairs has (pool adjacent violators). */
static syn_status share_by_distance(work *w) {
    const int64_t n = w->N * (w->N - 1);
    neighbours *pairs = NULL;
    block *blocks = NULL;
    int64_t count = 0, k = 0;
    syn_status status;
    SYN_CHECK(order_pairs(w, &pairs));
    SYN_CHECK(syn_alloc(&blocks, (size_t)(n / PAIRS_PER_BIN + 1), sizeof *blocks, "crosstalk"));
    const double far = average(w, pairs, n / 2, n).value;
    for (int64_t first = 0, stop; first < n; first = stop) {
        stop = first + PAIRS_PER_BIN < n ? first + PAIRS_PER_BIN : n;
        while (stop < n && pairs[stop].distance == pairs[stop - 1].distance) stop++; /* S is the same both ways */
        blocks[count++] = average(w, pairs, first, stop);
        for (; count > 1 && blocks[count - 2].value <= blocks[count - 1].value; count--)
            blocks[count - 2] = merge(blocks[count - 2], blocks[count - 1]);
    }
    for (int64_t b = 0; b < count; b++) {
        const double value = blocks[b].value - far;
        const bool real = value * sqrt(blocks[b].weight) > significant;
        for (; k < blocks[b].stop; k++) w->share[pairs[k].place] = real ? value : 0;
    }
    smooth_steps(w, pairs, blocks, count);
done:
    free(pairs), free(blocks);
    return status;
}

/* Median slope over pairs of different neurons. */
static syn_status usual_slope(const work *w, double *usual) {
    double *sorted;
    int64_t n = 0;
    SYN_TRY(syn_alloc(&sorted, (size_t)(w->N * w->N), sizeof *sorted, "crosstalk"));
    for (int64_t k = 0; k < w->N * w->N; k++)
        if (k % (w->N + 1)) sorted[n++] = w->slope[k];
    *usual = median(sorted, n);
    free(sorted);
    return SYN_OK;
}

/* S without positions, or of few neurons: the lesser of a pair's two slopes where both stand out. */
static syn_status share_by_pair(work *w) {
    const int64_t N = w->N;
    double usual = 0;
    if (N >= MANY) SYN_TRY(usual_slope(w, &usual));
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < i; j++) {
            const int64_t a = i * N + j, b = j * N + i;
            const bool real =
                w->slope[a] - usual > significant * w->error[a] && w->slope[b] - usual > significant * w->error[b];
            w->share[a] = w->share[b] = real ? fmin(w->slope[a], w->slope[b]) - usual : 0;
        }
    return SYN_OK;
}

/* y = (1 + S)^-1 x */
static syn_status unmix(work *w) {
    const int64_t N = w->N;
    const float *scale = w->session->norm.scale;
    double *mix = NULL, *inverse = NULL;
    float *U = NULL, *mixed = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&mix, (size_t)(N * N), sizeof *mix, "crosstalk"));
    SYN_CHECK(syn_alloc(&inverse, (size_t)(N * N), sizeof *inverse, "crosstalk"));
    SYN_CHECK(syn_alloc(&U, (size_t)(N * N), sizeof *U, "crosstalk"));
    SYN_CHECK(syn_alloc(&mixed, (size_t)(CHUNK * N), sizeof *mixed, "crosstalk"));
    SYN_CHECK(restore_activity(w));
    for (int64_t k = 0; k < N * N; k++) mix[k] = w->share[k] + (k % (N + 1) == 0), inverse[k] = k % (N + 1) == 0;
    /* more light of others than of the cell itself cannot be told apart: as much of it is taken off as can be */
    while (!syn_solve_positive(mix, N, inverse, N))
        for (int64_t k = 0; k < N * N; k++) {
            w->share[k] *= 0.5;
            mix[k] = w->share[k] + (k % (N + 1) == 0), inverse[k] = k % (N + 1) == 0;
        }
    for (int64_t k = 0; k < N * N; k++) U[k] = (float)(inverse[k] * (double)scale[k % N] / (double)scale[k / N]);
    for (int k = 0; k < w->n_pieces; k++)
        for (int64_t t = w->piece[k].start; t < w->piece[k].stop; t += CHUNK) {
            const int64_t rest = w->piece[k].stop - t, n = rest < CHUNK ? rest : CHUNK;
            memcpy(mixed, w->y + t * N, (size_t)(n * N) * sizeof *mixed);
            SYN_CHECK(syn_gemm(w->kernels, w->threads, n, N, N, (syn_matrix){mixed, N, 1}, (syn_matrix){U, 1, N},
                               w->y + t * N, N, false));
        }
done:
    free(mix), free(inverse), free(U), free(mixed);
    return status;
}

static syn_status remove_crosstalk(work *w) {
    const size_t pairs = (size_t)(w->N * w->N);
    SYN_TRY(syn_alloc(&w->share, pairs, sizeof *w->share, "crosstalk"));
    SYN_TRY(syn_alloc(&w->largest, pairs, sizeof *w->largest, "crosstalk"));
    SYN_TRY(syn_alloc(&w->slope, pairs, sizeof *w->slope, "crosstalk"));
    SYN_TRY(syn_alloc(&w->error, pairs, sizeof *w->error, "crosstalk"));
    SYN_TRY(unmix(w));
    for (int round = 0; round < ROUNDS && w->N > 1; round++) {
        SYN_TRY(measure_slopes(w));
        SYN_TRY(w->N >= MANY && w->session->recording->position ? share_by_distance(w) : share_by_pair(w));
        for (size_t k = 0; k < pairs; k++) w->largest[k] = fmax(w->largest[k], w->share[k]);
        SYN_TRY(unmix(w));
    }
    return SYN_OK;
}

/* ---- events ---- */

/* One thread's space for a neuron: activity and events of all pieces, and the pools of one piece. */
typedef struct trace {
    double *y, *s;          /* [F] */
    double *value, *weight; /* [F] of a pool: its level is value / weight */
    int64_t *length;        /* [F] */
    bool *seen;             /* [F] observed */
    double n_seen;
} trace;

static void free_trace(trace *r) {
    free(r->y), free(r->s), free(r->value), free(r->weight), free(r->length), free(r->seen);
}

static syn_status create_trace(trace *r, int64_t F) {
    double **arrays[] = {&r->y, &r->s, &r->value, &r->weight};
    for (int k = 0; k < 4; k++) SYN_TRY(syn_alloc(arrays[k], (size_t)F, sizeof(double), "events"));
    SYN_TRY(syn_alloc(&r->seen, (size_t)F, sizeof *r->seen, "events"));
    return syn_alloc(&r->length, (size_t)F, sizeof *r->length, "events");
}

/* s[n] of y[n], which rests at 0: pools of frames in which a transient only decays, merged while a later one starts
 * below where the one before has decayed to. */
static void find_events(trace *r, const double *y, int64_t n, double g, double *s) {
    int64_t pools = 0;
    for (int64_t t = 0; t < n; t++) {
        r->value[pools] = y[t], r->weight[pools] = 1, r->length[pools] = 1;
        for (; pools > 0; pools--) {
            const double left = pow(g, (double)r->length[pools - 1]);
            const double before = fmax(r->value[pools - 1] / r->weight[pools - 1], 0);
            if (r->value[pools] / r->weight[pools] >= left * before) break;
            r->value[pools - 1] += left * r->value[pools];
            r->weight[pools - 1] += left * left * r->weight[pools];
            r->length[pools - 1] += r->length[pools];
        }
        pools++;
    }
    double before = 0;
    for (int64_t k = 0, t = 0; k < pools; t += r->length[k++]) {
        const double level = fmax(r->value[k] / r->weight[k], 0);
        memset(s + t, 0, (size_t)r->length[k] * sizeof *s);
        if (t) s[t] = level - before;
        before = level * pow(g, (double)r->length[k]);
    }
}

/* s of all pieces less its mean and its regression on its own last frames; 0 where nothing was observed. */
static void clear_of_own_past(const work *w, trace *r) {
    double A[ORDER * ORDER] = {0}, b[ORDER] = {0}, mean = 0;
    for (int64_t t = 0; t < w->F; t++)
        if (r->seen[t]) mean += r->s[t] / r->n_seen;
    for (int64_t t = 0; t < w->F; t++) r->s[t] = r->seen[t] ? r->s[t] - mean : 0;
    for (int64_t k = 0, first = 0; k < w->n_pieces; first += w->piece[k].stop - w->piece[k].start, k++)
        for (int64_t t = first + ORDER; t < first + w->piece[k].stop - w->piece[k].start; t++)
            for (int p = 0; p < ORDER; p++) {
                b[p] += r->s[t] * r->s[t - 1 - p];
                for (int q = 0; q < ORDER; q++) A[p * ORDER + q] += r->s[t - 1 - p] * r->s[t - 1 - q];
            }
    for (int p = 0; p < ORDER; p++) A[p * ORDER + p] += 1e-9 * A[p * ORDER + p] + 1e-12;
    if (!syn_solve_positive(A, ORDER, b, 1)) memset(b, 0, sizeof b);
    for (int64_t k = 0, first = 0; k < w->n_pieces; first += w->piece[k].stop - w->piece[k].start, k++)
        for (int64_t t = first + w->piece[k].stop - w->piece[k].start - 1; t >= first; t--)
            for (int p = 0; p < ORDER && t - 1 - p >= first; p++) r->s[t] -= b[p] * r->s[t - 1 - p];
    for (int64_t t = 0; t < w->F; t++)
        if (!r->seen[t]) r->s[t] = 0;
}

/* Column j of y becomes its events. What was not observed only decays. */
static void replace_by_events(const work *w, trace *r, int64_t j, float *unit) {
    double square = 0;
    int64_t n = 0;
    r->n_seen = 0;
    for (int k = 0; k < w->n_pieces; k++)
        for (int64_t t = w->piece[k].start; t < w->piece[k].stop; t++, n++) {
            r->y[n] = (double)w->y[t * w->N + j], r->seen[n] = syn_session_observed(w->session, t, j);
            r->n_seen += r->seen[n];
        }
    memcpy(r->value, r->y, (size_t)n * sizeof *r->y);
    syn_sort(r->value, n);
    const double rest = r->value[(int64_t)(resting * (double)n)];
    for (int64_t t = 0; t < n; t++) r->y[t] -= rest;
    for (int64_t k = 0, first = 0, length; k < w->n_pieces; first += length, k++) {
        length = w->piece[k].stop - w->piece[k].start;
        for (int64_t t = first; t < first + length; t++)
            if (!r->seen[t]) r->y[t] = t > first ? w->decay[j] * r->y[t - 1] : 0;
        find_events(r, r->y + first, length, w->decay[j], r->s + first);
    }
    clear_of_own_past(w, r);
    for (int64_t t = 0; t < n; t++) square += r->s[t] * r->s[t];
    *unit = (float)sqrt(square / fmax(r->n_seen, 1));
    n = 0;
    for (int k = 0; k < w->n_pieces; k++)
        for (int64_t t = w->piece[k].start; t < w->piece[k].stop; t++, n++)
            w->y[t * w->N + j] = *unit > 0 ? (float)r->s[n] / *unit : 0.0f;
}

static syn_status find_all_events(const work *w, float *unit) {
    syn_status failed = SYN_OK;
#pragma omp parallel num_threads(w->threads)
    {
        trace r = {0};
        const syn_status status = create_trace(&r, w->F);
        if (status != SYN_OK)
#pragma omp atomic write
            failed = status;
#pragma omp for schedule(dynamic, 1)
        for (int64_t j = 0; j < w->N; j++)
            if (status == SYN_OK) replace_by_events(w, &r, j, &unit[j]);
        free_trace(&r);
    }
    return failed == SYN_OK ? SYN_OK : syn_fail(failed, "could not allocate what finding events takes");
}

syn_status syn_edge_events_create(syn_edge_events *events, const syn_session *session, const syn_kernels *kernels,
                                  int threads) {
    work w = {0};
    syn_status status;
    *events = (syn_edge_events){0};
    syn_blas_begin();
    SYN_CHECK(create_work(&w, session, kernels, threads));
    SYN_CHECK(syn_alloc(&events->unit, (size_t)session->N, sizeof *events->unit, "events"));
    SYN_CHECK(measure_decays(&w));
    SYN_CHECK(median_decay(&w, &events->decay));
    SYN_CHECK(remove_crosstalk(&w));
    for (int64_t k = 0; k < w.N * w.N; k++) events->crosstalk += w.share[k] / (double)w.N;
    SYN_CHECK(find_all_events(&w, events->unit));
    events->x = w.y, events->T = w.T, w.y = NULL;
    events->share = w.share, w.share = NULL;
    events->largest_share = w.largest, w.largest = NULL;
done:
    syn_blas_end();
    free_work(&w);
    if (status != SYN_OK) syn_edge_events_free(events);
    return status;
}

void syn_edge_events_free(syn_edge_events *events) {
    free(events->x), free(events->unit), free(events->share), free(events->largest_share);
    *events = (syn_edge_events){0};
}
