#include "analysis/edge_spikes.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

/* How long a spike of a sender counts. */
static const double window_s = 0.020;
/* Most counts [T K][N], 600 MB of them: with more the test takes more memory than anything else. */
static const double most_counts = 1.5e8;

static int bins_per_frame(const syn_session *session, double bin_s) {
    const syn_recording *r = session->recording;
    if (r->signal != SYN_SIGNAL_COUNTS || !r->spike_time_s) return 1;
    const double wanted = round(1 / (r->rate_hz * bin_s)),
                 room = floor(most_counts / ((double)session->T * (double)session->N));
    return (int)fmax(fmin(wanted, room), 1);
}

bool syn_edge_spikes_finer(const syn_session *session, double bin_s) { return bins_per_frame(session, bin_s) > 1; }

/* ---- counts ---- */

static double frame_start_s(const syn_recording *r, int64_t t) {
    return r->time_s ? r->time_s[t] : (double)t / r->rate_hz;
}

/* x[T K][N] = spikes of the neurons kept. A time on a bin's edge belongs to the bin that starts there, though the edge
 * may be rounded up. */
static syn_status count_spikes(syn_edge_spikes *f, const syn_session *s) {
    const syn_recording *r = s->recording;
    const double bins_per_s = r->rate_hz * f->bins, rounding = 1e-6;
    int64_t *place, t = 0;
    SYN_TRY(syn_alloc(&place, (size_t)s->norm.N_recorded, sizeof *place, "neurons"));
    for (int64_t j = 0; j < s->norm.N_recorded; j++) place[j] = -1;
    for (int64_t j = 0; j < s->N; j++) place[s->norm.kept[j]] = j;
    for (int64_t k = 0; k < r->n_spikes; k++) {
        while (t + 1 < s->T && (r->spike_time_s[k] - frame_start_s(r, t + 1)) * bins_per_s >= -rounding) t++;
        const double bin = floor((r->spike_time_s[k] - frame_start_s(r, t)) * bins_per_s + rounding);
        if (bin < 0 || bin >= f->bins || place[r->spike_neuron[k]] < 0) continue;
        f->session.x[(t * f->bins + (int64_t)bin) * s->N + place[r->spike_neuron[k]]] += 1;
    }
    free(place);
    return SYN_OK;
}

static void normalise(syn_edge_spikes *f, const syn_session *s) {
    const int K = f->bins;
    for (int64_t t = 0; t < s->T; t++)
        for (int64_t j = 0; j < s->N; j++) {
            float *x = f->session.x + t * K * s->N + j;
            const float scale = s->norm.scale[j];
            float mean = -scale * s->x[t * s->N + j];
            for (int k = 0; k < K; k++) mean += x[k * s->N];
            mean /= (float)K;
            for (int k = 0; k < K; k++)
                x[k * s->N] = syn_session_observed(s, t, j) ? (x[k * s->N] - mean) / scale : 0.0f;
        }
}

/* ---- the session ---- */

/* to[T K][size] = every row of from[T][size] K times. */
static void repeat_rows(void *to, const void *from, int64_t T, size_t size, int K) {
    for (int64_t t = 0; t < T * K; t++)
        memcpy((char *)to + (size_t)t * size, (const char *)from + (size_t)(t / K) * size, size);
}

static syn_status copy_spans(syn_edge_spikes *f, const syn_session *s) {
    for (int split = 0; split < SYN_SPLITS; split++) {
        f->session.n_spans[split] = s->n_spans[split];
        SYN_TRY(
            syn_alloc(&f->session.span[split], (size_t)s->n_spans[split], sizeof *f->session.span[split], "splits"));
        for (int64_t k = 0; k < s->n_spans[split]; k++) {
            const syn_span span = s->span[split][k];
            f->session.span[split][k] = (syn_span){span.start * f->bins, span.stop * f->bins, span.context * f->bins};
        }
    }
    return SYN_OK;
}

