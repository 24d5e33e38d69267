/* Any array in HDF5, MATLAB, npz, npy or CSV, addressed FILE:NAME. What lies beside it under a known name is used too:
 * segments (S, 2), bin_s or rate_hz or fs, times of the frames, and what is known of each neuron (N). */
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/hdf5.h"
#include "base/memory.h"
#include "base/text.h"
#include "recording/reader.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* Times that make another rate are in another unit. */
static const double SLOWEST_HZ = 0.5, FASTEST_HZ = 1000;

/* Under these names lies behaviour, one row a frame. */
static const char *const behavior_name[] = {"behavior", "behaviour", "behaviors", "behaviours"};

/* Whether an array, or a group that it lies in, is called behaviour. */
static bool is_behavior(const char *name) {
    for (const char *part = name; *part; part += strcspn(part, "/."), part += *part != 0)
        for (size_t k = 0; k < COUNT(behavior_name); k++)
            if (strcspn(part, "/.") == strlen(behavior_name[k]) &&
                !strncasecmp(part, behavior_name[k], strlen(behavior_name[k])))
                return true;
    return false;
}

/* Rows of starts and stops, or of what belongs to what: indices. */
static bool is_pair_of_indices(const syn_entry *e) { return e->shape[0] == 2 && strstr(e->type, "int"); }

bool syn_is_matrix(const syn_entry *e) {
    enum { LEAST_FRAMES = 10 };
    const char *name = syn_last_part(SYN_CONTENT_MATLAB, e->name);
    if (!e->numeric || e->rank != 2 || !strcmp(name, "segments") || is_behavior(e->name) || is_pair_of_indices(e))
        return false;
    int64_t small = e->shape[0] < e->shape[1] ? e->shape[0] : e->shape[1];
    int64_t large = e->shape[0] < e->shape[1] ? e->shape[1] : e->shape[0];
    return small >= 2 && large >= LEAST_FRAMES;
}

/* The array of three axes of a file that holds one, and no matrix; NULL elsewhere. */
static const syn_entry *only_cube(const syn_input *input) {
    const syn_entry *found = NULL;
    for (size_t k = 0; k < input->listing.n; k++) {
        const syn_entry *e = &input->listing.entry[k];
        if (syn_is_matrix(e)) return NULL;
        if (!e->numeric || e->rank != 3 || is_behavior(e->name)) continue;
        if (found) return NULL;
        found = e;
    }
    return found;
}

bool syn_matrix_probe(const syn_input *input) {
    switch (input->address.content) {
    case SYN_CONTENT_CSV:
    case SYN_CONTENT_NPY:
        return true;
    case SYN_CONTENT_HDF5:
    case SYN_CONTENT_MATLAB:
    case SYN_CONTENT_NPZ:
        if (input->address.name) return true;
        for (size_t k = 0; k < input->listing.n; k++)
            if (syn_is_matrix(&input->listing.entry[k])) return true;
        return only_cube(input) != NULL;
    default:
        return false;
    }
}

/* The array to read: the one that was named, or the only candidate. */
static syn_status choose_name(const syn_input *input, const char **name) {
    *name = input->address.name;
    if (*name || input->address.content == SYN_CONTENT_CSV || input->address.content == SYN_CONTENT_NPY) return SYN_OK;
    size_t candidates = 0;
    for (size_t k = 0; k < input->listing.n; k++)
        if (syn_is_matrix(&input->listing.entry[k]) && candidates++ == 0) *name = input->listing.entry[k].name;
    if (candidates == 0 && only_cube(input)) *name = only_cube(input)->name;
    if (*name && candidates <= 1) return SYN_OK;
    char *text;
    SYN_TRY(syn_listing_text(&input->listing, syn_is_matrix, &text));
    syn_status status =
        syn_fail(SYN_ERR_INPUT, "%s: holds %zu arrays that could be the activity (%s); say which as FILE:NAME",
                 input->address.file, candidates, text);
    free(text);
    return status;
}

