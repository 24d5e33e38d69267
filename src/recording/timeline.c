/* One frame rate from irregular timestamps, and coarser bins from finer ones. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "recording/reader.h"

/* Frames keep their values while their time is this close (in frames) to the regular grid. */
static const double SNAP = 0.25;
/* Of all frames, so many may be further off: they are not observed, and the others keep their values all the same. */
static const double MOST_OFF = 0.02;
/* Over a longer step (in frames) to the next frame, a frame is not held. */
static const double LONGEST_HOLD = 1.5;
/* How much of a frame's distance from where it was expected moves the expectation of the next ones. */
static const double FOLLOW = 0.1;

typedef struct timeline {
    double frame_s, median_s;
    int64_t S, T;         /* segments and frames on the grid */
    syn_segment *segment; /* [S] of old frames */
    int64_t *slot;        /* [old T] grid position within the segment */
    double *start_s;      /* [S] time of slot 0 */
    int64_t frames;       /* old ones, within segments */
    int64_t missing;      /* slots without a frame */
    int64_t off;          /* frames further than SNAP from their slot */
    double worst;         /* largest distance of a frame from its slot, in frames */
    double worst_kept;    /* of those that are not off */
} timeline;

double syn_median(double *v, int64_t n) {
    const int64_t k = n / 2;
    if (n < 1) return NAN;
    for (int64_t low = 0, high = n - 1; low < high;) {
        const double pivot = v[low + (high - low) / 2];
        int64_t i = low, j = high;
        while (i <= j) {
            while (v[i] < pivot) i++;
            while (v[j] > pivot) j--;
            if (i > j) break;
            const double swapped = v[i];
            v[i++] = v[j];
            v[j--] = swapped;
        }
        if (k <= j)
            high = j;
        else if (k >= i)
            low = i;
        else
            break;
    }
    return v[k];
}

static syn_status median_interval(const syn_recording *r, double *median) {
    double *step;
    if (r->T < 2) return syn_fail(SYN_ERR_INPUT, "%s: one frame; expected at least two", syn_recording_label(r));
    SYN_TRY(syn_alloc(&step, (size_t)r->T - 1, sizeof *step, "timestamps"));
    for (int64_t t = 1; t < r->T; t++) step[t - 1] = r->time_s[t] - r->time_s[t - 1];
    *median = syn_median(step, r->T - 1);
    free(step);
    return SYN_OK;
}

/* The mean of all intervals near the median. The median alone is off where times are rounded: 33, 33, 34 ms. */
static double usual_interval(const syn_recording *r, double median) {
    double sum = 0;
    int64_t n = 0;
    for (int64_t t = 1; t < r->T; t++) {
        const double step = r->time_s[t] - r->time_s[t - 1];
        if (fabs(step - median) > median / 2) continue;
        sum += step;
        n++;
    }
    return sum / (double)n;
}

/* The time of slot 0 of a segment, by its first frames, of which one may be late. */
static double first_slot_s(const syn_recording *r, syn_segment g, double frame_s) {
    enum { FEW = 15 };
    double start[FEW] = {0};
    int64_t n = 0;
    for (; n < FEW && g.start + n < g.stop; n++) start[n] = r->time_s[g.start + n] - frame_s * (double)n;
    const double middle = syn_median(start, n);
    return middle + fmin(0, round((r->time_s[g.start] - middle) / frame_s)) * frame_s;
}

/* How many slots frame t comes after the one that was expected at before_s. Frames are missing before it if all that
 * follow say so as well: where one of them is on time, frame t is late. */
static int64_t count_slots(const syn_recording *r, syn_segment g, int64_t t, double before_s, double frame_s) {
    enum { LOOK_AHEAD = 128, MOST_SLOTS = 1000000000 };
    const double within = fmin(LOOK_AHEAD, syn_segment_gap_s(frame_s) / frame_s);
    double slots = fmin(MOST_SLOTS, round((r->time_s[t] - before_s) / frame_s));
    for (int64_t k = 1; slots > 1 && t + k < g.stop && (double)k <= within; k++)
        slots = fmin(slots, round((r->time_s[t + k] - before_s) / frame_s) - (double)k);
    return slots > 1 ? (int64_t)slots : 1;
}

