#include "analysis/bootstrap.h"

#include <math.h>

#include "base/memory.h"
#include "base/random.h"

enum { RESAMPLES = 2000, MIN_BLOCKS = 8 };
static const double LEVEL = 0.95;
/* The sum of autocorrelations stops at the first lag of this many autocorrelation times (Sokal, 1997). */
static const double AUTOCORRELATION_WINDOW = 5;
/* Blocks shorter than a few autocorrelation times make intervals too narrow. */
static const double BLOCK_TIMES = 4;

/* Shapes: n frames, S segments. */
typedef struct series {
    const syn_segment *segment; /* [S] */
    int64_t S, frames;          /* frames: in all segments */
    double *residual;           /* [n] difference - mean * weight */
    double *sum, *sum_weight;   /* [n+1] running sums of difference and weight */
} series;

/* Autocovariance at a lag, over pairs of frames in one segment. */
static double autocovariance(const series *s, int64_t lag) {
    double sum = 0;
    for (int64_t k = 0; k < s->S; k++)
        for (int64_t t = s->segment[k].start; t + lag < s->segment[k].stop; t++)
            sum += s->residual[t] * s->residual[t + lag];
    return sum;
}

static double autocorrelation_time(const series *s) {
    double variance = autocovariance(s, 0), frames = 1;
    if (!(variance > 0)) return 1;
    int64_t longest = s->frames / MIN_BLOCKS;
    for (int64_t lag = 1; lag < longest && (double)lag < AUTOCORRELATION_WINDOW * frames; lag++)
        frames += 2 * autocovariance(s, lag) / variance;
    return fmax(frames, 1);
}

static int64_t choose_block(const series *s, double autocorrelation_frames) {
    double wanted = fmax(BLOCK_TIMES * autocorrelation_frames, cbrt((double)s->frames));
    int64_t longest = s->frames / MIN_BLOCKS;
    return (int64_t)ceil(fmin(wanted, fmax(1, (double)longest)));
}

/* Blocks that a segment contributes to a resample. A segment is drawn with a probability in proportion to it, so that
 * every frame counts alike. */
static double blocks_of(const syn_segment *segment, int64_t block) {
    return fmax(1, (double)(segment->stop - segment->start) / (double)block);
}

/* The segment in which `point`, on the scale of the running number of blocks [S], falls. */
static int64_t find_segment(const double *blocks_up_to, int64_t S, double point) {
    int64_t low = 0, high = S - 1;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (point < blocks_up_to[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Mean difference of one resample. blocks_up_to: [S]. */
static double resample(const series *s, const double *blocks_up_to, int64_t block, int64_t draws, syn_random random) {
    double sum = 0, weight = 0;
    for (int64_t k = 0; k < draws; k++) {
        double point = blocks_up_to[s->S - 1] * syn_random_uniform(random, 2 * (uint64_t)k);
        const syn_segment *segment = &s->segment[find_segment(blocks_up_to, s->S, point)];
        int64_t length = segment->stop - segment->start, start = segment->start, stop = segment->stop;
        if (length > block) {
            start += (int64_t)((double)(length - block + 1) * syn_random_uniform(random, 2 * (uint64_t)k + 1));
            stop = start + block;
        }
        sum += s->sum[stop] - s->sum[start];
        weight += s->sum_weight[stop] - s->sum_weight[start];
    }
    return weight > 0 ? sum / weight : 0;
}

static int ascending(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Recentred percentile interval: moving blocks take fewer frames from the ends, which shifts all resamples alike. */
static void set_interval(syn_interval *interval, double *resampled) {
    qsort(resampled, RESAMPLES, sizeof *resampled, ascending);
    double centre = 0;
    for (int k = 0; k < RESAMPLES; k++) centre += resampled[k];
    centre /= RESAMPLES;
    int tail = (int)lround((1 - LEVEL) / 2 * RESAMPLES);
    double inflation = sqrt(interval->blocks / (interval->blocks - 1)); /* n - 1, not n, degrees of freedom */
    interval->low = interval->mean + inflation * (resampled[tail] - centre);
    interval->high = interval->mean + inflation * (resampled[RESAMPLES - 1 - tail] - centre);
}

static syn_status bootstrap(syn_interval *interval, const series *s, uint64_t seed) {
    syn_status status;
    double *blocks_up_to = NULL, *resampled = NULL, blocks = 0;
    SYN_CHECK(syn_alloc(&blocks_up_to, (size_t)s->S, sizeof(double), "bootstrap"));
    SYN_CHECK(syn_alloc(&resampled, RESAMPLES, sizeof(double), "bootstrap"));
    for (int64_t k = 0; k < s->S; k++) blocks_up_to[k] = blocks += blocks_of(&s->segment[k], interval->block_frames);
    interval->blocks = blocks;
    if (llround(blocks) < 2) goto done;
    for (uint32_t k = 0; k < RESAMPLES; k++) {
        syn_random random = {seed, SYN_STREAM_BOOTSTRAP, k};
        resampled[k] = resample(s, blocks_up_to, interval->block_frames, llround(blocks), random);
    }
    set_interval(interval, resampled);
done:
    free(blocks_up_to);
    free(resampled);
    return status;
}

static void sum_up(series *s, const double *loss_a, const double *loss_b, const double *weight, int64_t n) {
    for (int64_t t = 0; t < n; t++) {
        s->sum[t + 1] = s->sum[t] + (loss_a[t] - loss_b[t]);
        s->sum_weight[t + 1] = s->sum_weight[t] + (weight ? weight[t] : 1);
    }
}

static double mean_difference(const series *s) {
    double sum = 0, weight = 0;
    for (int64_t k = 0; k < s->S; k++) {
        sum += s->sum[s->segment[k].stop] - s->sum[s->segment[k].start];
        weight += s->sum_weight[s->segment[k].stop] - s->sum_weight[s->segment[k].start];
    }
    return weight > 0 && isfinite(sum) ? sum / weight : NAN;
}

syn_status syn_bootstrap_difference(syn_interval *interval, const double *loss_a, const double *loss_b,
                                    const double *weight, int64_t n, const syn_segment *segment, int64_t S,
                                    uint64_t seed) {
    syn_status status;
    syn_segment whole = {0, n};
    series s = {.segment = segment ? segment : &whole, .S = segment ? S : 1};
    *interval = (syn_interval){.mean = NAN, .low = NAN, .high = NAN};
    for (int64_t k = 0; k < s.S; k++) s.frames += s.segment[k].stop - s.segment[k].start;
    SYN_CHECK(syn_alloc(&s.sum, (size_t)n + 1, sizeof(double), "bootstrap"));
    SYN_CHECK(syn_alloc(&s.sum_weight, (size_t)n + 1, sizeof(double), "bootstrap"));
    SYN_CHECK(syn_alloc(&s.residual, (size_t)n, sizeof(double), "bootstrap"));
    sum_up(&s, loss_a, loss_b, weight, n);
    interval->mean = mean_difference(&s);
    if (isnan(interval->mean)) goto done;
    for (int64_t t = 0; t < n; t++) s.residual[t] = loss_a[t] - loss_b[t] - interval->mean * (weight ? weight[t] : 1);
    interval->autocorrelation_frames = autocorrelation_time(&s);
    interval->block_frames = choose_block(&s, interval->autocorrelation_frames);
    SYN_CHECK(bootstrap(interval, &s, seed));
done:
    free(s.sum);
    free(s.sum_weight);
    free(s.residual);
    return status;
}
