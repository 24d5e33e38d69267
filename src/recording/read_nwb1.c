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

enum { PATH_SIZE = 4096 };

/* ---- what is in a group ---- */

typedef struct names {
    char **name; /* [n], in the order in which people count */
    size_t n;
    syn_status status;
} names;

static void free_names(names *list) {
    for (size_t k = 0; k < list->n; k++) free(list->name[k]);
    free(list->name);
    *list = (names){0};
}

static herr_t add_name(hid_t group, const char *name, const H5L_info_t *info, void *user) {
    (void)group, (void)info;
    names *list = user;
    char **grown = realloc(list->name, (list->n + 1) * sizeof *grown);
    if (!grown) {
        list->status = syn_fail(SYN_ERR_MEMORY, "could not allocate the names of a group");
        return -1;
    }
    list->name = grown;
    list->name[list->n] = NULL;
    list->status = syn_copy_text(&list->name[list->n], name);
    list->n += list->status == SYN_OK;
    return list->status == SYN_OK ? 0 : -1;
}

static int compare_names(const void *a, const void *b) {
    return strverscmp(*(const char *const *)a, *(const char *const *)b);
}

/* All links of a group, none if there is no such group. */
static syn_status list_group(names *list, hid_t file, const char *path) {
    *list = (names){0};
    if (!syn_hdf5_has(file, path)) return SYN_OK;
    const hid_t group = H5Gopen2(file, path, H5P_DEFAULT);
    if (group < 0) return SYN_OK;
    H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, add_name, list);
    H5Gclose(group);
    if (list->n) qsort(list->name, list->n, sizeof *list->name, compare_names);
    return list->status;
}

static bool is_group(hid_t file, const char *path) {
    const hid_t group = H5Gopen2(file, path, H5P_DEFAULT);
    if (group >= 0) H5Gclose(group);
    return group >= 0;
}

/* ---- which units ---- */

/* Whether the user named no group, or UnitTimes of a module or what it lies in. */
static bool is_wanted(const syn_input *input, const char *path) {
    const char *group = input->address.name ? input->address.name : "";
    while (*group == '/') group++;
    size_t n = strlen(group);
    while (n > 0 && group[n - 1] == '/') n--;
    return n == 0 || (!strncmp(path, group, n) && (path[n] == '/' || path[n] == 0));
}

/* The modules with units that the user wants: paths of their UnitTimes. */
static syn_status find_modules(names *found, hid_t file, const syn_input *input) {
    names modules;
    char path[PATH_SIZE];
    syn_status status = list_group(&modules, file, "processing");
    *found = (names){0};
    for (size_t k = 0; k < modules.n && status == SYN_OK; k++) {
        syn_print_text(path, sizeof path, "processing/%s/UnitTimes", modules.name[k]);
        if (!is_wanted(input, path) || !syn_hdf5_has(file, path) || !is_group(file, path)) continue;
        if (add_name(file, path, NULL, found) < 0) status = found->status;
    }
    free_names(&modules);
    return status;
}

bool syn_nwb1_probe(const syn_input *input) {
    names found = {0};
    if (input->address.content != SYN_CONTENT_HDF5 || syn_nwb_version(input->address.file) != 1) return false;
    const hid_t file = H5Fopen(input->address.file, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0) return false;
    const bool any = find_modules(&found, file, input) == SYN_OK && found.n > 0;
    free_names(&found);
    H5Fclose(file);
    return any;
}

/* ---- spikes ---- */

typedef struct spikes {
    double *time;    /* [n] s */
    int32_t *neuron; /* [n] */
    int64_t n;
    names units;    /* that have times, in their order */
    size_t without; /* units without */
} spikes;

static void free_spikes(spikes *s) {
    free(s->time), free(s->neuron);
    free_names(&s->units);
}

static bool holds_nothing(hid_t file, const char *path) {
    const hid_t dataset = H5Dopen2(file, path, H5P_DEFAULT), space = dataset < 0 ? -1 : H5Dget_space(dataset);
    const bool nothing = space >= 0 && H5Sget_simple_extent_npoints(space) == 0;
    if (space >= 0) H5Sclose(space);
    if (dataset >= 0) H5Dclose(dataset);
    return nothing;
}

