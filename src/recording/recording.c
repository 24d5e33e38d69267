#include "recording/recording.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

/* A gap in the timestamps longer than both of these starts a new segment. */
static const double GAP_FRAMES = 5, GAP_S = 1;

double syn_segment_gap_s(double frame_s) { return fmax(GAP_FRAMES * frame_s, GAP_S); }

void syn_recording_free(syn_recording *r) {
    if (!r) return;
    syn_free_texts(r->neuron_id, r->N);
    syn_free_texts(r->region, r->N);
    syn_free_texts(r->cell_type, r->N);
    syn_free_texts(r->behavior_name, r->B);
    syn_free_texts(r->behavior_unit, r->B);
    syn_free_texts(r->warning, (int64_t)r->n_warnings);
    void *owned[] = {r->name,       r->path,         r->format,       r->x,        r->mask,
                     r->u,          r->time_s,       r->segment,      r->position, r->truth,
                     r->parameters, r->spike_time_s, r->spike_neuron, r->nameless, r->unit};
    for (size_t k = 0; k < sizeof owned / sizeof *owned; k++) free(owned[k]);
    free(r);
}

/* Refuses sizes that this machine cannot hold before anything touches its memory. */
static syn_status check_size(int64_t T, int64_t N) {
    if (T < 1 || N < 1)
        return syn_fail(SYN_ERR_INPUT, "activity is (%lld frames, %lld neurons); expected at least one of each",
                        (long long)T, (long long)N);
    double bytes = (double)T * (double)N * sizeof(float);
    double memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    if (bytes > memory)
        return syn_fail(SYN_ERR_MEMORY,
                        "activity of %lld frames x %lld neurons needs %.1f GB; this machine has %.1f GB", (long long)T,
                        (long long)N, bytes / 1e9, memory / 1e9);
    return SYN_OK;
}

static syn_status number_neurons(syn_recording *r) {
    SYN_TRY(syn_alloc(&r->neuron_id, (size_t)r->N, sizeof *r->neuron_id, "neuron ids"));
    for (int64_t j = 0; j < r->N; j++) {
        char id[32];
        snprintf(id, sizeof id, "%lld", (long long)j);
        SYN_TRY(syn_copy_text(&r->neuron_id[j], id));
    }
    return SYN_OK;
}

syn_status syn_recording_alloc(syn_recording **recording, int64_t T, int64_t N) {
    syn_status status;
    syn_recording *r = NULL;
    *recording = NULL;
    SYN_TRY(check_size(T, N));
    SYN_CHECK(syn_alloc(&r, 1, sizeof *r, "recording"));
    r->T = T;
    r->N = N;
    SYN_CHECK(syn_alloc(&r->x, (size_t)T * (size_t)N, sizeof *r->x, "activity"));
    SYN_CHECK(syn_alloc(&r->segment, 1, sizeof *r->segment, "segments"));
    r->S = 1;
    r->segment[0] = (syn_segment){0, T};
    SYN_CHECK(number_neurons(r));
    *recording = r;
    return SYN_OK;
done:
    syn_recording_free(r);
    return status;
}

syn_status syn_recording_name_neuron(syn_recording *r, int64_t j, const char *id) {
    free(r->neuron_id[j]);
    return syn_copy_text(&r->neuron_id[j], id);
}

syn_status syn_recording_warn(syn_recording *r, const char *format, ...) {
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    syn_print_text_of(line, sizeof line, format, arguments);
    va_end(arguments);
    for (char *p = line; *p; p++)
        if (*p == '\n' || *p == '\r') *p = ' ';
    char **grown = realloc(r->warning, (r->n_warnings + 1) * sizeof *grown);
    if (!grown) return syn_fail(SYN_ERR_MEMORY, "could not allocate a warning");
    r->warning = grown;
    SYN_TRY(syn_copy_utf8(&grown[r->n_warnings], line));
    r->n_warnings++;
    return SYN_OK;
}

const char *syn_recording_label(const syn_recording *r) { return r->path ? r->path : r->name ? r->name : "recording"; }

/* x - x is a zero where x is finite, and NaN where it is not. */
static uint32_t bits_of_difference(float x) {
    const float difference = x - x;
    uint32_t bits;
    memcpy(&bits, &difference, sizeof bits);
    return bits;
}

/* Several values at a time, which compilers make vectors of. */
bool syn_all_finite(const float *x, int64_t n) {
    enum { ASIDE = 16 };
    uint32_t found[ASIDE] = {0}, any = 0;
    const int64_t whole = n - n % ASIDE;
    for (int64_t k = 0; k < whole; k += ASIDE)
        for (int64_t i = 0; i < ASIDE; i++) found[i] |= bits_of_difference(x[k + i]);
    for (int64_t i = 0; i < ASIDE; i++) any |= found[i];
    for (int64_t k = whole; k < n; k++) any |= bits_of_difference(x[k]);
    return (any & 0x7fffffff) == 0; /* but for the sign of a zero */
}

