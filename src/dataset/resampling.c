#include "dataset/resampling.h"

#include <cblas.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/lapack.h"
#include "base/memory.h"

/* Of the periodic autoregression: lags, harmonics, and what follows from them. */
enum { LAGS = 12, HARMONICS = 3, BASIS = 1 + 2 * HARMONICS, PAIRS = BASIS * (BASIS + 1) / 2 };
enum { PRODUCTS = (LAGS + 1) * (LAGS + 2) / 2, UNKNOWNS = BASIS * LAGS };
/* Frames that a beat is looked for in, at most and at least; its frequency is then refined on all. */
enum { SEARCHED = 4096, FEWEST = 256 };
/* A line stands out if it has this many times the power beside it: by chance one in e^20 frequencies. */
static const double least_power = 20;
/* Share of the validation error that a periodic autoregression has to save. */
static const double least_gain = 0.01;
/* Share of the variance that an autoregression leaves at the least: traces without noise are not judged. */
static const double least_error = 0.001;
/* In another recording of a model: how far its frequency may lie from the model's. */
static const double farthest = 0.03;
/* Two frequencies may be one if they are no further apart than the first over the train split, and are if they are
 * nearer than the second. */
static const double near_cycles = 0.125, same_cycles = 0.01;

static const char *const name[SYN_BEAT_BEHAVIORS] = {"resampling_cos", "resampling_sin"};

/* (x[t] - 2 x[t-1] + x[t-2])^2 of neuron i; 0 where one of them was not observed. */
static double bend(const syn_session *s, int64_t t, int64_t i) {
    for (int64_t k = 0; k < 3; k++)
        if (!syn_session_observed(s, t - k, i)) return 0;
    const float *x = s->x + t * s->N + i;
    const double d = (double)x[0] - 2 * (double)x[-s->N] + (double)x[-2 * s->N];
    return d * d;
}

/* Squared second differences p [T] of a split, the mean over neurons, less their mean over its frames [first, last); 0
 * where there is none. A few large events must not outweigh the rest: no neuron counts for more than 9 times its mean.
 */
static syn_status curvature(const syn_session *s, syn_split split, double *p, int64_t *first, int64_t *last) {
    double *mean, sum = 0, frames = 0;
    SYN_TRY(syn_alloc(&mean, (size_t)s->N, sizeof *mean, "second differences"));
    *first = s->T, *last = 0;
    for (int64_t k = 0; k < s->n_spans[split]; k++)
        for (int64_t t = s->span[split][k].start + 2; t < s->span[split][k].stop; t++, frames++)
            for (int64_t i = 0; i < s->N; i++) mean[i] += bend(s, t, i);
    for (int64_t i = 0; i < s->N; i++) mean[i] /= frames;
    for (int64_t k = 0; k < s->n_spans[split]; k++)
        for (int64_t t = s->span[split][k].start + 2; t < s->span[split][k].stop; t++) {
            for (int64_t i = 0; i < s->N; i++)
                if (mean[i] > 0) p[t] += fmin(bend(s, t, i) / mean[i], 9) / (double)s->N;
            sum += p[t];
            if (t < *first) *first = t;
            if (t >= *last) *last = t + 1;
        }
    for (int64_t k = 0; k < s->n_spans[split]; k++)
        for (int64_t t = s->span[split][k].start + 2; t < s->span[split][k].stop; t++) p[t] -= sum / frames;
    free(mean);
    return SYN_OK;
}

/* Power at the frequencies k / (2 n), k = 0 .. n, of p[n] under a Hann window. */
static void periodogram(const double *p, int64_t n, double *power) {
    for (int64_t k = 0; k <= n; k++) {
        /* exp(-2 pi i k t / (2 n)) by turning: n is too small for its rounding to matter */
        const double turn_re = cos(M_PI * (double)k / (double)n), turn_im = -sin(M_PI * (double)k / (double)n);
        double re = 0, im = 0, at_re = 1, at_im = 0;
        for (int64_t t = 0; t < n; t++) {
            re += p[t] * at_re, im += p[t] * at_im;
            const double next = at_re * turn_re - at_im * turn_im;
            at_im = at_re * turn_im + at_im * turn_re, at_re = next;
        }
        power[k] = re * re + im * im;
    }
}

