#include "analysis/mean_interval.h"

#include <math.h>

#include "analysis/bootstrap.h"
#include "base/memory.h"

/* Entries whose autocorrelation is looked at, entries taken together. */
enum { SAMPLE = 32, TILE = 64 };
static const double QUANTILE = 1.959964;

/* Mean block length over a sample of the entries that vary. */
static syn_status choose_block(const float *values, int64_t S, int64_t E, const syn_segment *segment,
                               int64_t n_segments, int64_t *block) {
    double *series = NULL, *zero = NULL, sum = 0;
    int64_t entries = 0;
    syn_status status;
    SYN_CHECK(syn_alloc(&series, (size_t)S, sizeof *series, "interval"));
    SYN_CHECK(syn_alloc(&zero, (size_t)S, sizeof *zero, "interval"));
    for (int64_t k = 0; k < SAMPLE && k < E; k++) {
        const int64_t e = E > SAMPLE ? k * (E - 1) / (SAMPLE - 1) : k;
        bool varies = false;
        syn_interval interval;
        for (int64_t n = 0; n < S; n++) {
            series[n] = (double)values[n * E + e];
            varies |= series[n] != series[0];
        }
        if (!varies) continue;
        SYN_CHECK(syn_bootstrap_difference(&interval, series, zero, NULL, S, segment, n_segments, 0));
        sum += (double)interval.block_frames, entries++;
    }
    *block = entries ? (int64_t)ceil(sum / (double)entries) : 1;
done:
    free(series), free(zero);
    return status;
}

/* Blocks that a segment contributes to a resample, as in bootstrap.c. */
static double blocks_of(const syn_segment *segment, int64_t block) {
    return fmax(1, (double)(segment->stop - segment->start) / (double)block);
}

/* Of a tile of entries: mean square of the residual sums of all blocks of a segment. running: [S + 1][TILE] */
static void add_segment(const double (*running)[TILE], const syn_segment *segment, int64_t block, double draws,
                        double *variance) {
    const int64_t length = segment->stop - segment->start, size = length < block ? length : block;
    const int64_t places = length - size + 1;
    for (int64_t t = segment->start; t < segment->start + places; t++)
        for (int e = 0; e < TILE; e++) {
            const double sum = running[t + size][e] - running[t][e];
            variance[e] += draws / (double)places * sum * sum;
        }
}

syn_status syn_mean_intervals(const float *values, int64_t S, int64_t E, const syn_segment *segment, int64_t n_segments,
                              float *mean, float *low, float *high, int64_t *block) {
    double(*running)[TILE] = NULL, draws = 0;
    syn_status status;
    SYN_CHECK(choose_block(values, S, E, segment, n_segments, block));
    SYN_CHECK(syn_alloc(&running, (size_t)S + 1, sizeof *running, "interval"));
    for (int64_t k = 0; k < n_segments; k++) draws += blocks_of(&segment[k], *block);
    for (int64_t from = 0; from < E; from += TILE) {
        const int64_t n = E - from < TILE ? E - from : TILE;
        double sum[TILE] = {0}, variance[TILE] = {0};
        for (int64_t t = 0; t < S; t++)
            for (int64_t e = 0; e < n; e++) sum[e] += (double)values[t * E + from + e];
        for (int64_t t = 0; t < S; t++)
            for (int64_t e = 0; e < n; e++)
                running[t + 1][e] = running[t][e] + (double)values[t * E + from + e] - sum[e] / (double)S;
        for (int64_t k = 0; k < n_segments; k++)
            add_segment((const double(*)[TILE])running, &segment[k], *block, blocks_of(&segment[k], *block) / draws,
                        variance);
        for (int64_t e = 0; e < n; e++) {
            /* draws - 1: the residuals are from the mean of the same states */
            const double frames = (double)S / draws;
            const double half = draws < 1.5 ? NAN : QUANTILE * sqrt(variance[e] / (draws - 1)) / frames;
            const double middle = sum[e] / (double)S;
            mean[from + e] = (float)middle;
            low[from + e] = (float)(middle - half);
            high[from + e] = (float)(middle + half);
        }
    }
done:
    free(running);
    return status;
}
