/* synapsnet: forecast a recorded population of neurons and read off who drives whom.
 *
 * The model is SynapsNet (Delavari, Oruc, Murphy, arXiv 2411.08221). Names, shapes and formulas are those of
 * docs/model.md. Shapes used on this page:
 *
 *   T  frames (time bins)     N  neurons kept by the model     B  behaviour variables     K  forecast steps
 *
 * Handles are opaque. Every function that can fail returns a syn_status; syn_last_error() then holds one line that
 * names the file, the variable, what was found, what was expected and what to do. The library never prints and never
 * exits. Arrays that a function fills belong to the caller. Freeing NULL is safe. Functions on different handles may
 * be called from different threads.
 */
#ifndef SYNAPSNET_H
#define SYNAPSNET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SYN_API __attribute__((visibility("default")))

/* ------------------------------------------------------------------------------------------------------------------
 * Status
 * --------------------------------------------------------------------------------------------------------------- */

#define SYN_STATUS_LIST(X)                                                                                             \
    X(SYN_OK, "done")                                                                                                  \
    X(SYN_ERR_OPTION, "an option is unknown or out of range")                                                          \
    X(SYN_ERR_INPUT, "a file or array does not hold what is expected")                                                 \
    X(SYN_ERR_IO, "a file could not be read or written")                                                               \
    X(SYN_ERR_MEMORY, "not enough memory")                                                                             \
    X(SYN_ERR_INTERRUPTED, "stopped on request")                                                                       \
    X(SYN_ERR_NUMERIC, "the computation diverged")

typedef enum syn_status {
#define X(name, text) name,
    SYN_STATUS_LIST(X)
#undef X
} syn_status;

/* One line about the last failure in this thread ("" if none). Valid until the next synapsnet call in the thread. */
SYN_API const char *syn_last_error(void);
SYN_API const char *syn_version(void);
/* What will run on this machine, one "name: value" per line: kernels, threads, libraries. */
SYN_API const char *syn_build_info(void);
/* If OpenBLAS takes this processor for an older one and so runs slower than it could: the value that OPENBLAS_CORETYPE
 * should have before the process starts. NULL if all is well or the variable is set. OpenBLAS reads it only when it is
 * loaded: the program synapsnet sets it and starts itself again. It also sets GOMP_SPINCOUNT=1000, so that idle threads
 * of OpenMP leave a busy machine to others. Your program may want to do the same. */
SYN_API const char *syn_blas_core_type(void);

/* ------------------------------------------------------------------------------------------------------------------
 * Options: one table (syn_option_*) makes the command line, configuration files, this API and the documentation.
 * Values are given as text, as on the command line: "50ms", "auto", "16".
 * --------------------------------------------------------------------------------------------------------------- */

typedef struct syn_options syn_options;

SYN_API syn_status syn_options_create(syn_options **options);
SYN_API void syn_options_free(syn_options *options);
/* Sets one option. To a list option (behavior) it appends. Errors: unknown name (the nearest is suggested), bad value.
 */
SYN_API syn_status syn_options_set(syn_options *options, const char *name, const char *value);
/* Sets the option mask to an array [rows][columns] in memory, which is copied, instead of to one in a file. */
SYN_API syn_status syn_options_set_mask(syn_options *options, const double *mask, int64_t rows, int64_t columns);
/* Copies every option that was set in `over`; a list replaces the list. */
SYN_API syn_status syn_options_overlay(syn_options *options, const syn_options *over);
/* Reads `name = value` lines (INI). Errors name file and line. */
SYN_API syn_status syn_options_read(syn_options *options, const char *path);
/* The value as text ("" if unset); NULL for an unknown name. Lists are joined by newlines. Belongs to `options`. */
SYN_API const char *syn_options_get(const syn_options *options, const char *name);