/* Frames from the start of a trial to the next if there are several and that is the same for all, or 0. */
static int64_t trial_period(const syn_recording *r) {
    const int64_t period = r->S > 2 ? r->segment[1].start - r->segment[0].start : 0;
    for (int64_t k = 2; k < r->S; k++)
        if (r->segment[k].start - r->segment[k - 1].start != period) return 0;
    return period;
}

/* The line between two frequencies that stands out most among its neighbours, and how much, in p[n]. Slower than 16
 * periods in n frames is no beat, nor is what comes back with every trial, like the response to its stimulus, where the
 * spectrum tells trials apart from what is beside them. */
static syn_status find_line(const double *p, int64_t n, const double between[2], int64_t trial, double *frequency,
                            double *most) {
    enum { LOBE = 5, BESIDE = 64 };
    double *windowed, *power;
    const double harmonic = trial > 0 ? 2 * (double)n / (double)trial : 0;
    *frequency = *most = 0;
    SYN_TRY(syn_alloc(&windowed, (size_t)(2 * n + 1), sizeof *windowed, "spectrum"));
    power = windowed + n;
    for (int64_t t = 0; t < n; t++) windowed[t] = p[t] * (1 - cos(2 * M_PI * (double)t / (double)n));
    periodogram(windowed, n, power);
    for (int64_t k = 32; k < n - LOBE; k++) {
        double beside = 0, count = 0;
        if ((double)k < between[0] * 2 * (double)n || (double)k > between[1] * 2 * (double)n) continue;
        if (harmonic > 8 * LOBE && fabs(remainder((double)k, harmonic)) <= LOBE) continue;
        for (int64_t j = k - BESIDE < 1 ? 1 : k - BESIDE; j <= k + BESIDE && j < n; j++)
            if (j < k - LOBE || j > k + LOBE) beside += power[j], count++;
        if (power[k] * count > *most * beside)
            *most = power[k] * count / beside, *frequency = (double)k / (double)(2 * n);
    }
    free(windowed);
    return SYN_OK;
}

/* Products x[t-a] x[t-b], 0 <= a <= b <= LAGS, summed over neurons whose frames were all observed, of the frames of a
 * split whose past is in it. */
typedef struct history {
    int64_t n;
    int64_t *frame;   /* [n] */
    double *products; /* [n][PRODUCTS] */
} history;

static void history_free(history *h) {
    free(h->frame), free(h->products);
    *h = (history){0};
}

/* x[t] .. x[t-LAGS] of neuron i; whether all were observed. */
static bool past_of(const syn_session *s, int64_t t, int64_t i, double *past) {
    for (int a = 0; a <= LAGS; a++) {
        if (!syn_session_observed(s, t - a, i)) return false;
        past[a] = (double)s->x[(t - a) * s->N + i];
    }
    return true;
}

static syn_status history_create(history *h, const syn_session *s, syn_split split) {
    const int64_t most = syn_session_frames(s, split);
    SYN_TRY(syn_alloc(&h->frame, (size_t)most, sizeof *h->frame, "history"));
    SYN_TRY(syn_alloc(&h->products, (size_t)most * PRODUCTS, sizeof *h->products, "history"));
    for (int64_t k = 0; k < s->n_spans[split]; k++)
        for (int64_t t = s->span[split][k].start + LAGS; t < s->span[split][k].stop; t++, h->n++) {
            double past[LAGS + 1];
            h->frame[h->n] = t;
            for (int64_t i = 0; i < s->N; i++) {
                double *to = h->products + h->n * PRODUCTS;
                if (!past_of(s, t, i, past)) continue;
                for (int a = 0; a <= LAGS; a++)
                    for (int b = a; b <= LAGS; b++) *to++ += past[a] * past[b];
            }
        }
    return SYN_OK;
}

/* Normal equations of x[t] on its LAGS last values, with coefficients that are BASIS functions of the phase. */
typedef struct equations {
    double xx[UNKNOWNS * UNKNOWNS], xy[UNKNOWNS], yy, frames;
} equations;

