/* The report as one JSON object; docs/report.md says what is in it. Large arrays are packed (encode.c). */
#include <math.h>
#include <string.h>

#include "analysis/export.h"
#include "analysis/forecast_interval.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/plain.h"
#include "base/text.h"
#include "report/report.h"

enum { FORMAT_VERSION = 2, MOST_TRACE_FRAMES = 5000, FEWEST_TRACE_FRAMES = 50 };
/* Room on the page, shared by the recordings, before packing. */
static const double trace_bytes = 1.6e6, matrix_bytes = 1e6, stimulation_bytes = 3e5;

static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

static json_t *numbers(const double *values, int64_t n) {
    json_t *list = json_array();
    for (int64_t k = 0; k < n; k++) json_array_append_new(list, number(values[k]));
    return list;
}

/* Texts of the neurons shown; nothing where the recording has none. */
static void set_texts(json_t *object, const char *name, char *const *texts, const syn_report_session *r) {
    if (!texts) return;
    json_t *list = json_array();
    for (int64_t a = 0; a < r->n; a++) {
        const char *text = texts[r->shown[a]];
        json_array_append_new(list, json_string(text ? text : ""));
    }
    json_object_set_new(object, name, list);
}

static json_t *neurons_json(const syn_report_session *r) {
    const syn_fitted_session *f = r->fitted;
    json_t *object = json_object(), *shown = json_array(), *correlation = json_array(), *scale = json_array();
    set_texts(object, "id", f->neuron_id, r);
    set_texts(object, "region", f->region, r);
    set_texts(object, "cell_type", f->cell_type, r);
    for (int64_t a = 0; a < r->n; a++) {
        json_array_append_new(shown, json_integer((json_int_t)r->shown[a]));
        json_array_append_new(correlation, number(r->neuron_r[r->shown[a]]));
        json_array_append_new(scale, json_real((double)f->norm.scale[r->shown[a]]));
    }
    json_object_set_new(object, "index", shown);
    json_object_set_new(object, "r", correlation);
    json_object_set_new(object, "scale", scale);
    if (f->position) {
        json_t *position = json_array();
        for (int64_t a = 0; a < r->n; a++) {
            const float *p = f->position + 3 * r->shown[a];
            json_array_append_new(
                position, json_pack("[o, o, o]", number((double)p[0]), number((double)p[1]), number((double)p[2])));
        }
        json_object_set_new(object, "position", position);
    }
    return object;
}

static double missing_share(const syn_session *s) {
    double missing = 0;
    for (int64_t t = 0; s->mask && t < s->T; t++)
        for (int64_t i = 0; i < s->N; i++) missing += !syn_session_observed(s, t, i);
    return missing / ((double)s->T * (double)s->N);
}

void syn_activity_unit(const syn_recording *r, char *text, size_t size) {
    const char *unit = r->unit && *r->unit ? r->unit : "raw units";
    if (r->signal == SYN_SIGNAL_COUNTS)
        snprintf(text, size, "spikes per bin");
    else
        snprintf(text, size, "%s (%.*s)", r->signal == SYN_SIGNAL_DECONVOLVED ? "events" : "fluorescence",
                 syn_cut(unit, 40), unit);
}

static json_t *facts_json(const syn_report_session *r) {
    const syn_recording *recording = r->session->recording;
    json_t *behaviors = json_array();
    char unit[64];
    syn_activity_unit(recording, unit, sizeof unit);
    for (int64_t b = 0; b < recording->B; b++)
        json_array_append_new(behaviors, json_string(recording->behavior_name[b]));
    return json_pack("{s:s, s:o*, s:s*, s:s, s:s, s:f, s:f, s:I, s:I, s:I, s:I, s:f, s:b, s:o}", "name",
                     recording->name, "path", recording->path ? syn_text_json(recording->path) : NULL, "format",
                     recording->format, "signal", syn_signal_name(recording->signal), "unit", unit, "rate_hz",
                     recording->rate_hz, "start_s", syn_report_start(r), "frames", (json_int_t)recording->T,
                     "neurons_recorded", (json_int_t)r->fitted->norm.N_recorded, "neurons", (json_int_t)r->N,
                     "segments", (json_int_t)recording->S, "missing", missing_share(r->session), "whole_trials",
                     r->session->whole_segments, "behaviors", behaviors);
}

/* Of the neurons shown: what is to be added to a prediction. */
static json_t *bounds_json(const syn_report_session *r, const float *bound) {
    json_t *list = json_array();
    for (int64_t a = 0; a < r->n; a++) json_array_append_new(list, number((double)bound[r->shown[a]]));
    return list;
}

