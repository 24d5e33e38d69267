/* Spike lists: an array of times and one of neuron ids of the same length, in npz, HDF5, MATLAB or a CSV with a header;
 * or one array (n, 2) named spikes or spks. An array of all ids (nodes) makes silent neurons count. */
#define _GNU_SOURCE /* strverscmp */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "recording/reader.h"

static const char *const time_names[] = {"times",        "time_s",        "time",           "t",         "spike_times",
                                         "spike_time_s", "spiketimes",    "spike_time",     "t_s",       "time_ms",
                                         "times_ms",     "spike_times_s", "spike_times_ms", "timestamp", "timestamps",
                                         "time (s)",     "time(s)"};
static const char *const id_names[] = {
    "ids",          "id",         "neuron",    "neurons",    "neuron_id", "neuron_ids", "unit",    "units",
    "unit_id",      "unit_ids",   "cluster",   "clusters",   "cell",      "cells",      "cell_id", "spike_clusters",
    "spike_neuron", "cluster_id", "spike_ids", "unit_index", "cell name"};
static const char *const all_names[] = {"nodes", "all_ids", "neuron_list", "unit_list"};
static const char *const pair_names[] = {"spikes", "spks", "spike_list"};

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* The listed vector of numbers (or text) with one of the names, within the group `group` ("" for the top). */
static const syn_entry *find_vector(const syn_input *input, const char *group, const char *const *names, size_t n,
                                    bool text) {
    const size_t prefix = strlen(group);
    const char separator = input->address.content == SYN_CONTENT_MATLAB ? '.' : '/';
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < input->listing.n; i++) {
            const syn_entry *e = &input->listing.entry[i];
            bool in_group = !prefix || (!strncmp(e->name, group, prefix) && e->name[prefix] == separator);
            if (!(e->numeric || (text && !strcmp(e->type, "text"))) || !in_group ||
                strcasecmp(e->name + (prefix ? prefix + 1 : 0), names[k]) != 0)
                continue;
            if (e->rank == 1 || (e->rank == 2 && (e->shape[0] == 1 || e->shape[1] == 1))) return e;
        }
    return NULL;
}

static const syn_entry *find_pairs(const syn_input *input) {
    for (size_t k = 0; k < COUNT(pair_names); k++) {
        const syn_entry *e = syn_listing_find(&input->listing, pair_names[k]);
        bool wanted = !input->address.name || !strcmp(input->address.name, pair_names[k]);
        if (e && wanted && e->numeric && e->rank == 2 && e->shape[1] == 2 && e->shape[0] > 2) return e;
    }
    return NULL;
}

typedef struct spike_arrays {
    const syn_entry *times, *ids, *all, *pairs;
} spike_arrays;

static int64_t length_of(const syn_entry *vector) {
    return vector->shape[0] * (vector->rank == 2 ? vector->shape[1] : 1);
}

static bool has_matrix(const syn_input *input) {
    for (size_t k = 0; k < input->listing.n; k++)
        if (syn_is_matrix(&input->listing.entry[k])) return true;
    return false;
}

static bool find_arrays(const syn_input *input, spike_arrays *found) {
    enum { MOST_COLUMNS = 6 }; /* a wider table is a matrix with a column of times */
    const char *group = input->address.name ? input->address.name : "";
    const syn_content content = input->address.content;
    while (*group == '/') group++;
    *found = (spike_arrays){0};
    if (content != SYN_CONTENT_NPZ && content != SYN_CONTENT_HDF5 && content != SYN_CONTENT_MATLAB &&
        content != SYN_CONTENT_CSV)
        return false;
    if (content == SYN_CONTENT_CSV && (input->listing.n > MOST_COLUMNS || input->address.name)) return false;
    found->times = find_vector(input, group, time_names, COUNT(time_names), false);
    found->ids = find_vector(input, group, id_names, COUNT(id_names), true);
    found->all = content == SYN_CONTENT_CSV ? NULL : find_vector(input, group, all_names, COUNT(all_names), true);
    if (found->times && found->ids && (length_of(found->times) == length_of(found->ids) || !has_matrix(input)))
        return true;
    found->pairs = find_pairs(input);
    return found->pairs != NULL;
}

bool syn_spike_list_probe(const syn_input *input) {
    spike_arrays found;
    return find_arrays(input, &found);
}

static syn_status read_entry(const syn_input *input, const syn_entry *entry, double **values, int64_t *n) {
    syn_array *a;
    *values = NULL;
    *n = 0;
    if (!entry) return SYN_OK;
    SYN_TRY(syn_array_open(&a, input->address.file, entry->name));
    syn_status status = syn_array_values(a, values);
    *n = a->rows * a->cols;
    syn_array_close(a);
    return status;
}

static bool all_integers(const double *v, int64_t n, int64_t stride) {
    for (int64_t k = 0; k < n; k++)
        if (v[k * stride] != floor(v[k * stride])) return false;
    return true;
}

