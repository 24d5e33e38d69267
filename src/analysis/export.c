#include "analysis/export.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/metrics.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/options.h"
#include "model/fitted.h"
#include "recording/array.h"
#include "recording/recording.h"

typedef struct file_format {
    const char *extension;
    syn_status (*write)(const syn_connectome *connectome, const char *path);
    bool lags; /* whether it holds more than lag 0 */
} file_format;

/* An extension that ends in another stands before it. */
static const file_format formats[] = {{".npy", syn_write_npy, true},
                                      {".edges.csv", syn_write_edge_csv, false},
                                      {".csv", syn_write_csv, true},
                                      {".h5", syn_write_hdf5, true},
                                      {".graphml", syn_write_graphml, false}};

/* By the extension of path; NULL if it is none of them. */
static const file_format *find_format(const char *path) {
    const size_t length = strlen(path);
    for (size_t k = 0; k < sizeof formats / sizeof *formats; k++) {
        const size_t extension = strlen(formats[k].extension);
        if (length > extension && !strcmp(path + length - extension, formats[k].extension)) return &formats[k];
    }
    return NULL;
}

const char *syn_connectome_unit(const syn_connectome *connectome) {
    return connectome->raw ? syn_raw_unit : syn_zscored_unit;
}

static void free_connectome(syn_connectome *connectome) {
    free(connectome->c);
    free(connectome->w);
    free(connectome->id);
}

static syn_status fill_connectome(syn_connectome *connectome, const syn_model *model, size_t session,
                                  const syn_options *options) {
    SYN_TRY(syn_model_check_session(model, session));
    size_t N = (size_t)syn_model_neurons(model, session);
    connectome->N = (int64_t)N;
    connectome->N_recorded = model->session[session].norm.N_recorded;
    connectome->K = (int)syn_option_int(options, SYN_OPT_LAGS);
    connectome->raw = !strcmp(syn_option_text(options, SYN_OPT_SCALE), "raw");
    SYN_TRY(syn_alloc(&connectome->c, ((size_t)connectome->K + 1) * N * N, sizeof(float), "effective connectivity"));
    SYN_TRY(syn_alloc(&connectome->w, N * N, sizeof(float), "connectivity weights"));
    SYN_TRY(syn_alloc(&connectome->id, N, sizeof *connectome->id, "neuron ids"));
    connectome->region = model->session[session].region;
    for (size_t i = 0; i < N; i++) connectome->id[i] = syn_neuron_id(model, session, (int64_t)i);
    SYN_TRY(syn_connectivity(model, session, connectome->K, connectome->raw, connectome->c));
    return syn_weights(model, session, connectome->w);
}

/* Ids that are mere numbers match those of any other recording, so the number of neurons must be that of the fit. */
static syn_status check_truth_size(const syn_connectome *connectome, const syn_recording *recording, const char *path) {
    if (recording->N == connectome->N_recorded) return SYN_OK;
    for (int64_t j = 0; j < recording->N; j++)
        if (recording->neuron_id[j][strspn(recording->neuron_id[j], "0123456789")]) return SYN_OK;
    return syn_fail(SYN_ERR_INPUT,
                    "%s: has %lld neurons, but the recording of the fit %lld; expected the simulated recording that "
                    "the model was fitted on",
                    path, (long long)recording->N, (long long)connectome->N_recorded);
}

/* True weights between the model's neurons, [N][N], from a simulated recording of n >= N neurons that the model may
 * have left some of out: matched by id. */
static syn_status select_truth(double *selected, const syn_connectome *connectome, const syn_recording *recording,
                               const char *path) {
    int64_t N = connectome->N, n = recording->N, *place;
    SYN_TRY(syn_alloc(&place, (size_t)N, sizeof *place, "neuron order"));
    syn_status status = SYN_OK;
    for (int64_t i = 0; i < N && status == SYN_OK; i++) {
        /* The two orders agree but for what was left out, so the search goes on where the last one ended. */
        int64_t start = i ? place[i - 1] + 1 : 0, k = 0;
        while (k < n && strcmp(recording->neuron_id[(start + k) % n], connectome->id[i])) k++;
        place[i] = (start + k) % n;
        if (k == n)
            status =
                syn_fail(SYN_ERR_INPUT, "%s: has no neuron '%s'; expected the recording that the model was fitted on",
                         path, connectome->id[i]);
    }
    for (int64_t i = 0; i < N && status == SYN_OK; i++)
        for (int64_t j = 0; j < N; j++) selected[i * N + j] = recording->truth[place[i] * n + place[j]];
    free(place);
    return status;
}

