/* The model file (docs/file-formats.md): written whole, and checked line by line when it is read. Every size is
 * compared with what the file can hold before anything is allocated for it.
 *
 * Letters: H hidden units, d embedding, b behaviour inputs; of a session: N neurons, B behaviours, K lags.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hdf5.h"
#include "base/memory.h"
#include "base/text.h"
#include "dataset/resampling.h"
#include "dataset/sharing.h"
#include "model/fitted.h"

enum { FORMAT_VERSION = 1, LONGEST_NAME = 96, MOST_SESSIONS = 100000 };

/* ---- writing ---- */

/* "/session_2" */
static void group_of(char *name, int session) {
    if (session < 0)
        snprintf(name, LONGEST_NAME, "/shared");
    else
        snprintf(name, LONGEST_NAME, "/session_%d", session);
}

/* "/session_2/neurons/id" */
static const char *path_in(char *path, int session, const char *name) {
    char group[LONGEST_NAME];
    group_of(group, session);
    snprintf(path, 2 * LONGEST_NAME, "%s/%s", group, name);
    return path;
}

static void put_edges(syn_hdf5_writer *w, const syn_fitted_session *s, int k) {
    char group[2 * LONGEST_NAME], path[2 * LONGEST_NAME];
    const int64_t square[2] = {s->norm.N, s->norm.N};
    const syn_edge_estimates *e = s->edges;
    if (!e) return;
    path_in(group, k, "edges");
    syn_hdf5_put(w, path_in(path, k, "edges/estimate"), SYN_HDF5_F32, e->estimate, 2, square);
    syn_hdf5_put(w, path_in(path, k, "edges/error"), SYN_HDF5_F32, e->error, 2, square);
    syn_hdf5_put(w, path_in(path, k, "edges/first_half"), SYN_HDF5_F32, e->half[0], 2, square);
    syn_hdf5_put(w, path_in(path, k, "edges/second_half"), SYN_HDF5_F32, e->half[1], 2, square);
    syn_hdf5_put_number_attribute(w, group, "freedom", e->freedom);
    syn_hdf5_put_number_attribute(w, group, "inflation", e->inflation);
    syn_hdf5_put_number_attribute(w, group, "coactivity", e->coactivity);
    syn_hdf5_put_number_attribute(w, group, "lags", e->lags);
    syn_hdf5_put_number_attribute(w, group, "correlation_of_halves", e->correlation_of_halves);
    syn_hdf5_put_number_attribute(w, group, "residual_correlation", e->residual_correlation);
    syn_hdf5_put_number_attribute(w, group, "residual_correlation_by_chance", e->residual_correlation_by_chance);
    syn_hdf5_put_number_attribute(w, group, "of_events", e->of_events);
    syn_hdf5_put_number_attribute(w, group, "bin_s", e->bin_s);
    syn_hdf5_put_number_attribute(w, group, "window", e->window);
    syn_hdf5_put_number_attribute(w, group, "decay", e->decay);
    syn_hdf5_put_number_attribute(w, group, "crosstalk", e->crosstalk);
    syn_hdf5_put_number_attribute(w, group, "overlapping", e->overlapping);
}

static void put_seeds(syn_hdf5_writer *w, const syn_fitted_session *s, int k) {
    char group[2 * LONGEST_NAME], path[2 * LONGEST_NAME];
    const syn_seed_estimates *e = s->seeds;
    if (!e) return;
    const int64_t square[2] = {s->norm.N, s->norm.N}, fits = e->fits;
    path_in(group, k, "seeds");
    syn_hdf5_put(w, path_in(path, k, "seeds/seed"), SYN_HDF5_I64, e->seed, 1, &fits);
    syn_hdf5_put(w, path_in(path, k, "seeds/mean"), SYN_HDF5_F32, e->mean, 2, square);
    syn_hdf5_put(w, path_in(path, k, "seeds/sd"), SYN_HDF5_F32, e->sd, 2, square);
    syn_hdf5_put(w, path_in(path, k, "seeds/same_sign"), SYN_HDF5_F32, e->same_sign, 2, square);
    syn_hdf5_put_number_attribute(w, group, "median_correlation", e->median_correlation);
}

static const char *fingerprint_text(uint64_t fingerprint, char text[17]) {
    snprintf(text, 17, "%016llx", (unsigned long long)fingerprint);
    return text;
}