typedef struct syn_option_info {
    const char *name;          /* "hidden" */
    const char *type;          /* "int", "real", "time", "flag", "choice", "text", "list" */
    const char *default_value; /* "auto", "8", "" (unset) */
    const char *unit;          /* "Hz", "s", "frames", "" */
    const char *choices;       /* "auto|gaussian|poisson"; of a number its range, "1..256"; "" */
    const char *commands;      /* the commands that take it, separated by spaces: "fit evaluate" */
    const char *help;          /* one sentence */
} syn_option_info;
/* The k-th option of the table, or NULL past its end. Valid until the next call in this thread. */
SYN_API const syn_option_info *syn_option_at(size_t k);
/* The option whose name is nearest to a mistyped one, or NULL if none is near. command: only its options, or NULL. */
SYN_API const char *syn_option_nearest(const char *name, const char *command);

/* ------------------------------------------------------------------------------------------------------------------
 * Recordings
 * --------------------------------------------------------------------------------------------------------------- */

typedef struct syn_recording syn_recording;

/* Opens a recording. path: a file or folder, or FILE:NAME for an array inside a file. The format is found by content.
 * Used options (NULL: defaults): rate, timestamps, behavior, bin, signal, units, orientation, segments, neuron-table.
 */
SYN_API syn_status syn_recording_open(syn_recording **recording, const char *path, const syn_options *options);
/* A recording from memory; arrays are copied. activity: [T][N], NaN = not observed. behavior: [T][B] or NULL.
 * rate_hz: frames per second. signal: "fluorescence", "deconvolved" or "counts". segments: [S][2] start, stop frames,
 * or NULL for one segment. */
SYN_API syn_status syn_recording_create(syn_recording **recording, const float *activity, int64_t T, int64_t N,
                                        const float *behavior, int64_t B, double rate_hz, const char *signal,
                                        const int64_t *segments, int64_t S);
/* All that a recording holds: given to syn_recording_from_arrays() ("in"), or seen by syn_recording_view() ("seen").
 * Every pointer but activity may be NULL. */
typedef struct syn_recording_arrays {
    int64_t T, N, B, S;      /* S segments; 0: one, of all frames */
    const float *activity;   /* [T][N]. In: NaN = not observed. Seen: 0 there */
    const uint8_t *observed; /* seen: [T][(N+7)/8] bits, neuron j at bit j%8 of byte j/8; NULL: all. In: not read */
    const float *behavior;   /* [T][B], NaN where unknown */
    double rate_hz;          /* frames per second; in with time_s: 0, or it must agree */
    const double *time_s;    /* [T] rising; irregular times are resampled to one rate, as by syn_recording_open */
    const int64_t *segments; /* [S][2] start, stop frame */
    const char *signal;      /* "fluorescence", "deconvolved", "counts"; in: or "auto" */
    const char *name;        /* short, for messages and tables */
    const char *path;        /* seen: as it was opened, or NULL. In: not read */
    const char *const *neuron_id, *const *region, *const *cell_type; /* [N] */
    const char *const *behavior_name, *const *behavior_unit;         /* [B] */
    const float *position;                                           /* [N][3] micrometres */
    const double *truth; /* [N][N] true weights of a simulation, row = receiver */
    int64_t n_spikes;
    const double *spike_time_s;  /* [n_spikes] ascending: the spikes behind counts */
    const int32_t *spike_neuron; /* [n_spikes] 0..N-1 */
} syn_recording_arrays;
/* A recording from memory; arrays and texts are copied. Whether a fit takes neurons with one id for the same ones says
 * the option same-neurons. */
SYN_API syn_status syn_recording_from_arrays(syn_recording **recording, const syn_recording_arrays *arrays);
/* Spike trains from memory, counted in bins of bin_s. time_s: [n] in any order. neuron: [n] 0..N-1. start_s: where the
 * first bin starts; NaN: at the last whole number of bins from 0 that is before the first spike. neuron_id: [N] or
 * NULL. Errors: times that are clearly not in seconds, spikes before start_s. */
