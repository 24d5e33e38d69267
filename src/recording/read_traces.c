/* Files in which a program that finds cells in calcium movies left all that it found: which of their arrays is the
 * activity, which components are cells, and the frame rate.
 *
 *   CNMF     arrays C and S (N, T) side by side, with F_dff, C_raw, YrA or A: CaImAn (HDF5), CNMF-E (MATLAB), Minian
 *            (netCDF 4)
 *   suite2p  F, Fneu and spks (N, T) with iscell, as in Fall.mat
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "recording/reader.h"

enum { NAME_SIZE = 512 };

/* The array `name` in the group or struct `group` ("" or with its separator), numbers of the shape of `like`, if that
 * is given. */
static const syn_entry *find(const syn_input *input, const char *group, const char *name, const syn_entry *like) {
    char full[NAME_SIZE];
    if (snprintf(full, sizeof full, "%s%s", group, name) >= NAME_SIZE) return NULL;
    const syn_entry *e = syn_listing_find(&input->listing, full);
    if (!e || !e->numeric || (like && (e->rank != 2 || e->shape[0] != like->shape[0] || e->shape[1] != like->shape[1])))
        return NULL;
    return e;
}

/* The array called `first` that has one of its own shape called `second` beside it: the only one, in the group that
 * was named, if one was. Its group goes to group[NAME_SIZE]. */
static const syn_entry *find_pair(const syn_input *input, const char *first, const char *second, char *group) {
    const syn_content content = input->address.content;
    const syn_entry *found = NULL;
    const char *wanted = input->address.name;
    char in[NAME_SIZE];
    while (wanted && *wanted == '/') wanted++;
    size_t length = wanted ? strlen(wanted) : 0;
    while (length > 0 && wanted[length - 1] == '/') length--;
    if (content != SYN_CONTENT_HDF5 && content != SYN_CONTENT_MATLAB) return NULL;
    for (size_t k = 0; k < input->listing.n; k++) {
        const syn_entry *e = &input->listing.entry[k];
        const char *name = syn_last_part(content, e->name);
        const size_t n = (size_t)(name - e->name);
        if (strcmp(name, first) != 0 || !syn_is_matrix(e) || n >= NAME_SIZE) continue;
        snprintf(in, sizeof in, "%.*s", (int)n, e->name);
        if (length > 0 && (n != length + 1 || strncmp(e->name, wanted, length) != 0)) continue;
        if (!find(input, in, second, e)) continue;
        if (found) return NULL;
        found = e;
        memcpy(group, in, NAME_SIZE);
    }
    return found;
}

/* What is read: up to two arrays, the second added with a factor. */
typedef struct traces {
    const syn_input *input;
    char group[NAME_SIZE];
    const syn_entry *first, *second; /* second may be NULL */
    float factor;
    bool *cell; /* [rois] or NULL: all are */
    int64_t rois, cells;
} traces;

static syn_status read_vector(const syn_input *input, const syn_entry *e, double **values, int64_t *rows,
                              int64_t *cols) {
    char path[4096];
    snprintf(path, sizeof path, "%s:%s", input->address.file, e->name);
    return syn_matrix_read(path, values, rows, cols);
}

static syn_status place(syn_recording *r, const traces *t, const syn_entry *e, float factor, const int64_t *to) {
    syn_array *a;
    SYN_TRY(syn_array_open(&a, t->input->address.file, e->name));
    const syn_placement placement = {.recording = r, .to = to, .scale = factor};
    syn_status status = syn_place(a, &placement);
    syn_array_close(a);
    return status;
}

static syn_status read_cells(syn_recording **recording, const traces *t) {
    syn_status status;
    int64_t *to, next = 0;
    SYN_TRY(syn_alloc(&to, (size_t)t->rois, sizeof *to, "cells"));
    for (int64_t k = 0; k < t->rois; k++) to[k] = !t->cell || t->cell[k] ? next++ : -1;
    SYN_CHECK(syn_recording_alloc(recording, t->first->shape[1], next));
    SYN_CHECK(place(*recording, t, t->first, 1, to));
    if (t->second) SYN_CHECK(place(*recording, t, t->second, t->factor, to));
    for (int64_t k = 0; k < t->rois; k++) {
        char id[32];
        if (to[k] < 0) continue;
        snprintf(id, sizeof id, "%lld", (long long)k);
        SYN_CHECK(syn_recording_name_neuron(*recording, to[k], id));
    }
done:
    free(to);
    return status;
}

