/* What is known about the neurons: names, regions, cell types and positions, from the columns of a table. It is any
 * file with one array (or column) for each, one entry a neuron: --neuron-table FILE, or what lies beside the activity.
 *
 * Shapes: N neurons of the recording, R rows of the table. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/nwb.h"
#include "recording/reader.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

enum { PATH_SIZE = 4096 };

/* Names of the columns, what they are called most often first. */
static const char *const index_names[] = {"index",      "trace_index",        "row",
                                          "roi",        "roi_index",          "neuron_index",
                                          "cell_index", "trace_index_1based", "index_1based"};
static const char *const id_names[] = {"id",       "ids",     "neuron_id", "neuron_ids", "cell_id",
                                       "cell_ids", "unit_id", "unit_ids",  "cluster_id", "cluster",
                                       "neuron",   "unit",    "cell"};
static const char *const label_names[] = {"label",       "labels",       "name",     "names",
                                          "neuron_name", "neuron_names", "cell_name"};
static const char *const region_names[] = {
    "region",        "regions",       "area",      "areas",       "brain_area",    "brain_region", "brain_areas",
    "brain_regions", "location",      "acronym",   "structure",   "roi_area",      "roi_region",   "cell_area",
    "cell_region",   "cell_location", "unit_area", "unit_region", "unit_location", "neuron_area",  "neuron_region"};
static const char *const type_names[] = {"cell_type",    "cell_types", "celltype", "neuron_type",
                                         "neuron_class", "cell_class", "type"};
static const char *const position_names[] = {"position", "positions", "xyz", "centroids", "coordinates"};
static const char *const axis_names[3][3] = {{"x", "x_um", "pos_x"}, {"y", "y_um", "pos_y"}, {"z", "z_um", "pos_z"}};
static const char *const recording_names[] = {"recording", "session", "uid", "animal", "subject", "mouse", "worm"};

typedef struct neuron_table {
    const char *file, *group; /* "" for the top */
    const syn_listing *listing;
    char label[PATH_SIZE]; /* for messages */
    int64_t R;
    int64_t *to; /* [R] neuron of the recording, -1 for none */
    bool beside; /* no table of neurons, but what lies beside an array */
} neuron_table;

/* The entry of the group with one of the names and `rows` rows; 0: of any length. */
static const syn_entry *find_column(const neuron_table *t, const char *const *names, size_t n, int64_t rows) {
    const size_t prefix = strlen(t->group);
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < t->listing->n; i++) {
            const syn_entry *e = &t->listing->entry[i];
            if (!e->numeric && strcmp(e->type, "text") != 0 && strncmp(e->type, "cell", 4) != 0) continue;
            if (strncmp(e->name, t->group, prefix) || strcasecmp(e->name + prefix, names[k]) != 0) continue;
            if (e->rank < 1 || e->rank > 2 || (e->rank == 2 && e->shape[0] != 1 && e->shape[1] != 1)) continue;
            if (t->beside && e->numeric && strstr(names[k], "area")) continue; /* of a ROI, in pixels */
            const int64_t length = e->shape[0] * (e->rank == 2 ? e->shape[1] : 1);
            if (length > 1 && (rows == 0 || length == rows)) return e;
        }
    return NULL;
}

static syn_status read_column_texts(const neuron_table *t, const syn_entry *e, char ***text) {
    syn_array *a;
    int64_t n;
    *text = NULL;
    SYN_TRY(syn_array_open(&a, t->file, e->name));
    syn_status status = a->text || a->numeric ? syn_array_texts(a, text, &n) : SYN_OK;
    syn_array_close(a);
    if (status != SYN_OK || !*text || n == t->R) return status;
    syn_free_texts(*text, n);
    *text = NULL;
    return syn_fail(SYN_ERR_INPUT, "%s: %s has %lld entries; expected %lld as the other columns", t->label, e->name,
                    (long long)n, (long long)t->R);
}

