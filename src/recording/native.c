/* synapsnet's own HDF5 layout (docs/file-formats.md): the reader and the writer. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hdf5.h"
#include "base/memory.h"
#include "base/text.h"
#include "recording/reader.h"

enum { FORMAT_VERSION = 1 };

/* ---- reading ---- */

bool syn_native_probe(const syn_input *input) {
    if (input->address.content != SYN_CONTENT_HDF5 || input->address.name) return false;
    hid_t file = H5Fopen(input->address.file, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0) return false;
    char *format = syn_hdf5_text_attribute(file, "/", "synapsnet_format");
    bool ours = format != NULL;
    free(format);
    H5Fclose(file);
    return ours;
}

typedef struct native {
    const syn_input *input;
    syn_recording *r;
} native;

static bool has(const native *s, const char *name) { return syn_listing_find(&s->input->listing, name) != NULL; }

/* An optional dataset of exactly rows x cols numbers. */
static syn_status read_numbers(const native *s, const char *name, int64_t rows, int64_t cols, double **values) {
    syn_array *a;
    *values = NULL;
    if (!has(s, name)) return SYN_OK;
    SYN_TRY(syn_array_open(&a, s->input->address.file, name));
    syn_status status = SYN_OK;
    if ((rows >= 0 && a->rows != rows) || a->cols != cols)
        status = syn_fail(SYN_ERR_INPUT, "%s: is %s; expected (%lld, %lld)", a->label,
                          syn_shape_text(a->rank, a->shape), (long long)(rows < 0 ? a->rows : rows), (long long)cols);
    if (status == SYN_OK) status = syn_array_values(a, values);
    syn_array_close(a);
    return status;
}

/* An optional dataset of n texts. */
static syn_status read_texts(const native *s, const char *name, int64_t n, char ***texts) {
    syn_array *a;
    int64_t found;
    *texts = NULL;
    if (!has(s, name)) return SYN_OK;
    SYN_TRY(syn_array_open(&a, s->input->address.file, name));
    syn_status status = SYN_OK;
    if (a->rows * a->cols != n)
        status = syn_fail(SYN_ERR_INPUT, "%s: has %lld entries; expected %lld", a->label,
                          (long long)(a->rows * a->cols), (long long)n);
    if (status == SYN_OK) status = syn_array_texts(a, texts, &found);
    syn_array_close(a);
    return status;
}