/* Refuses what these files do not hold; *deconvolved: that is asked for. */
static syn_status which_signal(const syn_input *input, bool *deconvolved) {
    const char *signal = syn_option_text(input->options, SYN_OPT_SIGNAL);
    *deconvolved = !strcmp(signal, "deconvolved");
    if (strcmp(signal, "counts") != 0) return SYN_OK;
    return syn_fail(SYN_ERR_OPTION, "%s: holds no spike counts; expected --signal fluorescence or deconvolved",
                    input->address.given);
}

static syn_status open_traces(syn_recording **recording, traces *t, const char *cells_by, bool deconvolved) {
    if (t->cells == 0)
        return syn_fail(SYN_ERR_INPUT, "%s: %s marks no component as a cell; sort them, or give an array as FILE:NAME",
                        t->input->address.given, cells_by);
    SYN_TRY(read_cells(recording, t));
    (*recording)->signal = deconvolved ? SYN_SIGNAL_DECONVOLVED : SYN_SIGNAL_FLUORESCENCE;
    if (t->cells < t->rois)
        SYN_TRY(syn_recording_warn(*recording, "%lld of %lld components are cells by %s", (long long)t->cells,
                                   (long long)t->rois, cells_by));
    return syn_take_rate(*recording, t->input, t->first->name);
}

/* ---- CNMF ---- */

/* The traces that are not denoised, as what is smoothed over later frames knows of them, else C; false where no traces
 * and no footprints A say that it is one of calcium. */
static bool choose_traces(traces *t, const syn_entry *c) {
    static const char *const whole[] = {"F_dff", "C_raw"};
    t->first = NULL;
    for (size_t k = 0; k < sizeof whole / sizeof *whole && !t->first; k++)
        t->first = find(t->input, t->group, whole[k], c);
    if (t->first) return true;
    t->first = c;
    t->second = find(t->input, t->group, "YrA", c);
    t->factor = 1;
    return t->second || find(t->input, t->group, "A", NULL);
}

bool syn_cnmf_probe(const syn_input *input) {
    traces t = {.input = input};
    const syn_entry *c = find_pair(input, "C", "S", t.group);
    return c && choose_traces(&t, c);
}

/* Components that CaImAn's evaluation kept: their places from 0. */
static syn_status read_accepted(traces *t, const syn_entry *e) {
    double *place;
    int64_t rows, cols;
    if (!e || e->rank < 1 || !strcmp(syn_option_text(t->input->options, SYN_OPT_UNITS), "all")) return SYN_OK;
    if (e->shape[0] == 0) return t->cells = 0, SYN_OK;
    SYN_TRY(read_vector(t->input, e, &place, &rows, &cols));
    syn_status status = syn_alloc(&t->cell, (size_t)t->rois, sizeof *t->cell, "cells");
    t->cells = 0;
    for (int64_t k = 0; status == SYN_OK && k < rows * cols; k++) {
        if (!(place[k] >= 0 && place[k] < (double)t->rois && place[k] == floor(place[k]))) {
            status = syn_fail(SYN_ERR_INPUT, "%s:%s: holds %g; expected places of the %lld components",
                              t->input->address.file, e->name, place[k], (long long)t->rois);
            break;
        }
        t->cells += !t->cell[(int64_t)place[k]];
        t->cell[(int64_t)place[k]] = true;
    }
    free(place);
    return status;
}

static syn_status remark_traces(syn_recording *r, const traces *t, const syn_entry *c, bool deconvolved) {
    return syn_recording_warn(r, "activity taken from %s%s%s%s%s; FILE:NAME takes another array", t->first->name,
                              t->second ? " + " : "", t->second ? t->second->name : "",
                              t->first == c && !t->second ? ", which is denoised and so knows of later frames" : "",
                              deconvolved ? "" : ", --signal deconvolved takes S");
}

