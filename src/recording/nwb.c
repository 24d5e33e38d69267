#include "recording/nwb.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/hdf5.h"
#include "base/memory.h"
#include "recording/array.h"

enum { PATH_SIZE = 1024, MOST_OBJECTS = 4096, MOST_DEPTH = 12 };

static hid_t open_quietly(const char *file) {
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return H5Fopen(file, H5F_ACC_RDONLY, H5P_DEFAULT);
}

/* From version 2 on it is an attribute, before that a dataset. Files whose attribute was lost are known by their type.
 */
int syn_nwb_version(const char *file) {
    hid_t f = open_quietly(file);
    if (f < 0) return 0;
    char *version = syn_hdf5_text_attribute(f, "/", "nwb_version"),
         *type = syn_hdf5_text_attribute(f, "/", "neurodata_type");
    int found = version ? (version[0] == '1' || version[0] == '0' ? 1 : 2) : 0;
    if (!version && H5Lexists(f, "nwb_version", H5P_DEFAULT) > 0) found = 1;
    if (!found && type && !strcmp(type, "NWBFile")) found = 2;
    free(version);
    free(type);
    H5Fclose(f);
    return found;
}

/* ---- the walk ---- */

typedef struct walk {
    syn_nwb *nwb;
    struct seen {
        unsigned long file;
        haddr_t address;
    } * seen;
    size_t n_seen;
    char (*link)[PATH_SIZE]; /* soft and external links, followed after everything else */
    size_t n_links;
    int depth;
    syn_status status;
} walk;

/* Whether an object was met before; remembers it. */
static bool was_seen(walk *w, const H5O_info_t *info) {
    for (size_t k = 0; k < w->n_seen; k++)
        if (w->seen[k].file == info->fileno && w->seen[k].address == info->addr) return true;
    struct seen *grown = realloc(w->seen, (w->n_seen + 1) * sizeof *grown);
    if (!grown) {
        w->status = syn_fail(SYN_ERR_MEMORY, "could not allocate the list of objects");
        return true;
    }
    w->seen = grown;
    w->seen[w->n_seen++] = (struct seen){info->fileno, info->addr};
    return false;
}

static void add_link(walk *w, const char *path) {
    char(*grown)[PATH_SIZE] = realloc(w->link, (w->n_links + 1) * sizeof *grown);
    if (!grown) {
        w->status = syn_fail(SYN_ERR_MEMORY, "could not allocate the list of links");
        return;
    }
    w->link = grown;
    snprintf(w->link[w->n_links++], PATH_SIZE, "%s", path);
}

/* Series of images, voltages, words and intervals are neither activity nor behaviour. */
static bool is_other_series(const char *type) {
    static const char *const others[] = {"ImageSeries",        "TwoPhotonSeries",
                                         "OnePhotonSeries",    "OpticalSeries",
                                         "ImageMaskSeries",    "IndexSeries",
                                         "ElectricalSeries",   "SpikeEventSeries",
                                         "FeatureExtraction",  "AnnotationSeries",
                                         "IntervalSeries",     "DecompositionSeries",
                                         "PatchClampSeries",   "CurrentClampSeries",
                                         "VoltageClampSeries", "CurrentClampStimulusSeries",
                                         "IZeroClampSeries",   "VoltageClampStimulusSeries",
                                         "OptogeneticSeries",  "AbstractFeatureSeries"};
    for (size_t k = 0; k < sizeof others / sizeof *others; k++)
        if (!strcmp(type, others[k])) return true;
    return false;
}

/* Notes a group that holds activity or behaviour; true if it is one. */
static bool note_object(walk *w, const char *path) {
    syn_nwb *nwb = w->nwb;
    char *type = syn_hdf5_text_attribute(nwb->file, path, "neurodata_type");
    const char *name = type ? type : "";
    syn_nwb_kind kind = SYN_NWB_SERIES;
    bool found = false;
    if (!strcmp(name, "Units") || syn_nwb_has(nwb, path, "spike_times"))
        kind = SYN_NWB_UNITS, found = true;
    else if (syn_nwb_has(nwb, path, "data") && !is_other_series(name))
        kind = syn_nwb_has(nwb, path, "rois") ? SYN_NWB_ROIS : SYN_NWB_SERIES, found = true;
    if (found && nwb->n < MOST_OBJECTS) {
        syn_nwb_object *grown = realloc(nwb->object, (nwb->n + 1) * sizeof *grown);
        if (!grown) w->status = syn_fail(SYN_ERR_MEMORY, "could not allocate the list of objects");
        if (grown) {
            nwb->object = grown;
            grown[nwb->n] = (syn_nwb_object){.kind = kind};
            snprintf(grown[nwb->n].type, sizeof grown->type, "%s", name);
            if (w->status == SYN_OK) w->status = syn_copy_text(&grown[nwb->n].path, path);
            if (w->status == SYN_OK) nwb->n++;
        }
    }
    free(type);
    return found;
}

