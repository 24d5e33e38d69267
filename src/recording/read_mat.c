/* Cells and structs of MATLAB files: trials, neurons, spike trains.
 *
 *   trials         a cell of matrices; a struct whose fields are cells, or a struct array, with one element a trial. A
 * field of matrices is the activity and fields of vectors are behaviour; without matrices, numbered fields (neuron1,
 * neuron2, ...) are the neurons and the others behaviour. neurons        a cell of vectors of one length spike trains
 * cells of rising vectors, structs with a field of times, nested as they like
 *
 * Shapes: S trials, T frames of all trials, N neurons. Plain arrays and spike lists are read by the readers for those.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/mat.h"
#include "recording/reader.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

enum { PATH_SIZE = 512 };

static const char *const time_fields[] = {
    "times", "time", "spike_times", "spiketimes", "spiketime", "spike_time", "spikes", "timestamps", "ts", "st", "t"};

static bool is_called(const char *name, const char *wanted) {
    size_t n;
    syn_unit_of_name(name, &n);
    return n == strlen(wanted) && !strncasecmp(name, wanted, n);
}

static bool is_time_field(const char *name) {
    for (size_t k = 0; k < COUNT(time_fields); k++)
        if (!strcasecmp(name, time_fields[k]) || is_called(name, time_fields[k])) return true;
    return false;
}

/* ---- tables of trials ---- */

/* One element a trial in every field. A plain cell has one field without a name. */
typedef struct table {
    const matvar_t *node;
    int64_t trials, n; /* fields */
    const char *const *name;
    bool cells; /* a struct of cells, not a struct array */
} table;

static const matvar_t *element(const table *t, int64_t field, int64_t trial) {
    if (!t->name || syn_mat_is_cell(t->node)) return syn_mat_cell(t->node, trial);
    if (!t->cells) return syn_mat_field(t->node, trial, t->name[field]);
    return syn_mat_cell(syn_mat_field(t->node, 0, t->name[field]), trial);
}

/* Whether all elements of a field are full or sparse arrays of numbers with two axes. */
static bool is_numeric_field(const table *t, int64_t field) {
    for (int64_t s = 0; s < t->trials; s++) {
        const matvar_t *item = element(t, field, s);
        if (!syn_mat_is_numeric(item) || item->rank != 2 || syn_mat_count(item) < 1) return false;
    }
    return t->trials > 0;
}

static bool is_vector_field(const table *t, int64_t field) {
    for (int64_t s = 0; s < t->trials; s++)
        if (!syn_mat_is_vector(element(t, field, s))) return false;
    return is_numeric_field(t, field);
}

/* Whether an axis has one length in all trials. */
static bool is_constant(const table *t, int64_t field, int axis) {
    for (int64_t s = 1; s < t->trials; s++)
        if (syn_mat_axis(element(t, field, s), axis) != syn_mat_axis(element(t, field, 0), axis)) return false;
    return true;
}

/* A struct of cells: those with as many elements as the first. */
static bool find_trials(const matvar_t *node, table *t) {
    *t = (table){.node = node};
    t->name = (const char *const *)syn_mat_fields(node, &t->n);
    if (syn_mat_is_cell(node)) t->n = 1;
    t->trials = syn_mat_count(node);
    if (!syn_mat_is_struct(node) || t->trials != 1) return t->trials >= 2 && t->n >= 1;
    t->cells = true;
    t->trials = 0;
    for (int64_t f = 0; f < t->n && t->trials == 0; f++) {
        const matvar_t *field = syn_mat_field(node, 0, t->name[f]);
        if (syn_mat_is_cell(field)) t->trials = syn_mat_count(field);
    }
    return t->trials >= 2;
}

/* ---- what the fields of a table are ---- */

typedef enum part { LEFT_OUT, NEURON, MATRIX, BEHAVIOR, CLOCK } part;

typedef struct plan {
    table t;
    part *part; /* [t.n] */
    int64_t N, B;
    int64_t matrix;  /* field of the matrices, -1 if the neurons are fields */
    int64_t clock;   /* field of the times, or -1 */
    bool time_first; /* of the matrices */
    bool guessed;    /* by length alone */
} plan;

/* Length of the part of a name before its number; 0 if it does not end in one. */
static size_t stem_of(const char *name) {
    size_t n = strlen(name);
    while (n > 0 && isdigit((unsigned char)name[n - 1])) n--;
    return name[n] ? n : 0;
}

/* How many vector fields are numbered with the stem of this one. */
static int64_t count_numbered(const plan *p, int64_t field) {
    const size_t n = stem_of(p->t.name[field]);
    int64_t found = 0;
    for (int64_t f = 0; f < p->t.n && n > 0; f++)
        found += p->part[f] == BEHAVIOR && stem_of(p->t.name[f]) == n && !strncmp(p->t.name[f], p->t.name[field], n);
    return found;
}

/* The largest group of numbered fields are the neurons. */
static void find_numbered(plan *p) {
    int64_t best = -1, most = 1;
    for (int64_t f = 0; f < p->t.n; f++) {
        const int64_t found = p->part[f] == BEHAVIOR ? count_numbered(p, f) : 0;
        if (found > most) most = found, best = f;
    }
    const size_t n = best >= 0 ? stem_of(p->t.name[best]) : 0;
    for (int64_t f = 0; f < p->t.n && best >= 0; f++)
        if (p->part[f] == BEHAVIOR && stem_of(p->t.name[f]) == n && !strncmp(p->t.name[f], p->t.name[best], n))
            p->part[f] = NEURON;
}

