/* Files with a vector for every neuron, of one name but for the number: unit_0, unit_1, ... in npz, units/0, ... in
 * HDF5, SPK01a, ... in MATLAB. Vectors that rise are spike times in seconds, others of one length traces. */
#define _GNU_SOURCE /* strverscmp */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/reader.h"

/* MATLAB's empty vectors have two axes of length 0. */
static int64_t length_of(const syn_entry *e) {
    if (e->rank == 1) return e->shape[0];
    const bool vector = e->rank == 2 && (e->shape[0] <= 1 || e->shape[1] <= 1);
    return vector ? e->shape[0] * e->shape[1] : -1;
}

/* Length of what comes before the number of a name with its group; 0 where there is no number, or it counts something
 * else than neurons. */
static size_t stem_of(const syn_input *input, const char *name) {
    static const char *const others[] = {"ev", "strobe", "ttl", "trig", "trial", "din", "kbd", "stim", "var", "frame"};
    const char *last = syn_last_part(input->address.content, name), *digit = last;
    while (*digit && !isdigit((unsigned char)*digit)) digit++;
    for (size_t k = 0; k < sizeof others / sizeof *others; k++)
        if (!strncasecmp(last, others[k], strlen(others[k]))) return 0;
    return *digit && digit > name ? (size_t)(digit - name) : 0;
}

typedef struct vectors {
    const syn_entry **item; /* [n], in the order in which people count */
    int64_t n, longest, shortest;
} vectors;

static int compare_names(const void *a, const void *b) {
    return strverscmp((*(const syn_entry *const *)a)->name, (*(const syn_entry *const *)b)->name);
}

static bool in_group(const syn_input *input, const syn_entry *e) {
    const char *group = input->address.name;
    while (group && *group == '/') group++;
    size_t n = group ? strlen(group) : 0;
    while (n > 0 && group[n - 1] == '/') n--;
    return n == 0 || (!strncmp(e->name, group, n) && strchr("/.", e->name[n]));
}

/* The vectors that share the stem of entry `first`; those before it are of another. */
static syn_status gather(vectors *v, const syn_input *input, size_t first) {
    const size_t stem = stem_of(input, input->listing.entry[first].name);
    *v = (vectors){.shortest = INT64_MAX};
    SYN_TRY(syn_alloc(&v->item, input->listing.n, sizeof(syn_entry *), "vectors"));
    for (size_t k = first; k < input->listing.n && stem > 0; k++) {
        const syn_entry *e = &input->listing.entry[k];
        const int64_t length = length_of(e);
        if (!e->numeric || length < 0 || stem_of(input, e->name) != stem || !in_group(input, e) ||
            strncmp(e->name, input->listing.entry[first].name, stem) != 0)
            continue;
        v->item[v->n++] = e;
        if (length > v->longest) v->longest = length;
        if (length < v->shortest) v->shortest = length;
    }
    return SYN_OK;
}

/* The only vectors of one stem, two or more, one of them longer than a number; false: there are none or several. */
static bool find_vectors(const syn_input *input, vectors *found) {
    const syn_content content = input->address.content;
    *found = (vectors){0};
    if (content != SYN_CONTENT_NPZ && content != SYN_CONTENT_HDF5 && content != SYN_CONTENT_MATLAB) return false;
    bool several = false;
    for (size_t k = 0; k < input->listing.n && !several; k++) {
        vectors v;
        const syn_entry *e = &input->listing.entry[k];
        if ((syn_is_matrix(e) || (e->numeric && e->rank > 2)) && in_group(input, e)) several = true;
        bool known = false;
        for (int64_t i = 0; i < found->n; i++) known = known || found->item[i] == e;
        if (known || several || stem_of(input, e->name) == 0 || gather(&v, input, k) != SYN_OK) continue;
        several = v.n >= 2 && v.longest >= 10 && found->n > 0;
        if (v.n >= 2 && v.longest >= 10 && !several)
            free(found->item), *found = v;
        else
            free(v.item);
    }
    if (found->n > 0 && !several) {
        qsort(found->item, (size_t)found->n, sizeof(syn_entry *), compare_names);
        return true;
    }
    free(found->item);
    found->item = NULL;
    return false;
}