static syn_status copy_mask(syn_edge_spikes *f, const syn_session *s) {
    const size_t row = ((size_t)s->N + 7) / 8;
    if (!s->mask) return SYN_OK;
    SYN_TRY(syn_alloc(&f->recording.mask, (size_t)f->session.T * row, 1, "mask"));
    repeat_rows(f->recording.mask, s->mask, s->T, row, f->bins);
    f->session.mask = f->recording.mask;
    return SYN_OK;
}

static syn_status copy_behavior(syn_edge_spikes *f, const syn_session *s) {
    if (s->B == 0) return SYN_OK;
    SYN_TRY(syn_alloc(&f->session.u, (size_t)(f->session.T * s->B), sizeof(float), "behaviour"));
    repeat_rows(f->session.u, s->u, s->T, (size_t)s->B * sizeof(float), f->bins);
    return SYN_OK;
}

static syn_status copy_segments(syn_edge_spikes *f, const syn_recording *r) {
    SYN_TRY(syn_alloc(&f->recording.segment, (size_t)r->S, sizeof *r->segment, "segments"));
    f->recording.S = r->S;
    for (int64_t k = 0; k < r->S; k++)
        f->recording.segment[k] = (syn_segment){r->segment[k].start * f->bins, r->segment[k].stop * f->bins};
    return SYN_OK;
}

/* The session's own activity, 0 where it was not observed. */
static void copy_activity(syn_edge_spikes *f, const syn_session *s) {
    for (int64_t t = 0; t < s->T; t++)
        for (int64_t j = 0; j < s->N; j++)
            f->session.x[t * s->N + j] = syn_session_observed(s, t, j) ? s->x[t * s->N + j] : 0.0f;
}

static syn_status fill(syn_edge_spikes *f, const syn_session *s) {
    f->session = (syn_session){.recording = &f->recording, .T = s->T * f->bins, .N = s->N, .B = s->B};
    SYN_TRY(syn_alloc(&f->session.x, (size_t)(f->session.T * s->N), sizeof(float), "spike counts"));
    if (f->bins > 1) {
        SYN_TRY(count_spikes(f, s));
        normalise(f, s);
    } else {
        copy_activity(f, s);
    }
    SYN_TRY(copy_spans(f, s));
    SYN_TRY(copy_mask(f, s));
    SYN_TRY(copy_behavior(f, s));
    return copy_segments(f, s->recording);
}

syn_status syn_edge_spikes_create(syn_edge_spikes *f, const syn_session *s, double bin_s) {
    const int bins = bins_per_frame(s, bin_s);
    const double bins_per_s = s->recording->rate_hz * bins;
    *f = (syn_edge_spikes){.bins = bins, .window = (int)fmax(round(window_s * bins_per_s), 1), .bin_s = 1 / bins_per_s};
    f->borrowed = bins == 1 && f->window == 1;
    if (f->borrowed) f->session = *s;
    const syn_status status = f->borrowed ? SYN_OK : fill(f, s);
    if (status != SYN_OK) syn_edge_spikes_free(f);
    return status;
}

void syn_edge_spikes_average(syn_edge_spikes *f) {
    const int64_t N = f->session.N;
    float *x = f->session.x;
    if (f->window == 1) return;
    for (int64_t g = 0; g < f->recording.S; g++)
        for (int64_t t = f->recording.segment[g].stop - 1; t >= f->recording.segment[g].start; t--) {
            for (int64_t w = 1; w < f->window && t - w >= f->recording.segment[g].start; w++)
                for (int64_t j = 0; j < N; j++) x[t * N + j] += x[(t - w) * N + j];
            for (int64_t j = 0; j < N; j++) x[t * N + j] /= (float)f->window;
        }
}

void syn_edge_spikes_free(syn_edge_spikes *f) {
    for (int split = 0; split < SYN_SPLITS && !f->borrowed; split++) free(f->session.span[split]);
    if (!f->borrowed) free(f->session.x), free(f->session.u);
    free(f->recording.mask), free(f->recording.segment);
    *f = (syn_edge_spikes){0};
}