/* Frames of a trial by a vector field. */
static bool same_lengths(const table *t, int64_t a, int64_t b) {
    for (int64_t s = 0; s < t->trials; s++)
        if (syn_mat_count(element(t, a, s)) != syn_mat_count(element(t, b, s))) return false;
    return true;
}

static bool fits_axis(const table *t, int64_t matrix, int axis, int64_t vector) {
    for (int64_t s = 0; s < t->trials; s++)
        if (syn_mat_axis(element(t, matrix, s), axis) != syn_mat_count(element(t, vector, s))) return false;
    return true;
}

/* Decides which axis of the matrices is time: the one whose length varies, the one that vectors beside it have, what
 * --orientation says, or the longer one, with a warning. false: nothing says. */
static bool orient(plan *p, const syn_options *options) {
    enum { CLEARLY_LONGER = 2 };
    const char *option = syn_option_text(options, SYN_OPT_ORIENTATION);
    const bool rows_alike = is_constant(&p->t, p->matrix, 0), cols_alike = is_constant(&p->t, p->matrix, 1);
    const int64_t rows = syn_mat_axis(element(&p->t, p->matrix, 0), 0),
                  cols = syn_mat_axis(element(&p->t, p->matrix, 0), 1);
    p->guessed = false;
    p->time_first = cols_alike;
    if (rows_alike != cols_alike) return true;
    if (!rows_alike) return false;
    for (int64_t f = 0; f < p->t.n; f++) {
        if (p->part[f] != BEHAVIOR && p->part[f] != CLOCK) continue;
        const bool first = fits_axis(&p->t, p->matrix, 0, f), second = fits_axis(&p->t, p->matrix, 1, f);
        if (first != second) return p->time_first = first, true;
    }
    p->time_first = strcmp(option, "auto") != 0 ? !strcmp(option, "time-first") : rows > cols;
    p->guessed = !strcmp(option, "auto");
    return !p->guessed || rows >= CLEARLY_LONGER * cols || cols >= CLEARLY_LONGER * rows;
}

/* Leaves out the vectors that do not have one value a frame. */
static void drop_other_lengths(plan *p) {
    int64_t first = p->matrix;
    for (int64_t f = 0; f < p->t.n && first < 0; f++)
        if (p->part[f] == NEURON) first = f;
    if (first < 0) return;
    for (int64_t f = 0; f < p->t.n; f++) {
        if (p->part[f] != NEURON && p->part[f] != BEHAVIOR && p->part[f] != CLOCK) continue;
        const bool fits =
            p->matrix >= 0 ? fits_axis(&p->t, p->matrix, p->time_first ? 0 : 1, f) : same_lengths(&p->t, first, f);
        if (!fits) p->part[f] = LEFT_OUT;
    }
}

static const char several_fields[] = "has several fields of matrices";

/* Whether every value is a number of a trial, from 1. */
static bool are_trial_numbers(const matvar_t *node) {
    const int64_t n = syn_mat_count(node);
    double *v;
    if (syn_alloc(&v, (size_t)n, sizeof *v, "trials") != SYN_OK) return false;
    bool whole = syn_mat_numbers(node, "trials", 0, n, v) == SYN_OK;
    for (int64_t k = 0; k < n && whole; k++) whole = v[k] >= 1 && v[k] == floor(v[k]);
    free(v);
    return whole;
}

/* FieldTrip's spikes: cells label, time and trial, an element a neuron, with the time of each spike in its trial. */
static bool is_fieldtrip(const matvar_t *node) {
    const matvar_t *label = syn_mat_field(node, 0, "label"), *time = syn_mat_field(node, 0, "time"),
                   *trial = syn_mat_field(node, 0, "trial");
    const int64_t n = syn_mat_count(time);
    if (!syn_mat_is_cell(label) || !syn_mat_is_cell(time) || !syn_mat_is_cell(trial)) return false;
    bool alike = n > 0 && syn_mat_count(label) == n && syn_mat_count(trial) == n;
    for (int64_t k = 0; k < n && alike; k++) {
        const matvar_t *of = syn_mat_cell(trial, k);
        alike = syn_mat_count(of) == syn_mat_count(syn_mat_cell(time, k)) &&
                (syn_mat_count(of) == 0 || (syn_mat_is_vector(of) && are_trial_numbers(of)));
    }
    return alike;
}

/* Whether the node is a table of trials, and what its fields are. chosen: the field of the activity, where several hold
 * matrices, or NULL. *why: what keeps it from being one, or NULL. */
