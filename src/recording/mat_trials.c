/* Reading trials of MATLAB files: each is a segment of the recording. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/read_mat.h"

static int64_t frames_of(const syn_mat_plan *p, int64_t trial) {
    for (int64_t f = 0; f < p->t.n && p->matrix < 0; f++)
        if (p->part[f] == SYN_MAT_NEURON) return syn_mat_count(syn_mat_element(&p->t, f, trial));
    return syn_mat_axis(syn_mat_element(&p->t, p->matrix, trial), p->time_first ? 0 : 1);
}

syn_status syn_mat_put_element(const matvar_t *item, const char *label, bool time_first, bool matrix, float *out,
                               int64_t stride) {
    const int64_t n = syn_mat_count(item), rows = matrix ? syn_mat_axis(item, 0) : n;
    double *v;
    SYN_TRY(syn_alloc(&v, (size_t)n, sizeof *v, label));
    syn_status status = syn_mat_numbers(item, label, 0, n, v);
    for (int64_t k = 0; k < n && status == SYN_OK; k++) {
        const int64_t row = k % rows, col = k / rows;
        status = syn_check_single(label, v[k]);
        out[time_first ? row * stride + col : col * stride + row] = (float)v[k];
    }
    free(v);
    return status;
}

/* Activity, behaviour and segments of all trials. */
static syn_status read_trials(syn_recording *r, const syn_mat_plan *p, const char *label) {
    int64_t first = 0;
    for (int64_t s = 0; s < p->t.trials; s++) {
        const int64_t T = frames_of(p, s);
        float *x = r->x + first * r->N, *u = r->u ? r->u + first * r->B : NULL;
        for (int64_t f = 0; f < p->t.n; f++) {
            const matvar_t *item = syn_mat_element(&p->t, f, s);
            if (p->part[f] == SYN_MAT_MATRIX) SYN_TRY(syn_mat_put_element(item, label, p->time_first, true, x, r->N));
            if (p->part[f] == SYN_MAT_NEURON) SYN_TRY(syn_mat_put_element(item, label, true, false, x++, r->N));
            if (p->part[f] == SYN_MAT_BEHAVIOR) SYN_TRY(syn_mat_put_element(item, label, true, false, u++, r->B));
        }
        r->segment[s] = (syn_segment){first, first + T};
        first += T;
    }
    return SYN_OK;
}

static syn_status name_fields(syn_recording *r, const syn_mat_plan *p) {
    int64_t j = 0, b = 0;
    SYN_TRY(syn_alloc(&r->behavior_name, (size_t)r->B, sizeof *r->behavior_name, "behaviour names"));
    for (int64_t f = 0; f < p->t.n; f++) {
        if (p->part[f] == SYN_MAT_NEURON) SYN_TRY(syn_recording_name_neuron(r, j++, p->t.name[f]));
        if (p->part[f] == SYN_MAT_BEHAVIOR) SYN_TRY(syn_copy_text(&r->behavior_name[b++], p->t.name[f]));
        if (p->part[f] == SYN_MAT_LEFT_OUT && p->t.cells && syn_mat_is_cell(syn_mat_field(p->t.node, 0, p->t.name[f])))
            SYN_TRY(syn_recording_warn(r, "field %.*s is left out: it does not hold one number a frame of every trial",
                                       syn_cut(p->t.name[f], 100), p->t.name[f]));
    }
    return SYN_OK;
}

static syn_status alloc_trials(syn_recording **recording, const syn_mat_plan *p, const char *label) {
    int64_t T = 0;
    for (int64_t s = 0; s < p->t.trials; s++) {
        const int64_t n = frames_of(p, s);
        for (int64_t f = 0; f < p->t.n; f++)
            if (p->part[f] == SYN_MAT_MATRIX &&
                syn_mat_axis(syn_mat_element(&p->t, f, s), p->time_first ? 1 : 0) != p->N)
                return syn_fail(SYN_ERR_INPUT, "%s: trial %lld has another number of neurons than the first", label,
                                (long long)s + 1);
        T += n;
    }
    SYN_TRY(syn_recording_alloc(recording, T, p->N));
    syn_recording *r = *recording;
    free(r->segment);
    SYN_TRY(syn_alloc(&r->segment, (size_t)p->t.trials, sizeof *r->segment, "segments"));
    r->S = p->t.trials;
    if (p->B == 0) return SYN_OK;
    SYN_TRY(syn_alloc(&r->u, (size_t)(T * p->B), sizeof *r->u, "behaviour"));
    r->B = p->B;
    return SYN_OK;
}

static syn_status rate_from_clock(syn_recording *r, const syn_mat_plan *p, const char *label) {
    const matvar_t *item = syn_mat_element(&p->t, p->clock, 0);
    const int64_t n = syn_mat_count(item);
    double *v;
    size_t stem;
    SYN_TRY(syn_alloc(&v, (size_t)n, sizeof *v, label));
    syn_status status = syn_mat_numbers(item, label, 0, n, v);
    r->rate_hz = status == SYN_OK ? syn_mat_rate_of(v, n) / syn_unit_of_name(p->t.name[p->clock], &stem) : 0;
    free(v);
    if (status != SYN_OK || r->rate_hz == 0) return status;
    return syn_recording_warn(r, "frame rate %g Hz taken from the times in field %s", r->rate_hz, p->t.name[p->clock]);
}

static syn_status find_rate(syn_recording *r, const syn_mat_plan *p, const syn_input *input, const char *path) {
    if (p->clock >= 0) SYN_TRY(rate_from_clock(r, p, path));
    if (r->rate_hz == 0) SYN_TRY(syn_take_rate(r, input, path));
    return r->rate_hz == 0 ? syn_mat_rate_from_times(r, input) : SYN_OK;
}

syn_status syn_mat_open_trials(syn_recording **recording, const syn_input *input, const char *path,
                               const syn_mat_plan *p) {
    char label[SYN_MAT_PATH_SIZE + 256];
    snprintf(label, sizeof label, "%.250s:%s", input->address.file, path);
    SYN_TRY(alloc_trials(recording, p, label));
    syn_recording *r = *recording;
    SYN_TRY(read_trials(r, p, label));
    SYN_TRY(name_fields(r, p));
    SYN_TRY(find_rate(r, p, input, path));
    SYN_TRY(syn_recording_warn(r, "%s: %lld trials, each its own segment", path, (long long)r->S));
    if (p->guessed)
        SYN_TRY(syn_recording_warn(
            r, "%s: took the %s axis of the trials as time because it is longer; --orientation says otherwise", path,
            p->time_first ? "first" : "second"));
    return syn_option_auto(input->options, SYN_OPT_SIGNAL) ? syn_guess_signal(r, label) : SYN_OK;
}