/* Test frames from the first on, as many as there is room for; whole numbers hide no frame and average none away. */
static syn_status traces_json(const syn_report_session *r, size_t sessions, json_t **json) {
    const syn_forecast *f = r->forecast;
    const int64_t room = (int64_t)(trace_bytes / (double)sessions / (4.0 * (double)r->n));
    int64_t F = room < FEWEST_TRACE_FRAMES ? FEWEST_TRACE_FRAMES : room > MOST_TRACE_FRAMES ? MOST_TRACE_FRAMES : room;
    float *rows = NULL;
    syn_status status;
    if (F > f->F) F = f->F;
    json_t *frame = json_array(), *time = json_array();
    *json = json_pack("{s:I, s:o, s:o, s:o, s:o}", "test_frames", (json_int_t)f->F, "frame", frame, "time_s", time,
                      "lower", bounds_json(r, f->lower), "upper", bounds_json(r, f->upper));
    for (int64_t t = 0; t < F; t++) {
        json_array_append_new(frame, json_integer((json_int_t)f->frame[t]));
        json_array_append_new(time, number(f->time_s[t] - syn_report_start(r)));
    }
    SYN_CHECK(syn_alloc(&rows, (size_t)(r->n * F), sizeof *rows, "traces"));
    const struct {
        const char *name;
        const float *values;
    } parts[] = {{"truth", f->truth}, {"prediction", f->prediction}};
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        for (int64_t a = 0; a < r->n; a++)
            for (int64_t t = 0; t < F; t++) rows[a * F + t] = parts[p].values[t * f->N + r->shown[a]];
        json_object_set_new(*json, parts[p].name, syn_rows_json(rows, r->n, F, 2, false));
    }
done:
    free(rows);
    return status;
}

static json_t *horizon_json(const syn_forecast *f) {
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:f, s:o, s:o}", "steps", (json_int_t)f->K, "starts",
                     (json_int_t)f->S, "mse", numbers(f->mse, f->K), "mse_copy_last", numbers(f->mse_copy_last, f->K),
                     "mse_mean", numbers(f->mse_mean, f->K), "skill", numbers(f->skill, f->K), "interval",
                     syn_interval_level, "one_step_coverage", number(f->coverage), "coverage",
                     numbers(f->rollout_coverage, f->K));
}

static json_t *connectivity_json(const syn_report_session *r, size_t sessions) {
    const int bytes = 2.0 * (double)(r->n * r->n) <= matrix_bytes / (double)sessions ? 2 : 1;
    json_t *cluster = json_array(), *gain = json_array();
    for (int64_t a = 0; a < r->n; a++) json_array_append_new(cluster, json_integer((json_int_t)r->cluster[a]));
    for (int tau = 0; tau <= r->L; tau++) json_array_append_new(gain, numbers(r->row_gain + tau * r->n, r->n));
    return json_pack("{s:s, s:i, s:o, s:o, s:o, s:o}", "unit", syn_connectome_unit(&(syn_connectome){.raw = false}),
                     "lags", r->L, "cluster_order", cluster, "row_gain", gain, "send", numbers(r->send, r->n), "c",
                     syn_rows_json(r->c, r->n, r->n, bytes, true));
}

/* What is said of the edges, and the level of each, as bytes. Estimates that are not C are given for its graph. */
static json_t *evidence_json(const syn_report_session *r) {
    json_t *evidence = json_copy(r->evidence);
    if (r->estimate) json_object_set_new(evidence, "estimate", syn_rows_json(r->estimate, r->n, r->n, 2, true));
    json_object_set_new(evidence, "level",
                        json_pack("{s:s, s:[I, I], s:o}", "type", "u8", "shape", (json_int_t)r->n, (json_int_t)r->n,
                                  "data", syn_packed_json(r->level, (size_t)(r->n * r->n))));
    return evidence;
}

static json_t *embedding_json(const syn_report_session *r) {
    json_t *points = json_array();
    for (int64_t a = 0; a < r->n; a++) {
        json_t *point = json_array();
        for (int k = 0; k < r->components; k++)
            json_array_append_new(point, number((double)r->component[a * r->components + k]));
        json_array_append_new(points, point);
    }
    return json_pack("{s:o, s:o}", "explained", numbers(r->explained, r->components), "component", points);
}

/* values[K][N] of the neurons shown. */
static json_t *steps_json(const syn_report_session *r, const float *values, int bytes, float *rows) {
    const int64_t K = r->forecast->K;
    for (int64_t k = 0; k < K * r->n; k++) rows[k] = values[k / r->n * r->N + r->shown[k % r->n]];
    return syn_rows_json(rows, K, r->n, bytes, true);
}

