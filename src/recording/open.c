/* Opening a recording: the table of readers, and what all of them have in common. */
#include <dirent.h>
#include <hdf5.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "recording/nwb.h"
#include "recording/reader.h"

static const syn_reader readers[] = {
    {"suite2p", false, syn_suite2p_probe, syn_suite2p_open, NULL},
    {"phy", false, syn_phy_probe, syn_phy_open, NULL},
    {"NWB", false, syn_nwb_probe, syn_nwb_recording_open, syn_nwb_behaviors},
    {"NWB", false, syn_nwb1_probe, syn_nwb1_open, NULL},
    {"synapsnet", true, syn_native_probe, syn_native_open, NULL},
    {"CNMF", true, syn_cnmf_probe, syn_cnmf_open, NULL},
    {"suite2p", true, syn_fall_probe, syn_fall_open, NULL},
    {"MATLAB", true, syn_mat_probe, syn_mat_recording_open, NULL},
    {"spike list", true, syn_spike_list_probe, syn_spike_list_open, NULL},
    {"vectors", true, syn_vectors_probe, syn_vectors_open, NULL},
    {"array", true, syn_matrix_probe, syn_matrix_open, NULL},
};

/* The reader of an input, or NULL. The arrays of the file are listed for those that look at them, and where there is
 * none. old_nwb: it is for the reader of NWB 1 alone. */
static syn_status find_reader(syn_input *input, bool old_nwb, const syn_reader **found) {
    bool listed = false;
    *found = NULL;
    for (size_t k = 0; k < sizeof readers / sizeof *readers && !*found; k++) {
        if (readers[k].lists && !listed) SYN_TRY(syn_listing_read(&input->listing, input->address.file));
        listed = listed || readers[k].lists;
        const bool asked = !old_nwb || readers[k].probe == syn_nwb1_probe;
        if (asked && readers[k].probe(input)) *found = &readers[k];
    }
    return SYN_OK;
}

bool syn_file_in(char *path, size_t size, const char *folder, const char *name) {
    struct stat st;
    int n = snprintf(path, size, "%s/%s", folder, name);
    return n > 0 && (size_t)n < size && stat(path, &st) == 0;
}

syn_status syn_vector_read(const char *given, const char *what, double **values, int64_t *n) {
    int64_t rows, cols;
    SYN_TRY(syn_matrix_read(given, values, &rows, &cols));
    *n = rows * cols;
    if (rows == 1 || cols == 1) return SYN_OK;
    free(*values);
    *values = NULL;
    return syn_fail(SYN_ERR_INPUT, "%s: is (%lld, %lld); expected a vector of %s", given, (long long)rows,
                    (long long)cols, what);
}

