/* What a virtual stimulation gives: files and a summary. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "analysis/perturb.h"
#include "base/file.h"
#include "base/hdf5.h"
#include "base/memory.h"
#include "base/plain.h"

enum { FORMAT_VERSION = 1, STRONGEST = 20 };

const char *syn_perturbation_unit(const syn_perturbation *p) {
    if (!p->raw) return "standard deviations of the train split";
    return p->counts ? "spikes per frame" : "raw units of the recording";
}

static bool is_single(const syn_perturbation *p) { return p->stimulated >= 0; }
static const char *stimulated_id(const syn_perturbation *p) { return is_single(p) ? p->id[p->stimulated] : "all"; }
static const char *noise_of(const syn_perturbation *p) { return p->residuals ? "residuals" : "none"; }

/* ---- arrays ---- */

static const syn_means *main_means(const syn_perturbation *p) { return is_single(p) ? &p->by_step : &p->over_steps; }

void syn_perturbation_shape(const syn_perturbation *p, int64_t *rows, int64_t *columns) {
    *rows = is_single(p) ? p->K : p->N;
    *columns = p->N;
}

void syn_perturbation_response(const syn_perturbation *p, float *response, float *low, float *high) {
    const syn_means *means = main_means(p);
    int64_t rows, columns;
    syn_perturbation_shape(p, &rows, &columns);
    const size_t bytes = (size_t)(rows * columns) * sizeof(float);
    memcpy(response, means->mean, bytes);
    if (low) memcpy(low, means->low, bytes);
    if (high) memcpy(high, means->high, bytes);
}

/* ---- files ---- */

static void put_means(syn_hdf5_writer *w, const syn_perturbation *p, const char *group, const syn_means *means,
                      int rank, const int64_t *shape, const char *axes) {
    const struct {
        const char *name;
        const float *values;
    } parts[] = {{"response", means->mean}, {"low", means->low}, {"high", means->high}};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        char name[64];
        snprintf(name, sizeof name, "%s/%s", group, parts[k].name);
        syn_hdf5_put(w, name, SYN_HDF5_F32, parts[k].values, rank, shape);
        syn_hdf5_put_text_attribute(w, name, "axes", axes);
        syn_hdf5_put_text_attribute(w, name, "unit", syn_perturbation_unit(p));
    }
}

static syn_status fill_file(syn_hdf5_writer *w, const void *content) {
    const syn_perturbation *p = content;
    const int64_t by_step[2] = {p->K, p->N}, square[2] = {p->N, p->N};
    syn_hdf5_put_text_attribute(w, "/", "synapsnet_format", "perturbation");
    syn_hdf5_put_integer_attribute(w, "/", "format_version", FORMAT_VERSION);
    syn_hdf5_put_text_attribute(w, "/", "library_version", SYN_VERSION);
    syn_hdf5_put_text_attribute(w, "/", "recording", p->name);
    syn_hdf5_put_number_attribute(w, "/", "rate_hz", p->rate_hz);
    syn_hdf5_put_text_attribute(w, "/", "neuron", stimulated_id(p));
    syn_hdf5_put_text_attribute(w, "/", "noise", noise_of(p));
    syn_hdf5_put_integer_attribute(w, "/", "steps", p->K);
    syn_hdf5_put_integer_attribute(w, "/", "block_states", p->block);
    if (is_single(p)) {
        put_means(w, p, "/by_step", &p->by_step, 2, by_step, "step, receiver");
        put_means(w, p, "/over_steps", &p->over_steps, 1, &p->N, "receiver");
    } else {
        put_means(w, p, "/over_steps", &p->over_steps, 2, square, "receiver, stimulated");
    }
    syn_hdf5_put(w, "/pulse/zscored", SYN_HDF5_F32, p->pulse, 1, &p->M);
    syn_hdf5_put(w, "/pulse/raw", SYN_HDF5_F32, p->pulse_raw, 1, &p->M);
    syn_hdf5_put(w, "/start_frame", SYN_HDF5_I64, p->start, 1, &p->S);
    syn_hdf5_put_texts(w, "/neurons/id", p->id, p->N);
    return SYN_OK;
}

static syn_status write_npy(const syn_perturbation *p, const char *path) {
    int64_t shape[2];
    syn_perturbation_shape(p, &shape[0], &shape[1]);
    return syn_npy_write(path, main_means(p)->mean, 2, shape);
}