/* Moves what is not finite in x into mask bits. */
static syn_status mask_unobserved(syn_recording *r) {
    const size_t stride = ((size_t)r->N + 7) / 8;
    const bool given = r->mask != NULL;
    int64_t observed = 0;
    if (r->finite && !given) return SYN_OK;
    for (int64_t t = 0; t < r->T; t++) {
        if (!given && syn_all_finite(r->x + t * r->N, r->N)) {
            observed += r->N;
            continue;
        }
        for (int64_t j = 0; j < r->N; j++) {
            float *x = &r->x[t * r->N + j];
            uint8_t *byte = r->mask ? &r->mask[(size_t)t * stride + (size_t)j / 8] : NULL;
            uint8_t bit = (uint8_t)(1u << (j % 8));
            if (isfinite(*x)) {
                observed += !byte || (*byte & bit);
                if (byte && !(*byte & bit)) *x = 0;
                continue;
            }
            if (!byte) {
                SYN_TRY(syn_alloc(&r->mask, (size_t)r->T * stride, 1, "mask"));
                memset(r->mask, 0xff, (size_t)r->T * stride);
                byte = &r->mask[(size_t)t * stride + (size_t)j / 8];
            }
            *byte &= (uint8_t)~bit;
            *x = 0;
        }
    }
    if (observed == 0)
        return syn_fail(SYN_ERR_INPUT, "%s: all %lld x %lld entries of the activity are NaN; expected numbers",
                        syn_recording_label(r), (long long)r->T, (long long)r->N);
    return SYN_OK;
}

static syn_status check_counts(const syn_recording *r) {
    for (int64_t k = 0; k < r->T * r->N; k++)
        if (r->x[k] < 0)
            return syn_fail(SYN_ERR_INPUT,
                            "%s: the count of neuron %s in frame %lld is %g; expected counts >= 0, or --signal "
                            "fluorescence",
                            syn_recording_label(r), r->neuron_id[k % r->N], (long long)(k / r->N), (double)r->x[k]);
    return SYN_OK;
}

syn_status syn_recording_check_segments(const syn_recording *r) {
    int64_t end = 0;
    if (r->S < 1 || !r->segment)
        return syn_fail(SYN_ERR_INPUT, "%s: no segments; expected at least one", syn_recording_label(r));
    for (int64_t s = 0; s < r->S; s++) {
        syn_segment g = r->segment[s];
        if (g.start < end || g.stop <= g.start || g.stop > r->T)
            return syn_fail(SYN_ERR_INPUT,
                            "%s: segment %lld is [%lld, %lld); expected start < stop <= %lld frames, in time order and "
                            "not overlapping",
                            syn_recording_label(r), (long long)s, (long long)g.start, (long long)g.stop,
                            (long long)r->T);
        end = g.stop;
    }
    return SYN_OK;
}

syn_status syn_recording_check_times(const syn_recording *r) {
    for (int64_t t = 0; t < r->T; t++) {
        if (!isfinite(r->time_s[t]))
            return syn_fail(SYN_ERR_INPUT, "%s: timestamp %lld is not a number; expected the time of every frame in s",
                            syn_recording_label(r), (long long)t);
        if (t > 0 && r->time_s[t] <= r->time_s[t - 1])
            return syn_fail(
                SYN_ERR_INPUT,
                "%s: timestamp %lld (%.9g s) is not after the one before it (%.9g s); expected rising times",
                syn_recording_label(r), (long long)t, r->time_s[t], r->time_s[t - 1]);
    }
    return SYN_OK;
}

syn_status syn_segments_at_gaps(const syn_recording *r, double gap_s, syn_segment **segment, int64_t *n) {
    int64_t most = r->S;
    *n = 0;
    for (int64_t t = 1; t < r->T; t++) most += r->time_s[t] - r->time_s[t - 1] > gap_s;
    SYN_TRY(syn_alloc(segment, (size_t)most, sizeof **segment, "segments"));
    for (int64_t s = 0; s < r->S; s++) {
        int64_t start = r->segment[s].start;
        for (int64_t t = start + 1; t < r->segment[s].stop; t++)
            if (r->time_s[t] - r->time_s[t - 1] > gap_s) {
                (*segment)[(*n)++] = (syn_segment){start, t};
                start = t;
            }
        (*segment)[(*n)++] = (syn_segment){start, r->segment[s].stop};
    }
    return SYN_OK;
}