SYN_API syn_status syn_recording_from_spikes(syn_recording **recording, const double *time_s, const int64_t *neuron,
                                             int64_t n, int64_t N, const char *const *neuron_id, double start_s,
                                             double bin_s);
/* A copy, for a recording that is to be kept after a fit, which uses it up. */
SYN_API syn_status syn_recording_copy(syn_recording **copy, const syn_recording *recording);
/* Says that a recording from memory is the one at `path`, so that a model fitted on it finds it there. NULL: nowhere.
 */
SYN_API syn_status syn_recording_set_path(syn_recording *recording, const char *path);
/* What the recording holds, without a copy: the pointers are the recording's, valid until it is fitted or freed. */
SYN_API void syn_recording_view(const syn_recording *recording, syn_recording_arrays *arrays);
SYN_API void syn_recording_free(syn_recording *recording);
/* Writes synapsnet's own HDF5 layout (docs/file-formats.md). The file is replaced only when complete. */
SYN_API syn_status syn_recording_write(const syn_recording *recording, const char *path);
SYN_API int64_t syn_recording_frames(const syn_recording *recording);
SYN_API int64_t syn_recording_neurons(const syn_recording *recording);
SYN_API int64_t syn_recording_behaviors(const syn_recording *recording);
SYN_API double syn_recording_rate_hz(const syn_recording *recording);
/* A summary as text (json = 0) or as one JSON object (json = 1). Free it with syn_free. */
SYN_API syn_status syn_recording_describe(const syn_recording *recording, int json, char **text);
/* The arrays in a file, whether it is a recording or not: a tree of names, types and shapes as text (json = 0), or one
 * JSON object with a list `contents` (json = 1). Free it with syn_free. kind: of the file, "HDF5", "MATLAB", "npz",
 * "npy", "Trodes" or "table", which is not to be freed; may be NULL. */
SYN_API syn_status syn_contents_describe(const char *path, int json, const char **kind, char **text);
/* Writes the recordings as a fit sees them (docs/file-formats.md, "Splits"): z-scored activity, what was observed, the
 * target frames of every split. For models of other programs, whose predictions syn_compare() scores. The recordings
 * are consumed as by syn_fit(). Used options: train, validation, window. */
SYN_API syn_status syn_splits_write(syn_recording *const *recordings, size_t n_recordings, const syn_options *options,
                                    const char *path);
/* Simulated networks with known connectivity. kind: "celltypes", "rates" or "spikes". Used options: neurons, frames,
 * seed and those marked for `simulate`. */
SYN_API syn_status syn_simulate(syn_recording **recording, const char *kind, const syn_options *options);
SYN_API void syn_free(void *memory);

/* ------------------------------------------------------------------------------------------------------------------
 * Models
 * --------------------------------------------------------------------------------------------------------------- */

typedef struct syn_model syn_model;

/* Progress of a fit. Losses are per observed entry. */
typedef struct syn_progress {
    const char *stage; /* "none", "dense", "lowrank 4", ...: the form of W being trained */
    int candidate, candidates;
    int epoch, max_epochs;
    double train_loss, validation_loss, best_loss;
    double elapsed_s, eta_s; /* eta_s: an estimate, from what it took so far; NAN where nothing can be said yet */
} syn_progress;
/* What a progress function may return:
 * SYN_GO_ON;
 * SYN_STOP, which saves the checkpoint and returns SYN_ERR_INTERRUPTED;
 * SYN_FINISH, which ends at once with the best weights so far, and a warning in the description of the model
 * (SYN_ERR_INTERRUPTED if no epoch was complete).
 * During the repeats (option repeats) the model is there already: both end the fit with it and the repeats that are
 * done, and the description says so ("repeats": {"done", "asked"}); the checkpoint is kept, and the option resume goes
 * on with the others. In the last stage ("testing edges") SYN_STOP ends the fit, SYN_FINISH lets the test end. */