static syn_status write_csv(const syn_perturbation *p, const char *path) {
    FILE *file = fopen(path, "w");
    if (!file) return syn_plain_failed(path);
    if (!is_single(p)) {
        syn_csv_matrix(file, "receiver", p->over_steps.mean, p->N, (const char *const *)p->id);
        return syn_plain_close(file, path);
    }
    fputs("step,receiver,response,low,high\n", file);
    for (int64_t e = 0; e < p->K * p->N; e++) {
        const float interval[] = {p->by_step.low[e], p->by_step.high[e]};
        fprintf(file, "%lld,", (long long)e / p->N + 1);
        syn_csv_field(file, p->id[e % p->N]);
        fprintf(file, ",%.9g", (double)p->by_step.mean[e]);
        for (int k = 0; k < 2; k++)
            if (isfinite(interval[k]))
                fprintf(file, ",%.9g", (double)interval[k]);
            else
                fputc(',', file);
        fputc('\n', file);
    }
    return syn_plain_close(file, path);
}

syn_status syn_perturbation_write(const syn_perturbation *p, const char *path) {
    char *temporary = NULL;
    syn_status status;
    const char *dot = strrchr(path, '.');
    if (dot && !strcmp(dot, ".h5")) return syn_hdf5_write_file(path, fill_file, p);
    const bool npy = dot && !strcmp(dot, ".npy"), csv = dot && !strcmp(dot, ".csv");
    if (!npy && !csv)
        return syn_fail(SYN_ERR_OPTION, "output: found '%s'; expected a name that ends in .h5, .csv or .npy", path);
    SYN_CHECK(syn_file_begin(&temporary, path));
    SYN_CHECK(npy ? write_npy(p, temporary) : write_csv(p, temporary));
    SYN_CHECK(syn_file_commit(temporary, path));
done:
    syn_file_end(temporary);
    return status;
}

/* ---- summary ---- */

static json_t *number(float value) { return isfinite(value) ? json_real((double)value) : json_null(); }

/* Response at entry e of the means over steps. */
static json_t *entry(const syn_means *means, int64_t e) {
    return json_pack("{s:o, s:o, s:o}", "response", number(means->mean[e]), "low", number(means->low[e]), "high",
                     number(means->high[e]));
}

/* All neurons with the step at which each responds most. */
static json_t *all_responses(const syn_perturbation *p) {
    json_t *list = json_array();
    for (int64_t i = 0; i < p->N; i++) {
        int64_t peak = 0;
        for (int64_t k = 1; k < p->K; k++)
            if (fabsf(p->by_step.mean[k * p->N + i]) > fabsf(p->by_step.mean[peak * p->N + i])) peak = k;
        json_t *row = entry(&p->over_steps, i);
        json_object_set_new(row, "neuron", json_string(p->id[i]));
        json_object_set_new(row, "peak", number(p->by_step.mean[peak * p->N + i]));
        json_object_set_new(row, "peak_step", json_integer(peak + 1));
        json_array_append_new(list, row);
    }
    return list;
}

/* The pairs of different neurons with the largest responses. */
static json_t *strongest(const syn_perturbation *p) {
    const float *mean = p->over_steps.mean;
    const int64_t N = p->N;
    int64_t place[STRONGEST], n = 0;
    for (int64_t e = 0; e < N * N; e++) {
        if (e / N == e % N || (n == STRONGEST && fabsf(mean[e]) <= fabsf(mean[place[n - 1]]))) continue;
        int64_t at = n < STRONGEST ? n++ : n - 1;
        for (; at > 0 && fabsf(mean[e]) > fabsf(mean[place[at - 1]]); at--) place[at] = place[at - 1];
        place[at] = e;
    }
    json_t *list = json_array();
    for (int64_t k = 0; k < n; k++) {
        json_t *row = entry(&p->over_steps, place[k]);
        json_object_set_new(row, "stimulated", json_string(p->id[place[k] % N]));
        json_object_set_new(row, "receiver", json_string(p->id[place[k] / N]));
        json_array_append_new(list, row);
    }
    return list;
}

syn_status syn_perturbation_describe(const syn_perturbation *p, char **json) {
    json_t *root = json_pack("{s:s, s:s, s:I, s:I, s:I, s:f, s:s, s:s, s:I}", "name", p->name, "neuron",
                             stimulated_id(p), "neurons", (json_int_t)p->N, "steps", (json_int_t)p->K, "states",
                             (json_int_t)p->S, "amplitude", p->amplitude, "unit", syn_perturbation_unit(p), "noise",
                             noise_of(p), "block_states", (json_int_t)p->block);
    if (is_single(p))
        json_object_set_new(root, "responses", all_responses(p));
    else
        json_object_set_new(root, "strongest", strongest(p));
    *json = root ? json_dumps(root, JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    return *json ? SYN_OK : syn_fail(SYN_ERR_MEMORY, "could not allocate the summary of the responses");
}