/* Every frame gets the nearest slot of a grid that follows the clock, as a phase-locked loop of second order does: over
 * many frames the rate is neither the first nor the middle interval. */
static void follow_clock(const syn_recording *r, syn_segment g, int64_t *slot, double *frame_s) {
    double expected_s = first_slot_s(r, g, *frame_s);
    for (int64_t t = g.start + 1; t < g.stop; t++) {
        const int64_t slots = count_slots(r, g, t, expected_s, *frame_s);
        slot[t] = slot[t - 1] + slots;
        expected_s += (double)slots * *frame_s;
        const double off = (r->time_s[t] - expected_s) / *frame_s;
        if (fabs(off) > 1) continue;
        expected_s += FOLLOW * off * *frame_s;
        *frame_s *= 1 + FOLLOW * FOLLOW / 4 * off;
    }
}

static syn_status find_slots(const syn_recording *r, timeline *line) {
    double frame_s = usual_interval(r, line->median_s);
    SYN_TRY(syn_alloc(&line->slot, (size_t)r->T, sizeof *line->slot, "timestamps"));
    for (int64_t s = 0; s < line->S; s++) {
        syn_segment g = line->segment[s];
        follow_clock(r, g, line->slot, &frame_s);
        line->T += line->slot[g.stop - 1] + 1;
        line->frames += g.stop - g.start;
    }
    line->missing = line->T - line->frames;
    if (line->missing <= line->frames) return SYN_OK;
    return syn_fail(SYN_ERR_INPUT,
                    "%s: the timestamps leave %lld of %lld frames empty at their median interval of %g s; expected one "
                    "frame rate",
                    syn_recording_label(r), (long long)line->missing, (long long)line->T, line->median_s);
}

/* How far frame t is from its slot, in frames. */
static double distance(const syn_recording *r, const timeline *line, int64_t s, int64_t t) {
    return fabs(r->time_s[t] - line->start_s[s] - line->frame_s * (double)line->slot[t]) / line->frame_s;
}

/* Least squares of time on slot, with one interval for all segments and a start for each. */
static syn_status fit_grid(const syn_recording *r, timeline *line) {
    double cross = 0, square = 0;
    SYN_TRY(syn_alloc(&line->start_s, (size_t)line->S, sizeof *line->start_s, "timestamps"));
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t s = 0; s < line->S; s++) {
            syn_segment g = line->segment[s];
            const double n = (double)(g.stop - g.start), t0 = r->time_s[g.start];
            double slot = 0, time = 0;
            for (int64_t t = g.start; t < g.stop; t++) {
                slot += (double)line->slot[t] / n;
                time += (r->time_s[t] - t0) / n;
            }
            for (int64_t t = g.start; pass == 0 && t < g.stop; t++) {
                cross += ((double)line->slot[t] - slot) * (r->time_s[t] - t0 - time);
                square += ((double)line->slot[t] - slot) * ((double)line->slot[t] - slot);
            }
            line->start_s[s] = t0 + time - line->frame_s * slot;
        }
        /* Segments of one frame each say nothing of the rate; it may be known. */
        line->frame_s = square > 0 ? cross / square : r->rate_hz > 0 ? 1 / r->rate_hz : line->median_s;
    }
    for (int64_t s = 0; s < line->S; s++)
        for (int64_t t = line->segment[s].start; t < line->segment[s].stop; t++) {
            const double off = distance(r, line, s, t);
            line->worst = fmax(line->worst, off);
            line->off += off > SNAP;
            if (off <= SNAP) line->worst_kept = fmax(line->worst_kept, off);
        }
    return SYN_OK;
}

static void fill_unknown(float *row, int64_t width) {
    for (int64_t k = 0; k < width; k++) row[k] = NAN;
}

/* Moves *t on to the last old frame at or before grid time tau, so that no frame of the grid holds what came after it;
 * false: none is recent. */