static bool make_plan(const matvar_t *node, const char *chosen, const syn_options *options, plan *p, const char **why) {
    int64_t matrices = 0;
    *p = (plan){.matrix = -1, .clock = -1};
    *why = NULL;
    if (syn_mat_is_struct(node) && syn_mat_count(node) == 1 && is_fieldtrip(node)) {
        *why = "is a FieldTrip struct of spikes whose times are within trials; make it a cell (neurons, trials) with "
               "C{i,k} = spike.time{i}(spike.trial{i} == k), and give that with --orientation neurons-first";
        return false;
    }
    if (!find_trials(node, &p->t) || syn_alloc(&p->part, (size_t)p->t.n, sizeof *p->part, "fields") != SYN_OK)
        return false;
    for (int64_t f = 0; f < p->t.n; f++) {
        const char *name = p->t.name ? p->t.name[f] : "";
        if (!is_numeric_field(&p->t, f)) continue;
        const bool vector = is_vector_field(&p->t, f);
        p->part[f] = !vector ? MATRIX : is_time_field(name) ? CLOCK : BEHAVIOR;
        if (p->part[f] == MATRIX && chosen && strcmp(name, chosen) != 0) p->part[f] = LEFT_OUT;
        if (p->part[f] == MATRIX) p->matrix = f, matrices++;
    }
    if (matrices > 1) *why = several_fields;
    if (matrices > 1 || (chosen && matrices == 0)) return false;
    if (p->matrix < 0 && p->t.name) find_numbered(p);
    if (p->matrix >= 0 && !orient(p, options))
        *why = "has trials whose matrices do not say which axis is time; give --orientation";
    if (*why) return false;
    drop_other_lengths(p);
    for (int64_t f = 0; f < p->t.n; f++) {
        p->N += p->part[f] == NEURON;
        p->B += p->part[f] == BEHAVIOR;
        if (p->part[f] == CLOCK && p->clock < 0) p->clock = f;
    }
    if (p->matrix >= 0) p->N = syn_mat_axis(element(&p->t, p->matrix, 0), p->time_first ? 1 : 0);
    return p->N >= 2;
}

/* ---- spike trains and traces ---- */

typedef struct train {
    const matvar_t *times;
    double seconds; /* of the unit of its times */
    char id[64];
} train;

typedef struct trains {
    train *item;
    int64_t n, empty;
    bool alike, rising; /* one length; every vector rises */
} trains;

static syn_status add_train(trains *list, const matvar_t *node, double seconds, const char *id) {
    if ((list->n & (list->n - 1)) == 0) {
        train *grown = realloc(list->item, (size_t)(list->n ? 2 * list->n : 1) * sizeof *grown);
        if (!grown) return syn_fail(SYN_ERR_MEMORY, "could not allocate spike trains");
        list->item = grown;
    }
    list->item[list->n].times = node;
    list->item[list->n].seconds = seconds;
    snprintf(list->item[list->n++].id, sizeof list->item->id, "%s", id);
    return SYN_OK;
}

/* The field of a struct that holds times: the first of the known names that it has. */
static const char *time_field(const matvar_t *node) {
    int64_t n;
    char *const *names = syn_mat_fields(node, &n);
    for (size_t k = 0; k < COUNT(time_fields); k++)
        for (int64_t f = 0; f < n; f++)
            if (names[f] && (!strcasecmp(names[f], time_fields[k]) || is_called(names[f], time_fields[k])))
                return names[f];
    return NULL;
}

/* All vectors below a node; false if it holds anything else. Elements are numbered from 1, as in MATLAB. seconds: of
 * the unit of times, where no field of them names its own. */
static bool gather_trains(const matvar_t *node, double seconds, const char *id, int depth, trains *list) {
    enum { MOST_DEPTH = 8 };
    char inner[64];
    if (!node || syn_mat_count(node) == 0) return list->empty++, true;
    if (syn_mat_is_numeric(node))
        return syn_mat_is_vector(node) && depth > 0 && add_train(list, node, seconds, *id ? id : "1") == SYN_OK;
    const bool cell = syn_mat_is_cell(node);
    const char *field = syn_mat_is_struct(node) ? time_field(node) : NULL;
    if (depth >= MOST_DEPTH || (!cell && !field)) return false;
    size_t stem;
    if (field && syn_unit_of_name(field, &stem) != 1) seconds = syn_unit_of_name(field, &stem);
    const int64_t n = syn_mat_count(node);
    for (int64_t k = 0; k < n; k++) {
        /* One element in its own cell or struct adds nothing to the name. */
        if (n == 1)
            snprintf(inner, sizeof inner, "%s", id);
        else
            snprintf(inner, sizeof inner, "%.*s%s%lld", syn_cut(id, 40), id, *id ? "/" : "", (long long)k + 1);
        const matvar_t *item = cell ? syn_mat_cell(node, k) : syn_mat_field(node, k, field);
        if (!gather_trains(item, seconds, inner, depth + 1, list)) return false;
    }
    return true;
}

static bool rises(const matvar_t *node) {
    const int64_t n = syn_mat_count(node);
    double *v;
    if (syn_alloc(&v, (size_t)n, sizeof *v, "spike times") != SYN_OK) return false;
    bool rising = syn_mat_numbers(node, "spike times", 0, n, v) == SYN_OK;
    for (int64_t k = 0; k < n && rising; k++) rising = isfinite(v[k]) && (k == 0 || v[k] >= v[k - 1]);
    free(v);
    return rising;
}

/* Whether a node is a set of vectors: spike trains, or traces of one length. path: of the node, which may end in the
 * unit of the times. */