static syn_status read_column_numbers(const neuron_table *t, const syn_entry *e, double **values) {
    syn_array *a;
    SYN_TRY(syn_array_open(&a, t->file, e->name));
    syn_status status = SYN_OK;
    if (a->rows * a->cols != t->R)
        status = syn_fail(SYN_ERR_INPUT, "%s: %s has %lld entries; expected %lld as the other columns", t->label,
                          e->name, (long long)(a->rows * a->cols), (long long)t->R);
    if (status == SYN_OK) status = syn_array_values(a, values);
    syn_array_close(a);
    return status;
}

/* ---- which row is which neuron ---- */

static syn_status refuse_repeated(const neuron_table *t, const syn_recording *r) {
    int64_t *row;
    syn_status status = SYN_OK;
    SYN_TRY(syn_alloc(&row, (size_t)r->N, sizeof *row, "neuron table"));
    for (int64_t k = 0; k < t->R && status == SYN_OK; k++) {
        if (t->to[k] < 0) continue;
        if (row[t->to[k]] > 0)
            status = syn_fail(SYN_ERR_INPUT, "%s: rows %lld and %lld are both neuron %s; expected one row a neuron",
                              t->label, (long long)row[t->to[k]], (long long)k + 1, r->neuron_id[t->to[k]]);
        row[t->to[k]] = k + 1;
    }
    free(row);
    return status;
}

static syn_status locate_by_index(neuron_table *t, syn_recording *r, const syn_entry *e) {
    double *index;
    SYN_TRY(read_column_numbers(t, e, &index));
    const double first = strstr(e->name, "1based") ? 1 : 0;
    const char *advice = first == 0 ? "; a column that counts from 1 is to be called index_1based" : "";
    bool has_first = first == 1;
    syn_status status = SYN_OK;
    for (int64_t k = 0; k < t->R && status == SYN_OK; k++) {
        if (t->to[k] < 0) continue;
        const double j = index[k] - first;
        if (!(j >= 0 && j < (double)r->N) || j != floor(j))
            status = syn_fail(SYN_ERR_INPUT, "%s: row %lld has the %s %g; expected whole numbers from %g to %g%s",
                              t->label, (long long)k + 1, e->name, index[k], first, (double)r->N - 1 + first, advice);
        else
            t->to[k] = (int64_t)j;
        has_first = has_first || j == 0;
    }
    free(index);
    SYN_TRY(status);
    SYN_TRY(refuse_repeated(t, r));
    return syn_recording_warn(r, "rows of the neuron table are neurons by its column %s, from %g%s%s", e->name, first,
                              has_first ? "" : ", though no row has 0", has_first ? "" : advice);
}

/* Rows by the recording's own ids: to [R], -1 for none; how many are found. */
static int64_t match_ids(const neuron_table *t, const syn_recording *r, char *const *id, int64_t *to) {
    int64_t found = 0;
    for (int64_t k = 0; k < t->R; k++) {
        int64_t j = 0;
        while (t->to[k] >= 0 && j < r->N && strcmp(r->neuron_id[j], id[k]) != 0) j++;
        to[k] = t->to[k] >= 0 && j < r->N ? j : -1;
        found += to[k] >= 0;
    }
    return found;
}

/* Rows by ids, if any is one of the recording. Where there are as many rows as neurons and not all match, ids and order
 * could both be meant. */
static syn_status locate_by_ids(neuron_table *t, const syn_recording *r, const syn_entry *ids, int64_t kept,
                                int64_t *found) {
    syn_status status;
    char **text = NULL;
    int64_t *to = NULL;
    *found = 0;
    SYN_CHECK(read_column_texts(t, ids, &text));
    SYN_CHECK(syn_alloc(&to, (size_t)t->R, sizeof *to, "neuron table"));
    if (text) *found = match_ids(t, r, text, to);
    const bool in_part = *found > 0 && *found < kept && kept == r->N;
    for (int64_t k = 0; in_part && k < t->R; k++)
        if (t->to[k] >= 0 && to[k] < 0)
            SYN_CHECK(syn_fail(SYN_ERR_INPUT,
                               "%s: row %lld has the %s %s, which the recording has not, though other rows have its "
                               "ids; correct them, or give a column 'index' (from 0)",
                               t->label, (long long)k + 1, ids->name, text[k]));
    if (*found > 0) memcpy(t->to, to, (size_t)t->R * sizeof *to);
done:
    syn_free_texts(text, t->R);
    free(to);
    return status;
}