static syn_status split_at_gaps(syn_recording *r) {
    syn_segment *split;
    int64_t n;
    SYN_TRY(syn_segments_at_gaps(r, syn_segment_gap_s(1 / r->rate_hz), &split, &n));
    free(r->segment);
    r->segment = split;
    r->S = n;
    return SYN_OK;
}

static void remove_behavior(syn_recording *r, int64_t k) {
    for (int64_t t = 0; t < r->T; t++)
        for (int64_t b = 0, to = 0; b < r->B; b++)
            if (b != k) r->u[t * (r->B - 1) + to++] = r->u[t * r->B + b];
    if (r->behavior_name) {
        free(r->behavior_name[k]);
        memmove(&r->behavior_name[k], &r->behavior_name[k + 1], (size_t)(r->B - 1 - k) * sizeof(char *));
    }
    if (r->behavior_unit) {
        free(r->behavior_unit[k]);
        memmove(&r->behavior_unit[k], &r->behavior_unit[k + 1], (size_t)(r->B - 1 - k) * sizeof(char *));
    }
    r->B--;
}

/* Whether a name begins with a word for behaviour, and that ends there: speed, Speed (cm/s), pupil_area. */
static bool is_behavior_name(const char *name) {
    static const char *const words[] = {"speed",   "running",  "velocity", "locomotion", "treadmill", "wheel",
                                        "pupil",   "whisk",    "whisking", "lick",       "licks",     "licking",
                                        "reward",  "stimulus", "stim",     "trial",      "trials",    "epoch",
                                        "heading", "position", "behavior", "behaviour"};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        const size_t n = strlen(words[k]);
        if (!strncasecmp(name, words[k], n) && (!name[n] || strchr("_ ([.", name[n]))) return true;
    }
    return false;
}

syn_status syn_recording_remark_names(syn_recording *r, const char *advice) {
    enum { SHOWN = 6 };
    char text[512] = "";
    size_t length = 0;
    int64_t found = 0;
    for (int64_t j = 0; j < r->N; j++) {
        if (!is_behavior_name(r->neuron_id[j]) || ++found > SHOWN) continue;
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%.*s", length ? ", " : "",
                                   syn_cut(r->neuron_id[j], 60), r->neuron_id[j]);
    }
    if (found == 0 || found == r->N) return SYN_OK;
    return syn_recording_warn(r, "taken as %s, but named like behaviour: %s%s; if so, %s",
                              found == 1 ? "a neuron" : "neurons", text, found > SHOWN ? ", ..." : "", advice);
}

static const char numbered[] = "behavior_";

bool syn_names_behavior(const char *name) {
    return strncmp(name, numbered, sizeof numbered - 1) != 0 && !strchr(name, '.');
}

syn_status syn_recording_name_behaviors(syn_recording *r) {
    if (!r->behavior_name) {
        SYN_TRY(syn_alloc(&r->behavior_name, (size_t)r->B, sizeof(char *), "behaviour names"));
        for (int64_t b = 0; b < r->B; b++) {
            char name[32];
            snprintf(name, sizeof name, "%s%lld", numbered, (long long)b);
            SYN_TRY(syn_copy_text(&r->behavior_name[b], name));
        }
    }
    if (r->behavior_unit) return SYN_OK;
    SYN_TRY(syn_alloc(&r->behavior_unit, (size_t)r->B, sizeof(char *), "behaviour units"));
    for (int64_t b = 0; b < r->B; b++) SYN_TRY(syn_copy_text(&r->behavior_unit[b], ""));
    return SYN_OK;
}

syn_status syn_recording_widen(syn_recording *r, int64_t n, const char *const *name, const char *const *unit) {
    const int64_t before = r->B, B = before + n;
    float *u;
    char **texts;
    if (before > 0) SYN_TRY(syn_recording_name_behaviors(r));
    SYN_TRY(syn_alloc(&u, (size_t)(r->T * B), sizeof *u, "behaviour"));
    for (int64_t t = 0; t < r->T && r->u; t++) memcpy(&u[t * B], &r->u[t * before], (size_t)before * sizeof *u);
    free(r->u);
    r->u = u;
    if (!(texts = realloc(r->behavior_name, (size_t)B * sizeof *texts)))
        return syn_fail(SYN_ERR_MEMORY, "could not allocate behaviour names");
    r->behavior_name = texts;
    if (!(texts = realloc(r->behavior_unit, (size_t)B * sizeof *texts)))
        return syn_fail(SYN_ERR_MEMORY, "could not allocate behaviour units");
    r->behavior_unit = texts;
    for (int64_t k = before; k < B; k++) r->behavior_name[k] = r->behavior_unit[k] = NULL;
    r->B = B;
    for (int64_t k = 0; k < n; k++) {
        SYN_TRY(syn_copy_text(&r->behavior_name[before + k], name[k]));
        SYN_TRY(syn_copy_text(&r->behavior_unit[before + k], unit ? unit[k] : ""));
    }
    return SYN_OK;
}