static void walk_object(walk *w, const char *path);

typedef struct step {
    walk *w;
    const char *path;
} step;

static herr_t walk_link(hid_t group, const char *name, const H5L_info_t *info, void *user) {
    step *s = user;
    char path[PATH_SIZE];
    (void)group;
    if (snprintf(path, sizeof path, "%s/%s", s->path, name) >= PATH_SIZE) return 0;
    if (info->type == H5L_TYPE_HARD)
        walk_object(s->w, path);
    else
        add_link(s->w, path);
    return s->w->status == SYN_OK ? 0 : -1;
}

static void note_broken(walk *w, const char *path) {
    char text[2 * PATH_SIZE + 64], value[PATH_SIZE] = "";
    const char *file = "", *object = "";
    unsigned flags;
    H5L_info_t info;
    if (w->nwb->broken || H5Lget_info(w->nwb->file, path, &info, H5P_DEFAULT) < 0 || info.u.val_size >= sizeof value)
        return;
    if (H5Lget_val(w->nwb->file, path, value, sizeof value, H5P_DEFAULT) < 0) return;
    if (info.type == H5L_TYPE_EXTERNAL && H5Lunpack_elink_val(value, info.u.val_size, &flags, &file, &object) < 0)
        return;
    snprintf(text, sizeof text, "%s -> %s%s%s", path, file, *file ? ":" : "", *file ? object : value);
    w->status = syn_copy_text(&w->nwb->broken, text);
}

static void walk_object(walk *w, const char *path) {
    H5O_info_t info;
    if (w->depth >= MOST_DEPTH || w->status != SYN_OK) return;
    if (H5Oget_info_by_name(w->nwb->file, path, &info, syn_hdf5_link_access()) < 0) {
        note_broken(w, path);
        return;
    }
    if (info.type != H5O_TYPE_GROUP || was_seen(w, &info) || note_object(w, path)) return;
    step s = {w, path};
    w->depth++;
    H5Literate_by_name(w->nwb->file, path, H5_INDEX_NAME, H5_ITER_INC, NULL, walk_link, &s, syn_hdf5_link_access());
    w->depth--;
}

syn_status syn_nwb_open(syn_nwb *nwb, const char *file) {
    static const char *const roots[] = {"acquisition", "processing", "analysis", "units"};
    *nwb = (syn_nwb){.path = file, .file = open_quietly(file)};
    if (nwb->file < 0)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: the NWB file cannot be opened: it is damaged, cut short, or still being written", file);
    walk w = {.nwb = nwb};
    for (size_t k = 0; k < sizeof roots / sizeof *roots; k++)
        if (H5Lexists(nwb->file, roots[k], H5P_DEFAULT) > 0) walk_object(&w, roots[k]);
    for (size_t k = 0; k < w.n_links && w.status == SYN_OK; k++) {
        char path[PATH_SIZE]; /* the list may move */
        snprintf(path, sizeof path, "%s", w.link[k]);
        walk_object(&w, path);
    }
    free(w.seen);
    free(w.link);
    if (w.status != SYN_OK) syn_nwb_close(nwb);
    return w.status;
}

void syn_nwb_close(syn_nwb *nwb) {
    for (size_t k = 0; k < nwb->n; k++) free(nwb->object[k].path);
    free(nwb->object);
    free(nwb->broken);
    if (nwb->file >= 0) H5Fclose(nwb->file);
    *nwb = (syn_nwb){.file = -1};
}

/* ---- what an object holds ---- */

static bool join(char *out, size_t size, const char *path, const char *name) {
    int n = snprintf(out, size, "%s/%s", path, name);
    return n > 0 && (size_t)n < size;
}

static bool exists(hid_t file, const char *path, H5O_info_t *info) {
    return H5Oget_info_by_name(file, path, info, syn_hdf5_link_access()) >= 0;
}

