/* Rivals from a comparison of the same recording (syn_compare): rows of a table and intervals of their difference. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/report.h"

static double mse_of(const json_t *metrics) {
    const json_t *mse = json_object_get(metrics, "mse");
    return json_is_number(mse) ? json_number_value(mse) : NAN;
}

/* The rows of the two must be of the same model and frames: then SynapsNet's error is the same figure in both. */
static syn_status check_same(const json_t *evaluation, const json_t *comparison, const char *path) {
    const double own = mse_of(json_object_get(evaluation, "test"));
    const double compared = mse_of(json_object_get(comparison, "synapsnet"));
    if (fabs(own - compared) <= 1e-6 * own) return SYN_OK;
    if (!isfinite(compared))
        return syn_fail(SYN_ERR_INPUT, "%s: holds no row 'synapsnet'; expected what 'synapsnet compare --json' printed",
                        path);
    return syn_fail(SYN_ERR_INPUT,
                    "%s: SynapsNet has a test mse of %.6g there, %.6g here; expected a comparison on the recording of "
                    "the model, with the options of its fit",
                    path, compared, own);
}

static void add_row(json_t *evaluation, const char *name, json_t *row, double own) {
    json_t *metrics = json_object(), *value;
    const json_t *interval = json_object_get(row, "mse_diff_ci95");
    const char *key;
    char title[128];
    json_object_foreach(row, key, value) {
        if (json_is_number(value)) json_object_set(metrics, key, value);
    }
    json_object_set_new(json_object_get(evaluation, "baselines"), name, metrics);
    snprintf(title, sizeof title, "mse %s - synapsnet", name);
    json_t *difference = json_pack("{s:f}", "mean", mse_of(row) - own);
    if (json_array_size(interval) == 2) {
        json_object_set(difference, "low", json_array_get(interval, 0));
        json_object_set(difference, "high", json_array_get(interval, 1));
    }
    if (!json_object_get(evaluation, "intervals")) json_object_set_new(evaluation, "intervals", json_object());
    json_object_set_new(json_object_get(evaluation, "intervals"), title, difference);
}

/* One model, over all recordings and of each, where there are several. */
static void add_rival(json_t *evaluation, const char *name, json_t *row) {
    json_t *sessions = json_object_get(evaluation, "sessions"), *one;
    const json_t *recordings = json_object_get(row, "recordings");
    size_t s;
    add_row(evaluation, name, row, mse_of(json_object_get(evaluation, "test")));
    if (json_array_size(recordings) != json_array_size(sessions)) return;
    json_array_foreach(sessions, s, one) {
        json_t *own = json_array_get(recordings, s);
        if (isfinite(mse_of(own))) add_row(one, name, own, mse_of(json_object_get(one, "test")));
    }
}

syn_status syn_add_rivals(json_t *evaluation, const char *path) {
    json_error_t error;
    json_t *comparison = json_load_file(path, 0, &error), *row;
    const char *name;
    if (!comparison)
        return syn_fail(SYN_ERR_INPUT, "%s: %s; expected what 'synapsnet compare --json' printed", path, error.text);
    syn_status status = check_same(evaluation, comparison, path);
    if (status == SYN_OK) {
        json_object_foreach(json_object_get(comparison, "rivals"), name, row) {
            const char *known = strcmp(name, "no-connectivity") ? name : "no connectivity";
            if (isfinite(mse_of(row)) && !json_object_get(json_object_get(evaluation, "baselines"), known))
                add_rival(evaluation, known, row);
        }
    }
    json_decref(comparison);
    return status;
}