/* How much of the recording's name an entry is: its length where it is all of it, or a part between other characters
 * than letters and digits; 0 where it is none: mouse1 is no part of mouse12. */
static size_t part_of_name(const char *name, const char *entry) {
    const size_t n = strlen(entry);
    for (const char *p = n ? strstr(name, entry) : NULL; p; p = strstr(p + 1, entry))
        if ((p == name || !isalnum((unsigned char)p[-1])) && !isalnum((unsigned char)p[n])) return n;
    return 0;
}

/* Keeps the rows of this recording where a column says whose they are: those with the longest part of its name. */
static syn_status keep_rows(neuron_table *t, const syn_recording *r, int64_t *kept) {
    const syn_entry *e = find_column(t, recording_names, COUNT(recording_names), t->R);
    char **text = NULL;
    const char *best = NULL, *other = NULL;
    *kept = t->R;
    if (!e) return SYN_OK;
    SYN_TRY(read_column_texts(t, e, &text));
    for (int64_t k = 0; text && k < t->R; k++) {
        const size_t part = part_of_name(r->name, text[k]), most = best ? strlen(best) : 0;
        if (part > most)
            best = text[k], other = NULL;
        else if (part > 0 && part == most && strcmp(best, text[k]) != 0)
            other = text[k];
    }
    *kept = 0;
    for (int64_t k = 0; k < t->R; k++) {
        if (!best || strcmp(text[k], best) != 0) t->to[k] = -1;
        *kept += t->to[k] >= 0;
    }
    syn_status status = SYN_OK;
    if (!best)
        status = syn_fail(SYN_ERR_INPUT, "%s: no row has a %s that is part of the recording's name, %s", t->label,
                          e->name, r->name);
    else if (other)
        status = syn_fail(SYN_ERR_INPUT, "%s: both %s and %s of its column %s are part of the recording's name, %s",
                          t->label, best, other, e->name, r->name);
    syn_free_texts(text, t->R);
    return status;
}

/* Finds the neuron of every row: by an index, by ids where any is one of the recording, or in order. */
static syn_status locate(neuron_table *t, syn_recording *r, bool *ids_used) {
    const syn_entry *index = find_column(t, index_names, COUNT(index_names), t->R),
                    *ids = find_column(t, id_names, COUNT(id_names), t->R);
    int64_t kept, n = 0, found = 0;
    *ids_used = false;
    SYN_TRY(keep_rows(t, r, &kept));
    if (index && index->numeric) return locate_by_index(t, r, index);
    if (ids) SYN_TRY(locate_by_ids(t, r, ids, kept, &found));
    if (found > 0) {
        *ids_used = true;
        SYN_TRY(refuse_repeated(t, r));
        return syn_recording_warn(r, "rows of the neuron table are neurons by its column %s: %lld of %lld are in it",
                                  ids->name, (long long)found, (long long)r->N);
    }
    if (kept != r->N)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: has %lld rows%s; expected %lld, one for every neuron in order, or a column 'index' (from "
                        "0), or 'id' with ids of the recording",
                        t->label, (long long)kept, ids ? ", none with an id of the recording" : "", (long long)r->N);
    for (int64_t k = 0; k < t->R; k++) t->to[k] = t->to[k] >= 0 ? n++ : -1;
    return syn_recording_warn(r, "rows of the neuron table are neurons in order: it has no %s",
                              ids ? "id of the recording" : "column of ids");
}

/* ---- what it says ---- */

static bool is_blank(const char *text) {
    static const char *const words[] = {"", "?", "unknown", "undefined", "nan", "none", "n/a", "na"};
    for (size_t k = 0; k < COUNT(words); k++)
        if (!strcasecmp(text, words[k])) return true;
    return false;
}