static void put_session(syn_hdf5_writer *w, const syn_model *model, int k) {
    const syn_fitted_session *s = &model->session[k];
    const syn_normalisation *norm = &s->norm;
    const int64_t N = norm->N, B = norm->B;
    char group[LONGEST_NAME], path[2 * LONGEST_NAME], text[17];
    group_of(group, k);
    syn_hdf5_put(w, path_in(path, k, "normalisation/kept"), SYN_HDF5_I64, norm->kept, 1, &N);
    syn_hdf5_put(w, path_in(path, k, "normalisation/mean"), SYN_HDF5_F32, norm->mean, 1, &N);
    syn_hdf5_put(w, path_in(path, k, "normalisation/scale"), SYN_HDF5_F32, norm->scale, 1, &N);
    syn_hdf5_put(w, path_in(path, k, "normalisation/behavior_mean"), SYN_HDF5_F32, norm->u_mean, 1, &B);
    syn_hdf5_put(w, path_in(path, k, "normalisation/behavior_scale"), SYN_HDF5_F32, norm->u_scale, 1, &B);
    syn_hdf5_put_texts(w, path_in(path, k, "neurons/id"), s->neuron_id, N);
    syn_hdf5_put_texts(w, path_in(path, k, "neurons/region"), s->region, N);
    syn_hdf5_put_texts(w, path_in(path, k, "neurons/cell_type"), s->cell_type, N);
    syn_hdf5_put(w, path_in(path, k, "neurons/position"), SYN_HDF5_F32, s->position, 2, (int64_t[]){N, 3});
    syn_hdf5_put_texts(w, path_in(path, k, "behavior_names"), s->behavior_name, B);
    syn_hdf5_put(w, path_in(path, k, "segments"), SYN_HDF5_I64, s->segment, 2, (int64_t[]){s->S, 2});
    syn_hdf5_put(w, path_in(path, k, "gain"), SYN_HDF5_F64, s->gain, 2, (int64_t[]){s->lags + 1, N});
    put_edges(w, s, k);
    put_seeds(w, s, k);
    const syn_session_layout *at = &model->p->session[k];
    syn_hdf5_put(w, path_in(path, k, "support"), SYN_HDF5_U8, at->support, 2, (int64_t[]){at->M, at->M});
    syn_hdf5_put(w, path_in(path, k, "place"), SYN_HDF5_I64, at->place, 1, &N);
    syn_hdf5_put_integer_attribute(w, group, "owner", (int64_t)at->owner);
    syn_hdf5_put_integer_attribute(w, group, "population", at->M);
    syn_hdf5_put_text_attribute(w, group, "name", s->name ? s->name : "recording");
    if (s->path) syn_hdf5_put_text_attribute(w, group, "path", s->path);
    if (s->folder) syn_hdf5_put_text_attribute(w, group, "folder", s->folder);
    if (s->fingerprint) syn_hdf5_put_text_attribute(w, group, "fingerprint", fingerprint_text(s->fingerprint, text));
    syn_hdf5_put_text_attribute(w, group, "signal", syn_signal_name(s->signal));
    syn_hdf5_put_number_attribute(w, group, "rate_hz", s->rate_hz);
    syn_hdf5_put_number_attribute(w, group, "alpha", norm->alpha);
    syn_hdf5_put_number_attribute(w, group, "beat_frequency", norm->beat.frequency);
    syn_hdf5_put_number_attribute(w, group, "beat_phase", norm->beat.phase);
    syn_hdf5_put_integer_attribute(w, group, "recorded_neurons", norm->N_recorded);
}

static syn_status fill_file(syn_hdf5_writer *w, const void *content) {
    const syn_model *model = content;
    const syn_parameters *p = model->p;
    char path[2 * LONGEST_NAME];
    syn_hdf5_put_text_attribute(w, "/", "synapsnet_format", "model");
    syn_hdf5_put_integer_attribute(w, "/", "format_version", FORMAT_VERSION);
    syn_hdf5_put_text_attribute(w, "/", "library_version", SYN_VERSION);
    syn_hdf5_put_text_attribute(w, "/", "loss", syn_loss_name[model->loss]);
    syn_hdf5_put_text_attribute(w, "/", "form", syn_form_name[p->form]);
    syn_hdf5_put_integer_attribute(w, "/", "hidden", p->H);
    syn_hdf5_put_integer_attribute(w, "/", "embedding", p->d);
    syn_hdf5_put_integer_attribute(w, "/", "behavior_inputs", p->b);
    syn_hdf5_put_integer_attribute(w, "/", "rank", p->rank);
    syn_hdf5_put_number_attribute(w, "/", "mean_share", (double)p->correction.share);
    syn_hdf5_put_number_attribute(w, "/", "mean_alpha", (double)p->correction.alpha);
    syn_hdf5_put_number_attribute(w, "/", "error_weight", (double)p->correction.weight);
    syn_hdf5_put_integer_attribute(w, "/", "sessions", (int64_t)model->n);
    syn_hdf5_put_integer_attribute(w, "/", "window", model->window);
    syn_hdf5_put_number_attribute(w, "/", "train", model->train);
    syn_hdf5_put_number_attribute(w, "/", "validation", model->validation);
    if (model->options) syn_hdf5_put_texts(w, "/options", &model->options, 1);
    if (model->description) syn_hdf5_put_texts(w, "/description", &model->description, 1);
    for (size_t k = 0; k < p->n_tensors; k++) {
        const syn_tensor *t = &p->tensor[k];
        syn_hdf5_put(w, path_in(path, t->session, t->name), SYN_HDF5_F32, p->value + t->offset, 2,
                     (int64_t[]){t->rows, t->columns});
    }
    for (size_t k = 0; k < model->n; k++) put_session(w, model, (int)k);
    return SYN_OK;
}