enum { SYN_GO_ON = 0, SYN_STOP = 1, SYN_FINISH = 2 };
/* Called several times a second, and after every epoch, from the calling thread. */
typedef int (*syn_progress_fn)(const syn_progress *progress, void *user);
/* Lets this thread's later calls of functions without a progress function be stopped: several times a second those that
 * take long (opening a recording, simulating, evaluating, forecasting, stimulating, reporting) ask, with progress NULL,
 * and any answer but SYN_GO_ON ends them with SYN_ERR_INTERRUPTED. NULL: none asks any more. */
SYN_API void syn_watch(syn_progress_fn ask, void *user);

/* Fits one model to one or many recordings. The recordings are consumed as working memory: their activity is
 * normalised in place, and they can only be freed afterwards.
 * With the option output a checkpoint OUTPUT.ckpt is kept, which syn_model_write() deletes once the model is in a file.
 * Errors: a checkpoint is there, and the option resume is not given. */
SYN_API syn_status syn_fit(syn_model **model, syn_recording *const *recordings, size_t n_recordings,
                           const syn_options *options, syn_progress_fn progress, void *user);
/* Adapts a model to new recordings, of other neurons: the decoder of `source` is kept, and embeddings, connections and
 * the projection of behaviour are fitted, their form and strength chosen as by syn_fit(); then everything is trained
 * further at a lower rate, which is kept if it lowers the validation loss. The model is of the new recordings alone.
 * Options: as for syn_fit(), but loss, hidden and embedding are those of the source. Errors: the source predicts spike
 * counts, and a recording has none. */
SYN_API syn_status syn_adapt(syn_model **model, const syn_model *source, syn_recording *const *recordings,
                             size_t n_recordings, const syn_options *options, syn_progress_fn progress, void *user);
/* Writes a model (docs/file-formats.md); the file is replaced only when complete. */
SYN_API syn_status syn_model_write(const syn_model *model, const char *path);
SYN_API syn_status syn_model_read(syn_model **model, const char *path);
SYN_API void syn_model_free(syn_model *model);
/* How many sessions, that is recordings, a model has. */
SYN_API size_t syn_model_sessions(const syn_model *model);
/* Neurons kept in session s, from 0. 0 past the last session. */
SYN_API int64_t syn_model_neurons(const syn_model *model, size_t s);
/* What a model holds of session s. The pointers are the model's own. */
typedef struct syn_session_view {
    int64_t neurons, recorded, embedding_length, behaviors; /* N kept, N of the recording, d, B */
    const int64_t *kept;                                    /* [N] place in the recording */
    const float *embedding;                                 /* [N][d] */
    const float *mean, *scale;                              /* [N] of the train split: z = (x - mean) / scale */
    double rate_hz;
    const char *signal, *name, *path;                                /* path: NULL from memory */
    const char *const *neuron_id, *const *region, *const *cell_type; /* [N]; the last two may be NULL */
    const char *const *behavior_name;                                /* [B], or NULL */
    const float *position;                                           /* [N][3] micrometres, or NULL */
} syn_session_view;
SYN_API syn_status syn_model_session(const syn_model *model, size_t s, syn_session_view *view);
/* Whether a recording has the activity that session s was fitted on: 1 yes, 0 no, -1 unknown, as the model is of an
 * earlier version. */
SYN_API int syn_model_recognises(const syn_model *model, size_t s, const syn_recording *recording);
/* What was chosen and how the fit went, as one JSON object. Free it with syn_free. */
SYN_API syn_status syn_model_describe(const syn_model *model, char **json);

/* Opens a recording of the neurons of a model with the reading options of the fit; `options` (may be NULL) override
 * them. timestamps, behavior and segments of the fit are used only if path is its recording. rate, bin, signal,
 * orientation and units of the fit are dropped if path can be read only without them. */
