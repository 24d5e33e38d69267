/* Fluorescence of regions of interest in NWB: RoiResponseSeries, and the PlaneSegmentation its rois refer to. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/read_nwb.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

typedef struct rois {
    const syn_nwb *nwb;
    const char *path;
    syn_nwb_series series;
    bool time_first;
    int64_t T, N;     /* of the data */
    int64_t kept;     /* neurons of the recording */
    int64_t *to;      /* [N] neuron of the recording, or -1 */
    int64_t *row;     /* [N] of the table */
    char table[1024]; /* "" if there is none */
    int64_t rows;     /* of the table */
    double *id;       /* [rows], or NULL */
    bool turned;      /* the data are (roi, time), against the standard */
} rois;

/* The standard says (time, roi). Where only the other way fits the number of ROIs, it was written the other way. */
static syn_status find_axes(rois *r, const double *index, int64_t n_rois, const syn_options *options) {
    const syn_nwb_series *s = &r->series;
    const char *option = syn_option_text(options, SYN_OPT_ORIENTATION);
    if (s->rank < 1 || s->rank > 2)
        return syn_fail(SYN_ERR_INPUT, "%s:%s: is %s; expected (time, roi)", r->nwb->path, s->data,
                        syn_shape_text(s->rank, s->shape));
    const int64_t rows = s->shape[0], cols = s->rank == 2 ? s->shape[1] : 1;
    r->time_first = true;
    if (strcmp(option, "auto") != 0)
        r->time_first = !strcmp(option, "time-first");
    else if (index && cols != n_rois)
        r->time_first = false;
    r->turned = !r->time_first;
    r->T = r->time_first ? rows : cols;
    r->N = r->time_first ? cols : rows;
    if (r->T < 1 || r->N < 1)
        return syn_fail(SYN_ERR_INPUT, "%s:%s: is empty, shape %s; expected (time, roi)", r->nwb->path, s->data,
                        syn_shape_text(s->rank, s->shape));
    if (index && r->N != n_rois)
        return syn_fail(SYN_ERR_INPUT, "%s:%s: is %s, but rois has %lld entries; expected (time, roi)", r->nwb->path,
                        s->data, syn_shape_text(s->rank, s->shape), (long long)n_rois);
    return SYN_OK;
}

/* The table that rois refers to, and the row of every ROI in it. */
static syn_status find_rows(rois *r, const double *index) {
    char path[1100];
    int64_t cols;
    SYN_TRY(syn_alloc(&r->row, (size_t)r->N, sizeof *r->row, "ROIs"));
    for (int64_t k = 0; k < r->N; k++) r->row[k] = k;
    snprintf(path, sizeof path, "%s/rois", r->path);
    if (!index || !syn_nwb_reference(r->nwb, path, "table", r->table, sizeof r->table)) return SYN_OK;
    SYN_TRY(syn_nwb_numbers(r->nwb, r->table, "id", &r->id, &r->rows, &cols));
    for (int64_t k = 0; k < r->N; k++) {
        if (!(index[k] >= 0 && index[k] < (double)r->rows && index[k] == floor(index[k])))
            return syn_fail(SYN_ERR_INPUT, "%s:%s: entry %lld is %g, but %s has %lld rows", r->nwb->path, path,
                            (long long)k, index[k], r->table, (long long)r->rows);
        r->row[k] = (int64_t)index[k];
    }
    return SYN_OK;
}