/* 1, cos, sin, cos 2, sin 2, ... of the phase at a frame. */
static void basis_at(double frequency, int64_t frame, double *basis) {
    basis[0] = 1;
    for (int h = 1; h <= HARMONICS; h++) {
        const double angle = 2 * M_PI * fmod(h * frequency * (double)frame, 1);
        basis[2 * h - 1] = cos(angle), basis[2 * h] = sin(angle);
    }
}

/* Place of x[t-a] x[t-b] among the products. */
static int product_at(int a, int b) {
    const int low = a < b ? a : b, high = a < b ? b : a;
    return low * (LAGS + 1) - low * (low - 1) / 2 + high - low;
}

/* Of the first frames of a history, up to frame `stop`. */
static syn_status equations_of(const history *h, double frequency, int64_t stop, equations *e) {
    double *pairs, sums[PAIRS * PRODUCTS];
    int64_t n = 0;
    while (n < h->n && h->frame[n] < stop) n++;
    *e = (equations){.frames = (double)n};
    if (n == 0) return SYN_OK;
    SYN_TRY(syn_alloc(&pairs, (size_t)n * PAIRS, sizeof *pairs, "history"));
    for (int64_t k = 0; k < n; k++) {
        double basis[BASIS], *to = pairs + k * PAIRS;
        basis_at(frequency, h->frame[k], basis);
        for (int a = 0; a < BASIS; a++)
            for (int b = a; b < BASIS; b++) *to++ = basis[a] * basis[b];
    }
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, PAIRS, PRODUCTS, (int)n, 1, pairs, PAIRS, h->products,
                PRODUCTS, 0, sums, PRODUCTS);
    free(pairs);
    const double *of_pair = sums;
    e->yy = sums[0];
    for (int a = 0; a < BASIS; a++)
        for (int b = a; b < BASIS; b++, of_pair += PRODUCTS)
            for (int p = 0; p < LAGS; p++) {
                for (int q = 0; q < LAGS; q++) {
                    const double value = of_pair[product_at(p + 1, q + 1)];
                    e->xx[(a * LAGS + p) * UNKNOWNS + b * LAGS + q] = value;
                    e->xx[(b * LAGS + p) * UNKNOWNS + a * LAGS + q] = value;
                }
                if (a == 0) e->xy[b * LAGS + p] = of_pair[product_at(0, p + 1)];
            }
    return SYN_OK;
}

/* Coefficients of the first `unknowns`; LAGS: those of an autoregression that is not periodic. */
static void solve(const equations *e, int unknowns, double *c) {
    double A[UNKNOWNS * UNKNOWNS];
    memset(c, 0, UNKNOWNS * sizeof *c);
    for (int i = 0; i < unknowns; i++) {
        memcpy(A + i * unknowns, e->xx + i * UNKNOWNS, (size_t)unknowns * sizeof *A);
        A[i * unknowns + i] += 1e-6 * e->yy;
    }
    memcpy(c, e->xy, (size_t)unknowns * sizeof *c);
    if (!syn_solve_positive(A, unknowns, c, 1)) memset(c, 0, UNKNOWNS * sizeof *c);
}

static double error_of(const equations *e, const double *c) {
    double error = e->yy;
    for (int i = 0; i < UNKNOWNS; i++) {
        error -= 2 * c[i] * e->xy[i];
        for (int j = 0; j < UNKNOWNS; j++) error += c[i] * c[j] * e->xx[i * UNKNOWNS + j];
    }
    return error;
}

/* Error of the periodic autoregression of the frames before `stop` that it is fitted to. */
static syn_status error_at(const history *h, double frequency, int64_t stop, equations *e, double *error) {
    double c[UNKNOWNS];
    SYN_TRY(equations_of(h, frequency, stop, e));
    solve(e, UNKNOWNS, c);
    *error = error_of(e, c);
    return SYN_OK;
}

/* Moves the frequency to where a periodic autoregression fits best, on more and more frames: the more there are, the
 * nearer the start has to be. */