SYN_API syn_status syn_recording_open_like(syn_recording **recording, const syn_model *model, const char *path,
                                           const syn_options *options);

/* All metrics of docs/model.md on the test split of the recordings (NULL, 0: those the model was fitted on, found by
 * the path kept in the model), which are consumed as by syn_fit. One JSON object; free it with syn_free. Used options:
 * split, threads, isa; the result does not depend on threads. */
SYN_API syn_status syn_evaluate(const syn_model *model, syn_recording *const *recordings, size_t n_recordings,
                                const syn_options *options, char **json);

/* SynapsNet and its rivals (docs/compare.md) on the same train, validation and test frames of the recordings, which are
 * consumed as by syn_fit. *json: {"synapsnet": {metrics, "seconds", "peak_mb", "chosen"}, "rivals": {NAME: {the same,
 * "mse_diff_ci95": [low, high]}}} and more; a difference is rival minus SynapsNet. Free it with syn_free. progress: its
 * stage names the model that is fitted. Used options: those of syn_fit but output and resume, rivals, predictions. */
SYN_API syn_status syn_compare(syn_recording *const *recordings, size_t n_recordings, const syn_options *options,
                               syn_progress_fn progress, void *user, char **json);

typedef struct syn_forecast syn_forecast;
/* One step ahead over the test split, and free-running rollouts of K steps. recording: consumed as by syn_fit; NULL:
 * the one that the model was fitted on, found by its path. Used options: split, steps, start, hold-behavior, session,
 * threads, isa.
 */
SYN_API syn_status syn_forecast_create(syn_forecast **forecast, const syn_model *model, syn_recording *recording,
                                       const syn_options *options);
SYN_API syn_status syn_forecast_write(const syn_forecast *forecast, const char *path);
SYN_API void syn_forecast_free(syn_forecast *forecast);
SYN_API int64_t syn_forecast_steps(const syn_forecast *forecast);
/* The arrays of a forecast, in raw units; truth is NaN where it was not observed. The pointers are the forecast's own.
 */
typedef struct syn_forecast_view {
    int64_t frames, rollouts, steps, neurons; /* F frames one step ahead, S rollouts of K steps, N */
    const float *prediction, *truth;          /* [F][N] one step ahead */
    const int64_t *frame;                     /* [F] of the recording */
    const double *time_s;                     /* [F] */
    const float *rollout, *rollout_truth;     /* [S][K][N] */
    const int64_t *start;                     /* [S] first predicted frame */
    /* A 95 % interval is prediction + lower to prediction + upper, from the errors in the validation split; NaN where
     * that says too little, as with split all. */
    const float *lower, *upper;                 /* [N] one step ahead */
    const float *rollout_lower, *rollout_upper; /* [K][N] */
} syn_forecast_view;
SYN_API void syn_forecast_arrays(const syn_forecast *forecast, syn_forecast_view *view);
/* Mean squared error (z-scored) at each of the K horizons; NaN where no truth is known. mse: [K] */
SYN_API syn_status syn_forecast_mse(const syn_forecast *forecast, float *mse);
/* One JSON object: "steps", "starts" (rollouts), "paths" (each is the mean of so many), "one_step_frames", and by
 * horizon "mse", "mse_copy_last", "mse_mean", "skill" ([K], null where no truth is known); "interval" (0.95), and what
 * share of the recorded values lay inside: "one_step_coverage", "coverage" ([K]). Free it with syn_free. */
SYN_API syn_status syn_forecast_describe(const syn_forecast *forecast, char **json);

/* A model that runs along with an experiment: a frame in, the forecast of the next one out. */
typedef struct syn_online syn_online;
/* Starts a segment of session s, the recording that the model was fitted on or another of the same neurons. The model
 * may be freed. Memory is allocated here and in no later call. Used options (NULL: one thread): threads, isa. */
SYN_API syn_status syn_online_create(syn_online **online, const syn_model *model, size_t session,
                                     const syn_options *options);