/* Splits an array (n, 2) into ids, its column of integers, and times, the other. */
static syn_status split_pairs(const syn_input *input, const syn_entry *pairs, double **times, double **ids,
                              int64_t *n) {
    double *both;
    SYN_TRY(read_entry(input, pairs, &both, n));
    *n /= 2;
    const bool first = all_integers(both, *n, 2), second = all_integers(both + 1, *n, 2);
    syn_status status = SYN_OK;
    if (first == second)
        status = syn_fail(SYN_ERR_INPUT,
                          "%s:%s: is (n, 2), but not with one column of whole neuron ids and one of times in seconds",
                          input->address.file, pairs->name);
    if (status == SYN_OK) status = syn_alloc(times, (size_t)*n, sizeof **times, "spike times");
    if (status == SYN_OK) status = syn_alloc(ids, (size_t)*n, sizeof **ids, "spike ids");
    for (int64_t k = 0; status == SYN_OK && k < *n; k++) {
        (*times)[k] = both[2 * k + (first ? 1 : 0)];
        (*ids)[k] = both[2 * k + (first ? 0 : 1)];
    }
    free(both);
    return status;
}

static bool is_text(const syn_entry *entry) { return entry && !strcmp(entry->type, "text"); }

static syn_status read_times(const syn_input *input, const spike_arrays *found, double **times, int64_t *n) {
    SYN_TRY(read_entry(input, found->times, times, n));
    const size_t length = strlen(found->times->name);
    if (length > 3 && !strcasecmp(found->times->name + length - 3, "_ms"))
        for (int64_t k = 0; k < *n; k++) (*times)[k] /= 1000;
    return SYN_OK;
}

static syn_status check_ids(const syn_input *input, const double *ids, int64_t n) {
    for (int64_t k = 0; k < n; k++)
        if (!(fabs(ids[k]) < 1e15) || ids[k] != floor(ids[k]))
            return syn_fail(SYN_ERR_INPUT, "%s: neuron id %lld is %g; expected whole numbers", input->address.file,
                            (long long)k, ids[k]);
    return SYN_OK;
}

/* Whose spike each is, and what the neurons are called: those that are listed, and those that spike, sorted. */
typedef struct owners {
    int32_t *neuron; /* [n] */
    int64_t n, neurons;
    char **name; /* [neurons] */
} owners;

static syn_status number_owners(owners *o, const syn_input *input, const double *ids, const double *all,
                                int64_t n_all) {
    syn_status status;
    double *unique = NULL;
    SYN_TRY(check_ids(input, ids, o->n));
    SYN_TRY(check_ids(input, all, n_all));
    SYN_TRY(syn_alloc(&unique, (size_t)(o->n + n_all), sizeof *unique, "neuron ids"));
    if (o->n) memcpy(unique, ids, (size_t)o->n * sizeof *unique);
    if (n_all) memcpy(unique + o->n, all, (size_t)n_all * sizeof *unique);
    o->neurons = syn_unique_ids(unique, o->n + n_all);
    SYN_CHECK(syn_alloc(&o->neuron, (size_t)o->n, sizeof *o->neuron, "spike neurons"));
    SYN_CHECK(syn_alloc(&o->name, (size_t)o->neurons, sizeof *o->name, "neuron ids"));
    for (int64_t k = 0; k < o->n; k++) o->neuron[k] = syn_find_id(unique, o->neurons, ids[k]);
    for (int64_t j = 0; j < o->neurons; j++) {
        char text[32];
        snprintf(text, sizeof text, "%.0f", unique[j]);
        SYN_CHECK(syn_copy_text(&o->name[j], text));
    }
done:
    free(unique);
    return status;
}

static syn_status read_texts(const syn_input *input, const syn_entry *entry, char ***texts, int64_t *n) {
    syn_array *a;
    *texts = NULL;
    *n = 0;
    if (!entry) return SYN_OK;
    SYN_TRY(syn_array_open(&a, input->address.file, entry->name));
    syn_status status = syn_array_texts(a, texts, n);
    syn_array_close(a);
    return status;
}

/* As people count: u2 before u10. */
static int compare_texts(const void *a, const void *b) { return strverscmp(*(char *const *)a, *(char *const *)b); }