/* Numbers the cells: those that a column of the table accepts, or all. */
static syn_status select_cells(rois *r, const syn_options *options, char *column, size_t size) {
    static const char *const names[] = {"iscell", "is_cell", "accepted", "Accepted", "cell"};
    double *accepted = NULL;
    int64_t rows = 0, cols = 0;
    *column = 0;
    SYN_TRY(syn_alloc(&r->to, (size_t)r->N, sizeof *r->to, "ROIs"));
    for (size_t k = 0; k < COUNT(names) && *r->table && !accepted; k++) {
        if (!strcmp(syn_option_text(options, SYN_OPT_UNITS), "all")) break;
        SYN_TRY(syn_nwb_numbers(r->nwb, r->table, names[k], &accepted, &rows, &cols));
        if (accepted && rows != r->rows) free(accepted), accepted = NULL;
        if (accepted) snprintf(column, size, "%s/%s", r->table, names[k]);
    }
    for (int64_t k = 0; k < r->N; k++) r->to[k] = !accepted || accepted[r->row[k] * cols] > 0 ? r->kept++ : -1;
    free(accepted);
    if (r->kept > 0) return SYN_OK;
    return syn_fail(SYN_ERR_INPUT, "%s:%s: accepts none of %lld ROIs; --units all takes them all", r->nwb->path, column,
                    (long long)r->N);
}

static syn_status read_activity(syn_recording *out, const rois *r) {
    syn_array *a;
    syn_placement placement = {.recording = out,
                               .time_first = r->time_first,
                               .to = r->kept == r->N ? NULL : r->to,
                               .scale = (float)r->series.conversion,
                               .offset = (float)r->series.offset,
                               .fresh = true};
    SYN_TRY(syn_array_open(&a, r->nwb->path, r->series.data));
    syn_status status = syn_place(a, &placement);
    syn_array_close(a);
    if (status == SYN_OK && *r->series.unit) status = syn_copy_text(&out->unit, r->series.unit);
    return status;
}

/* A rate of 0 says that it was not known; --rate then counts from the start of the series too. */
static syn_status read_clock(syn_recording *out, rois *r, const syn_options *options) {
    if (!r->series.has_times && r->series.rate_hz == 0) r->series.rate_hz = syn_option_real(options, SYN_OPT_RATE);
    out->rate_hz = r->series.rate_hz;
    if (!r->series.has_times && r->series.start_s == 0) return SYN_OK;
    return syn_nwb_series_times(r->nwb, &r->series, r->T, &out->time_s);
}

static syn_status name_cells(syn_recording *out, const rois *r) {
    for (int64_t k = 0; r->id && k < r->N; k++) {
        char text[32];
        if (r->to[k] < 0) continue;
        const double id = r->id[r->row[k]];
        if (fabs(id) < 1e15) /* several times as fast as "%.0f" */
            snprintf(text, sizeof text, "%lld", llrint(id));
        else
            snprintf(text, sizeof text, "%.0f", id);
        SYN_TRY(syn_recording_name_neuron(out, r->to[k], text));
    }
    return SYN_OK;
}

/* A text column of the table, for the cells that are kept. */
static syn_status read_column(const rois *r, const char *name, char ***out) {
    char **text;
    int64_t n;
    SYN_TRY(syn_nwb_texts(r->nwb, r->table, name, &text, &n));
    if (!text || n != r->rows) return syn_free_texts(text, n), SYN_OK;
    syn_status status = syn_alloc(out, (size_t)r->kept, sizeof **out, name);
    for (int64_t k = 0; k < r->N && status == SYN_OK; k++)
        if (r->to[k] >= 0) status = syn_copy_text(&(*out)[r->to[k]], text[r->row[k]]);
    syn_free_texts(text, n);
    return status;
}

/* The location of the imaging plane holds for all of its cells. */
static syn_status read_location(syn_recording *out, const rois *r) {
    char path[1100], **location;
    int64_t n;
    snprintf(path, sizeof path, "%s/imaging_plane", r->table);
    SYN_TRY(syn_nwb_texts(r->nwb, path, "location", &location, &n));
    const bool known = n == 1;
    syn_status status = known ? syn_alloc(&out->region, (size_t)out->N, sizeof *out->region, "regions") : SYN_OK;
    for (int64_t j = 0; known && j < out->N && status == SYN_OK; j++)
        status = syn_copy_text(&out->region[j], location[0]);
    syn_free_texts(location, n);
    syn_drop_blank(&out->region, out->N);
    return status;
}