/* The times of one unit, [*n]. */
static syn_status read_times(const syn_input *input, const char *path, double **values, int64_t *n) {
    syn_array *a;
    SYN_TRY(syn_array_open(&a, input->address.file, path));
    const int64_t rows = a->rows, cols = a->cols;
    syn_status status = rows == 1 || cols == 1 ? syn_array_values(a, values)
                                               : syn_fail(SYN_ERR_INPUT, "%s:%s: is (%lld, %lld); expected one axis",
                                                          input->address.file, path, (long long)rows, (long long)cols);
    syn_array_close(a);
    SYN_TRY(status);
    *n = rows * cols;
    for (int64_t k = 0; k < *n; k++) {
        if (isfinite((*values)[k])) continue;
        status = syn_fail(SYN_ERR_INPUT, "%s:%s: spike %lld has the time %g; expected seconds", input->address.file,
                          path, (long long)k, (*values)[k]);
        free(*values);
        *values = NULL;
        return status;
    }
    return SYN_OK;
}

/* Adds a unit, whose times [n] are copied. */
static syn_status add_unit(spikes *s, const char *name, const double *times, int64_t n) {
    double *time = realloc(s->time, (size_t)(s->n + n + 1) * sizeof *time);
    if (time) s->time = time;
    int32_t *neuron = realloc(s->neuron, (size_t)(s->n + n + 1) * sizeof *neuron);
    if (neuron) s->neuron = neuron;
    if (!time || !neuron) return syn_fail(SYN_ERR_MEMORY, "could not allocate the spikes of %s", name);
    for (int64_t k = 0; k < n; k++) time[s->n + k] = times[k], neuron[s->n + k] = (int32_t)s->units.n;
    s->n += n;
    add_name(H5I_INVALID_HID, name, NULL, &s->units);
    return s->units.status;
}

/* Groups in UnitTimes are units; beside them is the list of their names. */
static syn_status read_units(spikes *s, hid_t file, const char *module, const syn_input *input) {
    names units;
    char path[PATH_SIZE];
    syn_status status = list_group(&units, file, module);
    for (size_t k = 0; k < units.n && status == SYN_OK; k++) {
        double *times = NULL;
        int64_t n = 0;
        syn_print_text(path, sizeof path, "%s/%s", module, units.name[k]);
        if (!is_group(file, path)) continue;
        syn_print_text(path, sizeof path, "%s/%s/times", module, units.name[k]);
        if (!syn_hdf5_has(file, path)) {
            s->without++;
            continue;
        }
        if (!holds_nothing(file, path)) status = read_times(input, path, &times, &n);
        if (status == SYN_OK) status = add_unit(s, units.name[k], times, n);
        free(times);
    }
    free_names(&units);
    return status;
}

/* ---- epochs ---- */

typedef struct epoch {
    double start, stop; /* s */
} epoch;

typedef struct epochs {
    epoch *item; /* [n], in time order, without overlap */
    int64_t n;
} epochs;

/* A single number of the file, or NaN. */
static double read_number(hid_t file, const char *name) {
    double value = NAN;
    if (!syn_hdf5_has(file, name)) return NAN;
    const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT), space = dataset < 0 ? -1 : H5Dget_space(dataset);
    if (space < 0 || H5Sget_simple_extent_npoints(space) != 1 ||
        H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value) < 0)
        value = NAN;
    if (space >= 0) H5Sclose(space);
    if (dataset >= 0) H5Dclose(dataset);
    return value;
}

static int compare_starts(const void *a, const void *b) {
    const double x = ((const epoch *)a)->start, y = ((const epoch *)b)->start;
    return (x > y) - (x < y);
}

/* The epochs that start before they stop; those that overlap, as a trial within a stimulus, are one. */
static syn_status read_epochs(epochs *e, hid_t file) {
    names list;
    char start[PATH_SIZE], stop[PATH_SIZE];
    syn_status status = list_group(&list, file, "epochs");
    if (status == SYN_OK) status = syn_alloc(&e->item, list.n, sizeof *e->item, "epochs");
    for (size_t k = 0; k < list.n && status == SYN_OK; k++) {
        syn_print_text(start, sizeof start, "epochs/%s/start_time", list.name[k]);
        syn_print_text(stop, sizeof stop, "epochs/%s/stop_time", list.name[k]);
        const epoch one = {read_number(file, start), read_number(file, stop)};
        if (one.start < one.stop && isfinite(one.start) && isfinite(one.stop)) e->item[e->n++] = one;
    }
    free_names(&list);
    if (status != SYN_OK || e->n == 0) return status;
    qsort(e->item, (size_t)e->n, sizeof *e->item, compare_starts);
    int64_t last = 0;
    for (int64_t k = 1; k < e->n; k++) {
        if (e->item[k].start < e->item[last].stop)
            e->item[last].stop = fmax(e->item[last].stop, e->item[k].stop);
        else
            e->item[++last] = e->item[k];
    }
    e->n = last + 1;
    return SYN_OK;
}

