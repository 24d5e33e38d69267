#include "dataset/splits.h"

#include "base/hdf5.h"
#include "base/memory.h"
#include "dataset/baseline.h"

enum { FORMAT_VERSION = 1 };
static const char *const split_name[] = {"train", "validation", "test"};

syn_status syn_targets(const syn_session *s, syn_split split, int64_t **frame, int64_t *F) {
    *F = syn_session_targets(s, split);
    SYN_TRY(syn_alloc(frame, (size_t)*F, sizeof **frame, "splits"));
    int64_t n = 0;
    for (int64_t k = 0; k < s->n_spans[split]; k++)
        for (int64_t t = syn_span_first_target(&s->span[split][k]); t < s->span[split][k].stop; t++) (*frame)[n++] = t;
    return SYN_OK;
}

int64_t syn_frames_before(const syn_session *s, int64_t frame, int64_t frames) {
    const syn_recording *r = s->recording;
    for (int64_t k = 0; k < r->S; k++)
        if (r->segment[k].start <= frame && frame < r->segment[k].stop && frame - frames < r->segment[k].start)
            return r->segment[k].start;
    return frame - frames;
}

int64_t syn_span_from(const syn_session *s, const syn_span *span, int64_t frames) {
    const int64_t context = span->start - span->context, from = syn_frames_before(s, span->start, frames);
    return context < from ? context : from;
}

bool syn_split_observed(const syn_session *s, syn_split split) {
    for (int64_t k = 0; k < s->n_spans[split]; k++)
        for (int64_t t = syn_span_first_target(&s->span[split][k]); t < s->span[split][k].stop; t++)
            for (int64_t i = 0; i < s->N; i++)
                if (syn_session_observed(s, t, i)) return true;
    return false;
}

syn_status syn_require_observed(const syn_dataset *data, syn_split split) {
    const char *const why =
        split == SYN_TEST
            ? "nothing was observed in the test split; expected values to score predictions with"
            : "nothing was observed in the validation split; expected values to choose a model by: change --train, "
              "--validation so that it has some";
    for (size_t k = 0; k < data->n; k++)
        if (syn_split_observed(&data->session[k], split)) return SYN_OK;
    return syn_fail(SYN_ERR_INPUT, "%s: %s", data->session[0].recording->name, why);
}

/* One session under its group. x [T][N] z-scored and observed [T][N] are work space. */
static syn_status put_arrays(syn_hdf5_writer *w, const syn_session *s, const char *group, float *x, uint8_t *observed) {
    const syn_recording *r = s->recording;
    const int64_t shape[2] = {s->T, s->N}, behavior[2] = {s->T, s->B}, segments[2] = {r->S, 2};
    char name[64];
    SYN_TRY(syn_baseline_restore(s, s->T, x));
    for (int64_t t = 0; t < s->T; t++)
        for (int64_t i = 0; i < s->N; i++) observed[t * s->N + i] = syn_session_observed(s, t, i);
#define PUT(what, type, data, rank, size)                                                                              \
    snprintf(name, sizeof name, "%s/%s", group, what), syn_hdf5_put(w, name, type, data, rank, size)
    PUT("x", SYN_HDF5_F32, x, 2, shape);
    PUT("observed", SYN_HDF5_U8, observed, 2, shape);
    if (s->B) PUT("u", SYN_HDF5_F32, s->u, 2, behavior);
    if (s->B)
        snprintf(name, sizeof name, "%s/behavior_names", group), syn_hdf5_put_texts(w, name, r->behavior_name, s->B);
    PUT("segments", SYN_HDF5_I64, r->segment, 2, segments);
    PUT("mean", SYN_HDF5_F32, s->norm.mean, 1, &s->N);
    PUT("scale", SYN_HDF5_F32, s->norm.scale, 1, &s->N);
    PUT("kept", SYN_HDF5_I64, s->norm.kept, 1, &s->N);
    for (int split = 0; split < SYN_SPLITS; split++) {
        int64_t *frame, F;
        SYN_TRY(syn_targets(s, (syn_split)split, &frame, &F));
        PUT(split_name[split], SYN_HDF5_I64, frame, 1, &F);
        free(frame);
    }
#undef PUT
    return SYN_OK;
}

static syn_status put_session(syn_hdf5_writer *w, const syn_session *s, size_t k) {
    const syn_recording *r = s->recording;
    char group[32];
    float *x = NULL;
    uint8_t *observed = NULL;
    syn_status status;
    snprintf(group, sizeof group, "/session_%zu", k);
    SYN_CHECK(syn_alloc(&x, (size_t)(s->T * s->N), sizeof *x, "splits"));
    SYN_CHECK(syn_alloc(&observed, (size_t)(s->T * s->N), 1, "splits"));
    syn_hdf5_put_group(w, group);
    syn_hdf5_put_text_attribute(w, group, "name", r->name);
    syn_hdf5_put_text_attribute(w, group, "signal", syn_signal_name(r->signal));
    syn_hdf5_put_number_attribute(w, group, "rate_hz", r->rate_hz);
    syn_hdf5_put_number_attribute(w, group, "alpha", s->norm.alpha);
    SYN_CHECK(put_arrays(w, s, group, x, observed));
done:
    free(x), free(observed);
    return status;
}

static syn_status fill_file(syn_hdf5_writer *w, const void *content) {
    const syn_dataset *data = content;
    syn_hdf5_put_text_attribute(w, "/", "synapsnet_format", "splits");
    syn_hdf5_put_integer_attribute(w, "/", "format_version", FORMAT_VERSION);
    syn_hdf5_put_integer_attribute(w, "/", "sessions", (int64_t)data->n);
    syn_hdf5_put_integer_attribute(w, "/", "window", data->window);
    for (size_t k = 0; k < data->n; k++) SYN_TRY(put_session(w, &data->session[k], k));
    return SYN_OK;
}

syn_status syn_splits_write(syn_recording *const *recordings, size_t n, const syn_options *options, const char *path) {
    syn_dataset *data;
    SYN_TRY(syn_dataset_create(&data, recordings, n, options));
    syn_status status = syn_hdf5_write_file(path, fill_file, data);
    syn_dataset_free(data);
    return status;
}