/* FILE:PREFIX/NAME of an array that lies beside `name`; false if there is none. */
static bool beside(const syn_input *input, const char *name, const char *wanted, char *path, size_t size) {
    char full[512];
    while (name && *name == '/') name++;
    snprintf(full, sizeof full, "%.*s%s", name ? (int)(syn_last_part(input->address.content, name) - name) : 0,
             name ? name : "", wanted);
    if (!name || !syn_listing_find(&input->listing, full)) return false;
    return (size_t)snprintf(path, size, "%s:%s", input->address.file, full) < size;
}

/* What is known about the number of frames, before the array is read. */
typedef struct evidence {
    bool rows, cols; /* whether the rows (columns) can be time */
    bool any;
    char source[256]; /* the first that spoke, or the one that leaves neither axis */
} evidence;

static void weigh(evidence *e, const char *source, bool rows_fit, bool cols_fit) {
    const bool could = e->rows || e->cols;
    e->rows = e->rows && rows_fit;
    e->cols = e->cols && cols_fit;
    if (!e->any || (could && !e->rows && !e->cols)) snprintf(e->source, sizeof e->source, "%s", source);
    e->any = true;
}

static syn_status weigh_vector(evidence *e, const syn_array *a, const char *given) {
    double *values;
    int64_t n;
    SYN_TRY(syn_vector_read(given, "timestamps in seconds", &values, &n));
    free(values);
    char source[256];
    snprintf(source, sizeof source, "%.200s with %lld entries", given, (long long)n);
    weigh(e, source, n == a->rows, n == a->cols);
    return SYN_OK;
}

static syn_status weigh_segments(evidence *e, const syn_array *a, const char *given) {
    double *values, last = 0;
    int64_t rows, cols;
    SYN_TRY(syn_matrix_read(given, &values, &rows, &cols));
    for (int64_t k = 0; k < rows * cols; k++) last = fmax(last, values[k]);
    free(values);
    char source[256];
    snprintf(source, sizeof source, "%.200s up to frame %g", given, last);
    weigh(e, source, last <= (double)a->rows, last <= (double)a->cols);
    return SYN_OK;
}

static syn_status weigh_behaviors(evidence *e, const syn_array *a, const syn_options *options) {
    syn_behaviors behaviors = {0};
    SYN_TRY(syn_behaviors_load(&behaviors, options));
    for (size_t k = 0; k < behaviors.n; k++) {
        const syn_behavior *b = &behaviors.item[k];
        if (b->time || b->optional) continue;
        char source[256];
        snprintf(source, sizeof source, "%.200s of shape (%lld, %lld)", b->label, (long long)b->rows,
                 (long long)b->cols);
        weigh(e, source, a->rows == b->rows || a->rows == b->cols, a->cols == b->rows || a->cols == b->cols);
    }
    syn_behaviors_free(&behaviors);
    return SYN_OK;
}

static bool times_beside(const syn_input *input, const char *name, int64_t rows, int64_t cols, char *path, size_t size,
                         double *seconds);

static syn_status gather(evidence *e, const syn_array *a, const syn_input *input, const char *name) {
    char path[4096];
    double seconds;
    const char *timestamps = syn_option_text(input->options, SYN_OPT_TIMESTAMPS);
    const char *segments = syn_option_text(input->options, SYN_OPT_SEGMENTS);
    if (*timestamps)
        SYN_TRY(weigh_vector(e, a, timestamps));
    else if (times_beside(input, name, a->rows, a->cols, path, sizeof path, &seconds))
        SYN_TRY(weigh_vector(e, a, path));
    if (*segments)
        SYN_TRY(weigh_segments(e, a, segments));
    else if (beside(input, name, "segments", path, sizeof path))
        SYN_TRY(weigh_segments(e, a, path));
    SYN_TRY(weigh_behaviors(e, a, input->options));
    /* Names of columns are neurons over time, names of rows the reverse; both together say nothing. */
    const bool named_columns = a->row_time || a->column_name;
    if (named_columns && !a->row_name) weigh(e, "its header row", true, false);
    if (a->row_name && !named_columns) weigh(e, "its column of names", false, true);
    return SYN_OK;
}