static syn_status name_owners(owners *o, const syn_input *input, char *const *ids, char *const *all, int64_t n_all) {
    syn_status status = SYN_OK;
    char **sorted;
    int64_t kept = 0;
    for (int64_t k = 0; k < o->n; k++)
        if (!*ids[k])
            return syn_fail(SYN_ERR_INPUT, "%s: neuron id %lld is empty; expected a name for every spike",
                            input->address.file, (long long)k);
    SYN_TRY(syn_alloc(&sorted, (size_t)(o->n + n_all), sizeof *sorted, "neuron ids"));
    for (int64_t k = 0; k < o->n + n_all; k++) sorted[k] = k < o->n ? ids[k] : all[k - o->n];
    qsort(sorted, (size_t)(o->n + n_all), sizeof *sorted, compare_texts);
    for (int64_t k = 0; k < o->n + n_all; k++)
        if (kept == 0 || strcmp(sorted[k], sorted[kept - 1]) != 0) sorted[kept++] = sorted[k];
    o->neurons = kept;
    SYN_CHECK(syn_alloc(&o->neuron, (size_t)o->n, sizeof *o->neuron, "spike neurons"));
    SYN_CHECK(syn_alloc(&o->name, (size_t)kept, sizeof *o->name, "neuron ids"));
    for (int64_t k = 0; k < o->n; k++) {
        char **at = bsearch(&ids[k], sorted, (size_t)kept, sizeof *sorted, compare_texts);
        o->neuron[k] = (int32_t)(at - sorted);
    }
    for (int64_t j = 0; j < kept; j++) SYN_CHECK(syn_copy_text(&o->name[j], sorted[j]));
done:
    free(sorted);
    return status;
}

/* Spikes whose ids are text, or numbers beside a list of text. */
static syn_status read_named(owners *o, const syn_input *input, const spike_arrays *found) {
    syn_status status;
    char **ids = NULL, **all = NULL;
    int64_t n_all = 0;
    SYN_CHECK(read_texts(input, found->ids, &ids, &o->n));
    SYN_CHECK(read_texts(input, found->all, &all, &n_all));
    status = name_owners(o, input, ids, all, n_all);
done:
    syn_free_texts(ids, o->n);
    syn_free_texts(all, n_all);
    return status;
}

static syn_status read_numbered(owners *o, const syn_input *input, const spike_arrays *found, double **times,
                                int64_t *n) {
    syn_status status;
    double *ids = NULL, *all = NULL;
    int64_t n_all = 0;
    if (found->pairs) {
        SYN_CHECK(split_pairs(input, found->pairs, times, &ids, n));
        o->n = *n;
    } else {
        SYN_CHECK(read_entry(input, found->ids, &ids, &o->n));
    }
    SYN_CHECK(read_entry(input, found->all, &all, &n_all));
    status = number_owners(o, input, ids, all, n_all);
done:
    free(ids);
    free(all);
    return status;
}

/* Every neuron at every time: a table with one line for every frame and neuron, of traces. */
static syn_status refuse_long_table(const syn_recording *r, const char *label) {
    enum { LEAST_FRAMES = 10 };
    const double *time_s = r->spike_time_s;
    const int64_t N = r->N;
    int64_t *frames, k = 0;
    if (N < 2 || r->n_spikes < LEAST_FRAMES * N || r->n_spikes % N != 0) return SYN_OK;
    SYN_TRY(syn_alloc(&frames, (size_t)N, sizeof *frames, "neurons"));
    while (k < r->n_spikes && time_s[k] == time_s[k - k % N] && frames[r->spike_neuron[k]]++ == k / N &&
           (k < N || k % N != 0 || time_s[k] > time_s[k - 1]))
        k++;
    free(frames);
    if (k < r->n_spikes) return SYN_OK;
    return syn_fail(SYN_ERR_INPUT,
                    "%s: all %lld neurons are there at each of %lld times, as in a long table of traces; expected one "
                    "line a frame and one column a neuron (in pandas: df.pivot), or a line for every spike",
                    label, (long long)N, (long long)(r->n_spikes / N));
}

syn_status syn_spike_list_open(syn_recording **recording, const syn_input *input) {
    syn_status status;
    spike_arrays found;
    owners o = {0};
    double *times = NULL;
    int64_t n = 0;
    find_arrays(input, &found);
    if (!found.pairs && !found.times)
        return syn_fail(SYN_ERR_INPUT, "%s: holds no spike times; expected them beside the ids", input->address.given);
    const bool named = !found.pairs && (is_text(found.ids) || is_text(found.all));
    if (!found.pairs) SYN_CHECK(read_times(input, &found, &times, &n));
    SYN_CHECK(named ? read_named(&o, input, &found) : read_numbered(&o, input, &found, &times, &n));
    if (n != o.n)
        SYN_CHECK(syn_fail(SYN_ERR_INPUT,
                           "%s: %s has %lld entries and %s has %lld; expected one id for every spike time",
                           input->address.file, found.times->name, (long long)n, found.ids->name, (long long)o.n));
    status = syn_bin_spikes(recording, input->address.given, times, o.neuron, n, o.neurons, NAN,
                            syn_option_real(input->options, SYN_OPT_BIN));
    times = NULL;
    o.neuron = NULL;
    if (status != SYN_OK) goto done;
    SYN_CHECK(refuse_long_table(*recording, input->address.given));
    syn_free_texts((*recording)->neuron_id, o.neurons);
    (*recording)->neuron_id = o.name;
    (*recording)->named_neurons = named;
    o.name = NULL;
done:
    free(times);
    free(o.neuron);
    syn_free_texts(o.name, o.neurons);
    return status;
}