/* What params/data/fr is unless it was set. */
static const double caiman_default_hz = 30;

syn_status syn_cnmf_open(syn_recording **recording, const syn_input *input) {
    syn_status status;
    traces t = {.input = input};
    bool deconvolved;
    double *fr = NULL;
    int64_t rows, cols;
    const syn_entry *c = find_pair(input, "C", "S", t.group);
    SYN_CHECK(which_signal(input, &deconvolved));
    t.rois = t.cells = c->shape[0];
    choose_traces(&t, c);
    if (deconvolved) t.first = find(input, t.group, "S", c), t.second = NULL;
    if (input->address.content == SYN_CONTENT_HDF5)
        SYN_CHECK(read_accepted(&t, find(input, t.group, "idx_components", NULL)));
    SYN_CHECK(open_traces(recording, &t, "idx_components", deconvolved));
    SYN_CHECK(remark_traces(*recording, &t, c, deconvolved));
    const syn_entry *rate = find(input, "params/data/", "fr", NULL);
    if ((*recording)->rate_hz > 0 || !rate) goto done;
    SYN_CHECK(read_vector(input, rate, &fr, &rows, &cols));
    if (!(isfinite(fr[0]) && fr[0] > 0))
        SYN_CHECK(syn_fail(SYN_ERR_INPUT, "%s:%s: holds %g; expected the frame rate in Hz", input->address.file,
                           rate->name, fr[0]));
    const double given = syn_option_real(input->options, SYN_OPT_RATE);
    if (fr[0] == caiman_default_hz && given > 0) {
        if (given != fr[0])
            status = syn_recording_warn(*recording, "%s is %g Hz, the default of CaImAn: --rate %g is taken",
                                        rate->name, fr[0], given);
        goto done;
    }
    (*recording)->rate_hz = fr[0];
    SYN_CHECK(syn_recording_warn(
        *recording, "frame rate %g Hz taken from %s%s", fr[0], rate->name,
        fr[0] == caiman_default_hz ? ", where it is the default of CaImAn; --rate says otherwise" : ""));
done:
    free(fr);
    free(t.cell);
    return status;
}

/* ---- suite2p ---- */

bool syn_fall_probe(const syn_input *input) {
    char group[NAME_SIZE];
    const syn_entry *f = find_pair(input, "F", "Fneu", group);
    return f && find(input, group, "iscell", NULL);
}

static syn_status read_iscell(traces *t) {
    double *iscell;
    int64_t rows, cols;
    const syn_entry *e = find(t->input, t->group, "iscell", NULL);
    SYN_TRY(read_vector(t->input, e, &iscell, &rows, &cols));
    syn_status status = SYN_OK;
    const bool one_row = rows == 1 && cols == t->rois;
    if (!one_row && rows != t->rois)
        status = syn_fail(SYN_ERR_INPUT, "%s:%s: is (%lld, %lld); expected %lld rows, one for every ROI",
                          t->input->address.file, e->name, (long long)rows, (long long)cols, (long long)t->rois);
    if (status == SYN_OK) status = syn_alloc(&t->cell, (size_t)t->rois, sizeof *t->cell, "cells");
    for (int64_t k = 0; status == SYN_OK && k < t->rois; k++) {
        t->cell[k] = iscell[one_row ? k : k * cols] > 0;
        t->cells += t->cell[k];
    }
    free(iscell);
    return status;
}

syn_status syn_fall_open(syn_recording **recording, const syn_input *input) {
    syn_status status;
    traces t = {.input = input, .factor = syn_neuropil};
    bool deconvolved;
    const syn_entry *f = find_pair(input, "F", "Fneu", t.group);
    SYN_CHECK(which_signal(input, &deconvolved));
    t.rois = f->shape[0];
    t.first = deconvolved ? find(input, t.group, "spks", f) : f;
    t.second = deconvolved ? NULL : find(input, t.group, "Fneu", f);
    if (!t.first) SYN_CHECK(syn_fail(SYN_ERR_INPUT, "%s: has no spks as large as F", input->address.given));
    SYN_CHECK(read_iscell(&t));
    status = open_traces(recording, &t, "iscell", deconvolved);
done:
    free(t.cell);
    return status;
}