static syn_status read_table(syn_recording *out, const rois *r) {
    static const char *const types[] = {"cell_type", "celltype", "cell_class", "type"};
    if (!*r->table) return SYN_OK;
    for (size_t k = 0; k < COUNT(types) && !out->cell_type; k++) SYN_TRY(read_column(r, types[k], &out->cell_type));
    for (size_t k = 0; k < 2 && !out->region; k++) SYN_TRY(read_column(r, k ? "location" : "region", &out->region));
    syn_drop_blank(&out->cell_type, out->N);
    syn_drop_blank(&out->region, out->N);
    return out->region ? SYN_OK : read_location(out, r);
}

/* The end of the word that p begins, of letters: EventAmplitude and event_amplitude are two words each. */
static const char *word_end(const char *p) {
    const char *end = p;
    while (isalpha((unsigned char)*end) &&
           (end == p || !isupper((unsigned char)*end) || isupper((unsigned char)end[-1])))
        end++;
    return end;
}

/* Deconvolved activity is a RoiResponseSeries like any other, and known by a word of its name alone. */
static bool is_deconvolved(const char *path) {
    static const char *const words[] = {"deconv", "event", "events", "spks"};
    for (const char *p = path, *end; *p; p = end > p ? end : p + 1) {
        end = word_end(p);
        const size_t n = (size_t)(end - p);
        for (size_t k = 0; k < COUNT(words); k++)
            if (n >= strlen(words[k]) && !strncasecmp(p, words[k], strlen(words[k])) &&
                (k == 0 || n == strlen(words[k])))
                return true;
    }
    return false;
}

/* The first half of the frames decides, as for arrays. */
static bool has_negatives(const syn_recording *r) {
    for (int64_t k = 0; k < (r->T + 1) / 2 * r->N; k++)
        if (r->x[k] < 0) return true;
    return false;
}

static syn_status settle_signal(syn_recording *out, const char *path, const syn_options *options) {
    out->signal = SYN_SIGNAL_FLUORESCENCE;
    if (!is_deconvolved(path)) return SYN_OK;
    const bool negative = has_negatives(out);
    if (!negative) out->signal = SYN_SIGNAL_DECONVOLVED;
    if (!syn_option_auto(options, SYN_OPT_SIGNAL)) return SYN_OK;
    return syn_recording_warn(out, "/%.*s is taken for %s activity %s; --signal says otherwise", syn_cut(path, 300),
                              path, syn_signal_name(out->signal),
                              negative ? "as it is negative in places, whatever its name" : "by its name");
}

static syn_status read_everything(syn_recording **recording, rois *r, const syn_options *options) {
    char column[1200];
    SYN_TRY(select_cells(r, options, column, sizeof column));
    SYN_TRY(syn_recording_alloc(recording, r->T, r->kept));
    syn_recording *out = *recording;
    SYN_TRY(read_activity(out, r));
    SYN_TRY(read_clock(out, r, options));
    SYN_TRY(name_cells(out, r));
    SYN_TRY(read_table(out, r));
    SYN_TRY(settle_signal(out, r->path, options));
    if (r->turned) SYN_TRY(syn_recording_warn(out, "%s is (roi, time): turned", r->series.data));
    if (r->kept < r->N)
        SYN_TRY(
            syn_recording_warn(out, "%lld of %lld ROIs are cells by %s", (long long)r->kept, (long long)r->N, column));
    return SYN_OK;
}

syn_status syn_nwb_open_rois(syn_recording **recording, const syn_nwb *nwb, const char *path,
                             const syn_options *options) {
    syn_status status;
    rois r = {.nwb = nwb, .path = path};
    double *index = NULL;
    int64_t n_rois, cols;
    SYN_CHECK(syn_nwb_read_series(nwb, path, &r.series));
    SYN_CHECK(syn_nwb_numbers(nwb, path, "rois", &index, &n_rois, &cols));
    SYN_CHECK(find_axes(&r, index, n_rois, options));
    SYN_CHECK(find_rows(&r, index));
    status = read_everything(recording, &r, options);
done:
    free(index);
    free(r.id);
    free(r.row);
    free(r.to);
    return status;
}
