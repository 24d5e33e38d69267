/* NWB files of version 1: spike times of sorted units, processing/MODULE/UnitTimes/UNIT/times in seconds. Where no
 * spike lies outside the epochs, epochs/EPOCH/start_time and stop_time, nothing was recorded there: they are the
 * segments. */
#define _GNU_SOURCE /* strverscmp */
#include <math.h>
#include <string.h>

#include "base/hdf5.h"
#include "base/memory.h"
#include "base/text.h"
#include "recording/nwb.h"
#include "recording/reader.h"

/* The units of one module. */
typedef struct units {
    const syn_entry **times; /* [n], in the order in which people count */
    size_t n;
    size_t folder; /* length of the name of UnitTimes, with the slash after it */
} units;

/* Length of "processing/MODULE/UnitTimes/" at the start of a name of times, or 0. */
static size_t folder_of(const syn_entry *e) {
    static const char start[] = "processing/", inside[] = "/UnitTimes/", end[] = "/times";
    if (!e->numeric || e->rank != 1 || strncmp(e->name, start, sizeof start - 1) != 0) return 0;
    const char *module = e->name + sizeof start - 1, *slash = strchr(module, '/');
    if (!slash || slash == module || strncmp(slash, inside, sizeof inside - 1) != 0) return 0;
    const char *unit = slash + sizeof inside - 1, *last = strchr(unit, '/');
    return last && last > unit && !strcmp(last, end) ? (size_t)(unit - e->name) : 0;
}

/* Whether an entry lies in the group that the user named, if any. */
static bool is_wanted(const syn_input *input, const syn_entry *e) {
    const char *group = input->address.name ? input->address.name : "";
    while (*group == '/') group++;
    size_t n = strlen(group);
    while (n > 0 && group[n - 1] == '/') n--;
    return n == 0 || (!strncmp(e->name, group, n) && e->name[n] == '/');
}

static int compare_names(const void *a, const void *b) {
    return strverscmp((*(const syn_entry *const *)a)->name, (*(const syn_entry *const *)b)->name);
}

bool syn_nwb1_probe(const syn_input *input) {
    if (input->address.content != SYN_CONTENT_HDF5 || syn_nwb_version(input->address.file) != 1) return false;
    for (size_t k = 0; k < input->listing.n; k++)
        if (folder_of(&input->listing.entry[k]) > 0 && is_wanted(input, &input->listing.entry[k])) return true;
    return false;
}

static syn_status find_units(units *u, const syn_input *input) {
    SYN_TRY(syn_alloc(&u->times, input->listing.n, sizeof *u->times, "units"));
    for (size_t k = 0; k < input->listing.n; k++) {
        const syn_entry *e = &input->listing.entry[k];
        const size_t folder = folder_of(e);
        if (folder == 0 || !is_wanted(input, e)) continue;
        if (u->n > 0 && (folder != u->folder || strncmp(e->name, u->times[0]->name, folder) != 0))
            return syn_fail(SYN_ERR_INPUT, "%s: holds units of several modules (/%.*s, /%.*s); say which as FILE:/PATH",
                            input->address.file, (int)u->folder - 1, u->times[0]->name, (int)folder - 1, e->name);
        u->folder = folder;
        u->times[u->n++] = e;
    }
    qsort(u->times, u->n, sizeof *u->times, compare_names);
    return SYN_OK;
}

/* Adds the spikes of unit k. */
static syn_status read_unit(const syn_input *input, const units *u, size_t k, double *time, int32_t *neuron,
                            int64_t *n) {
    syn_array *a;
    double *values;
    const int64_t spikes = u->times[k]->shape[0];
    if (spikes == 0) return SYN_OK;
    SYN_TRY(syn_array_open(&a, input->address.file, u->times[k]->name));
    const syn_status status = syn_array_values(a, &values);
    syn_array_close(a);
    SYN_TRY(status);
    int64_t i = 0;
    while (i < spikes && isfinite(values[i])) time[*n + i] = values[i], neuron[*n + i] = (int32_t)k, i++;
    const double wrong = i < spikes ? values[i] : 0;
    free(values);
    if (i < spikes)
        return syn_fail(SYN_ERR_INPUT, "%s:%s: spike %lld has the time %g; expected seconds", input->address.file,
                        u->times[k]->name, (long long)i, wrong);
    *n += spikes;
    return SYN_OK;
}