/* Models and results have the same layout, and are no recordings. */
static syn_status check_format(const native *s) {
    const char *file = s->input->address.file;
    hid_t h = H5Fopen(file, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (h < 0) return syn_fail(SYN_ERR_IO, "%s: could not be opened again", file);
    char *format = syn_hdf5_text_attribute(h, "/", "synapsnet_format");
    const double version = syn_hdf5_number_attribute(h, "/", "format_version", 0);
    syn_status status = SYN_OK;
    H5Fclose(h);
    if (!format || strcmp(format, "recording") != 0)
        status = syn_fail(SYN_ERR_INPUT, "%s: is a synapsnet %s; expected a recording", file, format ? format : "file");
    else if (!(version >= 1 && version <= FORMAT_VERSION))
        status = syn_fail(SYN_ERR_INPUT, "%s: has format version %g; this program reads version %d", file, version,
                          FORMAT_VERSION);
    free(format);
    return status;
}

static syn_status read_activity(native *s) {
    syn_array *a;
    const char *file = s->input->address.file;
    if (!has(s, "activity"))
        return syn_fail(SYN_ERR_INPUT, "%s: is a synapsnet recording without /activity; expected float32 (T, N)", file);
    SYN_TRY(syn_array_open(&a, file, "activity"));
    syn_status status = SYN_OK;
    if (a->rank != 2)
        status = syn_fail(SYN_ERR_INPUT, "%s: is %s; expected (T, N)", a->label, syn_shape_text(a->rank, a->shape));
    if (status == SYN_OK) status = syn_recording_alloc(&s->r, a->rows, a->cols);
    if (status == SYN_OK)
        status = syn_place(a, &(syn_placement){.recording = s->r, .time_first = true, .scale = 1, .fresh = true});
    syn_array_close(a);
    return status;
}

static syn_status read_attributes(native *s) {
    const char *file = s->input->address.file;
    syn_recording *r = s->r;
    syn_status status = SYN_OK;
    hid_t h = H5Fopen(file, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (h < 0) return syn_fail(SYN_ERR_IO, "%s: could not be opened again", file);
    char *signal = syn_hdf5_text_attribute(h, "/activity", "signal");
    r->rate_hz = syn_hdf5_number_attribute(h, "/", "rate_hz", 0);
    r->named_neurons = syn_hdf5_number_attribute(h, "/", "named_neurons", has(s, "neurons/id")) != 0;
    r->name = syn_hdf5_text_attribute(h, "/", "name");
    r->unit = syn_hdf5_text_attribute(h, "/activity", "unit");
    H5Fclose(h);
    if (!signal || !syn_signal_find(signal, &r->signal))
        status = syn_fail(SYN_ERR_INPUT,
                          "%s:activity: attribute signal is '%.*s'; expected fluorescence, deconvolved or "
                          "counts",
                          file, signal ? syn_cut(signal, 40) : 7, signal ? signal : "missing");
    free(signal);
    return status;
}

static syn_status to_floats(double *values, int64_t n, float **out) {
    *out = NULL;
    if (!values) return SYN_OK;
    syn_status status = syn_alloc(out, (size_t)n, sizeof **out, "values");
    for (int64_t k = 0; status == SYN_OK && k < n; k++) (*out)[k] = (float)values[k];
    free(values);
    return status;
}

static syn_status read_behavior(native *s) {
    syn_recording *r = s->r;
    double *values;
    const syn_entry *e = syn_listing_find(&s->input->listing, "behavior/values");
    int64_t B = e && e->rank == 2 ? e->shape[1] : -1;
    if (!e || B == 0) return SYN_OK;
    SYN_TRY(read_numbers(s, "behavior/values", r->T, B, &values));
    SYN_TRY(to_floats(values, r->T * B, &r->u));
    SYN_TRY(read_texts(s, "behavior/names", B, &r->behavior_name));
    r->B = B;
    SYN_TRY(read_texts(s, "behavior/units", B, &r->behavior_unit));
    return syn_recording_name_behaviors(r);
}

static syn_status read_segments(native *s) {
    if (!has(s, "segments") || *syn_option_text(s->input->options, SYN_OPT_SEGMENTS)) return SYN_OK;
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s:segments", s->input->address.file);
    return syn_set_segments(s->r, path);
}

static syn_status read_nameless(native *s) {
    double *nameless;
    SYN_TRY(read_numbers(s, "neurons/nameless", s->r->N, 1, &nameless));
    if (!nameless) return SYN_OK;
    syn_status status = syn_alloc(&s->r->nameless, (size_t)s->r->N, 1, "neuron ids");
    for (int64_t j = 0; status == SYN_OK && j < s->r->N; j++) s->r->nameless[j] = nameless[j] > 0;
    free(nameless);
    return status;
}

static syn_status read_neurons(native *s) {
    syn_recording *r = s->r;
    char **id;
    double *position;
    SYN_TRY(read_texts(s, "neurons/id", r->N, &id));
    if (id) {
        syn_free_texts(r->neuron_id, r->N);
        r->neuron_id = id;
    }
    SYN_TRY(read_nameless(s));
    SYN_TRY(read_texts(s, "neurons/region", r->N, &r->region));
    SYN_TRY(read_texts(s, "neurons/cell_type", r->N, &r->cell_type));
    SYN_TRY(read_numbers(s, "neurons/position", r->N, 3, &position));
    return to_floats(position, r->N * 3, &r->position);
}

static syn_status read_truth(native *s) {
    char **text = NULL;
    SYN_TRY(read_numbers(s, "truth/weights", s->r->N, s->r->N, &s->r->truth));
    SYN_TRY(read_texts(s, "truth/parameters", 1, &text));
    if (text) s->r->parameters = text[0];
    free(text);
    return SYN_OK;
}

static syn_status take_spike(native *s, int64_t k, double neuron) {
    syn_recording *r = s->r;
    const char *file = s->input->address.file;
    if (!(neuron >= 0 && neuron < (double)r->N && neuron == floor(neuron)))
        return syn_fail(SYN_ERR_INPUT, "%s:spikes/neuron: entry %lld is %g; expected a neuron from 0 to %lld", file,
                        (long long)k, neuron, (long long)r->N - 1);
    if (!isfinite(r->spike_time_s[k]))
        return syn_fail(SYN_ERR_INPUT, "%s:spikes/time_s: entry %lld is %g; expected seconds", file, (long long)k,
                        r->spike_time_s[k]);
    r->spike_neuron[k] = (int32_t)neuron;
    return SYN_OK;
}

static syn_status read_spikes(native *s) {
    syn_recording *r = s->r;
    const syn_entry *e = syn_listing_find(&s->input->listing, "spikes/time_s");
    double *neuron;
    if (!e || e->rank != 1 || e->shape[0] == 0) return SYN_OK;
    SYN_TRY(read_numbers(s, "spikes/time_s", -1, 1, &r->spike_time_s));
    SYN_TRY(read_numbers(s, "spikes/neuron", e->shape[0], 1, &neuron));
    if (!neuron) return syn_fail(SYN_ERR_INPUT, "%s: has spikes/time_s without spikes/neuron", s->input->address.file);
    r->n_spikes = e->shape[0];
    syn_status status = syn_alloc(&r->spike_neuron, (size_t)r->n_spikes, sizeof *r->spike_neuron, "spikes");
    for (int64_t k = 0; k < r->n_spikes && status == SYN_OK; k++) status = take_spike(s, k, neuron[k]);
    free(neuron);
    return status == SYN_OK ? syn_sort_spikes(r->spike_time_s, r->spike_neuron, r->n_spikes) : status;
}

syn_status syn_native_open(syn_recording **recording, const syn_input *input) {
    native s = {input, NULL};
    syn_status status;
    SYN_CHECK(check_format(&s));
    SYN_CHECK(read_activity(&s));
    SYN_CHECK(read_attributes(&s));
    SYN_CHECK(read_segments(&s));
    SYN_CHECK(read_numbers(&s, "timestamps", s.r->T, 1, &s.r->time_s));
    SYN_CHECK(read_behavior(&s));
    SYN_CHECK(read_neurons(&s));
    SYN_CHECK(read_truth(&s));
    SYN_CHECK(read_spikes(&s));
done:
    *recording = s.r;
    return status;
}

/* ---- writing ---- */

/* Activity in blocks, with NaN where it was not observed. */
static syn_status put_activity(syn_hdf5_writer *w, const syn_recording *r) {
    enum { BLOCK = 1 << 20 };
    const int64_t rows = BLOCK / r->N > 0 ? BLOCK / r->N : 1;
    float *block;
    SYN_TRY(syn_alloc(&block, (size_t)(rows * r->N), sizeof *block, "activity block"));
    hid_t dataset = syn_hdf5_create(w, "/activity", SYN_HDF5_F32, 2, (int64_t[]){r->T, r->N});
    for (int64_t t = 0; t < r->T && !w->failed; t += rows) {
        int64_t n = r->T - t < rows ? r->T - t : rows;
        memcpy(block, r->x + t * r->N, (size_t)(n * r->N) * sizeof *block);
        for (int64_t i = 0; r->mask && i < n; i++)
            for (int64_t j = 0; j < r->N; j++)
                if (!syn_observed(r, t + i, j)) block[i * r->N + j] = NAN;
        hsize_t start[2] = {(hsize_t)t, 0}, count[2] = {(hsize_t)n, (hsize_t)r->N};
        hid_t space = H5Dget_space(dataset), memory = H5Screate_simple(2, count, NULL);
        syn_hdf5_note(w, H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL));
        syn_hdf5_note(w, H5Dwrite(dataset, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, block));
        H5Sclose(memory);
        H5Sclose(space);
    }
    if (dataset >= 0) H5Dclose(dataset);
    free(block);
    return SYN_OK;
}

static void put_everything_else(syn_hdf5_writer *w, const syn_recording *r) {
    const int64_t matrix[2] = {r->N, r->N}, position[2] = {r->N, 3}, segments[2] = {r->S, 2},
                  behavior[2] = {r->T, r->B};
    syn_hdf5_put_text_attribute(w, "/", "synapsnet_format", "recording");
    syn_hdf5_put_integer_attribute(w, "/", "format_version", FORMAT_VERSION);
    syn_hdf5_put_number_attribute(w, "/", "rate_hz", r->rate_hz);
    syn_hdf5_put_integer_attribute(w, "/", "named_neurons", r->named_neurons);
    syn_hdf5_put_text_attribute(w, "/", "name", r->name ? r->name : "recording");
    syn_hdf5_put_text_attribute(w, "/activity", "signal", syn_signal_name(r->signal));
    if (r->unit) syn_hdf5_put_text_attribute(w, "/activity", "unit", r->unit);
    syn_hdf5_put(w, "/timestamps", SYN_HDF5_F64, r->time_s, 1, &r->T);
    syn_hdf5_put(w, "/segments", SYN_HDF5_I64, r->segment, 2, segments);
    if (r->B > 0) {
        syn_hdf5_put(w, "/behavior/values", SYN_HDF5_F32, r->u, 2, behavior);
        syn_hdf5_put_texts(w, "/behavior/names", r->behavior_name, r->B);
        syn_hdf5_put_texts(w, "/behavior/units", r->behavior_unit, r->B);
    }
    syn_hdf5_put_texts(w, "/neurons/id", r->neuron_id, r->N);
    syn_hdf5_put(w, "/neurons/nameless", SYN_HDF5_U8, r->nameless, 1, &r->N);
    syn_hdf5_put_texts(w, "/neurons/region", r->region, r->N);
    syn_hdf5_put_texts(w, "/neurons/cell_type", r->cell_type, r->N);
    syn_hdf5_put(w, "/neurons/position", SYN_HDF5_F32, r->position, 2, position);
    syn_hdf5_put(w, "/truth/weights", SYN_HDF5_F64, r->truth, 2, matrix);
    if (r->parameters) syn_hdf5_put_texts(w, "/truth/parameters", &r->parameters, 1);
    syn_hdf5_put(w, "/spikes/time_s", SYN_HDF5_F64, r->spike_time_s, 1, &r->n_spikes);
    syn_hdf5_put(w, "/spikes/neuron", SYN_HDF5_I32, r->spike_neuron, 1, &r->n_spikes);
}

static syn_status fill_file(syn_hdf5_writer *w, const void *content) {
    SYN_TRY(put_activity(w, content));
    put_everything_else(w, content);
    return SYN_OK;
}

syn_status syn_recording_write(const syn_recording *r, const char *path) {
    return syn_hdf5_write_file(path, fill_file, r);
}
