/* Recordings from memory, their copies, and what they hold as arrays. */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "recording/reader.h"

/* Copies n bytes; NULL stays NULL. */
static syn_status copy_bytes(void *out, const void *from, size_t n, const char *what) {
    void **slot = out;
    *slot = NULL;
    if (!from) return SYN_OK;
    SYN_TRY(syn_alloc(slot, n, 1, what));
    if (n) memcpy(*slot, from, n);
    return SYN_OK;
}

/* Copies n texts; NULL stays NULL, and a NULL among them becomes "". */
static syn_status copy_texts(char ***out, const char *const *from, int64_t n, const char *what) {
    if (!from) return SYN_OK;
    SYN_TRY(syn_alloc(out, (size_t)n, sizeof **out, what));
    for (int64_t k = 0; k < n; k++) SYN_TRY(syn_copy_text(&(*out)[k], from[k] ? from[k] : ""));
    return SYN_OK;
}

/* C does not convert char ** by itself. */
static const char *const *seen(char *const *texts) { return (const char *const *)texts; }

/* ---- from arrays ---- */

static syn_status name_neurons(syn_recording *r, const char *const *id) {
    if (!id) return SYN_OK; /* numbered from 0 */
    for (int64_t j = 0; j < r->N; j++) SYN_TRY(syn_recording_name_neuron(r, j, id[j] ? id[j] : ""));
    r->named_neurons = true;
    return syn_recording_remark_names(r, "leave it out and give it as behaviour");
}

static syn_status take_segments(syn_recording *r, const syn_recording_arrays *a) {
    if (!a->segments || a->S < 1) return SYN_OK;
    free(r->segment);
    r->S = 0;
    SYN_TRY(copy_bytes(&r->segment, a->segments, (size_t)a->S * sizeof *r->segment, "segments"));
    r->S = a->S;
    return SYN_OK;
}

static syn_status take_spikes(syn_recording *r, const syn_recording_arrays *a) {
    const size_t n = (size_t)a->n_spikes;
    if (a->n_spikes < 1 || !a->spike_time_s || !a->spike_neuron) return SYN_OK;
    for (int64_t k = 0; k < a->n_spikes; k++) {
        const double time_s = a->spike_time_s[k];
        if (a->spike_neuron[k] < 0 || a->spike_neuron[k] >= r->N)
            return syn_fail(SYN_ERR_INPUT, "spikes: spike %lld is of neuron %d; expected 0 to %lld", (long long)k,
                            (int)a->spike_neuron[k], (long long)r->N - 1);
        if (!isfinite(time_s) || (k > 0 && time_s < a->spike_time_s[k - 1]))
            return syn_fail(SYN_ERR_INPUT, "spikes: spike %lld has the time %g; expected seconds in order",
                            (long long)k, time_s);
    }
    SYN_TRY(copy_bytes(&r->spike_time_s, a->spike_time_s, n * sizeof *r->spike_time_s, "spike times"));
    SYN_TRY(copy_bytes(&r->spike_neuron, a->spike_neuron, n * sizeof *r->spike_neuron, "spikes"));
    r->n_spikes = a->n_spikes;
    return SYN_OK;
}

static syn_status take_arrays(syn_recording *r, const syn_recording_arrays *a) {
    const size_t T = (size_t)r->T, N = (size_t)r->N, B = (size_t)a->B;
    memcpy(r->x, a->activity, T * N * sizeof *r->x);
    if (a->behavior && a->B > 0) {
        SYN_TRY(copy_bytes(&r->u, a->behavior, T * B * sizeof *r->u, "behaviour"));
        r->B = a->B;
        SYN_TRY(copy_texts(&r->behavior_name, a->behavior_name, r->B, "behaviour names"));
        SYN_TRY(copy_texts(&r->behavior_unit, a->behavior_unit, r->B, "behaviour units"));
    }
    SYN_TRY(take_segments(r, a));
    SYN_TRY(take_spikes(r, a));
    SYN_TRY(name_neurons(r, a->neuron_id));
    SYN_TRY(copy_texts(&r->region, a->region, r->N, "regions"));
    SYN_TRY(copy_texts(&r->cell_type, a->cell_type, r->N, "cell types"));
    SYN_TRY(copy_bytes(&r->position, a->position, N * 3 * sizeof *r->position, "positions"));
    SYN_TRY(copy_bytes(&r->truth, a->truth, N * N * sizeof *r->truth, "true weights"));
    return copy_bytes(&r->time_s, a->time_s, T * sizeof *r->time_s, "timestamps");
}