static int compare_segments(const void *a, const void *b) {
    const syn_segment *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

static void replace_segments(syn_recording *r, syn_segment *segment, int64_t S) {
    free(r->segment);
    r->segment = segment;
    r->S = S;
}

syn_status syn_segments_from_intervals(syn_recording *r, const char *label, const double *start_s, const double *stop_s,
                                       int64_t n) {
    syn_segment *segment;
    int64_t S = 0;
    if (r->rate_hz == 0 && !r->time_s)
        return syn_fail(SYN_ERR_INPUT, "%s: is in seconds, but the recording has no clock; give --rate HZ", label);
    const double frame_s = r->rate_hz > 0 ? 1 / r->rate_hz : (r->time_s[r->T - 1] - r->time_s[0]) / (double)r->T;
    const double same_s = 1e-6 * frame_s, whole_s = r->binned ? frame_s : 0;
    SYN_TRY(syn_alloc(&segment, (size_t)n, sizeof *segment, "segments"));
    for (int64_t k = 0; k < n; k++) {
        syn_segment g = {0, 0};
        for (int64_t t = 0; t < r->T; t++) {
            const double time = r->time_s ? r->time_s[t] : (double)t / r->rate_hz;
            if (time < start_s[k] - same_s) g.start = t + 1;
            if (r->binned ? time + whole_s <= stop_s[k] + same_s : time < stop_s[k] - same_s) g.stop = t + 1;
        }
        if (g.stop > g.start) segment[S++] = g;
    }
    if (S == 0) {
        free(segment);
        return syn_fail(SYN_ERR_INPUT, "%s: no frame of the recording lies within its %lld intervals", label,
                        (long long)n);
    }
    qsort(segment, (size_t)S, sizeof *segment, compare_segments);
    replace_segments(r, segment, S);
    if (S == n) return SYN_OK;
    return syn_recording_warn(r, "%lld of %lld intervals of %s hold no frame", (long long)(n - S), (long long)n, label);
}

/* Segments from a table of intervals; false in *found if it is none. */
static syn_status segments_from_nwb(syn_recording *r, const char *given, bool *found) {
    syn_address address;
    syn_nwb nwb;
    double *start = NULL, *stop = NULL;
    int64_t n, unusable;
    syn_status status = SYN_OK;
    *found = false;
    SYN_TRY(syn_address_parse(&address, given));
    if (address.content == SYN_CONTENT_HDF5 && address.name && syn_nwb_open(&nwb, address.file) == SYN_OK) {
        *found = syn_nwb_has(&nwb, address.name, "start_time");
        if (*found) status = syn_nwb_intervals(&nwb, address.name, &start, &stop, &n, &unusable);
        if (*found && status == SYN_OK && n == 0)
            status = syn_fail(SYN_ERR_INPUT, "%s: holds no interval that starts before it stops", given);
        if (*found && status == SYN_OK) status = syn_segments_from_intervals(r, given, start, stop, n);
        if (*found && status == SYN_OK && unusable > 0)
            status = syn_recording_warn(r, "rows of %s that do not start before they stop are left out: %lld", given,
                                        (long long)unusable);
        syn_nwb_close(&nwb);
    }
    free(start);
    free(stop);
    syn_address_free(&address);
    return status;
}

syn_status syn_set_segments(syn_recording *r, const char *given) {
    double *values;
    int64_t rows, cols;
    bool found;
    SYN_TRY(segments_from_nwb(r, given, &found));
    if (found) return SYN_OK;
    SYN_TRY(syn_matrix_read(given, &values, &rows, &cols));
    syn_status status = SYN_OK;
    syn_segment *segment = NULL;
    if (cols != 2)
        status = syn_fail(SYN_ERR_INPUT, "%s: is (%lld, %lld); expected (S, 2), start and stop frame of every segment",
                          given, (long long)rows, (long long)cols);
    if (status == SYN_OK) status = syn_alloc(&segment, (size_t)rows, sizeof *segment, "segments");
    for (int64_t k = 0; status == SYN_OK && k < rows * 2; k++)
        if (!(values[k] >= 0 && values[k] <= (double)r->T && values[k] == floor(values[k])))
            status = syn_fail(SYN_ERR_INPUT, "%s: row %lld holds %g; expected frames from 0 to %lld", given,
                              (long long)k / 2, values[k], (long long)r->T);
    for (int64_t s = 0; status == SYN_OK && s < rows; s++)
        segment[s] = (syn_segment){(int64_t)values[2 * s], (int64_t)values[2 * s + 1]};
    free(values);
    if (status != SYN_OK) {
        free(segment);
        return status;
    }
    replace_segments(r, segment, rows);
    return SYN_OK;
}

static syn_status set_timestamps(syn_recording *r, const char *given) {
    double *time;
    int64_t n;
    SYN_TRY(syn_vector_read(given, "timestamps in seconds", &time, &n));
    if (n != r->T) {
        free(time);
        return syn_fail(SYN_ERR_INPUT, "%s: has %lld timestamps; expected %lld, one for every frame of the activity",
                        given, (long long)n, (long long)r->T);
    }
    free(r->time_s);
    r->time_s = time;
    r->rate_hz = 0;
    return SYN_OK;
}

/* A slow recording, or times in another unit than seconds. */
static syn_status remark_slow(syn_recording *r) {
    const double slowest_hz = 0.5;
    if (r->rate_hz >= slowest_hz) return SYN_OK;
    return syn_recording_warn(r,
                              "the times make %.4g Hz, a frame every %.4g s; a column in milliseconds is to be called "
                              "time_ms",
                              r->rate_hz, 1 / r->rate_hz);
}

/* Puts the frames on one rate. A rate that came with the file must be that of its timestamps, and is then kept to the
 * last digit. */
static syn_status follow_timestamps(syn_recording *r) {
    const double said = r->rate_hz;
    SYN_TRY(syn_regularise(r));
    if (said == 0) return remark_slow(r);
    if (fabs(r->rate_hz - said) > 0.01 * said)
        return syn_fail(SYN_ERR_INPUT, "%s: its rate is %g Hz, but its timestamps say %g Hz", r->path, said,
                        r->rate_hz);
    if (fabs(r->rate_hz - said) < 1e-6 * said) r->rate_hz = said;
    return SYN_OK;
}

static syn_status no_rate(const syn_recording *r, const syn_input *input) {
    char clock[512] = "";
    const bool found = syn_find_clock(input, r->T, clock, sizeof clock);
    return syn_fail(SYN_ERR_INPUT,
                    "%s: %lld frames of %lld neurons, but no frame rate; give it with --rate HZ or --timestamps "
                    "FILE:NAME%s%s%s%s%s",
                    r->path, (long long)r->T, (long long)r->N, found ? "; " : "", found ? input->address.file : "",
                    found ? ":" : "", clock, found ? " rises and has as many values" : "");
}

/* Settles the frame rate from the file, the timestamps or --rate; what disagrees is an error, never ignored. */
static syn_status settle_rate(syn_recording *r, const syn_input *input) {
    const syn_options *options = input->options;
    const bool given = syn_option_given(options, SYN_OPT_RATE) && strcmp(r->format, "phy") != 0;
    const double rate = syn_option_real(options, SYN_OPT_RATE);
    if (r->time_s && !r->binned) SYN_TRY(follow_timestamps(r));
    if (r->rate_hz == 0 && given) r->rate_hz = rate;
    if (r->rate_hz == 0) return no_rate(r, input);
    if (given && fabs(r->rate_hz - rate) > 0.01 * rate)
        return syn_fail(SYN_ERR_OPTION, "%s: --rate says %g Hz, but the %s %g Hz; leave --rate out or correct it",
                        r->path, rate,
                        r->binned   ? "bins of --bin give"
                        : r->time_s ? "times say"
                                    : "file says",
                        r->rate_hz);
    return SYN_OK;
}

/* A number without a unit may have been meant in milliseconds. */
static syn_status remark_long_bin(syn_recording *r, const syn_options *options) {
    const char *text = syn_option_text(options, SYN_OPT_BIN);
    const double bin_s = syn_option_real(options, SYN_OPT_BIN);
    if (bin_s <= 1 || strchr(text, 's')) return SYN_OK;
    return syn_recording_warn(r, "--bin %s is %g s; milliseconds are given as --bin %sms", text, bin_s, text);
}

static syn_status settle_bin(syn_recording *r, const syn_options *options) {
    if (!syn_option_given(options, SYN_OPT_BIN)) return SYN_OK;
    if (r->signal == SYN_SIGNAL_COUNTS) SYN_TRY(remark_long_bin(r, options));
    if (r->signal == SYN_SIGNAL_COUNTS) return syn_rebin(r, syn_option_real(options, SYN_OPT_BIN));
    return syn_recording_warn(r, "--bin applies to spikes; the activity is %s and stays at %g Hz",
                              syn_signal_name(r->signal), r->rate_hz);
}

static syn_status settle_signal(syn_recording *r, const syn_options *options) {
    syn_signal signal;
    if (!syn_signal_find(syn_option_text(options, SYN_OPT_SIGNAL), &signal)) return SYN_OK;
    if (r->binned && signal != SYN_SIGNAL_COUNTS)
        return syn_fail(SYN_ERR_OPTION, "%s: --signal %s does not apply to spikes, which are counts", r->path,
                        syn_signal_name(signal));
    r->signal = signal;
    return SYN_OK;
}

static syn_status apply_options(syn_recording *r, const syn_reader *reader, const syn_input *input) {
    syn_status status;
    syn_behaviors behaviors = {0};
    const syn_options *options = input->options;
    const char *segments = syn_option_text(options, SYN_OPT_SEGMENTS);
    const char *timestamps = syn_option_text(options, SYN_OPT_TIMESTAMPS);
    const char *neurons = syn_option_text(options, SYN_OPT_NEURON_TABLE);
    if (*timestamps && r->binned)
        return syn_fail(SYN_ERR_OPTION, "%s: --timestamps does not apply to spikes, which carry their own times",
                        r->path);
    SYN_TRY(settle_signal(r, options));
    if (*neurons) SYN_TRY(syn_read_neuron_table(r, neurons));
    if (*segments) SYN_TRY(syn_set_segments(r, segments));
    if (*timestamps) SYN_TRY(set_timestamps(r, timestamps));
    SYN_CHECK(syn_behaviors_load(&behaviors, options));
    if (reader->behaviors && syn_option_list_length(options, SYN_OPT_BEHAVIOR) == 0)
        SYN_CHECK(reader->behaviors(&behaviors, r, input));
    const double rate_hz = r->rate_hz > 0 ? r->rate_hz : syn_option_real(options, SYN_OPT_RATE);
    SYN_CHECK(syn_behaviors_match_rows(r, &behaviors, rate_hz));
    SYN_CHECK(syn_behaviors_attach(r, &behaviors, false));
    SYN_CHECK(settle_rate(r, input));
    SYN_CHECK(settle_bin(r, options));
    SYN_CHECK(syn_behaviors_attach(r, &behaviors, true));
    SYN_CHECK(syn_recording_finish(r));
done:
    syn_behaviors_free(&behaviors);
    return status;
}

/* Whether a file or folder is called by its program, as in every recording: suite2p, plane0, Fall.mat. */
static bool says_nothing(const char *name, size_t n) {
    static const char *const names[] = {"suite2p",  "combined", "Fall.mat",      "F.npy",     "spks.npy",  "phy",
                                        "kilosort", "sorting",  "sorter_output", "kilosort2", "kilosort4", "output"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strlen(names[k]) == n && !strncmp(names[k], name, n)) return true;
    return n > 5 && !strncmp(name, "plane", 5) && strspn(name + 5, "0123456789") == n - 5;
}

/* The last part of the path, without slashes at its end, and those before it for as long as they say nothing. */
static syn_status short_name(syn_recording *r, const char *path) {
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') n--;
    size_t start = n;
    while (start > 0 && path[start - 1] != '/') start--;
    for (size_t part = start; part > 1 && says_nothing(path + part, strcspn(path + part, "/")); start = part) {
        size_t before = part - 1;
        while (before > 0 && path[before - 1] != '/') before--;
        const size_t length = part - 1 - before;
        if (length == 0 || (path[before] == '.' && length <= 2)) break;
        part = before;
    }
    SYN_TRY(syn_alloc(&r->name, n - start + 1, 1, "name"));
    memcpy(r->name, path + start, n - start);
    return SYN_OK;
}

static syn_status open_with(const syn_reader *reader, syn_recording **recording, const syn_input *input) {
    syn_status status;
    syn_recording *r = NULL;
    SYN_CHECK(reader->open(&r, input));
    if (!r->name) SYN_CHECK(short_name(r, input->address.file));
    free(r->path);
    r->path = NULL;
    SYN_CHECK(syn_copy_text(&r->path, input->address.given));
    SYN_CHECK(syn_copy_text(&r->format, reader->name));
    SYN_CHECK(apply_options(r, reader, input));
    *recording = r;
    return SYN_OK;
done:
    syn_recording_free(r);
    return status;
}

static bool is_old_nwb(const syn_input *input) {
    return input->address.content == SYN_CONTENT_HDF5 && !input->address.name &&
           syn_nwb_version(input->address.file) == 1;
}

/* Tables, strings and other objects of MATLAB, of which a v7.3 file shows no more than a shape. */
static bool holds_objects(const syn_input *input) {
    bool found = false;
    for (size_t k = 0; k < input->listing.n; k++) {
        const syn_entry *e = &input->listing.entry[k];
        found = found || !strcmp(e->type, "object") || (!strcmp(e->type, "empty") && e->rank > 0 && e->shape[0] > 0);
    }
    return found && input->address.content == SYN_CONTENT_MATLAB;
}

/* Folders and files below a folder that can be opened, up to three with their paths. */
typedef struct below {
    char text[1024];
    int n, left; /* entries that may still be looked at */
} below;

static bool is_recording_file(const char *path) {
    static const char *const endings[] = {".nwb", ".h5", ".hdf5", ".mat", ".npz"};
    const size_t n = strlen(path);
    for (size_t k = 0; k < sizeof endings / sizeof *endings; k++)
        if (n > strlen(endings[k]) && !strcasecmp(path + n - strlen(endings[k]), endings[k])) return true;
    return false;
}

static void look_below(below *found, const char *folder, int depth) {
    enum { MOST = 3 };
    char path[PATH_MAX];
    struct dirent **entry;
    const int n = scandir(folder, &entry, NULL, alphasort);
    for (int k = 0; k < n; k++) {
        const int length = snprintf(path, sizeof path, "%s/%s", folder, entry[k]->d_name);
        const bool look = entry[k]->d_name[0] != '.' && length > 0 && (size_t)length < sizeof path;
        free(entry[k]);
        if (!look || found->n >= MOST || found->left-- <= 0) continue;
        struct stat st;
        syn_input inside = {.address = {.file = path, .content = SYN_CONTENT_FOLDER}};
        const bool is_folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
        const size_t used = strlen(found->text);
        if (is_folder ? syn_suite2p_probe(&inside) || syn_phy_probe(&inside) : is_recording_file(path))
            found->n += snprintf(found->text + used, sizeof found->text - used, "%s%s",
                                 used ? ", " : "; give what is in it: ", path) > 0;
        else if (is_folder && depth > 0)
            look_below(found, path, depth - 1);
    }
    if (n >= 0) free(entry);
}

static syn_status refuse_folder(const char *folder) {
    below found = {.left = 1000};
    size_t n = strlen(folder);
    char plain[PATH_MAX];
    while (n > 1 && folder[n - 1] == '/') n--;
    snprintf(plain, sizeof plain, "%.*s", (int)n, folder);
    look_below(&found, plain, 3);
    return syn_fail(SYN_ERR_INPUT,
                    "%s: is a folder, but neither a suite2p folder (plane*/F.npy) nor a Kilosort/phy folder "
                    "(spike_times.npy)%s",
                    folder, found.text);
}

static syn_status refuse(const syn_input *input) {
    const char *file = input->address.file, *why = syn_refusal(file);
    char *text = NULL;
    char inside[4096];
    if (syn_file_in(inside, sizeof inside, file, ".zgroup") || syn_file_in(inside, sizeof inside, file, ".zattrs") ||
        syn_file_in(inside, sizeof inside, file, "zarr.json"))
        return syn_fail(SYN_ERR_INPUT,
                        "%s: is a Zarr folder, which is not read; export it to HDF5 (for NWB: NWBHDF5IO.export)", file);
    if (input->address.content == SYN_CONTENT_FOLDER) return refuse_folder(file);
    if (input->address.content == SYN_CONTENT_REFUSED)
        return syn_fail(SYN_ERR_INPUT, "%s: is %s", file, why ? why : "not readable");
    if (is_old_nwb(input))
        return syn_fail(SYN_ERR_INPUT,
                        "%s: is an NWB file of version 1, of which only spike times (processing/MODULE/UnitTimes) are "
                        "read; convert it to NWB 2, or give a matrix in it as FILE:NAME",
                        file);
    SYN_TRY(syn_listing_text(&input->listing, NULL, &text));
    syn_status status =
        syn_fail(SYN_ERR_INPUT, "%s: holds no activity matrix and no spike list (id, time); it holds %s%s", file, text,
                 holds_objects(input) ? "; tables and other objects are not read: save their columns as arrays" : "");
    free(text);
    return status;
}

/* How much of an array's name leads to the array or group that is called so; 0: none is. */
static size_t length_to(const char *entry, const char *name, char separator) {
    const size_t n = strlen(name);
    if (n == 0) return 0;
    for (const char *p = strstr(entry, name); p; p = strstr(p + 1, name))
        if ((p == entry || p[-1] == separator) && (p[n] == 0 || p[n] == separator)) return (size_t)(p - entry) + n;
    return 0;
}

/* The name of an array where a file is expected is most likely one of the recording's own file. */
static syn_status check_file(syn_input *input, const char *option, const char *given) {
    struct stat st;
    const size_t n = strcspn(given, "@:");
    const syn_content content = input->address.content;
    char name[256];
    if (n == 0 || n >= sizeof name || given[n] == ':' || stat(given, &st) == 0) return SYN_OK;
    snprintf(name, sizeof name, "%.*s", (int)n, given);
    if (input->listing.n == 0 && content == SYN_CONTENT_HDF5)
        SYN_TRY(syn_listing_read(&input->listing, input->address.file));
    for (size_t k = 0; k < input->listing.n; k++) {
        const char *entry = input->listing.entry[k].name;
        const size_t length = length_to(entry, name, content == SYN_CONTENT_MATLAB ? '.' : '/');
        if (length)
            return syn_fail(SYN_ERR_INPUT, "%s: found '%s', which is no file; expected FILE:NAME, here %s:%.*s%s",
                            option, given, input->address.file, (int)length, entry, given + n);
    }
    return SYN_OK;
}

static syn_status check_files(syn_input *input) {
    static const struct {
        syn_option_id id;
        const char *name;
    } texts[] = {
        {SYN_OPT_TIMESTAMPS, "timestamps"}, {SYN_OPT_SEGMENTS, "segments"}, {SYN_OPT_NEURON_TABLE, "neuron-table"}};
    for (size_t k = 0; k < syn_option_list_length(input->options, SYN_OPT_BEHAVIOR); k++)
        SYN_TRY(check_file(input, "behavior", syn_option_list_item(input->options, SYN_OPT_BEHAVIOR, k)));
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
        SYN_TRY(check_file(input, texts[k].name, syn_option_text(input->options, texts[k].id)));
    return SYN_OK;
}

syn_status syn_recording_open(syn_recording **recording, const char *path, const syn_options *options) {
    syn_status status;
    syn_nwb nwb = {.file = -1};
    syn_input input = {.options = options, .nwb = &nwb};
    hid_t held = -1;
    *recording = NULL;
    if (!path || !*path) return syn_fail(SYN_ERR_INPUT, "recording: the path is empty; expected FILE or FILE:NAME");
    SYN_TRY(syn_address_parse(&input.address, path));
    if (input.address.content == SYN_CONTENT_FOLDER && input.address.name)
        SYN_CHECK(syn_fail(SYN_ERR_INPUT,
                           "%s: names an array in a folder; give the folder, or a file in it as FILE:NAME", path));
    /* An HDF5 file that stays open is opened again at no cost, with what is known of it. */
    if (input.address.content == SYN_CONTENT_HDF5) held = H5Fopen(input.address.file, H5F_ACC_RDONLY, H5P_DEFAULT);
    const syn_reader *reader = NULL;
    SYN_CHECK(find_reader(&input, is_old_nwb(&input), &reader));
    if (reader) SYN_CHECK(check_files(&input));
    status = reader ? open_with(reader, recording, &input) : refuse(&input);
done:
    syn_nwb_close(&nwb);
    if (held >= 0) H5Fclose(held);
    syn_listing_free(&input.listing);
    syn_address_free(&input.address);
    return status;
}
