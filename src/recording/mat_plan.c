/* Trials in MATLAB files as a table, one element a trial in every field, and what each field is. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/read_mat.h"

static const char several_fields[] = "has several fields of matrices";

const matvar_t *syn_mat_element(const syn_mat_table *t, int64_t field, int64_t trial) {
    if (!t->name || syn_mat_is_cell(t->node)) return syn_mat_cell(t->node, trial);
    if (!t->cells) return syn_mat_field(t->node, trial, t->name[field]);
    return syn_mat_cell(syn_mat_field(t->node, 0, t->name[field]), trial);
}

/* Whether all elements of a field are full or sparse arrays of numbers with two axes. */
static bool is_numeric_field(const syn_mat_table *t, int64_t field) {
    for (int64_t s = 0; s < t->trials; s++) {
        const matvar_t *item = syn_mat_element(t, field, s);
        if (!syn_mat_is_numeric(item) || item->rank != 2 || syn_mat_count(item) < 1) return false;
    }
    return t->trials > 0;
}

static bool is_vector_field(const syn_mat_table *t, int64_t field) {
    for (int64_t s = 0; s < t->trials; s++)
        if (!syn_mat_is_vector(syn_mat_element(t, field, s))) return false;
    return is_numeric_field(t, field);
}

/* Whether an axis has one length in all trials. */
static bool is_constant(const syn_mat_table *t, int64_t field, int axis) {
    for (int64_t s = 1; s < t->trials; s++)
        if (syn_mat_axis(syn_mat_element(t, field, s), axis) != syn_mat_axis(syn_mat_element(t, field, 0), axis))
            return false;
    return true;
}