static syn_status take_signal(syn_recording *r, const char *signal) {
    if (!signal || !strcmp(signal, "auto")) return syn_guess_signal(r, syn_recording_label(r));
    if (syn_signal_find(signal, &r->signal)) return SYN_OK;
    return syn_fail(SYN_ERR_INPUT, "recording: signal is '%s'; expected auto, fluorescence, deconvolved or counts",
                    signal);
}

/* A rate that is given beside the times must be theirs, and is then kept to the last digit. */
static syn_status settle_rate(syn_recording *r, double said) {
    r->rate_hz = said;
    if (!r->time_s) return SYN_OK;
    SYN_TRY(syn_regularise(r));
    if (said > 0 && fabs(r->rate_hz - said) > 0.01 * said)
        return syn_fail(SYN_ERR_INPUT, "%s: the rate is given as %g Hz, but the timestamps say %g Hz",
                        syn_recording_label(r), said, r->rate_hz);
    if (said > 0 && fabs(r->rate_hz - said) < 1e-6 * said) r->rate_hz = said;
    return SYN_OK;
}

syn_status syn_recording_from_arrays(syn_recording **recording, const syn_recording_arrays *a) {
    syn_status status;
    syn_recording *r = NULL;
    *recording = NULL;
    if (!a->activity) return syn_fail(SYN_ERR_INPUT, "recording: activity is NULL; expected an array [T][N]");
    SYN_CHECK(syn_recording_alloc(&r, a->T, a->N));
    SYN_CHECK(syn_copy_text(&r->name, a->name ? a->name : "memory"));
    SYN_CHECK(syn_copy_text(&r->format, "memory"));
    SYN_CHECK(take_arrays(r, a));
    SYN_CHECK(take_signal(r, a->signal));
    SYN_CHECK(settle_rate(r, a->rate_hz));
    SYN_CHECK(syn_recording_finish(r));
    *recording = r;
    return SYN_OK;
done:
    syn_recording_free(r);
    return status;
}

syn_status syn_recording_create(syn_recording **recording, const float *activity, int64_t T, int64_t N,
                                const float *behavior, int64_t B, double rate_hz, const char *signal,
                                const int64_t *segments, int64_t S) {
    const syn_recording_arrays arrays = {.T = T,
                                         .N = N,
                                         .B = B,
                                         .S = S,
                                         .activity = activity,
                                         .behavior = behavior,
                                         .rate_hz = rate_hz,
                                         .segments = segments,
                                         .signal = signal ? signal : "NULL"};
    return syn_recording_from_arrays(recording, &arrays);
}

/* ---- from spikes ---- */

static syn_status copy_spikes(double **to_time, int32_t **to_neuron, const double *time_s, const int64_t *neuron,
                              int64_t n, int64_t N) {
    SYN_TRY(copy_bytes(to_time, time_s, (size_t)n * sizeof **to_time, "spike times"));
    SYN_TRY(syn_alloc(to_neuron, (size_t)n, sizeof **to_neuron, "spikes"));
    for (int64_t k = 0; k < n; k++) {
        if (neuron[k] < 0 || neuron[k] >= N)
            return syn_fail(SYN_ERR_INPUT, "spikes: spike %lld is of neuron %lld; expected 0 to %lld", (long long)k,
                            (long long)neuron[k], (long long)N - 1);
        (*to_neuron)[k] = (int32_t)neuron[k];
    }
    return SYN_OK;
}

/* The spike that is earliest, for whether a start leaves it out. */
static double first_spike(const double *time_s, int64_t n) {
    double first = n ? time_s[0] : 0;
    for (int64_t k = 1; k < n; k++) first = fmin(first, time_s[k]);
    return first;
}

syn_status syn_recording_from_spikes(syn_recording **recording, const double *time_s, const int64_t *neuron, int64_t n,
                                     int64_t N, const char *const *neuron_id, double start_s, double bin_s) {
    syn_status status;
    syn_recording *r = NULL;
    double *time = NULL;
    int32_t *of = NULL;
    *recording = NULL;
    if (!(isfinite(bin_s) && bin_s > 0))
        return syn_fail(SYN_ERR_OPTION, "bin: found %g s; expected a positive time", bin_s);
    if (n > 0 && first_spike(time_s, n) < start_s)
        return syn_fail(SYN_ERR_INPUT, "spikes: the first is at %g s, before the start at %g s", first_spike(time_s, n),
                        start_s);
    SYN_CHECK(copy_spikes(&time, &of, time_s, neuron, n, N));
    status = syn_bin_spikes(&r, "spikes", time, of, n, N, start_s, bin_s);
    time = NULL, of = NULL; /* taken over */
    if (status != SYN_OK) goto done;
    SYN_CHECK(syn_copy_text(&r->name, "memory"));
    SYN_CHECK(syn_copy_text(&r->format, "spike list"));
    SYN_CHECK(name_neurons(r, neuron_id));
    SYN_CHECK(syn_recording_finish(r));
    *recording = r;
    return SYN_OK;
done:
    free(time), free(of);
    syn_recording_free(r);
    return status;
}