/* The truth from an array FILE:NAME without ids: the model must have kept every neuron. */
static syn_status read_truth_array(double **truth, const syn_connectome *connectome, const char *path) {
    int64_t rows, columns;
    SYN_TRY(syn_matrix_read(path, truth, &rows, &columns));
    if (rows == connectome->N && columns == connectome->N) return SYN_OK;
    return syn_fail(SYN_ERR_INPUT, "%s: is (%lld, %lld); expected true weights (%lld, %lld) of the model's neurons",
                    path, (long long)rows, (long long)columns, (long long)connectome->N, (long long)connectome->N);
}

static syn_status read_truth(double **truth, const syn_connectome *connectome, const char *path) {
    syn_status status;
    syn_address address = {0};
    syn_recording *recording = NULL;
    SYN_CHECK(syn_address_parse(&address, path));
    if (address.name) {
        SYN_CHECK(read_truth_array(truth, connectome, path));
        goto done;
    }
    SYN_CHECK(syn_recording_open(&recording, path, NULL));
    if (!recording->truth) {
        status =
            syn_fail(SYN_ERR_INPUT, "%s: holds no true weights; expected a simulated recording or FILE:NAME", path);
        goto done;
    }
    SYN_CHECK(check_truth_size(connectome, recording, path));
    SYN_CHECK(syn_alloc(truth, (size_t)(connectome->N * connectome->N), sizeof(double), "true weights"));
    SYN_CHECK(select_truth(*truth, connectome, recording, path));
done:
    syn_recording_free(recording);
    syn_address_free(&address);
    return status;
}

/* What a user would take for the connectivity, in raw units: C, or the estimates where edges are of events. */
static syn_status best_connectivity(const syn_model *model, size_t session, float *out) {
    const syn_fitted_session *s = &model->session[session];
    const syn_edge_estimates *e = s->edges;
    const int64_t N = s->norm.N;
    if (!e || !e->of_events) return syn_connectivity(model, session, 0, 1, out);
    for (int64_t k = 0; k < N * N; k++) out[k] = e->estimate[k] * s->norm.scale[k / N] / s->norm.scale[k % N];
    return SYN_OK;
}

/* What a user would rank edges by: C, z-scored, so that neurons of unlike size compare; estimates over their errors
 * where edges are of events, and of spike counts, of which a fit shrinks the edges of neurons that seldom fire the
 * most. */
static syn_status best_ranking(const syn_model *model, size_t session, float *out) {
    const syn_fitted_session *s = &model->session[session];
    const syn_edge_estimates *e = s->edges;
    const int64_t N = s->norm.N;
    if (!e || !(e->of_events || e->window > 0 || model->loss == SYN_LOSS_POISSON))
        return syn_connectivity(model, session, 0, 0, out);
    for (int64_t k = 0; k < N * N; k++) out[k] = e->error[k] > 0 ? e->estimate[k] / e->error[k] : 0.0f;
    return SYN_OK;
}