/* Names the units as their groups are called. */
static syn_status name_units(syn_recording *r, const units *u) {
    for (size_t k = 0; k < u->n; k++) {
        const char *name = u->times[k]->name + u->folder;
        char text[256];
        snprintf(text, sizeof text, "%.*s", (int)strcspn(name, "/"), name);
        SYN_TRY(syn_recording_name_neuron(r, (int64_t)k, text));
    }
    return SYN_OK;
}

/* ---- epochs ---- */

typedef struct epochs {
    double *start, *stop; /* [n] in s */
    int64_t n;
} epochs;

/* A single number of the file, or NaN. */
static double read_number(hid_t file, const char *name) {
    double value = NAN;
    const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT), space = dataset < 0 ? -1 : H5Dget_space(dataset);
    if (space < 0 || H5Sget_simple_extent_npoints(space) != 1 ||
        H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value) < 0)
        value = NAN;
    if (space >= 0) H5Sclose(space);
    if (dataset >= 0) H5Dclose(dataset);
    return value;
}

/* The epochs that start before they stop. */
static syn_status read_epochs(epochs *e, const syn_input *input) {
    static const char top[] = "epochs/", start[] = "/start_time";
    SYN_TRY(syn_alloc(&e->start, input->listing.n, sizeof *e->start, "epochs"));
    SYN_TRY(syn_alloc(&e->stop, input->listing.n, sizeof *e->stop, "epochs"));
    const hid_t file = H5Fopen(input->address.file, H5F_ACC_RDONLY, H5P_DEFAULT);
    for (size_t k = 0; k < input->listing.n && file >= 0; k++) {
        const char *name = input->listing.entry[k].name, *inside = strchr(name, '/');
        if (strncmp(name, top, sizeof top - 1) != 0) continue;
        inside = strchr(inside + 1, '/');
        if (!inside || strcmp(inside, start) != 0) continue;
        char stop[1024];
        if (!syn_print_text(stop, sizeof stop, "%.*s/stop_time", (int)(inside - name), name)) continue;
        e->start[e->n] = read_number(file, name);
        e->stop[e->n] = read_number(file, stop);
        e->n += e->start[e->n] < e->stop[e->n];
    }
    if (file >= 0) H5Fclose(file);
    return SYN_OK;
}

static bool hold_all(const epochs *e, const double *time, int64_t n) {
    for (int64_t k = 0; k < n; k++) {
        bool held = false;
        for (int64_t i = 0; i < e->n && !held; i++) held = time[k] >= e->start[i] && time[k] <= e->stop[i];
        if (!held) return false;
    }
    return true;
}

static syn_status cut_segments(syn_recording *r, const syn_input *input, const epochs *e) {
    char label[1200];
    snprintf(label, sizeof label, "%.1000s:/epochs", input->address.file);
    SYN_TRY(syn_segments_from_intervals(r, label, e->start, e->stop, e->n));
    return syn_recording_warn(r, "%lld segments from the epochs, outside of which there is no spike", (long long)r->S);
}

syn_status syn_nwb1_open(syn_recording **recording, const syn_input *input) {
    syn_status status;
    units u = {0};
    epochs e = {0};
    double *time = NULL;
    int32_t *neuron = NULL;
    int64_t n = 0, spikes = 0;
    SYN_CHECK(find_units(&u, input));
    for (size_t k = 0; k < u.n; k++) spikes += u.times[k]->shape[0];
    SYN_CHECK(syn_alloc(&time, (size_t)spikes, sizeof *time, "spike times"));
    SYN_CHECK(syn_alloc(&neuron, (size_t)spikes, sizeof *neuron, "spike neurons"));
    for (size_t k = 0; k < u.n; k++) SYN_CHECK(read_unit(input, &u, k, time, neuron, &n));
    SYN_CHECK(read_epochs(&e, input));
    const bool cut = e.n > 0 && hold_all(&e, time, n);
    status = syn_bin_spikes(recording, input->address.given, time, neuron, n, (int64_t)u.n, NAN,
                            syn_option_real(input->options, SYN_OPT_BIN));
    time = NULL, neuron = NULL; /* taken over */
    if (status == SYN_OK) status = name_units(*recording, &u);
    if (status == SYN_OK && cut) status = cut_segments(*recording, input, &e);
done:
    free(e.start);
    free(e.stop);
    free(time);
    free(neuron);
    free(u.times);
    return status;
}