bool syn_nwb_has(const syn_nwb *nwb, const char *path, const char *name) {
    char full[PATH_SIZE];
    H5O_info_t info;
    return join(full, sizeof full, path, name) && exists(nwb->file, full, &info);
}

bool syn_nwb_is_group(const syn_nwb *nwb, const char *path) {
    H5O_info_t info;
    return exists(nwb->file, path, &info) && info.type == H5O_TYPE_GROUP;
}

/* Opens PATH/NAME if it is a dataset; NULL if not. */
static syn_status open_array(const syn_nwb *nwb, const char *path, const char *name, syn_array **a) {
    char full[PATH_SIZE];
    H5O_info_t info;
    *a = NULL;
    if (!join(full, sizeof full, path, name) || !exists(nwb->file, full, &info) || info.type != H5O_TYPE_DATASET)
        return SYN_OK;
    return syn_array_open(a, nwb->path, full);
}

syn_status syn_nwb_numbers(const syn_nwb *nwb, const char *path, const char *name, double **values, int64_t *rows,
                           int64_t *cols) {
    syn_array *a;
    *values = NULL;
    *rows = *cols = 0;
    SYN_TRY(open_array(nwb, path, name, &a));
    if (!a) return SYN_OK;
    syn_status status = SYN_OK;
    *rows = a->rows;
    *cols = a->cols;
    if (a->numeric && a->rows * a->cols > 0) status = syn_array_values(a, values);
    syn_array_close(a);
    return status;
}

syn_status syn_nwb_texts(const syn_nwb *nwb, const char *path, const char *name, char ***texts, int64_t *n) {
    syn_array *a;
    *texts = NULL;
    *n = 0;
    SYN_TRY(open_array(nwb, path, name, &a));
    if (!a) return SYN_OK;
    syn_status status = a->text && a->rows * a->cols > 0 ? syn_array_texts(a, texts, n) : SYN_OK;
    syn_array_close(a);
    return status;
}

void syn_drop_blank(char ***texts, int64_t n) {
    static const char *const blank[] = {"", "unknown", "nan", "none", "n/a", "na"};
    for (int64_t k = 0; *texts && k < n; k++) {
        bool says_nothing = false;
        for (size_t i = 0; i < sizeof blank / sizeof *blank; i++)
            says_nothing = says_nothing || !strcasecmp((*texts)[k] ? (*texts)[k] : "", blank[i]);
        if (!says_nothing) return;
    }
    syn_free_texts(*texts, n);
    *texts = NULL;
}

bool syn_nwb_reference(const syn_nwb *nwb, const char *path, const char *name, char *target, size_t size) {
    hobj_ref_t reference;
    bool found = false;
    hid_t attribute = H5Aopen_by_name(nwb->file, path, name, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0) return false;
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    if (H5Tequal(type, H5T_STD_REF_OBJ) > 0 && H5Sget_simple_extent_npoints(space) == 1 &&
        H5Aread(attribute, H5T_STD_REF_OBJ, &reference) >= 0)
        found = H5Rget_name(attribute, H5R_OBJECT, &reference, target, size) > 0;
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    return found;
}

/* ---- series ---- */

static syn_status read_shape(const syn_nwb *nwb, const char *path, syn_nwb_series *series) {
    syn_array *a;
    SYN_TRY(open_array(nwb, path, "data", &a));
    if (!a) return syn_fail(SYN_ERR_INPUT, "%s:%s: has no data", nwb->path, path);
    syn_status status = SYN_OK;
    if (!a->numeric)
        status = syn_fail(SYN_ERR_INPUT, "%s:%s/data: holds %s; expected numbers", nwb->path, path,
                          a->text ? "text" : a->type);
    series->rank = a->rank;
    memcpy(series->shape, a->shape, sizeof a->shape);
    syn_array_close(a);
    return status;
}