SYN_API void syn_online_free(syn_online *online);
/* Takes one frame and predicts the next one, as syn_forecast_create() does over a recording with option split all, but
 * for rounding. activity: [M] all neurons of the recording (view.recorded of syn_model_session()), raw units, NaN = not
 * observed, which is replaced by what was predicted. behavior: [B], NaN where unknown; NULL where B is 0. prediction:
 * [N] the neurons kept by the model, raw units. Errors: a value that is infinite; behavior is NULL; the frame is then
 * as though it had not been given. */
SYN_API syn_status syn_online_step(syn_online *online, const float *activity, const float *behavior, float *prediction);
/* Runs on freely from where it stands, which does not change, along one undisturbed path (docs/model.md, Rollouts):
 * prediction[K][N], the first of which is that of the last step. Behaviour is held at its last value. Error: no frame
 * has been taken since the start of the segment. */
SYN_API syn_status syn_online_forecast(syn_online *online, int64_t K, float *prediction);
/* Starts a new segment: a trial, or the recording after a gap. */
SYN_API void syn_online_restart(syn_online *online);

/* Effective connectivity C_ij(tau) = mean over train frames of d xhat_i[t+1] / d x_j[t-tau]. Row = receiver (post),
 * column = sender (pre). raw_units: 1: raw units of x_i per raw unit of x_j; 0: z-scored. out: [lags+1][N][N]. Lags
 * beyond those that a model keeps (at most 20) open the recording of the fit again, by its path. Errors: unknown
 * session, that recording is not there. */
SYN_API syn_status syn_connectivity(const syn_model *model, size_t session, int lags, int raw_units, float *out);
/* The evidence for every edge C_ij(0), from the train and validation frames of the fit (docs/connectivity.md).
 * estimate: of activity C without the shrinkage of the fit, of events or counts another quantity ("of" and "unit" of
 * syn_edges_describe()); low, high: its 95 % interval; p: of no edge; q: p adjusted for the number of edges by option
 * fdr-method: an edge with q <= fdr is significant. Each [N][N], row = receiver, or NULL. What was not tested (the
 * diagonal) has p = q = 1. Used options (NULL: defaults): scale, fdr-method. Errors: unknown session, a model of a
 * version that did not test edges. */
SYN_API syn_status syn_edge_evidence(const syn_model *model, size_t session, const syn_options *options,
                                     float *estimate, float *low, float *high, double *p, double *q);
/* The estimates of the first and of the second half of these frames, each [N][N] or NULL. Used options and errors: as
 * above; also a model of a version that did not keep them. */
SYN_API syn_status syn_edge_halves(const syn_model *model, size_t session, const syn_options *options, float *first,
                                   float *second);
/* C_ij(0) over the fit and its `repeats` from other seeds: their mean, their standard deviation, and the share of the
 * repeats with the sign of the model's own C (0 where that is 0). Each [N][N] or NULL. Used options and errors: as
 * above; also a model that was fitted without repeats. */
SYN_API syn_status syn_edge_seeds(const syn_model *model, size_t session, const syn_options *options, float *mean,
                                  float *sd, float *same_sign);
/* One JSON object: "n_tested", "n_significant", "fdr", "method", "of" ("activity", "events" or "counts": what was
 * tested), "unit" of the estimates, "top" (the surest edges with presynaptic and postsynaptic id, estimate, interval,
 * p, q, C, estimates of the halves and over seeds), "stability" over the halves of the recording (of the edges found
 * and of all pairs) and, of a fit with `repeats`, over "seeds", "hubs", "regions" and "cell_types" (means between
 * groups), "residual_correlation", "notes". Free it with syn_free. Used options: scale, fdr, fdr-method, top. */