static bool find_trains(const matvar_t *node, const char *path, trains *list) {
    size_t stem;
    *list = (trains){.alike = true, .rising = true};
    if (!gather_trains(node, syn_unit_of_name(path, &stem), "", 0, list) || list->n < 2) return false;
    for (int64_t k = 0; k < list->n; k++) {
        list->alike = list->alike && syn_mat_count(list->item[k].times) == syn_mat_count(list->item[0].times);
        list->rising = list->rising && rises(list->item[k].times);
    }
    return list->rising || (list->alike && list->empty == 0 && syn_mat_count(list->item[0].times) >= 2);
}

/* ---- candidates ---- */

static bool is_candidate(const matvar_t *node, const char *path, const syn_options *options) {
    plan p;
    trains list = {0};
    const char *why;
    bool found = make_plan(node, NULL, options, &p, &why) || why || find_trains(node, path, &list);
    free(p.part);
    free(list.item);
    return found;
}

typedef struct candidates {
    char (*path)[PATH_SIZE];
    size_t n;
} candidates;

static syn_status add_candidate(candidates *c, const char *path) {
    char(*grown)[PATH_SIZE] = realloc(c->path, (c->n + 1) * sizeof *grown);
    if (!grown) return syn_fail(SYN_ERR_MEMORY, "could not allocate the list of arrays");
    c->path = grown;
    snprintf(c->path[c->n++], PATH_SIZE, "%s", path);
    return SYN_OK;
}

/* The node itself, or those of the fields of a struct that are one. */
static syn_status find_candidates(candidates *c, const char *path, const matvar_t *node, const syn_options *options,
                                  int depth) {
    enum { MOST_DEPTH = 4 };
    char inner[PATH_SIZE];
    int64_t n;
    if (!syn_mat_is_cell(node) && !syn_mat_is_struct(node)) return SYN_OK;
    if (is_candidate(node, path, options)) return add_candidate(c, path);
    char *const *names = syn_mat_fields(node, &n);
    for (int64_t f = 0; f < n && syn_mat_count(node) == 1 && depth < MOST_DEPTH; f++) {
        if (!names[f] || snprintf(inner, sizeof inner, "%s.%s", path, names[f]) >= PATH_SIZE) continue;
        SYN_TRY(find_candidates(c, inner, syn_mat_field(node, 0, names[f]), options, depth + 1));
    }
    return SYN_OK;
}

/* Cells and structs of the whole file that can be read. */
static syn_status find_in_file(candidates *c, const syn_input *input) {
    char last[PATH_SIZE] = "";
    for (size_t k = 0; k < input->listing.n; k++) {
        char name[PATH_SIZE];
        const char *full = input->listing.entry[k].name;
        const size_t n = strcspn(full, ".{(");
        snprintf(name, sizeof name, "%.*s", (int)n, full);
        /* A variable is listed in one piece; a plain array has no candidates in it. */
        if (!strcmp(name, last) || (!full[n] && strncmp(input->listing.entry[k].type, "cell", 4) != 0)) continue;
        snprintf(last, sizeof last, "%s", name);
        matvar_t *root, *node;
        SYN_TRY(syn_mat_read(&root, &node, input->address.file, name));
        syn_status status = find_candidates(c, name, node, input->options, 0);
        Mat_VarFree(root);
        SYN_TRY(status);
    }
    return SYN_OK;
}

static bool lies_in(const char *name, const candidates *c) {
    for (size_t k = 0; k < c->n; k++) {
        const size_t n = strlen(c->path[k]);
        if (!strncmp(name, c->path[k], n) && name[n] && strchr(".{(", name[n])) return true;
    }
    return false;
}

static bool holds_cells(const syn_listing *listing) {
    for (size_t k = 0; k < listing->n; k++)
        if (!strncmp(listing->entry[k].type, "cell", 4) || strpbrk(listing->entry[k].name, "{(")) return true;
    return false;
}

/* As syn_mat_read(); of a field of all trials of a struct array, trials.dff, the node is the struct array and *chosen
 * the field, else NULL. */
static syn_status read_place(matvar_t **root, matvar_t **node, const char **chosen, const char *file,
                             const char *path) {
    char above[PATH_SIZE];
    const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/'), *last = slash && slash > dot ? slash : dot;
    *chosen = NULL;
    if (last && last > path && snprintf(above, sizeof above, "%.*s", (int)(last - path), path) < PATH_SIZE &&
        syn_mat_read(root, node, file, above) == SYN_OK) {
        if (syn_mat_is_struct(*node) && syn_mat_count(*node) > 1 && above[strlen(above) - 1] != ')' &&
            syn_mat_field(*node, 0, last + 1))
            return *chosen = last + 1, SYN_OK;
        Mat_VarFree(*root);
    }
    return syn_mat_read(root, node, file, path);
}

bool syn_mat_probe(const syn_input *input) {
    if (input->address.content != SYN_CONTENT_MATLAB) return false;
    if (!input->address.name) return holds_cells(&input->listing);
    const syn_entry *e = syn_listing_find(&input->listing, input->address.name);
    matvar_t *root, *node;
    if ((e && e->numeric) || syn_spike_list_probe(input)) return false;
    const char *chosen;
    if (read_place(&root, &node, &chosen, input->address.file, input->address.name) != SYN_OK) return false;
    const bool mine = syn_mat_is_cell(node) || syn_mat_is_struct(node);
    Mat_VarFree(root);
    return mine;
}