/* Adds "test" to the summary. Weights of a simulation are in raw units, so raw units are scored whatever is written. */
static syn_status score(json_t *root, const syn_connectome *connectome, const syn_model *model, size_t session,
                        const char *path) {
    syn_status status;
    double *truth = NULL;
    float *raw = NULL, *rank = NULL;
    syn_edge_metrics metrics, ranking;
    SYN_CHECK(read_truth(&truth, connectome, path));
    SYN_CHECK(syn_alloc(&raw, (size_t)(connectome->N * connectome->N), sizeof *raw, "effective connectivity"));
    SYN_CHECK(syn_alloc(&rank, (size_t)(connectome->N * connectome->N), sizeof *rank, "effective connectivity"));
    SYN_CHECK(best_connectivity(model, session, raw));
    SYN_CHECK(best_ranking(model, session, rank));
    SYN_CHECK(syn_edge_metrics_compute(&metrics, raw, truth, connectome->N));
    SYN_CHECK(syn_edge_metrics_compute(&ranking, rank, truth, connectome->N));
    json_t *test = json_object();
    const struct {
        const char *name;
        double value;
    } figures[] = {{"auroc", ranking.auroc},
                   {"auprc", ranking.auprc},
                   {"auprc_chance", metrics.auprc_chance},
                   {"pearson_w", metrics.pearson_w},
                   {"spearman_w", metrics.spearman_w}};
    for (size_t k = 0; k < sizeof figures / sizeof *figures; k++)
        if (isfinite(figures[k].value)) json_object_set_new(test, figures[k].name, json_real(figures[k].value));
    json_object_set_new(root, "test", test);
done:
    free(raw), free(rank);
    free(truth);
    return status;
}

static json_t *summarise(const syn_connectome *connectome, size_t session, const char *path) {
    return json_pack("{s:I, s:I, s:i, s:s, s:s, s:s}", "session", (json_int_t)session, "neurons",
                     (json_int_t)connectome->N, "lags", connectome->K, "scale", connectome->raw ? "raw" : "zscored",
                     "unit", syn_connectome_unit(connectome), "output", path);
}

static syn_status write_file(const file_format *format, const syn_connectome *connectome, const char *path) {
    syn_status status;
    char *temporary = NULL;
    SYN_CHECK(syn_file_begin(&temporary, path));
    SYN_CHECK(format->write(connectome, temporary));
    SYN_CHECK(syn_file_commit(temporary, path));
done:
    syn_file_end(temporary);
    return status;
}

syn_status syn_connectivity_write(const syn_model *model, size_t session, const syn_options *options, const char *path,
                                  char **json) {
    syn_status status;
    syn_connectome connectome = {0};
    syn_edge_list edges = {0};
    json_t *root = NULL, *summary = NULL;
    const char *truth = syn_option_text(options, SYN_OPT_TRUTH);
    const file_format *format = find_format(path);
    if (!format)
        return syn_fail(SYN_ERR_OPTION,
                        "output: found '%s'; expected a name that ends in .npy, .csv, .h5, .graphml or .edges.csv",
                        path);
    if (!format->lags && syn_option_int(options, SYN_OPT_LAGS) > 0)
        return syn_fail(SYN_ERR_OPTION,
                        "lags: found %lld; expected 0: '%s' holds lag 0 only, unlike .npy, .csv and .h5",
                        (long long)syn_option_int(options, SYN_OPT_LAGS), path);
    SYN_CHECK(fill_connectome(&connectome, model, session, options));
    root = summarise(&connectome, session, path);
    if (model->session[session].edges) {
        SYN_CHECK(syn_edge_list_create(&edges, model, session, options));
        SYN_CHECK(syn_edge_list_json(&edges, syn_option_int(options, SYN_OPT_TOP), &summary));
        json_object_set(root, "edges", summary);
        connectome.edges = &edges;
        connectome.of = syn_edge_list_of(&edges);
        syn_edge_list_unit(&edges, connectome.edge_unit, sizeof connectome.edge_unit);
        connectome.most_edges =
            syn_option_given(options, SYN_OPT_TOP) ? syn_option_int(options, SYN_OPT_TOP) : INT64_MAX;
    }
    if (*truth) SYN_CHECK(score(root, &connectome, model, session, truth));
    SYN_CHECK(write_file(format, &connectome, path));
    if (json && !(*json = json_dumps(root, JSON_REAL_PRECISION(9))))
        status = syn_fail(SYN_ERR_MEMORY, "could not allocate the summary of %s", path);
done:
    json_decref(root), json_decref(summary);
    syn_edge_list_free(&edges);
    free_connectome(&connectome);
    return status;
}