syn_status syn_model_write(const syn_model *model, const char *path) {
    SYN_TRY(syn_hdf5_write_file(path, fill_file, model));
    if (model->checkpoint && *model->checkpoint) {
        unlink(model->checkpoint);
        *model->checkpoint = '\0'; /* one that is there later is another fit's */
    }
    return SYN_OK;
}

/* ---- reading ---- */

typedef struct reader {
    hid_t file;
    const char *path;
    hsize_t bytes; /* of the file */
} reader;

static syn_status damaged(const reader *r, const char *name, const char *found, const char *expected) {
    return syn_fail(SYN_ERR_INPUT, "%s: %s is %s; expected %s", r->path, name, found, expected);
}

/* Whether the dataset is there and stored in full, its shape in shape[2] (rank 1: shape[1] is 1). */
static syn_status find_shape(const reader *r, const char *name, int rank, H5T_class_t class, int64_t *shape) {
    if (!syn_hdf5_has(r->file, name)) return damaged(r, name, "missing", "a whole model file");
    hid_t dataset = H5Dopen2(r->file, name, H5P_DEFAULT);
    if (dataset < 0) return damaged(r, name, "damaged", "a dataset");
    hsize_t size[H5S_MAX_RANK] = {0};
    hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    const int found_rank = H5Sget_simple_extent_ndims(space);
    const H5T_class_t found_class = H5Tget_class(type);
    H5Sget_simple_extent_dims(space, size, NULL);
    const double needed = (double)(rank ? size[0] : 1) * (double)(rank > 1 ? size[1] : 1) * (double)H5Tget_size(type);
    const hsize_t stored = H5Dget_storage_size(dataset);
    H5Tclose(type);
    H5Sclose(space);
    H5Dclose(dataset);
    if (found_rank != rank || found_class != class)
        return damaged(r, name, "of another rank or type", "what `synapsnet fit` writes");
    if (needed > (double)stored || stored > r->bytes) return damaged(r, name, "incomplete", "a whole model file");
    shape[0] = (int64_t)size[0];
    shape[1] = rank > 1 ? (int64_t)size[1] : 1;
    return SYN_OK;
}

static syn_status check_shape(const reader *r, const char *name, int rank, H5T_class_t class, int64_t rows,
                              int64_t columns) {
    int64_t shape[2];
    SYN_TRY(find_shape(r, name, rank, class, shape));
    if (shape[0] == rows && shape[1] == columns) return SYN_OK;
    return syn_fail(SYN_ERR_INPUT, "%s: %s is (%lld, %lld); expected (%lld, %lld)", r->path, name, (long long)shape[0],
                    (long long)shape[1], (long long)rows, (long long)columns);
}

static syn_status read_values(const reader *r, const char *name, hid_t memory, void *out) {
    hid_t dataset = H5Dopen2(r->file, name, H5P_DEFAULT);
    herr_t code = dataset < 0 ? -1 : H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, out);
    if (dataset >= 0) H5Dclose(dataset);
    return code < 0 ? damaged(r, name, "damaged", "a whole model file") : SYN_OK;
}

/* rows x columns floats into out, which has room for them; all must be finite. rank 1: columns is 1. */
static syn_status read_floats(const reader *r, const char *name, int rank, int64_t rows, int64_t columns, float *out) {
    SYN_TRY(check_shape(r, name, rank, H5T_FLOAT, rows, columns));
    SYN_TRY(read_values(r, name, H5T_NATIVE_FLOAT, out));
    for (int64_t k = 0; k < rows * columns; k++)
        if (!isfinite(out[k])) return damaged(r, name, "not finite", "finite numbers");
    return SYN_OK;
}

/* n texts, each to be freed. */
static syn_status read_texts(const reader *r, const char *name, int64_t n, char **out) {
    int64_t shape[2];
    SYN_TRY(find_shape(r, name, 1, H5T_STRING, shape));
    if (shape[0] != n) return damaged(r, name, "of another length", "one text for each");
    hid_t dataset = H5Dopen2(r->file, name, H5P_DEFAULT), type = H5Dget_type(dataset);
    const bool read = H5Tis_variable_str(type) > 0 && syn_hdf5_variable_texts(dataset, n, out);
    H5Tclose(type);
    H5Dclose(dataset);
    return read ? SYN_OK : damaged(r, name, "damaged", "texts");
}

/* A JSON object, or NULL where it is not there. */
static syn_status read_json(const reader *r, const char *name, char **out) {
    if (!syn_hdf5_has(r->file, name)) return SYN_OK;
    SYN_TRY(read_texts(r, name, 1, out));
    json_t *root = json_loads(*out, 0, NULL);
    bool object = json_is_object(root);
    json_decref(root);
    return object ? SYN_OK : damaged(r, name, "not a JSON object", "one");
}