/* Decides which axis is time, from evidence alone or by length with a warning (returned in *guessed). */
static syn_status orient(const syn_array *a, const syn_input *input, const char *name, bool *time_first,
                         bool *guessed) {
    enum { CLEARLY_LONGER = 2 };
    const char *option = syn_option_text(input->options, SYN_OPT_ORIENTATION);
    const long long rows = a->rows, cols = a->cols;
    evidence e = {.rows = true, .cols = true};
    *guessed = false;
    *time_first = !strcmp(option, "time-first");
    if (a->row_time && !strcmp(option, "neurons-first"))
        return syn_fail(SYN_ERR_OPTION, "%s: has a column of times, so its rows are frames; --orientation says %s",
                        a->label, option);
    if (strcmp(option, "auto") != 0) return SYN_OK;
    SYN_TRY(gather(&e, a, input, name));
    if (!e.rows && !e.cols)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: is (%lld, %lld), and neither axis has the length that %s asks for; behaviour with its own "
                        "clock is given as FILE:NAME@TIMES",
                        a->label, rows, cols, e.source);
    *time_first = e.rows;
    if (e.rows != e.cols) return SYN_OK;
    if (rows < CLEARLY_LONGER * cols && cols < CLEARLY_LONGER * rows)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: is (%lld, %lld) and nothing says which axis is time; give --orientation time-first or "
                        "neurons-first",
                        a->label, rows, cols);
    *time_first = rows > cols;
    *guessed = true;
    return SYN_OK;
}

/* A table with one line for every frame and neuron would make neurons of its columns. */
static syn_status refuse_long_table(const syn_array *a) {
    static const char *const names[] = {"neuron", "neuron_id", "unit", "unit_id", "cell", "cell_id", "roi", "roi_id"};
    for (int64_t k = 0; a->column_name && k < a->cols; k++)
        for (size_t i = 0; i < COUNT(names); i++)
            if (!strcasecmp(a->column_name[k], names[i]))
                return syn_fail(SYN_ERR_INPUT,
                                "%s: has a column '%s', so its lines are not frames; expected one column a neuron "
                                "(in pandas: df.pivot), or FILE:COLUMN,COLUMN",
                                a->label, a->column_name[k]);
    return SYN_OK;
}

static syn_status read_values(syn_recording **recording, syn_array *a, bool time_first) {
    syn_recording *r;
    SYN_TRY(syn_recording_alloc(&r, time_first ? a->rows : a->cols, time_first ? a->cols : a->rows));
    *recording = r;
    syn_placement placement = {.recording = r, .time_first = time_first, .scale = 1, .fresh = true};
    return syn_place(a, &placement);
}

/* Names of CSV columns or rows identify the neurons; a time column gives the timestamps. */
static syn_status take_table_names(syn_recording *r, syn_array *a, bool time_first) {
    char **names = time_first ? a->column_name : a->row_name;
    for (int64_t j = 0; names && j < r->N; j++) SYN_TRY(syn_recording_name_neuron(r, j, names[j]));
    r->named_neurons = names != NULL;
    const char *repeated = NULL;
    if (names) SYN_TRY(syn_find_repeated(names, r->N, &repeated));
    if (repeated) SYN_TRY(syn_recording_warn(r, "more than one neuron is called %s", repeated));
    if (names)
        SYN_TRY(syn_recording_remark_names(
            r, "name the columns that are neurons (FILE:A,B,C) and give --behavior FILE:COLUMN"));
    if (a->row_time && time_first) {
        r->time_s = a->row_time;
        a->row_time = NULL;
    }
    return SYN_OK;
}