static syn_status read_clock(const syn_nwb *nwb, const char *path, syn_nwb_series *series) {
    syn_array *a;
    char full[PATH_SIZE];
    SYN_TRY(open_array(nwb, path, "timestamps", &a));
    if (a) {
        series->has_times = a->numeric && a->rows * a->cols > 0;
        series->times = a->rows * a->cols;
        join(series->timestamps, sizeof series->timestamps, path, "timestamps");
        syn_array_close(a);
        if (series->has_times) return SYN_OK;
    }
    if (!syn_nwb_has(nwb, path, "starting_time")) return SYN_OK;
    double *start;
    int64_t rows, cols;
    SYN_TRY(syn_nwb_numbers(nwb, path, "starting_time", &start, &rows, &cols));
    series->start_s = start ? start[0] : 0;
    free(start);
    join(full, sizeof full, path, "starting_time");
    series->rate_hz = syn_hdf5_number_attribute(nwb->file, full, "rate", 0);
    if (!(isfinite(series->rate_hz) && series->rate_hz >= 0) || !isfinite(series->start_s))
        return syn_fail(SYN_ERR_INPUT,
                        "%s:%s/starting_time: is %g s with a rate of %g Hz; expected numbers and a rate > 0", nwb->path,
                        path, series->start_s, series->rate_hz);
    return SYN_OK;
}

syn_status syn_nwb_read_series(const syn_nwb *nwb, const char *path, syn_nwb_series *series) {
    *series = (syn_nwb_series){0};
    if (!join(series->data, sizeof series->data, path, "data"))
        return syn_fail(SYN_ERR_INPUT, "%s: has a path longer than %d characters", nwb->path, PATH_SIZE);
    SYN_TRY(read_shape(nwb, path, series));
    series->conversion = syn_hdf5_number_attribute(nwb->file, series->data, "conversion", 1);
    series->offset = syn_hdf5_number_attribute(nwb->file, series->data, "offset", 0);
    if (!isfinite(series->conversion) || !isfinite(series->offset) || series->conversion == 0)
        return syn_fail(SYN_ERR_INPUT,
                        "%s:%s: conversion is %g and offset %g; expected numbers, and no conversion of 0", nwb->path,
                        series->data, series->conversion, series->offset);
    char *unit = syn_hdf5_text_attribute(nwb->file, series->data, "unit");
    snprintf(series->unit, sizeof series->unit, "%s", unit ? unit : "");
    free(unit);
    return read_clock(nwb, path, series);
}

syn_status syn_nwb_series_times(const syn_nwb *nwb, const syn_nwb_series *series, int64_t n, double **time_s) {
    *time_s = NULL;
    if (!series->has_times && series->rate_hz == 0) return SYN_OK;
    if (!series->has_times) {
        SYN_TRY(syn_alloc(time_s, (size_t)n, sizeof **time_s, "timestamps"));
        for (int64_t k = 0; k < n; k++) (*time_s)[k] = series->start_s + (double)k / series->rate_hz;
        return SYN_OK;
    }
    if (series->times != n)
        return syn_fail(SYN_ERR_INPUT, "%s:%s: has %lld entries; expected %lld, one for every sample of %s", nwb->path,
                        series->timestamps, (long long)series->times, (long long)n, series->data);
    syn_array *a;
    SYN_TRY(syn_array_open(&a, nwb->path, series->timestamps));
    syn_status status = syn_array_values(a, time_s);
    syn_array_close(a);
    return status;
}

/* Drops intervals that do not start before they stop, or at it; returns how many are left. */
static int64_t usable_intervals(double *start_s, double *stop_s, int64_t n) {
    int64_t kept = 0;
    for (int64_t k = 0; k < n; k++) {
        if (!(stop_s[k] >= start_s[k])) continue;
        start_s[kept] = start_s[k];
        stop_s[kept++] = stop_s[k];
    }
    return kept;
}

syn_status syn_nwb_intervals(const syn_nwb *nwb, const char *path, double **start_s, double **stop_s, int64_t *n,
                             int64_t *unusable) {
    int64_t rows, stops, cols;
    *stop_s = NULL;
    *n = *unusable = 0;
    SYN_TRY(syn_nwb_numbers(nwb, path, "start_time", start_s, &rows, &cols));
    syn_status status = syn_nwb_numbers(nwb, path, "stop_time", stop_s, &stops, &cols);
    const bool empty = rows == 0 && stops == 0;
    if (status == SYN_OK && !empty && (!*start_s || !*stop_s || rows != stops))
        status = syn_fail(SYN_ERR_INPUT, "%s:%s: has %lld start and %lld stop times; expected a table of intervals",
                          nwb->path, path, *start_s ? (long long)rows : 0, *stop_s ? (long long)stops : 0);
    if (status == SYN_OK) {
        *n = empty ? 0 : usable_intervals(*start_s, *stop_s, rows);
        *unusable = rows - *n;
        return SYN_OK;
    }
    free(*start_s);
    free(*stop_s);
    *start_s = *stop_s = NULL;
    return status;
}
