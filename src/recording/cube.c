/* Arrays of three axes: trials, put one after another, each a segment. Trials are the first axis, as NumPy keeps them
 * together, and in MATLAB the last. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "recording/reader.h"

typedef struct cube {
    syn_recording *recording;
    const syn_array *array;
    int trial, time, neuron; /* axes */
    bool matlab;             /* the second axis runs faster than the third */
} cube;

static syn_status place_tile(void *user, const syn_tile *tile) {
    const cube *c = user;
    const int64_t *shape = c->array->shape;
    syn_recording *r = c->recording;
    for (int64_t k = 0; k < tile->cols; k++) {
        const int64_t col = tile->col + k;
        int64_t at[3] = {0, c->matlab ? col % shape[1] : col / shape[2], c->matlab ? col / shape[1] : col % shape[2]};
        for (int64_t i = 0; i < tile->rows; i++) {
            at[0] = tile->row + i;
            const double value = tile->value[i * tile->row_stride + k * tile->col_stride];
            SYN_TRY(syn_check_single(c->array->label, value));
            r->x[(at[c->trial] * shape[c->time] + at[c->time]) * r->N + at[c->neuron]] = (float)value;
        }
    }
    return SYN_OK;
}

syn_status syn_cut_trials(syn_recording *r, int64_t trials, int64_t frames) {
    free(r->segment);
    SYN_TRY(syn_alloc(&r->segment, (size_t)trials, sizeof *r->segment, "segments"));
    for (r->S = 0; r->S < trials && r->S * frames < r->T; r->S++)
        r->segment[r->S] = (syn_segment){r->S * frames, (r->S + 1) * frames < r->T ? (r->S + 1) * frames : r->T};
    return SYN_OK;
}

syn_status syn_cube_open(syn_recording **recording, syn_array *a, const syn_input *input) {
    const bool matlab = input->address.content == SYN_CONTENT_MATLAB;
    const char *option = syn_option_text(input->options, SYN_OPT_ORIENTATION);
    const bool time_first = !strcmp(option, "time-first");
    const int first = matlab ? 0 : 1; /* of the axes of a trial */
    cube c = {.array = a,
              .trial = matlab ? 2 : 0,
              .time = time_first ? first : first + 1,
              .neuron = time_first ? first + 1 : first,
              .matlab = matlab};
    if (!strcmp(option, "auto"))
        return syn_fail(SYN_ERR_INPUT,
                        "%s: is %s %s; expected two axes, or three: (%s) with --orientation time-first, (%s) with "
                        "neurons-first; %s brings others into such an order",
                        a->label, a->type, syn_shape_text(a->rank, a->shape),
                        matlab ? "frames, neurons, trials" : "trials, frames, neurons",
                        matlab ? "neurons, frames, trials" : "trials, neurons, frames",
                        matlab ? "permute" : "numpy.transpose");
    const int64_t trials = a->shape[c.trial], frames = a->shape[c.time];
    SYN_TRY(syn_recording_alloc(recording, trials * frames, a->shape[c.neuron]));
    c.recording = *recording;
    a->cube = true;
    SYN_TRY(syn_array_visit(a, place_tile, &c));
    SYN_TRY(syn_cut_trials(*recording, trials, frames));
    return syn_recording_warn(*recording, "%lld trials of %lld frames, each its own segment", (long long)trials,
                              (long long)frames);
}