SYN_API syn_status syn_edges_describe(const syn_model *model, size_t session, const syn_options *options, char **json);
/* The learned W itself (its sign and scale are not identified). out: [N][N] */
SYN_API syn_status syn_weights(const syn_model *model, size_t session, float *out);
/* The mask of a model with connectivity masked: 1 where an edge may be, else 0 (also for neurons that were left out).
 * out: [recorded][recorded], row = receiver. Error: a model with another connectivity. */
SYN_API syn_status syn_mask(const syn_model *model, size_t session, unsigned char *out);
/* Id of neuron i of session s, as in the recording; NULL if there is no such neuron. Belongs to the model. */
SYN_API const char *syn_neuron_id(const syn_model *model, size_t s, int64_t i);
/* Writes the effective connectivity of a session to a file whose extension names its format: .npy and .csv (the matrix,
 * or all lags), .h5 (with raw W, ids, units and edges), .graphml (a directed graph of lag 0), .edges.csv (a line for
 * each significant edge, the surest first; at most `top` where it is given). The file is replaced only when complete.
 * Used options: lags, scale, truth, fdr, fdr-method, top. json (may be NULL): one object with what was written, "edges"
 * as syn_edges_describe() gives them and, under "test", the scores against the true weights where `truth` gives them.
 * Free it with syn_free. */
SYN_API syn_status syn_connectivity_write(const syn_model *model, size_t session, const syn_options *options,
                                          const char *path, char **json);

/* Virtual stimulation: the mean response of all neurons to a pulse in one of them, over states of the test split. */
typedef struct syn_perturbation syn_perturbation;
/* From each of S states (recorded activity up to a frame t0), neuron j's activity at t0 is raised by the amplitude, and
 * the network runs on for K steps with and without that; a response is the difference. recording: as for
 * syn_forecast_create. Used options: neuron, amplitude, pulse-units, noise, steps, states, hold-behavior, session,
 * split, threads, isa; the result does not depend on threads. Errors: unknown neuron (the nearest is suggested), no
 * stretch of the test split has K frames, responses that diverge. */
SYN_API syn_status syn_perturb(syn_perturbation **perturbation, const syn_model *model, syn_recording *recording,
                               const syn_options *options);
SYN_API void syn_perturbation_free(syn_perturbation *perturbation);
/* [K][N] by step where one neuron was stimulated; [N][N], row = receiver, column = stimulated, the mean over
 * steps 1..K, where all were. */
SYN_API void syn_perturbation_shape(const syn_perturbation *perturbation, int64_t *rows, int64_t *columns);
/* Mean responses over states and their 95 % intervals, in that shape and the units of pulse-units. low, high: may be
 * NULL; NaN where there are fewer than two independent states. */
SYN_API void syn_perturbation_response(const syn_perturbation *perturbation, float *response, float *low, float *high);
/* Writes .h5 (everything), .csv or .npy (the response of the shape above); replaced only when complete. */
SYN_API syn_status syn_perturbation_write(const syn_perturbation *perturbation, const char *path);
/* One JSON object: "neuron" (id, or "all"), "neurons", "steps", "states", "amplitude", "unit", "noise", and the
 * responses' means over steps with their intervals: of every neuron ("responses"), or the strongest pairs
 * ("strongest"). Free it with syn_free. */
SYN_API syn_status syn_perturbation_describe(const syn_perturbation *perturbation, char **json);

/* Writes the report of a model: one HTML page with all figures, which needs no other file and no network; its data as
 * JSON; or the main figures for a paper as png, svg or pdf, one file each: FIGURES.pdf gives FIGURES-models.pdf, ...
 * Files are replaced only when complete. recordings: as for syn_evaluate(). Used options: format (auto: by the
 * extension of path), comparison, steps, split, threads, isa. json (may be NULL): one object with "files", "bytes", the
 * metrics and their intervals. Free it with syn_free. */
SYN_API syn_status syn_report_write(const syn_model *model, syn_recording *const *recordings, size_t n_recordings,
                                    const syn_options *options, const char *path, char **json);

#ifdef __cplusplus
}
#endif
#endif