static bool find_last(const syn_recording *r, syn_segment g, double tau, double frame_s, int64_t *t) {
    const double same_s = 1e-6 * frame_s;
    while (*t + 1 < g.stop && r->time_s[*t + 1] <= tau + same_s) ++*t;
    const double age = tau - r->time_s[*t];
    if (age < -same_s) return false;
    const double step = *t + 1 < g.stop ? r->time_s[*t + 1] - r->time_s[*t] : frame_s;
    return step <= LONGEST_HOLD * frame_s ? age < step + same_s : age <= frame_s / 2;
}

static void copy_frame(float *out, const float *in, int64_t width, int64_t to, int64_t t, bool known) {
    if (!out) return;
    if (known)
        memcpy(out + to * width, in + t * width, (size_t)width * sizeof *out);
    else
        fill_unknown(out + to * width, width);
}

static void resample_segment(const syn_recording *r, const timeline *line, int64_t s, int64_t first, bool snap,
                             float *x, float *u) {
    syn_segment g = line->segment[s];
    int64_t slots = line->slot[g.stop - 1] + 1, t = g.start;
    for (int64_t k = 0; k < slots; k++) {
        bool known;
        if (snap) {
            while (t + 1 < g.stop && line->slot[t + 1] <= k) t++;
            known = line->slot[t] == k && distance(r, line, s, t) <= SNAP;
        } else {
            known = find_last(r, g, line->start_s[s] + line->frame_s * (double)k, line->frame_s, &t);
        }
        copy_frame(x, r->x, r->N, first + k, t, known);
        copy_frame(u, r->u, r->B, first + k, t, known);
    }
}

/* Moves activity and behaviour onto the grid. */
static syn_status move_frames(syn_recording *r, const timeline *line, bool snap) {
    syn_status status;
    float *x = NULL, *u = NULL;
    double *time = NULL;
    syn_segment *segment = NULL;
    SYN_CHECK(syn_alloc(&x, (size_t)line->T * (size_t)r->N, sizeof *x, "resampled activity"));
    if (r->u) SYN_CHECK(syn_alloc(&u, (size_t)line->T * (size_t)r->B, sizeof *u, "resampled behaviour"));
    SYN_CHECK(syn_alloc(&time, (size_t)line->T, sizeof *time, "timestamps"));
    SYN_CHECK(syn_alloc(&segment, (size_t)line->S, sizeof *segment, "segments"));
    int64_t first = 0;
    for (int64_t s = 0; s < line->S; s++) {
        int64_t slots = line->slot[line->segment[s].stop - 1] + 1;
        resample_segment(r, line, s, first, snap, x, u);
        for (int64_t k = 0; k < slots; k++) time[first + k] = line->start_s[s] + line->frame_s * (double)k;
        segment[s] = (syn_segment){first, first + slots};
        first += slots;
    }
    void *old[] = {r->x, r->u, r->time_s, r->segment};
    for (int k = 0; k < 4; k++) free(old[k]);
    r->x = x;
    r->finite = false;
    r->u = u;
    r->time_s = time;
    r->segment = segment;
    r->S = line->S;
    r->T = line->T;
    return SYN_OK;
done:
    free(x);
    free(u);
    free(time);
    free(segment);
    return status;
}

static void keep_frames(syn_recording *r, timeline *line) {
    free(r->segment);
    r->segment = line->segment;
    r->S = line->S;
    line->segment = NULL;
}

static syn_status report(syn_recording *r, const timeline *line, bool snap, int64_t old_segments) {
    if (line->S > old_segments)
        SYN_TRY(syn_recording_warn(r, "the timestamps leave %lld gaps longer than %g s: each starts a new segment",
                                   (long long)(line->S - old_segments), syn_segment_gap_s(line->median_s)));
    if (!snap)
        SYN_TRY(syn_recording_warn(r,
                                   "the timestamps are irregular (up to %.2f frames off): activity is resampled to "
                                   "%.6g Hz, each frame the last one recorded by its time",
                                   line->worst, r->rate_hz));
    else if (line->worst_kept > 0.02)
        SYN_TRY(
            syn_recording_warn(r, "the timestamps vary by up to %.2f frames about %.6g Hz: frames are kept as they are",
                               line->worst_kept, r->rate_hz));
    if (snap && line->off > 0)
        SYN_TRY(syn_recording_warn(r,
                                   "the timestamps of %lld frames are up to %.2f frames off %.6g Hz: they count as not "
                                   "observed",
                                   (long long)line->off, line->worst, r->rate_hz));
    if (line->missing > 0)
        SYN_TRY(syn_recording_warn(r, "%lld frames are missing between the timestamps: they count as not observed",
                                   (long long)line->missing));
    return SYN_OK;
}