static syn_status take_texts(const neuron_table *t, const syn_recording *r, const char *const *names, size_t n,
                             char ***out, size_t *taken) {
    const syn_entry *e = find_column(t, names, n, t->R);
    char **text = NULL, **made = NULL;
    syn_status status;
    if (!e) return SYN_OK;
    SYN_CHECK(read_column_texts(t, e, &text));
    if (!text) goto done;
    SYN_CHECK(syn_alloc(&made, (size_t)r->N, sizeof *made, "neuron table"));
    for (int64_t k = 0; k < t->R; k++) {
        if (t->to[k] < 0) continue;
        free(made[t->to[k]]);
        SYN_CHECK(syn_copy_text(&made[t->to[k]], is_blank(text[k]) ? "" : text[k]));
    }
    for (int64_t j = 0; j < r->N; j++)
        if (!made[j]) SYN_CHECK(syn_copy_text(&made[j], ""));
    syn_free_texts(*out, r->N);
    *out = made;
    made = NULL;
    syn_drop_blank(out, r->N);
    *taken += *out != NULL;
done:
    syn_free_texts(text, t->R);
    syn_free_texts(made, r->N);
    return status;
}

/* Names neurons; what lies beside an array is no names where two are the same, but clusters. One without a name keeps
 * its id, which is a number mostly. */
static syn_status take_names(const neuron_table *t, syn_recording *r, bool ids_used, size_t *taken) {
    char **name = NULL;
    SYN_TRY(take_texts(t, r, label_names, COUNT(label_names), &name, taken));
    if (!name && !ids_used) SYN_TRY(take_texts(t, r, id_names, COUNT(id_names), &name, taken));
    if (!name) return SYN_OK;
    const char *repeated = NULL;
    syn_status status = t->beside ? syn_find_repeated(name, r->N, &repeated) : SYN_OK;
    if (status == SYN_OK && repeated)
        status = syn_recording_warn(r, "names not taken: more than one neuron is called %s", repeated);
    if (status != SYN_OK || repeated) {
        syn_free_texts(name, r->N);
        return status;
    }
    char **number = r->neuron_id;
    int64_t nameless;
    r->neuron_id = name;
    r->named_neurons = true;
    status = syn_recording_number_nameless(r, number, &nameless);
    syn_free_texts(number, r->N);
    if (status != SYN_OK || nameless == 0) return status;
    return syn_recording_warn(r, "%lld of %lld neurons have no name; they keep their id, and are no other recording's",
                              (long long)nameless, (long long)r->N);
}

/* Positions from a matrix (R, 2) or (R, 3), or from columns x, y and z; all neurons must have one. */
static syn_status take_positions(const neuron_table *t, syn_recording *r, size_t *taken) {
    syn_status status = SYN_OK;
    float *position = NULL;
    bool any = false;
    SYN_TRY(syn_alloc(&position, (size_t)r->N * 3, sizeof *position, "positions"));
    for (int axis = 0; axis < 3; axis++) {
        const syn_entry *e = find_column(t, axis_names[axis], COUNT(axis_names[axis]), t->R);
        double *v;
        if (!e || !e->numeric) {
            any = any && axis == 2; /* x and y alone are positions in a plane */
            continue;
        }
        SYN_CHECK(read_column_numbers(t, e, &v));
        int64_t known = 0;
        for (int64_t k = 0; k < t->R; k++)
            if (t->to[k] >= 0 && isfinite(v[k])) position[t->to[k] * 3 + axis] = (float)v[k], known++;
        free(v);
        any = (any || axis == 0) && known == r->N;
    }
    for (size_t i = 0; i < t->listing->n && !any; i++) {
        const syn_entry *e = &t->listing->entry[i];
        double *v;
        bool named = false;
        for (size_t k = 0; k < COUNT(position_names); k++)
            named = named || (!strncmp(e->name, t->group, strlen(t->group)) &&
                              !strcasecmp(e->name + strlen(t->group), position_names[k]));
        if (!named || !e->numeric || e->rank != 2 || e->shape[0] != t->R || e->shape[1] < 2 || e->shape[1] > 3)
            continue;
        syn_array *a;
        SYN_CHECK(syn_array_open(&a, t->file, e->name));
        status = syn_array_values(a, &v);
        const int64_t cols = a->cols;
        syn_array_close(a);
        SYN_CHECK(status);
        any = t->R == r->N;
        for (int64_t k = 0; k < t->R * cols; k++) {
            const int64_t j = t->to[k / cols];
            any = any && isfinite(v[k]);
            if (j >= 0) position[j * 3 + k % cols] = (float)v[k];
        }
        free(v);
    }
    if (any) {
        free(r->position);
        r->position = position;
        position = NULL;
        ++*taken;
    }
done:
    free(position);
    return status;
}