static syn_status read_whole(const reader *r, const char *name, double low, double high, int64_t *value) {
    double found = syn_hdf5_number_attribute(r->file, "/", name, NAN);
    *value = 0;
    if (!(found >= low && found <= high && found == floor(found)))
        return syn_fail(SYN_ERR_INPUT, "%s: attribute %s is %g; expected a whole number from %g to %g", r->path, name,
                        found, low, high);
    *value = (int64_t)found;
    return SYN_OK;
}

/* The place of a text attribute in names[n]. */
static syn_status read_choice(const reader *r, const char *object, const char *attribute, const char *const *names,
                              int n, int *choice) {
    char *found = syn_hdf5_text_attribute(r->file, object, attribute);
    for (*choice = 0; *choice < n && !(found && !strcmp(found, names[*choice])); ++*choice) {
    }
    syn_status status = SYN_OK;
    if (*choice == n)
        status = syn_fail(SYN_ERR_INPUT, "%s: attribute %s is '%.*s'; expected %s, ...", r->path, attribute,
                          found ? syn_cut(found, 40) : 7, found ? found : "missing", names[0]);
    free(found);
    return status;
}

static syn_status check_format(const reader *r) {
    syn_status status = SYN_OK;
    char *format = syn_hdf5_text_attribute(r->file, "/", "synapsnet_format");
    const double version = syn_hdf5_number_attribute(r->file, "/", "format_version", 0);
    if (!format)
        status = syn_fail(SYN_ERR_INPUT, "%s: is an HDF5 file, but not a model; expected what `synapsnet fit` writes",
                          r->path);
    else if (strcmp(format, "model") != 0)
        status = syn_fail(SYN_ERR_INPUT, "%s: is a synapsnet %.*s; expected a model, as `synapsnet fit` writes it",
                          r->path, syn_cut(format, 40), format);
    else if (!(version >= 1 && version <= FORMAT_VERSION))
        status = syn_fail(SYN_ERR_INPUT, "%s: has format version %g; this program reads version %d", r->path, version,
                          FORMAT_VERSION);
    free(format);
    return status;
}

static syn_status read_split(const reader *r, syn_model *model) {
    model->train = syn_hdf5_number_attribute(r->file, "/", "train", NAN);
    model->validation = syn_hdf5_number_attribute(r->file, "/", "validation", NAN);
    if (!(model->train > 0 && model->validation > 0 && model->train + model->validation < 1))
        return syn_fail(SYN_ERR_INPUT, "%s: the split is %g + %g; expected shares between 0 and 1", r->path,
                        model->train, model->validation);
    return read_whole(r, "window", 1, 1e9, &model->window);
}

/* Kept neurons must be in the recording, in rising order. */
static syn_status check_kept(const reader *r, const char *name, const syn_normalisation *norm) {
    for (int64_t i = 0; i < norm->N; i++)
        if (norm->kept[i] < (i ? norm->kept[i - 1] + 1 : 0) || norm->kept[i] >= norm->N_recorded)
            return damaged(r, name, "not a list of neurons of the recording", "rising numbers");
    return SYN_OK;
}

static syn_status read_normalisation(const reader *r, int k, syn_normalisation *norm) {
    char group[LONGEST_NAME], path[2 * LONGEST_NAME];
    int64_t neurons[2], behaviors[2] = {0};
    group_of(group, k);
    SYN_TRY(find_shape(r, path_in(path, k, "normalisation/kept"), 1, H5T_INTEGER, neurons));
    if (neurons[0] < 1) return damaged(r, path, "empty", "at least one neuron");
    if (syn_hdf5_has(r->file, path_in(path, k, "normalisation/behavior_mean")))
        SYN_TRY(find_shape(r, path, 1, H5T_FLOAT, behaviors));
    const int64_t N = norm->N = neurons[0], B = norm->B = behaviors[0];
    const double recorded = syn_hdf5_number_attribute(r->file, group, "recorded_neurons", NAN);
    norm->alpha = syn_hdf5_number_attribute(r->file, group, "alpha", NAN);
    if (!(recorded >= (double)N && recorded < 1e15))
        return damaged(r, "attribute recorded_neurons", "out of range", "at least the number of neurons kept");
    if (!(norm->alpha >= 0 && norm->alpha < 1)) return damaged(r, "attribute alpha", "out of range", "0 to 1");
    norm->beat.frequency = syn_hdf5_number_attribute(r->file, group, "beat_frequency", 0);
    norm->beat.phase = syn_hdf5_number_attribute(r->file, group, "beat_phase", 0);
    if (!(norm->beat.frequency >= 0 && norm->beat.frequency <= 0.5 && isfinite(norm->beat.phase)))
        return damaged(r, "attributes beat_frequency and beat_phase", "out of range", "0 to 0.5 and a number");
    if (norm->beat.frequency > 0 && B < SYN_BEAT_BEHAVIORS)
        return damaged(r, path, "too few", "the behaviours of its beat");
    norm->N_recorded = (int64_t)recorded;
    SYN_TRY(syn_alloc(&norm->kept, (size_t)N, sizeof *norm->kept, "neurons"));
    SYN_TRY(syn_alloc(&norm->mean, (size_t)N, sizeof *norm->mean, "neurons"));
    SYN_TRY(syn_alloc(&norm->scale, (size_t)N, sizeof *norm->scale, "neurons"));
    SYN_TRY(syn_alloc(&norm->u_mean, (size_t)B, sizeof *norm->u_mean, "behaviour"));
    SYN_TRY(syn_alloc(&norm->u_scale, (size_t)B, sizeof *norm->u_scale, "behaviour"));
    SYN_TRY(read_values(r, path_in(path, k, "normalisation/kept"), H5T_NATIVE_INT64, norm->kept));
    SYN_TRY(check_kept(r, path, norm));
    SYN_TRY(read_floats(r, path_in(path, k, "normalisation/mean"), 1, N, 1, norm->mean));
    SYN_TRY(read_floats(r, path_in(path, k, "normalisation/scale"), 1, N, 1, norm->scale));
    for (int64_t i = 0; i < N; i++)
        if (!(norm->scale[i] > 0)) return damaged(r, path, "not positive", "standard deviations");
    if (B == 0) return SYN_OK;
    SYN_TRY(read_floats(r, path_in(path, k, "normalisation/behavior_mean"), 1, B, 1, norm->u_mean));
    return read_floats(r, path_in(path, k, "normalisation/behavior_scale"), 1, B, 1, norm->u_scale);
}

