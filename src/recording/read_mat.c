/* Cells and structs of MATLAB files: trials, neurons, spike trains.
 *
 *   trials        a cell of matrices; a struct whose fields are cells, or a struct array, with one element a trial. A
 *                 field of matrices is the activity and fields of vectors are behaviour; without matrices, numbered
 *                 fields (neuron1, neuron2, ...) are the neurons and the others behaviour
 *   neurons       a cell of vectors of one length
 *   spike trains  cells of rising vectors, structs with a field of times, nested as they like; or a cell (neurons,
 *                 trials) of them
 *
 * Plain arrays and spike lists are read by the readers for those.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "recording/read_mat.h"

/* ---- candidates ---- */

static bool is_candidate(const matvar_t *node, const char *path, const syn_options *options) {
    syn_mat_plan p;
    syn_mat_vectors list = {0};
    bool found = syn_mat_make_plan(node, NULL, options, &p) || p.why || syn_mat_find_vectors(node, path, &list);
    free(p.part);
    free(list.item);
    return found;
}

typedef struct candidates {
    char (*path)[SYN_MAT_PATH_SIZE];
    size_t n;
} candidates;

static syn_status add_candidate(candidates *c, const char *path) {
    char(*grown)[SYN_MAT_PATH_SIZE] = realloc(c->path, (c->n + 1) * sizeof *grown);
    if (!grown) return syn_fail(SYN_ERR_MEMORY, "could not allocate the list of arrays");
    c->path = grown;
    snprintf(c->path[c->n++], SYN_MAT_PATH_SIZE, "%s", path);
    return SYN_OK;
}

/* The node itself, or those of the fields of a struct that are one. */
static syn_status find_candidates(candidates *c, const char *path, const matvar_t *node, const syn_options *options,
                                  int depth) {
    enum { MOST_DEPTH = 4 };
    char inner[SYN_MAT_PATH_SIZE];
    int64_t n;
    if (!syn_mat_is_cell(node) && !syn_mat_is_struct(node)) return SYN_OK;
    if (is_candidate(node, path, options)) return add_candidate(c, path);
    char *const *names = syn_mat_fields(node, &n);
    for (int64_t f = 0; f < n && syn_mat_count(node) == 1 && depth < MOST_DEPTH; f++) {
        if (!names[f] || snprintf(inner, sizeof inner, "%s.%s", path, names[f]) >= SYN_MAT_PATH_SIZE) continue;
        SYN_TRY(find_candidates(c, inner, syn_mat_field(node, 0, names[f]), options, depth + 1));
    }
    return SYN_OK;
}

/* Cells and structs of the whole file that can be read. */
static syn_status find_in_file(candidates *c, const syn_input *input) {
    char last[SYN_MAT_PATH_SIZE] = "";
    for (size_t k = 0; k < input->listing.n; k++) {
        char name[SYN_MAT_PATH_SIZE];
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
    char above[SYN_MAT_PATH_SIZE];
    const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/'), *last = slash && slash > dot ? slash : dot;
    *chosen = NULL;
    if (last && last > path && snprintf(above, sizeof above, "%.*s", (int)(last - path), path) < SYN_MAT_PATH_SIZE &&
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

/* ---- opening ---- */

static syn_status open_node(syn_recording **recording, const syn_input *input, const char *path) {
    syn_status status;
    matvar_t *root = NULL, *node;
    syn_mat_plan p = {0};
    syn_mat_vectors list = {0};
    const char *chosen;
    SYN_CHECK(read_place(&root, &node, &chosen, input->address.file, path));
    if (syn_mat_make_plan(node, chosen, input->options, &p))
        status = syn_mat_open_trials(recording, input, path, &p);
    else if (p.why)
        status = syn_mat_refuse_plan(&p, input, path);
    else if (syn_mat_find_vectors(node, path, &list))
        status = !list.rising            ? syn_mat_open_traces(recording, input, path, &list)
                 : syn_mat_is_grid(node) ? syn_mat_open_grid(recording, input, path, node)
                                         : syn_mat_open_spike_trains(recording, input, path, &list);
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