/* ---- reading trials ---- */

static int64_t frames_of(const plan *p, int64_t trial) {
    for (int64_t f = 0; f < p->t.n && p->matrix < 0; f++)
        if (p->part[f] == NEURON) return syn_mat_count(element(&p->t, f, trial));
    return syn_mat_axis(element(&p->t, p->matrix, trial), p->time_first ? 0 : 1);
}

/* Puts the values of one element into `out`: frame t at out[t * t_stride], for a matrix neuron j at + j. */
static syn_status put_element(const matvar_t *item, const char *label, bool time_first, bool matrix, float *out,
                              int64_t stride) {
    const int64_t n = syn_mat_count(item), rows = matrix ? syn_mat_axis(item, 0) : n;
    double *v;
    SYN_TRY(syn_alloc(&v, (size_t)n, sizeof *v, label));
    syn_status status = syn_mat_numbers(item, label, 0, n, v);
    for (int64_t k = 0; k < n && status == SYN_OK; k++) {
        const int64_t row = k % rows, col = k / rows;
        status = syn_check_single(label, v[k]);
        out[time_first ? row * stride + col : col * stride + row] = (float)v[k];
    }
    free(v);
    return status;
}

/* Activity, behaviour and segments of all trials. */
static syn_status read_trials(syn_recording *r, const plan *p, const char *label) {
    int64_t first = 0;
    for (int64_t s = 0; s < p->t.trials; s++) {
        const int64_t T = frames_of(p, s);
        float *x = r->x + first * r->N, *u = r->u ? r->u + first * r->B : NULL;
        for (int64_t f = 0; f < p->t.n; f++) {
            const matvar_t *item = element(&p->t, f, s);
            if (p->part[f] == MATRIX) SYN_TRY(put_element(item, label, p->time_first, true, x, r->N));
            if (p->part[f] == NEURON) SYN_TRY(put_element(item, label, true, false, x++, r->N));
            if (p->part[f] == BEHAVIOR) SYN_TRY(put_element(item, label, true, false, u++, r->B));
        }
        r->segment[s] = (syn_segment){first, first + T};
        first += T;
    }
    return SYN_OK;
}

static syn_status name_fields(syn_recording *r, const plan *p) {
    int64_t j = 0, b = 0;
    SYN_TRY(syn_alloc(&r->behavior_name, (size_t)r->B, sizeof *r->behavior_name, "behaviour names"));
    for (int64_t f = 0; f < p->t.n; f++) {
        if (p->part[f] == NEURON) SYN_TRY(syn_recording_name_neuron(r, j++, p->t.name[f]));
        if (p->part[f] == BEHAVIOR) SYN_TRY(syn_copy_text(&r->behavior_name[b++], p->t.name[f]));
        if (p->part[f] == LEFT_OUT && p->t.cells && syn_mat_is_cell(syn_mat_field(p->t.node, 0, p->t.name[f])))
            SYN_TRY(syn_recording_warn(r, "field %.*s is left out: it does not hold one number a frame of every trial",
                                       syn_cut(p->t.name[f], 100), p->t.name[f]));
    }
    return SYN_OK;
}

static syn_status alloc_trials(syn_recording **recording, const plan *p, const char *label) {
    int64_t T = 0;
    for (int64_t s = 0; s < p->t.trials; s++) {
        const int64_t n = frames_of(p, s);
        for (int64_t f = 0; f < p->t.n; f++)
            if (p->part[f] == MATRIX && syn_mat_axis(element(&p->t, f, s), p->time_first ? 1 : 0) != p->N)
                return syn_fail(SYN_ERR_INPUT, "%s: trial %lld has another number of neurons than the first", label,
                                (long long)s + 1);
        T += n;
    }
    SYN_TRY(syn_recording_alloc(recording, T, p->N));
    syn_recording *r = *recording;
    free(r->segment);
    SYN_TRY(syn_alloc(&r->segment, (size_t)p->t.trials, sizeof *r->segment, "segments"));
    r->S = p->t.trials;
    if (p->B == 0) return SYN_OK;
    SYN_TRY(syn_alloc(&r->u, (size_t)(T * p->B), sizeof *r->u, "behaviour"));
    r->B = p->B;
    return SYN_OK;
}

/* ---- the frame rate of trials ---- */