/* n texts; NULL where they are neither there nor needed. */
static syn_status read_optional_texts(const reader *r, int k, const char *name, bool needed, int64_t n, char ***out) {
    char path[2 * LONGEST_NAME];
    if (!needed && !syn_hdf5_has(r->file, path_in(path, k, name))) return SYN_OK;
    SYN_TRY(check_shape(r, path_in(path, k, name), 1, H5T_STRING, n, 1));
    SYN_TRY(syn_alloc(out, (size_t)n, sizeof **out, "names"));
    SYN_TRY(read_texts(r, path, n, *out));
    return syn_make_all_utf8(*out, n);
}

static syn_status read_gain(const reader *r, int k, syn_fitted_session *s) {
    char path[2 * LONGEST_NAME];
    int64_t shape[2];
    if (!syn_hdf5_has(r->file, path_in(path, k, "gain"))) return damaged(r, path, "missing", "a whole model file");
    SYN_TRY(find_shape(r, path, 2, H5T_FLOAT, shape));
    if (shape[0] < 1 || shape[0] > 100000 || shape[1] != s->norm.N)
        return damaged(r, path, "of another shape", "(lags + 1, neurons)");
    s->lags = (int)shape[0] - 1;
    SYN_TRY(syn_alloc(&s->gain, (size_t)(shape[0] * shape[1]), sizeof *s->gain, "gain"));
    SYN_TRY(read_values(r, path, H5T_NATIVE_DOUBLE, s->gain));
    for (int64_t i = 0; i < shape[0] * shape[1]; i++)
        if (!isfinite(s->gain[i])) return damaged(r, path, "not finite", "finite numbers");
    return SYN_OK;
}

/* Not there in files of earlier versions. */
static syn_status read_segments(const reader *r, int k, syn_fitted_session *s) {
    char path[2 * LONGEST_NAME];
    int64_t shape[2];
    if (!syn_hdf5_has(r->file, path_in(path, k, "segments"))) return SYN_OK;
    SYN_TRY(find_shape(r, path, 2, H5T_INTEGER, shape));
    if (shape[1] != 2) return damaged(r, path, "of another shape", "(segments, 2)");
    SYN_TRY(syn_alloc(&s->segment, (size_t)shape[0], sizeof *s->segment, "segments"));
    s->S = shape[0];
    return read_values(r, path, H5T_NATIVE_INT64, s->segment);
}