syn_status syn_regularise(syn_recording *r) {
    syn_status status;
    timeline line = {0};
    const int64_t old_segments = r->S;
    SYN_TRY(syn_recording_check_segments(r));
    SYN_TRY(syn_recording_check_times(r));
    SYN_CHECK(median_interval(r, &line.median_s));
    SYN_CHECK(syn_segments_at_gaps(r, syn_segment_gap_s(line.median_s), &line.segment, &line.S));
    SYN_CHECK(find_slots(r, &line));
    SYN_CHECK(fit_grid(r, &line));
    const bool snap = (double)line.off <= MOST_OFF * (double)line.frames;
    r->rate_hz = 1 / line.frame_s;
    if (snap && line.missing == 0 && line.off == 0)
        keep_frames(r, &line);
    else
        SYN_CHECK(move_frames(r, &line, snap));
    SYN_CHECK(report(r, &line, snap, old_segments));
done:
    free(line.segment);
    free(line.slot);
    free(line.start_s);
    return status;
}

/* Rows [from, from + k) of in become row `to` of the same array: their sum, or their mean. */
static void merge_rows(float *array, int64_t width, int64_t to, int64_t from, int64_t k, bool mean) {
    for (int64_t j = 0; j < width; j++) {
        float sum = 0;
        for (int64_t i = 0; i < k; i++) sum += array[(from + i) * width + j];
        array[to * width + j] = mean ? sum / (float)k : sum;
    }
}

/* Frames without times start at t / rate. That holds for the bins as well only if they take in every frame before them,
 * as far as the last bin; otherwise the frames get times, which the bins keep. */
static syn_status keep_times(syn_recording *r, int64_t k) {
    int64_t before = 0;
    bool moved = false;
    if (r->time_s) return SYN_OK;
    for (int64_t s = 0; s < r->S; s++) {
        const int64_t bins = (r->segment[s].stop - r->segment[s].start) / k;
        moved = moved || (bins > 0 && r->segment[s].start != before);
        before += bins * k;
    }
    if (!moved) return SYN_OK;
    SYN_TRY(syn_alloc(&r->time_s, (size_t)r->T, sizeof *r->time_s, "timestamps"));
    for (int64_t t = 0; t < r->T; t++) r->time_s[t] = (double)t / r->rate_hz;
    return SYN_OK;
}

syn_status syn_rebin(syn_recording *r, double bin_s) {
    const double ratio = bin_s * r->rate_hz;
    const int64_t k = (int64_t)round(ratio);
    if (k < 1 || fabs(ratio - (double)k) > 1e-3)
        return syn_fail(SYN_ERR_OPTION, "%s: --bin is %g s, but the counts come in bins of %g s; expected a multiple",
                        syn_recording_label(r), bin_s, 1 / r->rate_hz);
    if (k == 1) return SYN_OK;
    int64_t T = 0, S = 0;
    SYN_TRY(syn_recording_check_segments(r));
    SYN_TRY(keep_times(r, k));
    for (int64_t s = 0; s < r->S; s++) {
        int64_t from = r->segment[s].start, bins = (r->segment[s].stop - from) / k;
        if (bins == 0) continue;
        for (int64_t b = 0; b < bins; b++, from += k) {
            merge_rows(r->x, r->N, T + b, from, k, false);
            if (r->u) merge_rows(r->u, r->B, T + b, from, k, true);
            if (r->time_s) r->time_s[T + b] = r->time_s[from];
        }
        r->segment[S++] = (syn_segment){T, T + bins};
        T += bins;
    }
    if (T == 0)
        return syn_fail(SYN_ERR_OPTION, "%s: --bin is %g s, longer than every segment", syn_recording_label(r), bin_s);
    r->S = S;
    r->T = T;
    r->rate_hz /= (double)k;
    return syn_recording_warn(r, "counts summed over %lld bins, to %g s", (long long)k, bin_s);
}