bool syn_vectors_probe(const syn_input *input) {
    vectors v;
    const bool found = find_vectors(input, &v);
    free(v.item);
    return found;
}

/* All values [*n], one vector after another; *rising: none of them falls or is missing. */
static syn_status read_all(const vectors *v, const syn_input *input, double **values, int64_t *n, bool *rising) {
    *rising = true;
    *n = 0;
    for (int64_t j = 0; j < v->n; j++) {
        double *one, *grown;
        int64_t length;
        char path[4096];
        if (length_of(v->item[j]) == 0) continue;
        snprintf(path, sizeof path, "%s:%s", input->address.file, v->item[j]->name);
        SYN_TRY(syn_vector_read(path, "spike times", &one, &length));
        grown = realloc(*values, (size_t)(*n + length) * sizeof *grown);
        if (grown) {
            *values = grown;
            memcpy(grown + *n, one, (size_t)length * sizeof *one);
        }
        for (int64_t k = 0; k < length; k++) *rising = *rising && isfinite(one[k]) && (k == 0 || one[k] >= one[k - 1]);
        free(one);
        if (!grown) return syn_fail(SYN_ERR_MEMORY, "could not allocate %s", path);
        *n += length;
    }
    return SYN_OK;
}

static syn_status open_spikes(syn_recording **recording, const vectors *v, const syn_input *input, double *time_s,
                              int64_t n) {
    int32_t *neuron;
    int64_t at = 0;
    size_t stem;
    const syn_status status = syn_alloc(&neuron, (size_t)n, sizeof *neuron, "spike neurons");
    if (status != SYN_OK) {
        free(time_s);
        return status;
    }
    for (int64_t j = 0; j < v->n; j++) {
        const double seconds = syn_unit_of_name(v->item[j]->name, &stem);
        for (int64_t k = 0; k < length_of(v->item[j]); k++, at++) {
            neuron[at] = (int32_t)j;
            time_s[at] *= seconds;
        }
    }
    SYN_TRY(syn_bin_spikes(recording, input->address.given, time_s, neuron, n, v->n, NAN,
                           syn_option_real(input->options, SYN_OPT_BIN)));
    return syn_recording_warn(*recording, "%s to %s: taken as spike times in %s, a neuron each", v->item[0]->name,
                              v->item[v->n - 1]->name,
                              syn_unit_of_name(v->item[0]->name, &stem) == 1 ? "seconds" : "the unit of their name");
}

static syn_status open_traces(syn_recording **recording, const vectors *v, const syn_input *input,
                              const double *values) {
    const int64_t T = v->longest, N = v->n;
    if (v->shortest != T)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: its vectors %s to %s neither rise, as spike times do, nor have one length, as traces do",
                        input->address.given, v->item[0]->name, v->item[N - 1]->name);
    SYN_TRY(syn_recording_alloc(recording, T, N));
    for (int64_t k = 0; k < T * N; k++) {
        SYN_TRY(syn_check_single(input->address.given, values[k]));
        (*recording)->x[k % T * N + k / T] = (float)values[k];
    }
    SYN_TRY(syn_take_rate(*recording, input, v->item[0]->name));
    SYN_TRY(syn_recording_warn(*recording, "%s to %s: taken as traces, a neuron each", v->item[0]->name,
                               v->item[N - 1]->name));
    return syn_option_auto(input->options, SYN_OPT_SIGNAL) ? syn_guess_signal(*recording, input->address.given)
                                                           : SYN_OK;
}

syn_status syn_vectors_open(syn_recording **recording, const syn_input *input) {
    syn_status status;
    vectors v;
    double *values = NULL;
    int64_t n;
    bool rising;
    find_vectors(input, &v);
    SYN_CHECK(read_all(&v, input, &values, &n, &rising));
    if (rising) {
        status = open_spikes(recording, &v, input, values, n);
        values = NULL;
        if (status != SYN_OK) goto done;
    } else {
        SYN_CHECK(open_traces(recording, &v, input, values));
    }
    for (int64_t j = 0; j < v.n; j++)
        SYN_CHECK(syn_recording_name_neuron(*recording, j, syn_last_part(input->address.content, v.item[j]->name)));
done:
    free(values);
    free(v.item);
    return status;
}