static syn_status stimulation_json(const syn_report_session *r, size_t sessions, json_t **json) {
    const syn_perturbation *first = r->response[0];
    const double count = 3.0 * (double)r->M * (double)(r->forecast->K * r->n);
    const int bytes = 2 * count <= stimulation_bytes / (double)sessions ? 2 : 1;
    json_t *senders = json_array(), *responses = json_array();
    float *rows;
    *json = json_pack("{s:I, s:I, s:f, s:s, s:s, s:o, s:o}", "steps", (json_int_t)first->K, "states",
                      (json_int_t)first->S, "amplitude", first->amplitude, "unit", syn_perturbation_unit(first),
                      "noise", first->residuals ? "residuals" : "none", "sender", senders, "response", responses);
    SYN_TRY(syn_alloc(&rows, (size_t)(first->K * r->n), sizeof *rows, "stimulation"));
    for (int64_t m = 0; m < r->M; m++) {
        const syn_means *by_step = &r->response[m]->by_step;
        json_array_append_new(senders, json_integer((json_int_t)r->sender[m]));
        json_array_append_new(responses, json_pack("{s:o, s:o, s:o}", "mean", steps_json(r, by_step->mean, bytes, rows),
                                                   "low", steps_json(r, by_step->low, bytes, rows), "high",
                                                   steps_json(r, by_step->high, bytes, rows)));
    }
    free(rows);
    return SYN_OK;
}

static syn_status session_json(const syn_report_session *r, size_t sessions, json_t **json) {
    json_t *traces = NULL, *stimulation = NULL;
    *json = json_pack("{s:o, s:o, s:o, s:o}", "recording", facts_json(r), "neurons", neurons_json(r), "horizon",
                      horizon_json(r->forecast), "connectivity", connectivity_json(r, sessions));
    if (!*json) return syn_fail(SYN_ERR_MEMORY, "not enough memory for the report");
    if (r->evidence) json_object_set_new(*json, "edges", evidence_json(r));
    if (r->components >= 2) json_object_set_new(*json, "embedding", embedding_json(r));
    SYN_TRY(traces_json(r, sessions, &traces));
    json_object_set_new(*json, "traces", traces);
    if (r->M == 0) return SYN_OK;
    SYN_TRY(stimulation_json(r, sessions, &stimulation));
    json_object_set_new(*json, "stimulation", stimulation);
    return SYN_OK;
}

/* "synapsnet fit RECORDING --seed 1": what gives this model again. */
static json_t *fit_command(const syn_report *report) {
    json_t *words = json_pack("[s, s]", "synapsnet", "fit"), *value, *item;
    const char *name;
    size_t k;
    for (size_t s = 0; s < report->n; s++) {
        const syn_fitted_session *session = &report->model->session[s];
        json_array_append_new(words, syn_text_json(session->path ? session->path : session->name));
    }
    json_object_foreach(report->fit_options, name, value) {
        const syn_option_info *info = NULL;
        for (k = 0; (info = syn_option_at(k)) && strcmp(info->name, name) != 0;) k++;
        const bool flag = info && !strcmp(info->type, "flag");
        json_t *list = json_is_array(value) ? json_incref(value) : json_pack("[O]", value);
        json_array_foreach(list, k, item) {
            json_array_append_new(words, json_sprintf("--%s", name));
            if (!flag) json_array_append(words, item);
        }
        json_decref(list);
    }
    json_array_append_new(words, json_string("-o"));
    json_array_append_new(words, json_string("model.h5"));
    return words;
}

syn_status syn_report_json(const syn_report *report, json_t **json) {
    json_t *sessions = json_array();
    *json = json_pack("{s:s, s:i, s:s, s:s, s:o, s:O, s:O, s:O, s:o}", "synapsnet_format", "report", "format_version",
                      FORMAT_VERSION, "library_version", SYN_VERSION, "build", syn_build_info(), "command",
                      fit_command(report), "options", report->fit_options, "fit", report->fit, "evaluation",
                      report->evaluation, "sessions", sessions);
    if (!*json) return syn_fail(SYN_ERR_MEMORY, "not enough memory for the report");
    for (size_t s = 0; s < report->n; s++) {
        json_t *one = NULL;
        syn_status status = session_json(&report->session[s], report->n, &one);
        json_array_append_new(sessions, one ? one : json_null());
        SYN_TRY(status);
    }
    return SYN_OK;
}

syn_status syn_report_write_json(const syn_report *report, const char *path) {
    json_t *json = NULL;
    syn_status status;
    SYN_CHECK(syn_report_json(report, &json));
    if (json_dump_file(json, path, JSON_COMPACT | JSON_REAL_PRECISION(9))) status = syn_plain_failed(path);
done:
    json_decref(json);
    return status;
}
