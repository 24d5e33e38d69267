/* What was understood of a recording, as text and as JSON. Both are made from one JSON object. */
#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/recording.h"

typedef struct statistics {
    double *mean;        /* [N] of observed entries */
    float *least, *most; /* [N] */
    int64_t *observed;   /* [N] */
    int64_t missing;
} statistics;

static void free_statistics(statistics *s) {
    free(s->mean);
    free(s->least);
    free(s->most);
    free(s->observed);
}

static syn_status measure(const syn_recording *r, statistics *s) {
    const size_t N = (size_t)r->N;
    SYN_TRY(syn_alloc(&s->mean, N, sizeof *s->mean, "statistics"));
    SYN_TRY(syn_alloc(&s->least, N, sizeof *s->least, "statistics"));
    SYN_TRY(syn_alloc(&s->most, N, sizeof *s->most, "statistics"));
    SYN_TRY(syn_alloc(&s->observed, N, sizeof *s->observed, "statistics"));
    for (int64_t t = 0; t < r->T; t++)
        for (int64_t j = 0; j < r->N; j++) {
            float x = r->x[t * r->N + j];
            if (!syn_observed(r, t, j)) {
                s->missing++;
                continue;
            }
            if (s->observed[j]++ == 0) s->least[j] = s->most[j] = x;
            s->least[j] = fminf(s->least[j], x);
            s->most[j] = fmaxf(s->most[j], x);
            s->mean[j] += x;
        }
    for (int64_t j = 0; j < r->N; j++)
        if (s->observed[j]) s->mean[j] /= (double)s->observed[j];
    return SYN_OK;
}

static json_t *behaviors_json(const syn_recording *r) {
    json_t *list = json_array();
    for (int64_t b = 0; b < r->B; b++) {
        int64_t unknown = 0;
        double least = INFINITY, most = -INFINITY;
        for (int64_t t = 0; t < r->T; t++) {
            double u = r->u[t * r->B + b];
            unknown += !isfinite(u);
            if (!isfinite(u)) continue;
            least = fmin(least, u);
            most = fmax(most, u);
        }
        json_array_append_new(list, json_pack("{s:o,s:o,s:f,s:f,s:f}", "name", json_string(r->behavior_name[b]), "unit",
                                              json_string(r->behavior_unit[b]), "missing",
                                              (double)unknown / (double)r->T, "min", least, "max", most));
    }
    return list;
}

/* Mean, least and largest over neurons of the firing rate, or the range of the signal. */
static json_t *activity_json(const syn_recording *r, const statistics *s) {
    double sum = 0, least = INFINITY, most = -INFINITY;
    int64_t n = 0;
    const bool counts = r->signal == SYN_SIGNAL_COUNTS;
    for (int64_t j = 0; j < r->N; j++) {
        if (!s->observed[j]) continue;
        double mean = counts ? s->mean[j] * r->rate_hz : s->mean[j];
        sum += mean;
        least = fmin(least, counts ? mean : s->least[j]);
        most = fmax(most, counts ? mean : s->most[j]);
        n++;
    }
    return json_pack("{s:f,s:f,s:f}", "mean", n ? sum / (double)n : 0, "min", n ? least : 0, "max", n ? most : 0);
}

typedef bool (*neuron_test)(const statistics *s, int64_t j, bool counts);
static bool is_unobserved(const statistics *s, int64_t j, bool counts) { return (void)counts, !s->observed[j]; }
static bool is_silent(const statistics *s, int64_t j, bool counts) {
    return counts && s->observed[j] && s->most[j] <= 0;
}
static bool is_constant(const statistics *s, int64_t j, bool counts) {
    return s->observed[j] && s->least[j] == s->most[j] && !is_silent(s, j, counts);
}

static json_t *neurons_json(const syn_recording *r, const statistics *s, neuron_test test) {
    json_t *list = json_array();
    for (int64_t j = 0; j < r->N; j++)
        if (test(s, j, r->signal == SYN_SIGNAL_COUNTS)) json_array_append_new(list, json_string(r->neuron_id[j]));
    return list;
}

