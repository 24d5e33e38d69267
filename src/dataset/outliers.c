#include "dataset/outliers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Frames that tell what a neuron's values are like, evenly spread. */
enum { SAMPLE = 1001 };
/* A camera may hang for one frame in so many, and few neurons may have equal values by chance. */
enum { COPIES_IN = 50, FEWEST_NEURONS = 8 };
static const float far = 1e6f;

static int by_value(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static float median(float *values, int64_t n) {
    qsort(values, (size_t)n, sizeof *values, by_value);
    return values[n / 2];
}

/* Median of neuron j and the largest distance from it that is believed; 0: none can be told. Values that are the median
 * itself say nothing of how far others lie: deconvolved activity is mostly 0. */
static void measure(const syn_recording *r, int64_t j, float *value, float *middle, float *most) {
    const int64_t step = r->T > SAMPLE ? r->T / SAMPLE : 1;
    int64_t n = 0, away = 0;
    for (int64_t t = 0; t < r->T && n < SAMPLE; t += step)
        if (syn_observed(r, t, j)) value[n++] = r->x[t * r->N + j];
    *middle = n ? median(value, n) : 0;
    for (int64_t k = 0; k < n; k++)
        if (value[k] != *middle) value[away++] = fabsf(value[k] - *middle);
    *most = away ? far * median(value, away) : 0;
}

static bool said(const syn_recording *r, const char *line) {
    for (size_t k = 0; k < r->n_warnings; k++)
        if (!strcmp(r->warning[k], line)) return true;
    return false;
}

static syn_status warn(syn_recording *r, int64_t place, float middle, int64_t found) {
    const char *id = r->neuron_id[place % r->N];
    char line[400], others[60] = "";
    if (found > 1) snprintf(others, sizeof others, ", and %lld more like it", (long long)found - 1);
    snprintf(line, sizeof line,
             "neuron %.*s has the value %g in frame %lld, more than a million times as far from its median %g as its "
             "values usually are%s: if it is none, make it NaN",
             syn_cut(id, 60), id, (double)r->x[place], (long long)(place / r->N), (double)middle, others);
    return said(r, line) ? SYN_OK : syn_recording_warn(r, "%s", line);
}

syn_status syn_warn_of_outliers(syn_recording *r) {
    float *middle = NULL, *most = NULL, value[SAMPLE];
    int64_t first = -1, found = 0;
    syn_status status = SYN_OK;
    if (r->signal == SYN_SIGNAL_COUNTS) return SYN_OK;
    SYN_CHECK(syn_alloc(&middle, (size_t)r->N, sizeof *middle, "medians"));
    SYN_CHECK(syn_alloc(&most, (size_t)r->N, sizeof *most, "medians"));
    for (int64_t j = 0; j < r->N; j++) measure(r, j, value, &middle[j], &most[j]);
    for (int64_t t = 0; t < r->T; t++)
        for (int64_t j = 0; j < r->N; j++) {
            const int64_t k = t * r->N + j;
            if (!(fabsf(r->x[k] - middle[j]) > most[j]) || most[j] == 0 || !syn_observed(r, t, j)) continue;
            if (first < 0) first = k;
            found++;
        }
    if (found) SYN_CHECK(warn(r, first, middle[first % r->N], found));
done:
    free(middle), free(most);
    return status;
}

/* Whether frame t is an observed copy of the one before it that says something. */
static bool is_copy(const syn_recording *r, int64_t t, const float *middle) {
    bool moved = false;
    for (int64_t j = 0; j < r->N; j++) {
        const float x = r->x[t * r->N + j];
        if (!syn_observed(r, t, j) || !syn_observed(r, t - 1, j) || x != r->x[(t - 1) * r->N + j]) return false;
        moved |= x != middle[j];
    }
    return moved;
}

syn_status syn_warn_of_copies(syn_recording *r) {
    float *middle = NULL, most, value[SAMPLE];
    char line[400];
    int64_t found = 0, first = -1, frames = 0;
    syn_status status = SYN_OK;
    if (r->signal == SYN_SIGNAL_COUNTS || r->N < FEWEST_NEURONS) return SYN_OK;
    SYN_CHECK(syn_alloc(&middle, (size_t)r->N, sizeof *middle, "medians"));
    for (int64_t j = 0; j < r->N; j++) measure(r, j, value, &middle[j], &most);
    for (int64_t k = 0; k < r->S; k++) {
        frames += r->segment[k].stop - r->segment[k].start;
        for (int64_t t = r->segment[k].start + 1; t < r->segment[k].stop; t++) {
            if (!is_copy(r, t, middle)) continue;
            if (first < 0) first = t;
            found++;
        }
    }
    if (found * COPIES_IN <= frames) goto done;
    snprintf(line, sizeof line,
             "%lld of %lld frames are exact copies of the frame before, the first is frame %lld: frames that were not "
             "taken are to be NaN or left out, and a recording that was resampled is to be given at its own rate",
             (long long)found, (long long)frames, (long long)first);
    if (!said(r, line)) SYN_CHECK(syn_recording_warn(r, "%s", line));
done:
    free(middle);
    return status;
}