/* The path of the only number with that name in a MATLAB file, whose structs keep settings apart from data. */
static bool only_in_file(const syn_input *input, const char *wanted, char *path, size_t size) {
    const syn_entry *found = NULL;
    for (size_t k = 0; k < input->listing.n; k++) {
        const syn_entry *e = &input->listing.entry[k];
        if (!e->numeric || e->rank != 2 || e->shape[0] != 1 || e->shape[1] != 1) continue;
        if (strcmp(syn_last_part(SYN_CONTENT_MATLAB, e->name), wanted) != 0) continue;
        if (found) return false;
        found = e;
    }
    return found && (size_t)snprintf(path, size, "%s:%s", input->address.file, found->name) < size;
}

static bool is_single(const syn_entry *e) {
    int64_t n = 1;
    for (int k = 0; e && k < e->rank; k++) n *= e->shape[k];
    return e && n == 1;
}

syn_status syn_take_rate(syn_recording *r, const syn_input *input, const char *name) {
    static const struct source {
        const char *name;
        bool seconds;
    } sources[] = {{"bin_s", true},      {"rate_hz", false},       {"fs", false},         {"dt", true},
                   {"Fs", false},        {"fps", false},           {"frame_rate", false}, {"framerate", false},
                   {"frameRate", false}, {"sampling_rate", false}, {"bin_size", true},    {"binsize", true},
                   {"fr", false},        {"rate", false}};
    const bool matlab = input->address.content == SYN_CONTENT_MATLAB;
    char path[4096];
    for (size_t k = 0; k < sizeof sources / sizeof *sources; k++) {
        const struct source *s = &sources[k];
        if (!beside(input, name, s->name, path, sizeof path) &&
            !(matlab && only_in_file(input, s->name, path, sizeof path)))
            continue;
        /* rate may as well be an array of firing rates */
        if (!is_single(syn_listing_find(&input->listing, path + strlen(input->address.file) + 1))) continue;
        double *value;
        int64_t n;
        SYN_TRY(syn_vector_read(path, "one number", &value, &n));
        double v = value[0];
        free(value);
        if (!(isfinite(v) && v > 0))
            return syn_fail(SYN_ERR_INPUT, "%s: holds %g; expected one positive number", path, v);
        r->rate_hz = s->seconds ? 1 / v : v;
        return syn_recording_warn(r, "frame rate %g Hz taken from %s beside the array", r->rate_hz,
                                  path + strlen(input->address.file) + 1);
    }
    return SYN_OK;
}

static syn_status take_segments(syn_recording *r, const syn_input *input, const char *name) {
    char path[4096];
    if (*syn_option_text(input->options, SYN_OPT_SEGMENTS) || !beside(input, name, "segments", path, sizeof path))
        return SYN_OK;
    SYN_TRY(syn_set_segments(r, path));
    return syn_recording_warn(r, "%lld segments taken from segments beside the array", (long long)r->S);
}

/* Seconds of the unit that an HDF5 dataset has as its attribute; NaN without one, 0 for a word that is no unit of time.
 */
static double unit_of(const syn_input *input, const char *name) {
    static const char *const names[] = {"unit", "units"};
    double seconds = NAN;
    const hid_t file = input->address.content == SYN_CONTENT_HDF5
                           ? H5Fopen(input->address.file, H5F_ACC_RDONLY, H5P_DEFAULT)
                           : H5I_INVALID_HID;
    for (size_t k = 0; file >= 0 && k < COUNT(names); k++) {
        char *unit = syn_hdf5_text_attribute(file, name, names[k]);
        if (unit && *unit) seconds = syn_seconds_of(unit, strlen(unit));
        free(unit);
    }
    if (file >= 0) H5Fclose(file);
    return seconds;
}

/* Whether times that are named beside the array can be its clock: as many as one of its axes has. *seconds: of their
 * unit, by their name or an attribute; NaN where neither says it. */