static syn_status refine(const history *h, int64_t first, int64_t last, equations *e, double *frequency) {
    double reach = 0.5;
    for (int64_t n = SEARCHED, done = 0; !done; n *= 2) {
        if (n >= last - first) n = last - first, done = 1;
        double step = reach / 16;
        int most = 16;
        while (step > 0.001) {
            double best = *frequency, least;
            SYN_TRY(error_at(h, best, first + n, e, &least));
            for (int k = -most; k <= most; k++) {
                const double f = *frequency + k * step / (double)n;
                double error;
                if (k == 0) continue;
                SYN_TRY(error_at(h, f, first + n, e, &error));
                if (error < least) least = error, best = f;
            }
            *frequency = best;
            step /= 4, most = 5;
        }
        reach = 0.125;
    }
    return SYN_OK;
}

/* Errors, in what they are judged on, of an autoregression of what it was fitted to, without and with a period. */
typedef struct judgement {
    double plain, periodic, yy;
} judgement;

static syn_status judge(const history *fitted, const history *judged, double frequency, equations *e, judgement *j) {
    double plain[UNKNOWNS], periodic[UNKNOWNS];
    SYN_TRY(equations_of(fitted, frequency, INT64_MAX, e));
    solve(e, LAGS, plain);
    solve(e, UNKNOWNS, periodic);
    SYN_TRY(equations_of(judged, frequency, INT64_MAX, e));
    *j = (judgement){error_of(e, plain), error_of(e, periodic), e->yy};
    return SYN_OK;
}

/* One that was found has the noise of its frames: a frequency near it that is known from recordings like this one takes
 * its place if it can hardly be told apart, or predicts the validation split better. frames: of the train split. */
static syn_status prefer_known(const history *fitted, const history *judged, syn_beats known, int64_t frames,
                               equations *e, double *frequency, judgement *best) {
    const double found = *frequency;
    double alike = found, nearest = same_cycles;
    judgement of_alike = *best;
    for (size_t k = 0; k < known.n; k++) {
        const double f = known.frequency[k], cycles = fabs(f - found) * (double)frames;
        judgement j;
        if (f == 0 || cycles > near_cycles) continue;
        SYN_TRY(judge(fitted, judged, f, e, &j));
        if (j.periodic < best->periodic)
            *frequency = f, *best = j;
        else if (cycles < nearest)
            alike = f, of_alike = j, nearest = cycles;
    }
    if (*frequency == found) *frequency = alike, *best = of_alike;
    return SYN_OK;
}

/* Refines a frequency of a split from frame `first` to `last`. worth: the periodic autoregression predicts what it is
 * judged on better than the other, and there is something left to predict. */
static syn_status settle(syn_session *s, syn_split split, syn_beats known, int64_t first, int64_t last, bool *worth) {
    double *frequency = &s->norm.beat.frequency;
    judgement j;
    history fitted = {0}, judged = {0};
    equations *e = NULL;
    syn_status status;
    *worth = false;
    syn_blas_begin();
    SYN_CHECK(syn_alloc(&e, 1, sizeof *e, "history"));
    SYN_CHECK(history_create(&fitted, s, split));
    SYN_CHECK(history_create(&judged, s, split == SYN_TRAIN ? SYN_VALIDATION : split));
    if (fitted.n == 0) goto done;
    SYN_CHECK(refine(&fitted, first, last, e, frequency));
    SYN_CHECK(judge(&fitted, &judged, *frequency, e, &j));
    SYN_CHECK(prefer_known(&fitted, &judged, known, last - first, e, frequency, &j));
    *worth = j.plain > least_error * j.yy && j.periodic < (1 - least_gain) * j.plain;
done:
    syn_blas_end();
    history_free(&fitted), history_free(&judged);
    free(e);
    return status;
}

/* 2 pi f t + phase at frame t. */
static double angle_at(const syn_beat *beat, int64_t t) {
    return 2 * M_PI * fmod(beat->frequency * (double)t, 1) + beat->phase;
}

/* The phase at which p [first, last) is largest is 0. */
static void settle_phase(const double *p, int64_t first, int64_t last, syn_beat *beat) {
    double re = 0, im = 0;
    beat->phase = 0;
    for (int64_t t = first; t < last; t++) re += p[t] * cos(angle_at(beat, t)), im -= p[t] * sin(angle_at(beat, t));
    beat->phase = atan2(im, re);
}