/* Infinite behaviour becomes unknown; a behaviour that is never known is dropped. */
static syn_status check_behaviors(syn_recording *r) {
    SYN_TRY(syn_recording_name_behaviors(r));
    for (int64_t b = r->B - 1; b >= 0; b--) {
        int64_t known = 0;
        for (int64_t t = 0; t < r->T; t++) {
            float *u = &r->u[t * r->B + b];
            if (!isfinite(*u)) *u = NAN;
            known += isfinite(*u) != 0;
        }
        if (known > 0) continue;
        SYN_TRY(syn_recording_warn(r, "behaviour %s has no value on any frame: dropped", r->behavior_name[b]));
        remove_behavior(r, b);
    }
    return SYN_OK;
}

static syn_status make_texts_utf8(syn_recording *r) {
    SYN_TRY(syn_make_utf8(&r->name));
    SYN_TRY(syn_make_utf8(&r->unit));
    SYN_TRY(syn_make_all_utf8(r->neuron_id, r->N));
    SYN_TRY(syn_make_all_utf8(r->region, r->N));
    SYN_TRY(syn_make_all_utf8(r->cell_type, r->N));
    SYN_TRY(syn_make_all_utf8(r->behavior_name, r->B));
    return syn_make_all_utf8(r->behavior_unit, r->B);
}

static bool is_taken(const syn_recording *r, const char *id) {
    for (int64_t j = 0; j < r->N; j++)
        if (!strcmp(r->neuron_id[j], id)) return true;
    return false;
}

syn_status syn_recording_number_nameless(syn_recording *r, char *const *number, int64_t *n) {
    *n = 0;
    for (int64_t j = 0; j < r->N; j++) {
        char digits[48], id[64];
        if (*r->neuron_id[j]) continue;
        if (!r->nameless) SYN_TRY(syn_alloc(&r->nameless, (size_t)r->N, 1, "neuron ids"));
        if (number)
            snprintf(digits, sizeof digits, "%.*s", syn_cut(number[j], 40), number[j]);
        else
            snprintf(digits, sizeof digits, "%lld", (long long)j);
        /* taken: by a name that is a number */
        snprintf(id, sizeof id, "%s%s", is_taken(r, digits) ? "unnamed " : "", digits);
        SYN_TRY(syn_recording_name_neuron(r, j, id));
        r->nameless[j] = 1;
        ++*n;
    }
    return SYN_OK;
}

/* As --rate has it: above the sampling of any amplifier. */
static const double fastest_hz = 1000000;

syn_status syn_recording_finish(syn_recording *r) {
    int64_t nameless;
    SYN_TRY(make_texts_utf8(r));
    SYN_TRY(syn_recording_number_nameless(r, NULL, &nameless));
    if (!(r->rate_hz > 0 && r->rate_hz <= fastest_hz))
        return syn_fail(SYN_ERR_INPUT, "%s: the frame rate is %g Hz; expected more than 0, and at most %.0f (--rate)",
                        syn_recording_label(r), r->rate_hz, fastest_hz);
    SYN_TRY(syn_recording_check_segments(r));
    if (r->time_s) {
        SYN_TRY(syn_recording_check_times(r));
        SYN_TRY(split_at_gaps(r));
    }
    SYN_TRY(mask_unobserved(r));
    if (r->signal == SYN_SIGNAL_COUNTS) SYN_TRY(check_counts(r));
    if (r->B > 0) SYN_TRY(check_behaviors(r));
    return SYN_OK;
}

const char *syn_signal_name(syn_signal signal) {
    static const char *const name[] = {"fluorescence", "deconvolved", "counts"};
    return name[signal];
}

bool syn_signal_find(const char *text, syn_signal *signal) {
    for (int k = SYN_SIGNAL_FLUORESCENCE; k <= SYN_SIGNAL_COUNTS; k++)
        if (!strcmp(text, syn_signal_name((syn_signal)k))) return *signal = (syn_signal)k, true;
    return false;
}

int64_t syn_recording_frames(const syn_recording *r) { return r->T; }
int64_t syn_recording_neurons(const syn_recording *r) { return r->N; }
int64_t syn_recording_behaviors(const syn_recording *r) { return r->B; }
double syn_recording_rate_hz(const syn_recording *r) { return r->rate_hz; }