static int compare_doubles(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Rate from times [n]; 0 if they do not rise by equal steps. */
static double rate_of(const double *time, int64_t n) {
    double *step;
    if (n < 2 || syn_alloc(&step, (size_t)n - 1, sizeof *step, "times") != SYN_OK) return 0;
    for (int64_t k = 1; k < n; k++) step[k - 1] = time[k] - time[k - 1];
    qsort(step, (size_t)n - 1, sizeof *step, compare_doubles);
    const double least = step[0], median = step[(n - 1) / 2], most = step[n - 2];
    free(step);
    return least > 0.9 * median && most < 1.1 * median ? 1 / median : 0;
}

/* A vector of times in the file with one entry for every frame of a trial. */
static syn_status rate_from_vector(syn_recording *r, const syn_input *input) {
    for (size_t k = 0; k < input->listing.n; k++) {
        const syn_entry *e = &input->listing.entry[k];
        syn_array *a;
        double *v;
        if (!e->numeric || e->rank != 2 || !is_time_field(syn_last_part(SYN_CONTENT_MATLAB, e->name))) continue;
        if (e->shape[0] * e->shape[1] != r->segment[0].stop || (e->shape[0] != 1 && e->shape[1] != 1)) continue;
        SYN_TRY(syn_array_open(&a, input->address.file, e->name));
        syn_status status = syn_array_values(a, &v);
        size_t stem;
        const double seconds = syn_unit_of_name(syn_last_part(SYN_CONTENT_MATLAB, e->name), &stem);
        const double rate = status == SYN_OK ? rate_of(v, a->rows * a->cols) / seconds : 0;
        syn_array_close(a);
        SYN_TRY(status);
        free(v);
        if (rate == 0) continue;
        r->rate_hz = rate;
        return syn_recording_warn(r, "frame rate %g Hz taken from the times in %s", rate, e->name);
    }
    return SYN_OK;
}

static syn_status rate_from_clock(syn_recording *r, const plan *p, const char *label) {
    const matvar_t *item = element(&p->t, p->clock, 0);
    const int64_t n = syn_mat_count(item);
    double *v;
    size_t stem;
    SYN_TRY(syn_alloc(&v, (size_t)n, sizeof *v, label));
    syn_status status = syn_mat_numbers(item, label, 0, n, v);
    r->rate_hz = status == SYN_OK ? rate_of(v, n) / syn_unit_of_name(p->t.name[p->clock], &stem) : 0;
    free(v);
    if (status != SYN_OK || r->rate_hz == 0) return status;
    return syn_recording_warn(r, "frame rate %g Hz taken from the times in field %s", r->rate_hz, p->t.name[p->clock]);
}

static syn_status find_rate(syn_recording *r, const plan *p, const syn_input *input, const char *path) {
    if (p->clock >= 0) SYN_TRY(rate_from_clock(r, p, path));
    if (r->rate_hz == 0) SYN_TRY(syn_take_rate(r, input, path));
    return r->rate_hz == 0 ? rate_from_vector(r, input) : SYN_OK;
}

static syn_status open_trials(syn_recording **recording, const syn_input *input, const char *path, const plan *p) {
    char label[PATH_SIZE + 256];
    snprintf(label, sizeof label, "%.250s:%s", input->address.file, path);
    SYN_TRY(alloc_trials(recording, p, label));
    syn_recording *r = *recording;
    SYN_TRY(read_trials(r, p, label));
    SYN_TRY(name_fields(r, p));
    SYN_TRY(find_rate(r, p, input, path));
    SYN_TRY(syn_recording_warn(r, "%s: %lld trials, each its own segment", path, (long long)r->S));
    if (p->guessed)
        SYN_TRY(syn_recording_warn(
            r, "%s: took the %s axis of the trials as time because it is longer; --orientation says otherwise", path,
            p->time_first ? "first" : "second"));
    return syn_option_auto(input->options, SYN_OPT_SIGNAL) ? syn_guess_signal(r, label) : SYN_OK;
}

/* ---- reading trains and traces ---- */

static syn_status take_neurons(syn_recording *r, const syn_input *input, const char *path) {
    char group[PATH_SIZE];
    snprintf(group, sizeof group, "%.*s", (int)(syn_last_part(SYN_CONTENT_MATLAB, path) - path), path);
    return syn_take_neurons_beside(r, input, group);
}

static syn_status name_trains(syn_recording *r, const trains *list) {
    for (int64_t j = 0; j < list->n; j++) SYN_TRY(syn_recording_name_neuron(r, j, list->item[j].id));
    return SYN_OK;
}

/* Whether "1/1" to "12/10" are all there: 12 groups of 10 trains each, of which one may be trials. */
static bool are_even_groups(const trains *list, int *groups, int *each) {
    *groups = *each = 0;
    for (int64_t k = 0; k < list->n; k++) {
        int i, j, length = 0;
        if (sscanf(list->item[k].id, "%d/%d%n", &i, &j, &length) != 2 || list->item[k].id[length]) return false;
        if (i > *groups) *groups = i;
        if (j > *each) *each = j;
    }
    return *groups > 1 && *each > 1 && (int64_t)*groups * *each == list->n + list->empty;
}

static syn_status remark_groups(syn_recording *r, const trains *list, const char *path) {
    int groups, each;
    if (!are_even_groups(list, &groups, &each)) return SYN_OK;
    return syn_recording_warn(r,
                              "%s: its %d groups of %d spike trains each are taken as %lld neurons; if neurons or "
                              "groups are trials, make it a cell (neurons, trials), as vertcat(C{:}) of cells does",
                              path, groups, each, (long long)list->n);
}

static syn_status open_spike_trains(syn_recording **recording, const syn_input *input, const char *path,
                                    const trains *list) {
    double *time;
    int32_t *neuron;
    int64_t n = 0, at = 0;
    const char *label = input->address.given;
    for (int64_t k = 0; k < list->n; k++) n += syn_mat_count(list->item[k].times);
    SYN_TRY(syn_alloc(&time, (size_t)n, sizeof *time, "spike times"));
    syn_status status = syn_alloc(&neuron, (size_t)n, sizeof *neuron, "spike neurons");
    for (int64_t k = 0; k < list->n && status == SYN_OK; k++) {
        const int64_t count = syn_mat_count(list->item[k].times);
        status = syn_mat_numbers(list->item[k].times, label, 0, count, time + at);
        for (int64_t i = 0; i < count && neuron; i++, at++) {
            neuron[at] = (int32_t)k;
            if (list->item[k].seconds != 1) time[at] *= list->item[k].seconds;
        }
    }
    if (status != SYN_OK) {
        free(time);
        free(neuron);
        return status;
    }
    SYN_TRY(
        syn_bin_spikes(recording, label, time, neuron, n, list->n, NAN, syn_option_real(input->options, SYN_OPT_BIN)));
    if (list->empty)
        SYN_TRY(syn_recording_warn(*recording, "%lld empty spike trains are left out", (long long)list->empty));
    SYN_TRY(name_trains(*recording, list));
    SYN_TRY(remark_groups(*recording, list, path));
    return take_neurons(*recording, input, path);
}

/* ---- a cell of neurons and trials ---- */

static bool is_grid(const matvar_t *node) {
    if (!syn_mat_is_cell(node) || node->rank != 2 || syn_mat_axis(node, 0) < 2 || syn_mat_axis(node, 1) < 2)
        return false;
    for (int64_t k = 0; k < syn_mat_count(node); k++) {
        const matvar_t *item = syn_mat_cell(node, k);
        if (item && syn_mat_count(item) > 0 && !syn_mat_is_numeric(item)) return false;
    }
    return true;
}

/* The spikes of a grid [n], trial by trial, with the times in each. */
typedef struct grid {
    int64_t neurons, trials, n;
    double *time_s;
    int32_t *neuron, *trial;
} grid;

static syn_status read_grid(grid *g, const matvar_t *node, bool rows_are_neurons, double seconds, const char *label) {
    const int64_t rows = syn_mat_axis(node, 0), cols = syn_mat_axis(node, 1);
    int64_t n = 0;
    g->neurons = rows_are_neurons ? rows : cols;
    g->trials = rows_are_neurons ? cols : rows;
    for (int64_t k = 0; k < rows * cols; k++) g->n += syn_mat_count(syn_mat_cell(node, k));
    SYN_TRY(syn_alloc(&g->time_s, (size_t)g->n, sizeof *g->time_s, "spike times"));
    SYN_TRY(syn_alloc(&g->neuron, (size_t)g->n, sizeof *g->neuron, "spike neurons"));
    SYN_TRY(syn_alloc(&g->trial, (size_t)g->n, sizeof *g->trial, "spike trials"));
    for (int64_t k = 0; k < rows * cols; k++) {
        const matvar_t *item = syn_mat_cell(node, k);
        const int64_t count = syn_mat_count(item);
        if (count == 0) continue;
        SYN_TRY(syn_mat_numbers(item, label, 0, count, g->time_s + n));
        for (int64_t i = 0; i < count; i++, n++) {
            g->time_s[n] *= seconds;
            g->neuron[n] = (int32_t)(rows_are_neurons ? k % rows : k / rows);
            g->trial[n] = (int32_t)(rows_are_neurons ? k / rows : k % rows);
        }
    }
    return SYN_OK;
}

/* Trials are put one after another, each from the earliest to the latest spike of all in whole bins. */
static syn_status open_grid(syn_recording **recording, const syn_input *input, const char *path, const matvar_t *node) {
    const char *option = syn_option_text(input->options, SYN_OPT_ORIENTATION), *label = input->address.given;
    const double bin_s = syn_option_real(input->options, SYN_OPT_BIN);
    syn_status status;
    grid g = {0};
    size_t stem;
    double first = INFINITY, last = -INFINITY;
    if (!strcmp(option, "auto"))
        return syn_fail(SYN_ERR_INPUT,
                        "%s:%s: is a cell (%lld, %lld) of spike trains, of neurons and trials; give --orientation "
                        "neurons-first where its rows are neurons, time-first where they are trials",
                        input->address.file, path, (long long)syn_mat_axis(node, 0), (long long)syn_mat_axis(node, 1));
    SYN_CHECK(read_grid(&g, node, !strcmp(option, "neurons-first"), syn_unit_of_name(path, &stem), label));
    for (int64_t k = 0; k < g.n; k++) {
        first = fmin(first, g.time_s[k]);
        last = fmax(last, g.time_s[k]);
    }
    const double start = floor(first / bin_s + 1e-9), frames = floor(last / bin_s + 1e-9) - start + 1;
    for (int64_t k = 0; k < g.n; k++) g.time_s[k] += (frames * g.trial[k] - start) * bin_s;
    status = syn_bin_spikes(recording, label, g.time_s, g.neuron, g.n, g.neurons, 0, bin_s);
    g.time_s = NULL, g.neuron = NULL; /* taken over */
    if (status != SYN_OK) goto done;
    SYN_CHECK(syn_cut_trials(*recording, g.trials, (int64_t)frames));
    SYN_CHECK(take_neurons(*recording, input, path));
    SYN_CHECK(syn_recording_warn(*recording, "%s: %lld trials, each its own segment, from %g to %g s%s", path,
                                 (long long)(*recording)->S, start * bin_s, (start + frames) * bin_s,
                                 (*recording)->S < g.trials ? "; those after the last spike are left out" : ""));
done:
    free(g.time_s);
    free(g.neuron);
    free(g.trial);
    return status;
}

static syn_status open_traces(syn_recording **recording, const syn_input *input, const char *path, const trains *list) {
    const int64_t T = syn_mat_count(list->item[0].times);
    SYN_TRY(syn_recording_alloc(recording, T, list->n));
    for (int64_t j = 0; j < list->n; j++)
        SYN_TRY(put_element(list->item[j].times, input->address.given, true, false, (*recording)->x + j, list->n));
    SYN_TRY(name_trains(*recording, list));
    SYN_TRY(take_neurons(*recording, input, path));
    SYN_TRY(syn_take_rate(*recording, input, path));
    if ((*recording)->rate_hz == 0) SYN_TRY(rate_from_vector(*recording, input));
    SYN_TRY(syn_recording_warn(*recording, "%s: its %lld vectors of one length are taken for neurons", path,
                               (long long)list->n));
    return syn_option_auto(input->options, SYN_OPT_SIGNAL) ? syn_guess_signal(*recording, input->address.given)
                                                           : SYN_OK;
}

/* ---- opening ---- */

/* The fields of matrices, of which none was chosen. */
static syn_status say_which_field(const syn_input *input, const char *path, const plan *p) {
    char text[600] = "";
    const char *first = NULL;
    size_t length = 0;
    for (int64_t f = 0; f < p->t.n && length + 80 < sizeof text; f++) {
        if (p->part[f] != MATRIX) continue;
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%.*s", first ? ", " : "",
                                   syn_cut(p->t.name[f], 60), p->t.name[f]);
        if (!first) first = p->t.name[f];
    }
    return syn_fail(SYN_ERR_INPUT, "%s:%s: %s (%s); say which is the activity, as %s:%s.%s", input->address.file, path,
                    several_fields, text, input->address.file, path, first);
}