/* Not there in files of earlier versions. */
static syn_status read_edges(const reader *r, int k, syn_fitted_session *s) {
    char group[2 * LONGEST_NAME], path[2 * LONGEST_NAME];
    const int64_t N = s->norm.N;
    if (!syn_hdf5_has(r->file, path_in(group, k, "edges"))) return SYN_OK;
    SYN_TRY(check_shape(r, path_in(path, k, "edges/estimate"), 2, H5T_FLOAT, N, N));
    SYN_TRY(check_shape(r, path_in(path, k, "edges/error"), 2, H5T_FLOAT, N, N));
    SYN_TRY(syn_alloc(&s->edges, 1, sizeof *s->edges, "edges"));
    syn_edge_estimates *e = s->edges;
    SYN_TRY(syn_alloc(&e->estimate, (size_t)(N * N), sizeof *e->estimate, "edges"));
    SYN_TRY(syn_alloc(&e->error, (size_t)(N * N), sizeof *e->error, "edges"));
    SYN_TRY(read_floats(r, path_in(path, k, "edges/estimate"), 2, N, N, e->estimate));
    SYN_TRY(read_floats(r, path_in(path, k, "edges/error"), 2, N, N, e->error));
    for (int64_t i = 0; i < N * N; i++)
        if (e->error[i] < 0) return damaged(r, path, "negative", "standard errors");
    static const char *const halves[] = {"edges/first_half", "edges/second_half"};
    for (int half = 0; half < 2 && syn_hdf5_has(r->file, path_in(path, k, halves[0])); half++) {
        SYN_TRY(check_shape(r, path_in(path, k, halves[half]), 2, H5T_FLOAT, N, N));
        SYN_TRY(syn_alloc(&e->half[half], (size_t)(N * N), sizeof *e->half[half], "edges"));
        SYN_TRY(read_floats(r, path, 2, N, N, e->half[half]));
    }
    const struct {
        const char *name;
        double *value;
    } figures[] = {{"freedom", &e->freedom},
                   {"inflation", &e->inflation},
                   {"lags", &e->lags},
                   {"correlation_of_halves", &e->correlation_of_halves},
                   {"residual_correlation", &e->residual_correlation},
                   {"residual_correlation_by_chance", &e->residual_correlation_by_chance}};
    for (size_t f = 0; f < sizeof figures / sizeof *figures; f++) {
        *figures[f].value = syn_hdf5_number_attribute(r->file, group, figures[f].name, NAN);
        if (!isfinite(*figures[f].value)) return damaged(r, group, "without its figures", "a whole model file");
    }
    /* earlier versions knew no events, or told them by their decay, and tested counts in frames */
    e->bin_s = syn_hdf5_number_attribute(r->file, group, "bin_s", 0);
    e->window = syn_hdf5_number_attribute(r->file, group, "window", 0);
    e->decay = syn_hdf5_number_attribute(r->file, group, "decay", 0);
    e->crosstalk = syn_hdf5_number_attribute(r->file, group, "crosstalk", 0);
    e->overlapping = syn_hdf5_number_attribute(r->file, group, "overlapping", 0);
    e->coactivity = syn_hdf5_number_attribute(r->file, group, "coactivity", 0);
    e->of_events = syn_hdf5_number_attribute(r->file, group, "of_events", e->decay > 0) > 0;
    if (!isfinite(e->decay) || !isfinite(e->crosstalk) || !isfinite(e->overlapping) || !isfinite(e->bin_s) ||
        !isfinite(e->window) || !isfinite(e->coactivity))
        return damaged(r, group, "not a number", "a whole model file");
    return e->freedom > 0 ? SYN_OK : damaged(r, group, "without degrees of freedom", "a positive number");
}

/* Not there in a model without repeats. */
static syn_status read_seeds(const reader *r, int k, syn_fitted_session *s) {
    char group[2 * LONGEST_NAME], path[2 * LONGEST_NAME];
    const int64_t N = s->norm.N;
    int64_t fits[2];
    if (!syn_hdf5_has(r->file, path_in(group, k, "seeds"))) return SYN_OK;
    SYN_TRY(find_shape(r, path_in(path, k, "seeds/seed"), 1, H5T_INTEGER, fits));
    if (fits[0] < 2 || fits[0] > 100000) return damaged(r, path, "of another length", "the seeds of two or more fits");
    static const char *const names[] = {"seeds/mean", "seeds/sd", "seeds/same_sign"};
    for (int n = 0; n < 3; n++) SYN_TRY(check_shape(r, path_in(path, k, names[n]), 2, H5T_FLOAT, N, N));
    SYN_TRY(syn_seed_estimates_create(&s->seeds, (int)fits[0], N));
    SYN_TRY(read_values(r, path_in(path, k, "seeds/seed"), H5T_NATIVE_INT64, s->seeds->seed));
    float *const values[] = {s->seeds->mean, s->seeds->sd, s->seeds->same_sign};
    for (int n = 0; n < 3; n++) SYN_TRY(read_floats(r, path_in(path, k, names[n]), 2, N, N, values[n]));
    s->seeds->median_correlation = syn_hdf5_number_attribute(r->file, group, "median_correlation", NAN);
    return isfinite(s->seeds->median_correlation) ? SYN_OK : damaged(r, group, "without its correlation", "a number");
}

/* Not there in files of earlier versions. */
static uint64_t read_fingerprint(const reader *r, const char *group) {
    char *text = syn_hdf5_text_attribute(r->file, group, "fingerprint");
    const uint64_t fingerprint = text ? strtoull(text, NULL, 16) : 0;
    free(text);
    return fingerprint;
}