/* {"CA1": 120, "VISp": 80} */
static json_t *groups_json(char *const *group, int64_t n) {
    json_t *object = json_object();
    for (int64_t j = 0; group && j < n; j++) {
        const char *name = group[j] && *group[j] ? group[j] : "?";
        json_object_set_new(object, name, json_integer(json_integer_value(json_object_get(object, name)) + 1));
    }
    return object;
}

static json_t *warnings_json(const syn_recording *r) {
    json_t *list = json_array();
    for (size_t k = 0; k < r->n_warnings; k++) json_array_append_new(list, json_string(r->warning[k]));
    return list;
}

static json_t *summary(const syn_recording *r, const statistics *s) {
    int64_t frames = 0;
    for (int64_t k = 0; k < r->S; k++) frames += r->segment[k].stop - r->segment[k].start;
    json_t *o = json_pack("{s:o,s:o,s:o,s:I,s:I,s:f,s:f,s:I,s:s,s:f}", "name", syn_text_json(r->name), "path",
                          syn_text_json(r->path), "format", syn_text_json(r->format), "neurons", (json_int_t)r->N,
                          "frames", (json_int_t)r->T, "rate_hz", r->rate_hz, "duration_s", (double)frames / r->rate_hz,
                          "segments", (json_int_t)r->S, "signal", syn_signal_name(r->signal), "missing",
                          (double)s->missing / ((double)r->T * (double)r->N));
    if (!o) return NULL;
    json_object_set_new(o, "unit", syn_text_json(r->unit));
    json_object_set_new(o, r->signal == SYN_SIGNAL_COUNTS ? "firing_rate_hz" : "activity", activity_json(r, s));
    json_object_set_new(o, "behaviors", behaviors_json(r));
    if (r->region) json_object_set_new(o, "regions", groups_json(r->region, r->N));
    if (r->cell_type) json_object_set_new(o, "cell_types", groups_json(r->cell_type, r->N));
    json_t *ids = json_array();
    for (int64_t j = 0; j < r->N; j++) json_array_append_new(ids, json_string(r->neuron_id[j]));
    json_object_set_new(o, "neuron_ids", ids);
    json_object_set_new(o, "positions", json_boolean(r->position != NULL));
    json_object_set_new(o, "silent_neurons", neurons_json(r, s, is_silent));
    json_object_set_new(o, "constant_neurons", neurons_json(r, s, is_constant));
    json_object_set_new(o, "unobserved_neurons", neurons_json(r, s, is_unobserved));
    json_object_set_new(o, "truth", json_boolean(r->truth != NULL));
    json_object_set_new(o, "warnings", warnings_json(r));
    return o;
}

/* ---- text ---- */

typedef struct page {
    char *text;
    size_t length, size;
    bool failed;
} page;

__attribute__((format(printf, 2, 3))) static void print(page *p, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, arguments);
    if (n >= 0 && p->length + (size_t)n + 1 > p->size) {
        size_t size = 2 * (p->length + (size_t)n + 1);
        char *grown = realloc(p->text, size);
        p->failed = p->failed || !grown;
        if (grown) p->text = grown, p->size = size;
    }
    if (n >= 0 && !p->failed) p->length += (size_t)vsnprintf(p->text + p->length, p->size - p->length, format, again);
    va_end(again);
    va_end(arguments);
}

static double real(const json_t *o, const char *key) { return json_number_value(json_object_get(o, key)); }
static const char *string(const json_t *o, const char *key) { return json_string_value(json_object_get(o, key)); }

static void print_names(page *p, const json_t *o, const char *key, const char *heading) {
    enum { MOST = 20 };
    const json_t *list = json_object_get(o, key);
    size_t n = json_array_size(list);
    if (n == 0) return;
    print(p, "%-14s %zu:", heading, n);
    for (size_t k = 0; k < n && k < MOST; k++) print(p, " %s", json_string_value(json_array_get(list, k)));
    print(p, n > MOST ? " and %zu more\n" : "\n", n - MOST);
}

static void print_groups(page *p, json_t *o, const char *key, const char *heading) {
    json_t *groups = json_object_get(o, key), *count;
    const char *name;
    if (!groups) return;
    print(p, "%-14s", heading);
    const char *separator = " ";
    json_object_foreach(groups, name, count) {
        print(p, "%s%s %lld", separator, name, (long long)json_integer_value(count));
        separator = ", ";
    }
    print(p, "\n");
}