/* ---- copy and view ---- */

static syn_status copy_arrays(syn_recording *to, const syn_recording *r) {
    const size_t T = (size_t)r->T, N = (size_t)r->N, n = (size_t)r->n_spikes;
    const struct {
        void *to;
        const void *from;
        size_t bytes;
    } array[] = {{&to->x, r->x, T * N * sizeof *r->x},
                 {&to->mask, r->mask, T * ((N + 7) / 8)},
                 {&to->nameless, r->nameless, N},
                 {&to->u, r->u, T * (size_t)r->B * sizeof *r->u},
                 {&to->time_s, r->time_s, T * sizeof *r->time_s},
                 {&to->segment, r->segment, (size_t)r->S * sizeof *r->segment},
                 {&to->position, r->position, N * 3 * sizeof *r->position},
                 {&to->truth, r->truth, N * N * sizeof *r->truth},
                 {&to->spike_time_s, r->spike_time_s, n * sizeof *r->spike_time_s},
                 {&to->spike_neuron, r->spike_neuron, n * sizeof *r->spike_neuron}};
    for (size_t k = 0; k < sizeof array / sizeof *array; k++)
        SYN_TRY(copy_bytes(array[k].to, array[k].from, array[k].bytes, "copy of the recording"));
    return SYN_OK;
}

static syn_status copy_all_texts(syn_recording *to, const syn_recording *r) {
    SYN_TRY(syn_copy_text(&to->name, r->name));
    SYN_TRY(syn_copy_text(&to->path, r->path));
    SYN_TRY(syn_copy_text(&to->format, r->format));
    SYN_TRY(syn_copy_text(&to->unit, r->unit));
    SYN_TRY(syn_copy_text(&to->parameters, r->parameters));
    SYN_TRY(copy_texts(&to->neuron_id, seen(r->neuron_id), r->N, "neurons"));
    SYN_TRY(copy_texts(&to->region, seen(r->region), r->N, "regions"));
    SYN_TRY(copy_texts(&to->cell_type, seen(r->cell_type), r->N, "cell types"));
    SYN_TRY(copy_texts(&to->behavior_name, seen(r->behavior_name), r->B, "behaviours"));
    SYN_TRY(copy_texts(&to->behavior_unit, seen(r->behavior_unit), r->B, "behaviours"));
    return copy_texts(&to->warning, seen(r->warning), (int64_t)r->n_warnings, "warnings");
}

syn_status syn_recording_copy(syn_recording **copy, const syn_recording *r) {
    syn_status status;
    syn_recording *to;
    *copy = NULL;
    SYN_TRY(syn_alloc(&to, 1, sizeof *to, "recording"));
    to->T = r->T, to->N = r->N, to->B = r->B, to->S = r->S;
    to->rate_hz = r->rate_hz, to->signal = r->signal, to->named_neurons = r->named_neurons;
    to->n_spikes = r->n_spikes, to->n_warnings = r->n_warnings;
    SYN_CHECK(copy_arrays(to, r));
    SYN_CHECK(copy_all_texts(to, r));
    *copy = to;
    return SYN_OK;
done:
    syn_recording_free(to);
    return status;
}

syn_status syn_recording_set_path(syn_recording *r, const char *path) {
    char *copy;
    SYN_TRY(syn_copy_text(&copy, path));
    free(r->path);
    r->path = copy;
    return SYN_OK;
}

_Static_assert(sizeof(syn_segment) == 2 * sizeof(int64_t), "segments are seen as int64_t [S][2]");

void syn_recording_view(const syn_recording *r, syn_recording_arrays *arrays) {
    *arrays = (syn_recording_arrays){.T = r->T,
                                     .N = r->N,
                                     .B = r->B,
                                     .S = r->S,
                                     .activity = r->x,
                                     .observed = r->mask,
                                     .behavior = r->u,
                                     .rate_hz = r->rate_hz,
                                     .time_s = r->time_s,
                                     .segments = &r->segment[0].start,
                                     .signal = syn_signal_name(r->signal),
                                     .name = r->name,
                                     .path = r->path,
                                     .neuron_id = seen(r->neuron_id),
                                     .region = seen(r->region),
                                     .cell_type = seen(r->cell_type),
                                     .behavior_name = seen(r->behavior_name),
                                     .behavior_unit = seen(r->behavior_unit),
                                     .position = r->position,
                                     .truth = r->truth,
                                     .n_spikes = r->n_spikes,
                                     .spike_time_s = r->spike_time_s,
                                     .spike_neuron = r->spike_neuron};
}