static syn_status read_session(const reader *r, int k, syn_fitted_session *s) {
    static const char *const signals[] = {"fluorescence", "deconvolved", "counts"};
    char group[LONGEST_NAME], path[2 * LONGEST_NAME];
    int signal;
    group_of(group, k);
    if (!syn_hdf5_has(r->file, group)) return damaged(r, group, "missing", "a whole model file");
    SYN_TRY(read_normalisation(r, k, &s->norm));
    SYN_TRY(read_choice(r, group, "signal", signals, 3, &signal));
    s->signal = (syn_signal)signal;
    s->name = syn_hdf5_text_attribute(r->file, group, "name");
    SYN_TRY(syn_make_utf8(&s->name));
    s->path = syn_hdf5_text_attribute(r->file, group, "path");
    s->folder = syn_hdf5_text_attribute(r->file, group, "folder");
    s->fingerprint = read_fingerprint(r, group);
    s->rate_hz = syn_hdf5_number_attribute(r->file, group, "rate_hz", NAN);
    if (!s->name || !(s->rate_hz > 0)) return damaged(r, group, "without name or frame rate", "a whole model file");
    SYN_TRY(read_optional_texts(r, k, "neurons/id", true, s->norm.N, &s->neuron_id));
    SYN_TRY(read_optional_texts(r, k, "neurons/region", false, s->norm.N, &s->region));
    SYN_TRY(read_optional_texts(r, k, "neurons/cell_type", false, s->norm.N, &s->cell_type));
    if (s->norm.B > 0) SYN_TRY(read_optional_texts(r, k, "behavior_names", false, s->norm.B, &s->behavior_name));
    if (syn_hdf5_has(r->file, path_in(path, k, "neurons/position"))) {
        SYN_TRY(check_shape(r, path, 2, H5T_FLOAT, s->norm.N, 3));
        SYN_TRY(syn_alloc(&s->position, (size_t)s->norm.N * 3, sizeof *s->position, "neurons"));
        SYN_TRY(read_values(r, path, H5T_NATIVE_FLOAT, s->position)); /* may be unknown: NaN */
    }
    SYN_TRY(read_segments(r, k, s));
    SYN_TRY(read_edges(r, k, s));
    SYN_TRY(read_seeds(r, k, s));
    return read_gain(r, k, s);
}

/* Whose neurons a session has, and where they stand there. */
static syn_status read_sharing(const reader *r, int k, int64_t N, syn_sharing *all) {
    char group[LONGEST_NAME], path[2 * LONGEST_NAME];
    syn_sharing *to = &all[k];
    group_of(group, k);
    const double owner = syn_hdf5_number_attribute(r->file, group, "owner", k),
                 M = syn_hdf5_number_attribute(r->file, group, "population", (double)N);
    if (!(owner >= 0 && owner <= k && owner == floor(owner)))
        return damaged(r, "attribute owner", "out of range", "the session or an earlier one");
    if (!(M >= (double)N && M < 1e9 && M == floor(M)))
        return damaged(r, "attribute population", "out of range", "at least the session's neurons");
    to->owner = (size_t)owner, to->M = (int64_t)M;
    if (all[to->owner].owner != to->owner || all[to->owner].M != to->M)
        return damaged(r, "attribute owner", "a session of another population", "the first one of its own");
    if (!syn_hdf5_has(r->file, path_in(path, k, "place")))
        return to->M == N ? SYN_OK : damaged(r, path, "missing", "a whole model file");
    SYN_TRY(check_shape(r, path, 1, H5T_INTEGER, N, 1));
    SYN_TRY(syn_alloc(&to->place, (size_t)N, sizeof *to->place, "neurons"));
    SYN_TRY(read_values(r, path, H5T_NATIVE_INT64, to->place));
    for (int64_t i = 0; i < N; i++)
        if (to->place[i] < 0 || to->place[i] >= to->M)
            return damaged(r, path, "out of range", "places among the population's neurons");
    return SYN_OK;
}

/* What is large must be in the file before memory is asked for it. */
static syn_status check_tensors(const reader *r, const syn_parameters *shape, const syn_sharing *sharing) {
    char path[2 * LONGEST_NAME];
    for (int k = 0; k < (int)shape->n_sessions; k++) {
        const int64_t M = sharing[k].M;
        if (sharing[k].owner != (size_t)k) continue;
        SYN_TRY(check_shape(r, path_in(path, k, "a"), 2, H5T_FLOAT, M, 1));
        if (shape->d > 0) SYN_TRY(check_shape(r, path_in(path, k, "e"), 2, H5T_FLOAT, M, shape->d));
        if (syn_form_has_weights(shape->form)) SYN_TRY(check_shape(r, path_in(path, k, "z"), 2, H5T_FLOAT, M, M));
        if (syn_form_has_factors(shape->form))
            SYN_TRY(check_shape(r, path_in(path, k, "s"), 2, H5T_FLOAT, M, shape->rank));
        if (shape->form == SYN_FORM_MASKED) SYN_TRY(check_shape(r, path_in(path, k, "support"), 2, H5T_INTEGER, M, M));
    }
    return SYN_OK;
}