static void print_behaviors(page *p, const json_t *o) {
    json_t *item;
    size_t k;
    json_array_foreach(json_object_get(o, "behaviors"), k, item) {
        const char *unit = string(item, "unit");
        print(p, "%-14s %s%s%s%s, %.4g to %.4g", k == 0 ? "behaviour" : "", string(item, "name"), *unit ? " (" : "",
              unit, *unit ? ")" : "", real(item, "min"), real(item, "max"));
        if (real(item, "missing") > 0) print(p, ", %.1f %% unknown", 100 * real(item, "missing"));
        print(p, "\n");
    }
}

static void print_id(page *p, const char *id) { print(p, " %.*s", syn_cut(id, 60), id); }

/* The first ids and the last, where they are more than places. */
static void print_ids(page *p, const syn_recording *r) {
    enum { MOST = 8 };
    bool places = true;
    for (int64_t j = 0; j < r->N; j++)
        places = places && strtoll(r->neuron_id[j], NULL, 10) == j && isdigit((unsigned char)r->neuron_id[j][0]);
    if (places) return;
    print(p, "%-14s", "ids");
    for (int64_t j = 0; j < r->N && j < MOST; j++) print_id(p, r->neuron_id[j]);
    if (r->N > MOST) print(p, " ..."), print_id(p, r->neuron_id[r->N - 1]);
    print(p, "\n");
}

static void print_summary(page *p, const syn_recording *r, json_t *o) {
    const bool counts = r->signal == SYN_SIGNAL_COUNTS;
    const json_t *activity = json_object_get(o, counts ? "firing_rate_hz" : "activity");
    print(p, "%s (%s)\n", r->path ? r->path : r->name ? r->name : "recording", r->format ? r->format : "memory");
    print(p, "%-14s %lld\n", "neurons", (long long)r->N);
    print_ids(p, r);
    const double all_s = (double)r->T / r->rate_hz, in_segments_s = real(o, "duration_s");
    print(p, "%-14s %lld at %.6g Hz, %.6g s", "frames", (long long)r->T, r->rate_hz, all_s);
    if (fabs(all_s - in_segments_s) > 1e-9 * all_s) print(p, ", %.6g s of them in segments", in_segments_s);
    print(p, "\n");
    print(p, "%-14s %lld\n", "segments", (long long)r->S);
    print(p, "%-14s %s, ", "signal", syn_signal_name(r->signal));
    if (counts)
        print(p, "mean rate %.3g Hz (%.3g to %.3g)\n", real(activity, "mean"), real(activity, "min"),
              real(activity, "max"));
    else
        print(p, "%.5g to %.5g, mean %.5g", real(activity, "min"), real(activity, "max"), real(activity, "mean"));
    if (!counts && r->unit) print(p, " (%s)", r->unit);
    if (!counts) print(p, "\n");
    print(p, "%-14s %.2f %%\n", "not observed", 100 * real(o, "missing"));
    print_groups(p, o, "regions", "regions");
    print_groups(p, o, "cell_types", "cell types");
    print_behaviors(p, o);
    if (r->truth) print(p, "%-14s %lld x %lld weights\n", "truth", (long long)r->N, (long long)r->N);
    print_names(p, o, "silent_neurons", "silent");
    print_names(p, o, "constant_neurons", "constant");
    print_names(p, o, "unobserved_neurons", "never observed");
    for (size_t k = 0; k < r->n_warnings; k++) print(p, "%-14s %s\n", "warning", r->warning[k]);
}

syn_status syn_recording_describe(const syn_recording *r, int json, char **text) {
    statistics s = {0};
    page p = {0};
    *text = NULL;
    syn_status status = measure(r, &s);
    json_t *o = status == SYN_OK ? summary(r, &s) : NULL;
    free_statistics(&s);
    if (status != SYN_OK) return status;
    if (o && json) *text = json_dumps(o, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    if (o && !json) {
        print_summary(&p, r, o);
        if (p.failed)
            free(p.text);
        else
            *text = p.text;
    }
    json_decref(o);
    return *text ? SYN_OK : syn_fail(SYN_ERR_MEMORY, "could not allocate the summary");
}