static bool times_beside(const syn_input *input, const char *name, int64_t rows, int64_t cols, char *path, size_t size,
                         double *seconds) {
    static const char *const names[] = {"timestamps", "timestamp", "time", "times", "t", "frame_times"};
    static const struct ending {
        const char *text;
        double seconds;
    } endings[] = {{"", NAN}, {"_s", 1}, {"_ms", 1e-3}, {"_us", 1e-6}};
    for (size_t k = 0; k < COUNT(names) * COUNT(endings); k++) {
        const struct ending *ending = &endings[k % COUNT(endings)];
        char wanted[32];
        snprintf(wanted, sizeof wanted, "%s%s", names[k / COUNT(endings)], ending->text);
        if (!beside(input, name, wanted, path, size)) continue;
        const syn_entry *e = syn_listing_find(&input->listing, path + strlen(input->address.file) + 1);
        if (!e->numeric || e->rank < 1 || e->rank > 2 || (e->rank == 2 && e->shape[0] != 1 && e->shape[1] != 1))
            continue;
        const int64_t n = e->shape[0] * (e->rank == 2 ? e->shape[1] : 1);
        if (n <= 1 || (n != rows && n != cols)) continue;
        *seconds = isnan(ending->seconds) ? unit_of(input, e->name) : ending->seconds;
        return true;
    }
    return false;
}

/* What the middle interval between times is, and whether all are whole numbers in turn, as those of frames are. */
static syn_status look_at_times(const double *time, int64_t n, double *interval, bool *numbers) {
    double *step;
    int64_t known = 0;
    SYN_TRY(syn_alloc(&step, (size_t)n, sizeof *step, "intervals"));
    *numbers = true;
    for (int64_t k = 1; k < n; k++) {
        *numbers = *numbers && time[k] == floor(time[k]) && time[k] - time[k - 1] == 1;
        if (isfinite(time[k] - time[k - 1])) step[known++] = time[k] - time[k - 1];
    }
    *interval = known > 0 ? syn_median(step, known) : NAN;
    free(step);
    return SYN_OK;
}

static syn_status take_times(syn_recording *r, const syn_input *input, const char *name) {
    char path[4096];
    double *time, seconds, interval;
    int64_t n;
    bool numbers;
    if (r->time_s || r->rate_hz > 0 || syn_option_given(input->options, SYN_OPT_RATE) ||
        *syn_option_text(input->options, SYN_OPT_TIMESTAMPS) ||
        !times_beside(input, name, r->T, r->T, path, sizeof path, &seconds))
        return SYN_OK;
    SYN_TRY(syn_vector_read(path, "timestamps in seconds", &time, &n));
    r->time_s = time;
    SYN_TRY(look_at_times(time, n, &interval, &numbers));
    if (seconds == 0 || (isnan(seconds) && numbers))
        return syn_fail(SYN_ERR_INPUT, "%s: %s; give --rate HZ, or --timestamps FILE:NAME in seconds", path,
                        numbers ? "counts frames and is no clock" : "has a unit that is none of time");
    const double rate = 1 / (interval * (isnan(seconds) ? 1 : seconds));
    if (rate < SLOWEST_HZ || rate > FASTEST_HZ)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: as times of the frames in %s it would make %g Hz; give --rate HZ, or --timestamps "
                        "FILE:NAME in seconds",
                        path, isnan(seconds) ? "seconds" : "its unit", rate);
    for (int64_t k = 0; k < n && !isnan(seconds); k++) time[k] *= seconds;
    return syn_recording_warn(r, "times of the frames taken from %s beside the array: %g Hz",
                              path + strlen(input->address.file) + 1, rate);
}

/* Distances rise, too: a clock is called one. */
static bool is_named_clock(const char *name) {
    static const char *const words[] = {"time", "clock", "timing"};
    for (size_t k = 0; k < COUNT(words); k++)
        for (const char *p = name; *p; p++)
            if (!strncasecmp(p, words[k], strlen(words[k]))) return true;
    return !strcasecmp(syn_last_part(SYN_CONTENT_MATLAB, name), "t");
}