static syn_status read_tensors(const reader *r, syn_parameters *p) {
    char path[2 * LONGEST_NAME];
    for (size_t k = 0; k < p->n_tensors; k++) {
        const syn_tensor *t = &p->tensor[k];
        SYN_TRY(read_floats(r, path_in(path, t->session, t->name), 2, t->rows, t->columns, p->value + t->offset));
    }
    for (size_t k = 0; k < p->n_sessions; k++) {
        syn_session_layout *s = &p->session[k];
        if (p->form != SYN_FORM_MASKED || s->owner != k) continue;
        SYN_TRY(syn_alloc(&s->support, (size_t)(s->M * s->M), 1, "mask"));
        SYN_TRY(read_values(r, path_in(path, (int)k, "support"), H5T_NATIVE_UINT8, s->support));
    }
    return SYN_OK;
}

static syn_status read_share(const reader *r, const char *name, float *value) {
    const double share = syn_hdf5_number_attribute(r->file, "/", name, 0);
    if (!(share >= 0 && share <= 1))
        return syn_fail(SYN_ERR_INPUT, "%s: attribute %s is %g; expected a number from 0 to 1", r->path, name, share);
    *value = (float)share;
    return SYN_OK;
}

static syn_status read_parameters(const reader *r, syn_model *model) {
    int64_t H = 0, d = 0, b = 0, rank = 0, *N = NULL, *B = NULL;
    syn_sharing *sharing = NULL;
    int form;
    syn_status status;
    SYN_CHECK(read_choice(r, "/", "form", syn_form_name, SYN_FORMS, &form));
    SYN_CHECK(read_whole(r, "hidden", 1, 256, &H));
    SYN_CHECK(read_whole(r, "embedding", 0, 256, &d));
    SYN_CHECK(read_whole(r, "behavior_inputs", 0, 64, &b));
    SYN_CHECK(read_whole(r, "rank", syn_form_has_factors((syn_form)form) ? 1 : 0, 4096, &rank));
    SYN_CHECK(syn_alloc(&N, model->n, sizeof *N, "neurons"));
    SYN_CHECK(syn_alloc(&B, model->n, sizeof *B, "behaviours"));
    SYN_CHECK(syn_alloc(&sharing, model->n, sizeof *sharing, "neurons"));
    for (size_t k = 0; k < model->n; k++) {
        N[k] = model->session[k].norm.N, B[k] = model->session[k].norm.B;
        SYN_CHECK(read_sharing(r, (int)k, N[k], sharing));
    }
    const syn_parameters shape = {.d = (int)d, .form = (syn_form)form, .rank = (int)rank, .n_sessions = model->n};
    SYN_CHECK(check_tensors(r, &shape, sharing));
    SYN_CHECK(
        syn_parameters_create(&model->p, (int)H, (int)d, (int)b, (syn_form)form, (int)rank, model->n, N, B, sharing));
    SYN_CHECK(read_tensors(r, model->p));
    SYN_CHECK(read_share(r, "mean_share", &model->p->correction.share));
    SYN_CHECK(read_share(r, "mean_alpha", &model->p->correction.alpha));
    SYN_CHECK(read_share(r, "error_weight", &model->p->correction.weight));
    SYN_CHECK(syn_model_finish(model));
done:
    free(N), free(B);
    syn_sharing_free(sharing, model->n);
    return status;
}

static syn_status read_model(const reader *r, syn_model **model) {
    int64_t n = 0;
    int loss;
    SYN_TRY(check_format(r));
    SYN_TRY(read_whole(r, "sessions", 1, MOST_SESSIONS, &n));
    SYN_TRY(syn_model_alloc(model, (size_t)n));
    SYN_TRY(read_choice(r, "/", "loss", syn_loss_name, 2, &loss));
    (*model)->loss = (syn_loss)loss;
    SYN_TRY(read_split(r, *model));
    SYN_TRY(read_json(r, "/options", &(*model)->options));
    SYN_TRY(read_json(r, "/description", &(*model)->description));
    for (int k = 0; k < (int)n; k++) SYN_TRY(read_session(r, k, &(*model)->session[k]));
    return read_parameters(r, *model);
}

static syn_status open_file(reader *r) {
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    if (access(r->path, R_OK)) return syn_fail(SYN_ERR_IO, "%s: could not be opened: %s", r->path, strerror(errno));
    if (H5Fis_hdf5(r->path) <= 0)
        return syn_fail(SYN_ERR_INPUT, "%s: is not an HDF5 file; expected a model, as `synapsnet fit` writes it",
                        r->path);
    r->file = H5Fopen(r->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (r->file < 0 || H5Fget_filesize(r->file, &r->bytes) < 0)
        return syn_fail(SYN_ERR_INPUT, "%s: is cut off or damaged; expected a whole model file", r->path);
    return SYN_OK;
}

syn_status syn_model_read(syn_model **model, const char *path) {
    reader r = {.file = -1, .path = path};
    *model = NULL;
    syn_status status = open_file(&r);
    if (status == SYN_OK) status = read_model(&r, model);
    if (r.file >= 0) H5Fclose(r.file);
    if (status != SYN_OK) syn_model_free(*model), *model = NULL;
    return status;
}