static bool hold_all(const epochs *e, const spikes *s) {
    for (int64_t k = 0; k < s->n; k++) {
        int64_t low = 0, high = e->n; /* the last epoch that starts no later */
        while (high - low > 1) {
            const int64_t middle = (low + high) / 2;
            if (e->item[middle].start <= s->time[k])
                low = middle;
            else
                high = middle;
        }
        if (!(s->time[k] >= e->item[low].start && s->time[k] <= e->item[low].stop)) return false;
    }
    return true;
}

static syn_status cut_segments(syn_recording *r, const syn_input *input, const epochs *e) {
    char label[1200];
    double *start = NULL, *stop = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&start, (size_t)e->n, sizeof *start, "epochs"));
    SYN_CHECK(syn_alloc(&stop, (size_t)e->n, sizeof *stop, "epochs"));
    for (int64_t k = 0; k < e->n; k++) start[k] = e->item[k].start, stop[k] = e->item[k].stop;
    syn_print_text(label, sizeof label, "%s:/epochs", input->address.file);
    SYN_CHECK(syn_segments_from_intervals(r, label, start, stop, e->n));
    if (e->n > 1)
        SYN_CHECK(syn_recording_warn(r, "%lld segments from the epochs, outside of which there is no spike",
                                     (long long)r->S));
done:
    free(start), free(stop);
    return status;
}

/* ---- the recording ---- */

static syn_status make_recording(syn_recording **recording, spikes *s, const epochs *e, const syn_input *input) {
    const bool cut = e->n > 0 && !*syn_option_text(input->options, SYN_OPT_SEGMENTS) && hold_all(e, s);
    const syn_status status = syn_bin_spikes(recording, input->address.given, s->time, s->neuron, s->n,
                                             (int64_t)s->units.n, NAN, syn_option_real(input->options, SYN_OPT_BIN));
    s->time = NULL, s->neuron = NULL; /* taken over */
    SYN_TRY(status);
    for (size_t k = 0; k < s->units.n; k++)
        SYN_TRY(syn_recording_name_neuron(*recording, (int64_t)k, s->units.name[k]));
    if (s->without) SYN_TRY(syn_recording_warn(*recording, "units without times are left out: %zu", s->without));
    return cut ? cut_segments(*recording, input, e) : SYN_OK;
}

syn_status syn_nwb1_open(syn_recording **recording, const syn_input *input) {
    syn_status status;
    names modules = {0};
    spikes s = {0};
    epochs e = {0};
    const hid_t file = H5Fopen(input->address.file, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0) return syn_fail(SYN_ERR_IO, "%s: could not be opened", input->address.file);
    SYN_CHECK(find_modules(&modules, file, input));
    if (modules.n == 0) SYN_CHECK(syn_fail(SYN_ERR_INPUT, "%s: holds no units", input->address.file));
    if (modules.n > 1)
        SYN_CHECK(syn_fail(SYN_ERR_INPUT, "%s: holds units of several modules (/%.*s, /%.*s); say which as FILE:/PATH",
                           input->address.file, syn_cut(modules.name[0], 200), modules.name[0],
                           syn_cut(modules.name[1], 200), modules.name[1]));
    SYN_CHECK(read_units(&s, file, modules.name[0], input));
    if (s.units.n == 0)
        SYN_CHECK(syn_fail(SYN_ERR_INPUT, "%s:/%.*s: holds no unit with times; expected UNIT/times in seconds",
                           input->address.file, syn_cut(modules.name[0], 200), modules.name[0]));
    SYN_CHECK(read_epochs(&e, file));
    SYN_CHECK(make_recording(recording, &s, &e, input));
done:
    free(e.item);
    free_spikes(&s);
    free_names(&modules);
    H5Fclose(file);
    return status;
}