static syn_status take_everything(const neuron_table *t, syn_recording *r, bool ids_used, size_t *taken) {
    SYN_TRY(take_texts(t, r, region_names, COUNT(region_names), &r->region, taken));
    SYN_TRY(take_texts(t, r, type_names, COUNT(type_names), &r->cell_type, taken));
    SYN_TRY(take_positions(t, r, taken));
    return take_names(t, r, ids_used, taken);
}

/* Rows of a table: of its first column. */
static int64_t count_rows(const neuron_table *t) {
    const struct {
        const char *const *names;
        size_t n;
    } kinds[] = {{label_names, COUNT(label_names)},   {id_names, COUNT(id_names)},
                 {region_names, COUNT(region_names)}, {type_names, COUNT(type_names)},
                 {index_names, COUNT(index_names)},   {axis_names[0], COUNT(axis_names[0])}};
    for (size_t k = 0; k < COUNT(kinds); k++) {
        const syn_entry *e = find_column(t, kinds[k].names, kinds[k].n, 0);
        if (e) return e->shape[0] * (e->rank == 2 ? e->shape[1] : 1);
    }
    return 0;
}

syn_status syn_read_neuron_table(syn_recording *r, const char *given) {
    syn_status status;
    syn_address address;
    syn_listing listing = {0};
    neuron_table t = {.group = "", .listing = &listing};
    char group[PATH_SIZE] = "", *text = NULL;
    bool ids_used;
    size_t taken = 0;
    SYN_TRY(syn_address_parse(&address, given));
    t.file = address.file;
    snprintf(t.label, sizeof t.label, "%.4000s", given);
    if (address.name) {
        snprintf(group, sizeof group, "%.4000s%c", address.name, address.content == SYN_CONTENT_MATLAB ? '.' : '/');
        t.group = group + strspn(group, "/");
    }
    SYN_CHECK(syn_listing_read(&listing, address.file));
    t.R = count_rows(&t);
    SYN_CHECK(syn_alloc(&t.to, (size_t)t.R, sizeof *t.to, "neuron table"));
    if (t.R > 0) {
        SYN_CHECK(locate(&t, r, &ids_used));
        SYN_CHECK(take_everything(&t, r, ids_used, &taken));
    }
    if (taken == 0) {
        SYN_CHECK(syn_listing_text(&listing, NULL, &text));
        status = syn_fail(SYN_ERR_INPUT,
                          "%s: says nothing about neurons; expected columns label, region, cell_type or x, y, z; it "
                          "holds %s",
                          given, text);
    }
done:
    free(text);
    free(t.to);
    syn_listing_free(&listing);
    syn_address_free(&address);
    return status;
}

static void add_word(char *text, size_t size, bool known, const char *word) {
    const size_t n = strlen(text);
    if (known) snprintf(text + n, size - n, "%s%s", n ? ", " : "", word);
}

syn_status syn_take_neurons_beside(syn_recording *r, const syn_input *input, const char *group) {
    char words[80] = "";
    size_t taken = 0;
    neuron_table t = {
        .file = input->address.file, .group = group, .listing = &input->listing, .R = r->N, .beside = true};
    if (input->address.content == SYN_CONTENT_CSV || input->address.content == SYN_CONTENT_NPY) return SYN_OK;
    snprintf(t.label, sizeof t.label, "%.4000s", input->address.file);
    SYN_TRY(syn_alloc(&t.to, (size_t)t.R, sizeof *t.to, "neurons"));
    for (int64_t k = 0; k < t.R; k++) t.to[k] = k;
    const bool named = r->named_neurons;
    syn_status status = take_everything(&t, r, named, &taken);
    free(t.to);
    add_word(words, sizeof words, r->named_neurons && !named, "names");
    add_word(words, sizeof words, r->region, "brain regions");
    add_word(words, sizeof words, r->cell_type, "cell types");
    add_word(words, sizeof words, r->position, "positions");
    if (status != SYN_OK || taken == 0 || !*words) return status;
    return syn_recording_warn(r, "%s taken from beside the array", words);
}
