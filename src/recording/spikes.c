/* Spike times to counts per bin. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "recording/reader.h"

/* A mean rate below this is rare among recordings, but not among times in milliseconds that are taken for seconds. */
static const double LOW_HZ = 0.01;

typedef struct spike {
    double time_s;
    int32_t neuron;
} spike;

static int earlier(const void *a, const void *b) {
    const spike *x = a, *y = b;
    if (x->time_s != y->time_s) return x->time_s < y->time_s ? -1 : 1;
    return (x->neuron > y->neuron) - (x->neuron < y->neuron);
}

syn_status syn_sort_spikes(double *time_s, int32_t *neuron, int64_t n) {
    bool sorted = true;
    for (int64_t k = 1; k < n && sorted; k++) sorted = time_s[k] >= time_s[k - 1];
    if (sorted) return SYN_OK;
    spike *all;
    SYN_TRY(syn_alloc(&all, (size_t)n, sizeof *all, "spikes"));
    for (int64_t k = 0; k < n; k++) all[k] = (spike){time_s[k], neuron[k]};
    qsort(all, (size_t)n, sizeof *all, earlier);
    for (int64_t k = 0; k < n; k++) {
        time_s[k] = all[k].time_s;
        neuron[k] = all[k].neuron;
    }
    free(all);
    return SYN_OK;
}

/* A time on a bin's edge belongs to the bin that starts there, though k * bin may be rounded down. */
static double bin_of(double time_s, double bin_s) { return floor(time_s / bin_s + 1e-9); }

static syn_status check_spikes(const char *label, const double *time_s, int64_t n) {
    if (n == 0) return syn_fail(SYN_ERR_INPUT, "%s: holds no spikes", label);
    for (int64_t k = 0; k < n; k++)
        if (!isfinite(time_s[k]))
            return syn_fail(SYN_ERR_INPUT, "%s: spike %lld has the time %g; expected seconds", label, (long long)k,
                            time_s[k]);
    return SYN_OK;
}

static bool are_whole(const double *time_s, int64_t n) {
    int64_t k = 0;
    while (k < n && time_s[k] == floor(time_s[k])) k++;
    return k == n;
}

/* Times in milliseconds or samples are whole numbers, of which many seconds pass without a spike. No clock of spikes
 * counts whole seconds for days, and no neurons are sorted that fire once in three hours for days. */
static syn_status check_unit(const char *label, const double *time_s, int64_t n, double rate_hz) {
    const double day_s = 86400, rare_hz = 0.1, hardly_hz = 1e-4;
    const bool whole = rate_hz <= rare_hz && are_whole(time_s, n);
    if (time_s[n - 1] - time_s[0] < day_s || (!whole && rate_hz > hardly_hz)) return SYN_OK;
    return syn_fail(
        SYN_ERR_INPUT,
        "%s: %sspike times, from %g to %g,%s as seconds they make %.2g spikes per second and neuron; expected "
        "times in seconds, not in milliseconds or samples",
        label, whole ? "all " : "", time_s[0], time_s[n - 1], whole ? " are whole numbers, and" : "", rate_hz);
}

static syn_status count_spikes(syn_recording **recording, const char *label, const double *time_s,
                               const int32_t *neuron, int64_t n, int64_t neurons, double start_s, double bin_s) {
    enum { MOST_BINS = 50000000 };                        /* 29 days in 50 ms: more are times in another unit */
    const double origin_s = isnan(start_s) ? 0 : start_s; /* where bin 0 starts */
    const double first = isnan(start_s) ? bin_of(time_s[0], bin_s) : 0;
    const double bins = bin_of(time_s[n - 1] - origin_s, bin_s) - first + 1;
    if (!(bins >= 1 && bins <= MOST_BINS))
        return syn_fail(SYN_ERR_INPUT,
                        "%s: spikes from %g to %g s make %.3g bins of %g s; expected times in seconds from the start",
                        label, time_s[0], time_s[n - 1], bins, bin_s);
    const double rate_hz = (double)n / (bins * bin_s) / (double)neurons;
    SYN_TRY(check_unit(label, time_s, n, rate_hz));
    SYN_TRY(syn_recording_alloc(recording, (int64_t)bins, neurons));
    syn_recording *r = *recording;
    for (int64_t k = 0; k < n; k++)
        r->x[(int64_t)(bin_of(time_s[k] - origin_s, bin_s) - first) * r->N + neuron[k]] += 1;
    r->rate_hz = 1 / bin_s;
    r->signal = SYN_SIGNAL_COUNTS;
    if (rate_hz < LOW_HZ)
        SYN_TRY(syn_recording_warn(r, "%.2g spikes per second and neuron: their times are taken to be in seconds",
                                   rate_hz));
    if (origin_s == 0 && first == 0) return SYN_OK;
    SYN_TRY(syn_alloc(&r->time_s, (size_t)r->T, sizeof *r->time_s, "timestamps"));
    for (int64_t t = 0; t < r->T; t++) r->time_s[t] = origin_s + (first + (double)t) * bin_s;
    return SYN_OK;
}

syn_status syn_bin_spikes(syn_recording **recording, const char *label, double *time_s, int32_t *neuron, int64_t n,
                          int64_t neurons, double start_s, double bin_s) {
    syn_status status = check_spikes(label, time_s, n);
    if (status == SYN_OK) status = syn_sort_spikes(time_s, neuron, n);
    if (status == SYN_OK) status = count_spikes(recording, label, time_s, neuron, n, neurons, start_s, bin_s);
    if (status != SYN_OK) {
        free(time_s);
        free(neuron);
        return status;
    }
    (*recording)->binned = true;
    (*recording)->n_spikes = n;
    (*recording)->spike_time_s = time_s;
    (*recording)->spike_neuron = neuron;
    return SYN_OK;
}

static int compare_ids(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int64_t syn_unique_ids(double *ids, int64_t n) {
    qsort(ids, (size_t)n, sizeof *ids, compare_ids);
    int64_t kept = 0;
    for (int64_t k = 0; k < n; k++)
        if (kept == 0 || ids[k] != ids[kept - 1]) ids[kept++] = ids[k];
    return kept;
}

int32_t syn_find_id(const double *ids, int64_t n, double id) {
    const double *found = bsearch(&id, ids, (size_t)n, sizeof *ids, compare_ids);
    return found ? (int32_t)(found - ids) : -1;
}

syn_status syn_name_neurons(syn_recording *r, const double *ids) {
    for (int64_t j = 0; j < r->N; j++) {
        char text[32];
        snprintf(text, sizeof text, "%.0f", ids[j]);
        SYN_TRY(syn_recording_name_neuron(r, j, text));
    }
    return SYN_OK;
}

syn_grade syn_grade_of(const char *word) {
    static const struct word {
        const char *text;
        syn_grade grade;
    } words[] = {{"good", SYN_GOOD},   {"sua", SYN_GOOD},       {"single", SYN_GOOD},    {"single unit", SYN_GOOD},
                 {"mua", SYN_MUA},     {"multi", SYN_MUA},      {"multi unit", SYN_MUA}, {"multiunit", SYN_MUA},
                 {"noise", SYN_NOISE}, {"artifact", SYN_NOISE}, {"bad", SYN_NOISE}};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (!strcasecmp(word, words[k].text)) return words[k].grade;
    return SYN_UNGRADED;
}