/* norm.beat, and whether it stands out. kept: the frequency of the model, near which it is looked for, and which is
 * kept where it cannot be found; 0: anywhere, and 0 is kept. */
static syn_status find(syn_session *s, double kept, syn_beats known, bool *clear) {
    const syn_split split = s->n_spans[SYN_TRAIN] > 0 ? SYN_TRAIN : SYN_TEST;
    const double between[2] = {kept * (1 - farthest), kept > 0 ? kept * (1 + farthest) : 0.5};
    double *p, power = 0;
    int64_t first, last;
    syn_status status;
    syn_beat *beat = &s->norm.beat;
    SYN_TRY(syn_alloc(&p, (size_t)s->T, sizeof *p, "second differences"));
    SYN_CHECK(curvature(s, split, p, &first, &last));
    if (last - first >= FEWEST)
        SYN_CHECK(find_line(p + first, last - first < SEARCHED ? last - first : SEARCHED, between,
                            trial_period(s->recording), &beat->frequency, &power));
    *clear = power >= least_power;
    if (*clear) SYN_CHECK(settle(s, split, known, first, last, clear));
    if (!*clear) beat->frequency = kept;
    settle_phase(p, first, last, beat);
done:
    free(p);
    return status;
}

static syn_status grow(float **values, int64_t n) {
    float *grown = realloc(*values, (size_t)n * sizeof *grown);
    if (!grown) return syn_fail(SYN_ERR_MEMORY, "could not allocate behaviour");
    *values = grown;
    return SYN_OK;
}

syn_status syn_beat_find(syn_session *s, syn_beats known) {
    syn_normalisation *norm = &s->norm;
    bool clear;
    norm->beat = (syn_beat){0};
    if (s->recording->signal == SYN_SIGNAL_COUNTS) return SYN_OK;
    SYN_TRY(find(s, 0, known, &clear));
    if (!clear) return SYN_OK;
    SYN_TRY(grow(&norm->u_mean, norm->B + SYN_BEAT_BEHAVIORS));
    SYN_TRY(grow(&norm->u_scale, norm->B + SYN_BEAT_BEHAVIORS));
    for (int k = 0; k < SYN_BEAT_BEHAVIORS; k++, norm->B++)
        norm->u_mean[norm->B] = 0, norm->u_scale[norm->B] = (float)M_SQRT1_2;
    return syn_recording_warn(s->recording,
                              "its traces look resampled: they are rougher and smoother in turn every %.4g frames, all "
                              "neurons at once, as after "
                              "interpolation from another frame rate, such as %.4g Hz (or under an oscillation or a "
                              "stimulus that comes back as often); "
                              "the phase counts as behaviour, %s and %s, but frames as they were recorded are better",
                              1 / norm->beat.frequency, s->recording->rate_hz * (1 - norm->beat.frequency), name[0],
                              name[1]);
}

syn_status syn_beat_attach(syn_session *s) {
    syn_recording *r = s->recording;
    syn_beat *beat = &s->norm.beat;
    bool clear = true;
    if (beat->frequency == 0) return SYN_OK;
    if (isnan(beat->phase)) SYN_TRY(find(s, beat->frequency, (syn_beats){0}, &clear));
    if (!clear)
        SYN_TRY(syn_recording_warn(
            r,
            "the beat of resampled frames, every %.4g in the recording of the fit, does not stand out in "
            "this one: its phase, which the model needs, is a guess",
            1 / beat->frequency));
    SYN_TRY(syn_recording_widen(r, SYN_BEAT_BEHAVIORS, name, NULL));
    s->u = r->u, s->B = r->B;
    for (int64_t t = 0; t < r->T; t++) {
        float *u = r->u + (t + 1) * r->B - SYN_BEAT_BEHAVIORS;
        u[0] = (float)(M_SQRT2 * cos(angle_at(beat, t))), u[1] = (float)(M_SQRT2 * sin(angle_at(beat, t)));
    }
    return SYN_OK;
}

int64_t syn_recorded_behaviors(const syn_normalisation *norm) {
    return norm->B - (norm->beat.frequency > 0 ? SYN_BEAT_BEHAVIORS : 0);
}