/* A struct of cells: those with as many elements as the first. */
static bool find_trials(const matvar_t *node, syn_mat_table *t) {
    *t = (syn_mat_table){.node = node};
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

/* Length of the part of a name before its number; 0 if it does not end in one. */
static size_t stem_of(const char *name) {
    size_t n = strlen(name);
    while (n > 0 && isdigit((unsigned char)name[n - 1])) n--;
    return name[n] ? n : 0;
}

/* How many vector fields are numbered with the stem of this one. */
static int64_t count_numbered(const syn_mat_plan *p, int64_t field) {
    const size_t n = stem_of(p->t.name[field]);
    int64_t found = 0;
    for (int64_t f = 0; f < p->t.n && n > 0; f++)
        found +=
            p->part[f] == SYN_MAT_BEHAVIOR && stem_of(p->t.name[f]) == n && !strncmp(p->t.name[f], p->t.name[field], n);
    return found;
}

/* The largest group of numbered fields are the neurons. */
static void find_numbered(syn_mat_plan *p) {
    int64_t best = -1, most = 1;
    for (int64_t f = 0; f < p->t.n; f++) {
        const int64_t found = p->part[f] == SYN_MAT_BEHAVIOR ? count_numbered(p, f) : 0;
        if (found > most) most = found, best = f;
    }
    const size_t n = best >= 0 ? stem_of(p->t.name[best]) : 0;
    for (int64_t f = 0; f < p->t.n && best >= 0; f++)
        if (p->part[f] == SYN_MAT_BEHAVIOR && stem_of(p->t.name[f]) == n && !strncmp(p->t.name[f], p->t.name[best], n))
            p->part[f] = SYN_MAT_NEURON;
}

/* Frames of a trial by a vector field. */
static bool same_lengths(const syn_mat_table *t, int64_t a, int64_t b) {
    for (int64_t s = 0; s < t->trials; s++)
        if (syn_mat_count(syn_mat_element(t, a, s)) != syn_mat_count(syn_mat_element(t, b, s))) return false;
    return true;
}

static bool fits_axis(const syn_mat_table *t, int64_t matrix, int axis, int64_t vector) {
    for (int64_t s = 0; s < t->trials; s++)
        if (syn_mat_axis(syn_mat_element(t, matrix, s), axis) != syn_mat_count(syn_mat_element(t, vector, s)))
            return false;
    return true;
}

/* Decides which axis of the matrices is time: the one whose length varies, the one that vectors beside it have, what
 * --orientation says, or the longer one, with a warning. false: nothing says. */
static bool orient(syn_mat_plan *p, const syn_options *options) {
    enum { CLEARLY_LONGER = 2 };
    const char *option = syn_option_text(options, SYN_OPT_ORIENTATION);
    const bool rows_alike = is_constant(&p->t, p->matrix, 0), cols_alike = is_constant(&p->t, p->matrix, 1);
    const int64_t rows = syn_mat_axis(syn_mat_element(&p->t, p->matrix, 0), 0),
                  cols = syn_mat_axis(syn_mat_element(&p->t, p->matrix, 0), 1);
    p->guessed = false;
    p->time_first = cols_alike;
    if (rows_alike != cols_alike) return true;
    if (!rows_alike) return false;
    for (int64_t f = 0; f < p->t.n; f++) {
        if (p->part[f] != SYN_MAT_BEHAVIOR && p->part[f] != SYN_MAT_CLOCK) continue;
        const bool first = fits_axis(&p->t, p->matrix, 0, f), second = fits_axis(&p->t, p->matrix, 1, f);
        if (first != second) return p->time_first = first, true;
    }
    p->time_first = strcmp(option, "auto") != 0 ? !strcmp(option, "time-first") : rows > cols;
    p->guessed = !strcmp(option, "auto");
    return !p->guessed || rows >= CLEARLY_LONGER * cols || cols >= CLEARLY_LONGER * rows;
}

/* Leaves out the vectors that do not have one value a frame. */
static void drop_other_lengths(syn_mat_plan *p) {
    int64_t first = p->matrix;
    for (int64_t f = 0; f < p->t.n && first < 0; f++)
        if (p->part[f] == SYN_MAT_NEURON) first = f;
    if (first < 0) return;
    for (int64_t f = 0; f < p->t.n; f++) {
        if (p->part[f] != SYN_MAT_NEURON && p->part[f] != SYN_MAT_BEHAVIOR && p->part[f] != SYN_MAT_CLOCK) continue;
        const bool fits =
            p->matrix >= 0 ? fits_axis(&p->t, p->matrix, p->time_first ? 0 : 1, f) : same_lengths(&p->t, first, f);
        if (!fits) p->part[f] = SYN_MAT_LEFT_OUT;
    }
}

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

bool syn_mat_make_plan(const matvar_t *node, const char *chosen, const syn_options *options, syn_mat_plan *p) {
    int64_t matrices = 0;
    *p = (syn_mat_plan){.matrix = -1, .clock = -1};
    if (syn_mat_is_struct(node) && syn_mat_count(node) == 1 && is_fieldtrip(node)) {
        p->why = "is a FieldTrip struct of spikes whose times are within trials; make it a cell (neurons, trials) with "
                 "C{i,k} = spike.time{i}(spike.trial{i} == k), and give that with --orientation neurons-first";
        return false;
    }
    if (!find_trials(node, &p->t) || syn_alloc(&p->part, (size_t)p->t.n, sizeof *p->part, "fields") != SYN_OK)
        return false;
    for (int64_t f = 0; f < p->t.n; f++) {
        const char *name = p->t.name ? p->t.name[f] : "";
        if (!is_numeric_field(&p->t, f)) continue;
        const bool vector = is_vector_field(&p->t, f);
        p->part[f] = !vector ? SYN_MAT_MATRIX : syn_mat_is_time_field(name) ? SYN_MAT_CLOCK : SYN_MAT_BEHAVIOR;
        if (p->part[f] == SYN_MAT_MATRIX && chosen && strcmp(name, chosen) != 0) p->part[f] = SYN_MAT_LEFT_OUT;
        if (p->part[f] == SYN_MAT_MATRIX) p->matrix = f, matrices++;
    }
    if (matrices > 1) p->why = several_fields;
    if (matrices > 1 || (chosen && matrices == 0)) return false;
    if (p->matrix < 0 && p->t.name) find_numbered(p);
    if (p->matrix >= 0 && !orient(p, options))
        p->why = "has trials whose matrices do not say which axis is time; give --orientation";
    if (p->why) return false;
    drop_other_lengths(p);
    for (int64_t f = 0; f < p->t.n; f++) {
        p->N += p->part[f] == SYN_MAT_NEURON;
        p->B += p->part[f] == SYN_MAT_BEHAVIOR;
        if (p->part[f] == SYN_MAT_CLOCK && p->clock < 0) p->clock = f;
    }
    if (p->matrix >= 0) p->N = syn_mat_axis(syn_mat_element(&p->t, p->matrix, 0), p->time_first ? 1 : 0);
    return p->N >= 2;
}

/* The fields of matrices, of which none was chosen. */
static syn_status say_which_field(const syn_mat_plan *p, const syn_input *input, const char *path) {
    char text[600] = "";
    const char *first = NULL;
    size_t length = 0;
    for (int64_t f = 0; f < p->t.n && length + 80 < sizeof text; f++) {
        if (p->part[f] != SYN_MAT_MATRIX) continue;
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%.*s", first ? ", " : "",
                                   syn_cut(p->t.name[f], 60), p->t.name[f]);
        if (!first) first = p->t.name[f];
    }
    return syn_fail(SYN_ERR_INPUT, "%s:%s: %s (%s); say which is the activity, as %s:%s.%s", input->address.file, path,
                    several_fields, text, input->address.file, path, first);
}

syn_status syn_mat_refuse_plan(const syn_mat_plan *p, const syn_input *input, const char *path) {
    if (p->why == several_fields) return say_which_field(p, input, path);
    return syn_fail(SYN_ERR_INPUT, "%s:%s: %s", input->address.file, path, p->why);
}