static syn_status open_node(syn_recording **recording, const syn_input *input, const char *path) {
    syn_status status;
    matvar_t *root = NULL, *node;
    plan p = {0};
    trains list = {0};
    const char *why, *chosen;
    SYN_CHECK(read_place(&root, &node, &chosen, input->address.file, path));
    if (make_plan(node, chosen, input->options, &p, &why))
        status = open_trials(recording, input, path, &p);
    else if (why == several_fields)
        status = say_which_field(input, path, &p);
    else if (why)
        status = syn_fail(SYN_ERR_INPUT, "%s:%s: %s", input->address.file, path, why);
    else if (find_trains(node, path, &list))
        status = !list.rising    ? open_traces(recording, input, path, &list)
                 : is_grid(node) ? open_grid(recording, input, path, node)
                                 : open_spike_trains(recording, input, path, &list);
    else
        status = syn_fail(
            SYN_ERR_INPUT,
            "%s:%s: is a %s, but neither trials (a cell of matrices, or fields with one element a trial), nor "
            "neurons (vectors of one length), nor spike trains (rising times); give an array in it as FILE:NAME",
            input->address.file, path, syn_mat_class(node));
done:
    free(p.part);
    free(list.item);
    Mat_VarFree(root);
    return status;
}

static syn_status say_which(const syn_input *input, const candidates *c, size_t matrices) {
    enum { SHOWN = 8, SIZE = 900 };
    char text[SIZE] = "", *arrays = NULL;
    size_t length = 0;
    for (size_t k = 0; k < c->n && k < SHOWN; k++)
        length += (size_t)snprintf(text + length, SIZE - length, "%s%.*s", k ? ", " : "", syn_cut(c->path[k], 100),
                                   c->path[k]);
    if (c->n > SHOWN) snprintf(text + length, SIZE - length, " and %zu more", c->n - SHOWN);
    SYN_TRY(syn_listing_text(&input->listing, matrices ? syn_is_matrix : NULL, &arrays));
    syn_status status;
    if (c->n + matrices == 0)
        status = syn_fail(SYN_ERR_INPUT, "%s: holds no activity matrix, no trials and no spike trains; it holds %s",
                          input->address.file, arrays);
    else
        status = syn_fail(SYN_ERR_INPUT,
                          "%s: holds several arrays that could be the activity (%s%s%s); say which as FILE:NAME",
                          input->address.file, text, c->n && matrices ? ", " : "", matrices ? arrays : "");
    free(arrays);
    return status;
}

syn_status syn_mat_recording_open(syn_recording **recording, const syn_input *input) {
    syn_status status;
    candidates c = {0};
    size_t matrices = 0;
    if (input->address.name) return open_node(recording, input, input->address.name);
    SYN_CHECK(find_in_file(&c, input));
    const bool spikes = syn_spike_list_probe(input);
    for (size_t k = 0; k < input->listing.n && !spikes; k++)
        matrices += syn_is_matrix(&input->listing.entry[k]) && !lies_in(input->listing.entry[k].name, &c);
    if (c.n == 1 && matrices == 0 && !spikes)
        status = open_node(recording, input, c.path[0]);
    else if (c.n == 0 && spikes)
        status = syn_spike_list_open(recording, input);
    else if (c.n == 0 && matrices == 1)
        status = syn_matrix_open(recording, input);
    else
        status = say_which(input, &c, matrices);
done:
    free(c.path);
    return status;
}