/* Whether a vector can be the clock of the frames: it rises, in seconds that make a rate that is no rare one. */
static bool is_clock(const syn_input *input, const syn_entry *e) {
    char path[4096];
    double *time, interval = NAN;
    int64_t n;
    bool numbers, rises = true;
    snprintf(path, sizeof path, "%s:%s", input->address.file, e->name);
    if (syn_vector_read(path, "times", &time, &n) != SYN_OK) return false;
    for (int64_t k = 0; k < n && rises; k++) rises = isfinite(time[k]) && (k == 0 || time[k] > time[k - 1]);
    if (rises) rises = look_at_times(time, n, &interval, &numbers) == SYN_OK && !numbers;
    free(time);
    return rises && 1 / interval >= SLOWEST_HZ && 1 / interval <= FASTEST_HZ;
}

bool syn_find_clock(const syn_input *input, int64_t frames, char *name, size_t size) {
    for (size_t k = 0; k < input->listing.n && frames > 1; k++) {
        const syn_entry *e = &input->listing.entry[k];
        const bool vector = e->rank == 1 || (e->rank == 2 && (e->shape[0] == 1 || e->shape[1] == 1));
        if (!e->numeric || !vector || !is_named_clock(e->name) ||
            e->shape[0] * (e->rank == 2 ? e->shape[1] : 1) != frames)
            continue;
        if (is_clock(input, e)) return (size_t)snprintf(name, size, "%s", e->name) < size;
    }
    return false;
}

/* Neurons that lie beside the array. */
static syn_status take_neurons(syn_recording *r, const syn_input *input, const char *name) {
    char group[512];
    while (name && *name == '/') name++;
    snprintf(group, sizeof group, "%.*s", name ? (int)(syn_last_part(input->address.content, name) - name) : 0,
             name ? name : "");
    return syn_take_neurons_beside(r, input, group);
}

static syn_status take_beside(syn_recording *r, const syn_input *input, const char *name) {
    SYN_TRY(syn_take_rate(r, input, name));
    return take_neurons(r, input, name);
}

/* Whether an array lies beside `name`, in the same group or struct. */
static bool is_beside(const syn_input *input, const char *name, const char *other) {
    const size_t n = (size_t)(syn_last_part(input->address.content, name) - name);
    const size_t m = (size_t)(syn_last_part(input->address.content, other) - other);
    return n == m && !strncmp(name, other, n);
}

/* Vectors beside the array with one number a frame can be behaviour. */
static syn_status remark_vectors(syn_recording *r, const syn_input *input, const char *name) {
    enum { SHOWN = 6 };
    char text[512] = "";
    const char *first = NULL;
    size_t found = 0, length = 0;
    for (size_t k = 0; k < input->listing.n && r->T != r->N; k++) {
        const syn_entry *e = &input->listing.entry[k];
        const bool vector = e->rank == 1 || (e->rank == 2 && (e->shape[0] == 1 || e->shape[1] == 1));
        if (!strcmp(e->name, name)) continue; /* the activity of one neuron */
        if (!e->numeric || !vector || e->shape[0] * (e->rank == 2 ? e->shape[1] : 1) != r->T) continue;
        if (!is_beside(input, name, e->name) || is_named_clock(e->name)) continue;
        if (found++ >= SHOWN) continue;
        if (!first) first = e->name;
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%.*s", length ? ", " : "",
                                   syn_cut(e->name, 70), e->name);
    }
    if (found == 0) return SYN_OK;
    return syn_recording_warn(r, "possible behaviour beside the array is not used: %s%s; --behavior %s:%s adds %s",
                              text, found > SHOWN ? ", ..." : "", input->address.file, first,
                              found == 1 ? "it" : "the first");
}

/* Behaviour is only used when it is asked for; says how. */
static syn_status remark_behavior(syn_recording *r, const syn_input *input, const char *name) {
    char path[4096];
    if (syn_option_given(input->options, SYN_OPT_BEHAVIOR) || !name) return SYN_OK;
    while (*name == '/') name++;
    for (size_t k = 0; k < COUNT(behavior_name); k++)
        if (beside(input, name, behavior_name[k], path, sizeof path))
            return syn_recording_warn(r, "%s beside the array is not used; --behavior %s adds it",
                                      path + strlen(input->address.file) + 1, path);
    return remark_vectors(r, input, name);
}

syn_status syn_matrix_open(syn_recording **recording, const syn_input *input) {
    syn_status status;
    syn_array *a = NULL;
    const char *name;
    bool time_first, guessed;
    SYN_TRY(choose_name(input, &name));
    SYN_TRY(syn_array_open(&a, input->address.file, name));
    if (a->rank > 0 && (a->rows == 0 || a->cols == 0)) {
        status = syn_fail(SYN_ERR_INPUT, "%s: is empty, shape %s; expected frames and neurons", a->label,
                          syn_shape_text(a->rank, a->shape));
        goto done;
    }
    const bool cube = a->rank == 3 && a->numeric;
    if (!cube && (a->rank != 2 || a->rows < 2 || a->cols < 1)) {
        status = syn_fail(SYN_ERR_INPUT, "%s: is %s %s; expected an array with 2 axes, frames and neurons", a->label,
                          a->type, syn_shape_text(a->rank, a->shape));
        goto done;
    }
    if (cube) {
        SYN_CHECK(syn_cube_open(recording, a, input));
        SYN_CHECK(take_beside(*recording, input, name));
        if (syn_option_auto(input->options, SYN_OPT_SIGNAL)) SYN_CHECK(syn_guess_signal(*recording, a->label));
        goto done;
    }
    if (!name) SYN_CHECK(refuse_long_table(a));
    SYN_CHECK(orient(a, input, name, &time_first, &guessed));
    SYN_CHECK(read_values(recording, a, time_first));
    if (input->address.content == SYN_CONTENT_CSV && time_first && !a->row_time && syn_are_spike_times(*recording)) {
        syn_recording_free(*recording);
        *recording = NULL;
        SYN_CHECK(syn_spike_columns_open(recording, a, input->options));
        status = take_table_names(*recording, a, time_first);
        goto done;
    }
    if (guessed)
        SYN_CHECK(syn_recording_warn(*recording,
                                     "%s is (%lld, %lld): took the %s axis as time because it is longer; "
                                     "--orientation says otherwise",
                                     name ? name : "the array", (long long)a->rows, (long long)a->cols,
                                     time_first ? "first" : "second"));
    SYN_CHECK(take_table_names(*recording, a, time_first));
    if (a->number_header)
        SYN_CHECK(syn_recording_warn(*recording,
                                     "its first line, of whole numbers that rise, is taken for headings; put a line of "
                                     "headings above it if it holds values"));
    if (a->rejected)
        SYN_CHECK(syn_recording_warn(*recording, "%lld of %lld cells are rejected by the second line and left out",
                                     (long long)a->rejected, (long long)(a->rejected + a->cols)));
    SYN_CHECK(syn_remark_clocks(*recording, a->column_name ? "name the columns that are neurons (FILE:A,B,C)"
                                                           : "leave it out, and give times by --timestamps"));
    SYN_CHECK(take_segments(*recording, input, name));
    SYN_CHECK(take_beside(*recording, input, name));
    SYN_CHECK(take_times(*recording, input, name));
    SYN_CHECK(remark_behavior(*recording, input, name));
    if (syn_option_auto(input->options, SYN_OPT_SIGNAL)) SYN_CHECK(syn_guess_signal(*recording, a->label));
done:
    syn_array_close(a);
    return status;
}
