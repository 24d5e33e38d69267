#include "analysis/edge_spikes.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

/* How long a spike of a sender counts. */
static const double window_s = 0.020;
/* Most counts [T K][N], 600 MB of them: with more the test takes more memory than anything else. */
static const double most_counts = 1.5e8;

/* Counts of a data set that may differ from those of the spike times, as a share of all spikes. */
static const double astray_share = 0.01;

static bool has_spikes(const syn_recording *r) { return r->signal == SYN_SIGNAL_COUNTS && r->spike_time_s; }

static double bins_wanted(const syn_session *session, double bin_s) {
    return has_spikes(session->recording) ? fmax(round(1 / (session->recording->rate_hz * bin_s)), 1) : 1;
}

static int bins_per_frame(const syn_session *session, double bin_s) {
    const double room = floor(most_counts / ((double)session->T * (double)session->N));
    return (int)fmax(fmin(bins_wanted(session, bin_s), room), 1);
}

/* ---- counts ---- */

static double frame_start_s(const syn_recording *r, int64_t t) {
    return r->time_s ? r->time_s[t] : (double)t / r->rate_hz;
}

/* Goes through the spikes in their order. */
typedef struct reader {
    const syn_session *session;
    int bins;       /* of a frame */
    int64_t *place; /* [recorded neurons] among those kept, or -1 */
    int64_t next, frame;
} reader;

static syn_status open_spikes(reader *r, const syn_session *s, int bins) {
    *r = (reader){.session = s, .bins = bins};
    SYN_TRY(syn_alloc(&r->place, (size_t)s->norm.N_recorded, sizeof *r->place, "neurons"));
    for (int64_t j = 0; j < s->norm.N_recorded; j++) r->place[j] = -1;
    for (int64_t j = 0; j < s->N; j++) r->place[s->norm.kept[j]] = j;
    return SYN_OK;
}

/* The bin and the neuron of the next spike that is in a frame; false: there is none any more. A time on a bin's edge
 * belongs to the bin that starts there, though the edge may be rounded up. */
static bool read_spike(reader *r, int64_t *bin, int64_t *neuron) {
    const syn_recording *recording = r->session->recording;
    const double bins_per_s = recording->rate_hz * r->bins, rounding = 1e-6;
    while (r->next < recording->n_spikes) {
        const double time_s = recording->spike_time_s[r->next];
        *neuron = r->place[recording->spike_neuron[r->next++]];
        while (r->frame + 1 < r->session->T &&
               (time_s - frame_start_s(recording, r->frame + 1)) * bins_per_s >= -rounding)
            r->frame++;
        const double within = floor((time_s - frame_start_s(recording, r->frame)) * bins_per_s + rounding);
        if (*neuron < 0 || !(within >= 0 && within < r->bins)) continue;
        *bin = r->frame * r->bins + (int64_t)within;
        return true;
    }
    return false;
}

/* How many counts of the frames differ from those of the spike times, and all counts. */
static syn_status compare_counts(const syn_session *s, double *astray, double *all) {
    reader r;
    float *row = NULL;
    int64_t bin, neuron;
    syn_status status;
    *astray = *all = 0;
    SYN_CHECK(open_spikes(&r, s, 1));
    SYN_CHECK(syn_alloc(&row, (size_t)s->N, sizeof *row, "neurons"));
    bool more = read_spike(&r, &bin, &neuron);
    for (int64_t t = 0; t < s->T; t++) {
        memset(row, 0, (size_t)s->N * sizeof *row);
        for (; more && bin == t; more = read_spike(&r, &bin, &neuron)) row[neuron]++;
        for (int64_t j = 0; j < s->N; j++) {
            if (!syn_session_observed(s, t, j)) continue;
            const double count = (double)(s->x[t * s->N + j] * s->norm.scale[j] + s->norm.mean[j]);
            *astray += fabs((double)row[j] - count), *all += count;
        }
    }
done:
    free(r.place), free(row);
    return status;
}

syn_status syn_edge_spikes_check(syn_session *session, double bin_s, bool asked) {
    syn_recording *r = session->recording;
    double astray = 0, all = 0;
    if (!has_spikes(r))
        return asked
                   ? syn_recording_warn(r, "edge-bin is not used: there are no spike times, edges are tested in frames")
                   : SYN_OK;
    SYN_TRY(compare_counts(session, &astray, &all));
    if (astray > astray_share * all + 0.5) {
        free(r->spike_time_s), free(r->spike_neuron);
        r->spike_time_s = NULL, r->spike_neuron = NULL, r->n_spikes = 0;
        return syn_recording_warn(r,
                                  "the spike times are not those of the counts, which differ in %.0f of %.0f spikes: "
                                  "edges are tested on the counts",
                                  astray, all);
    }
    const int bins = bins_per_frame(session, bin_s);
    if (bins == (int)bins_wanted(session, bin_s)) return SYN_OK;
    return syn_recording_warn(r,
                              "spikes are tested for edges in bins of %.3g ms: in bins of %.3g ms they would make more "
                              "than %.0f million counts",
                              1000 / (r->rate_hz * bins), 1000 * bin_s, most_counts / 1e6);
}

/* x[T K][N] = spikes of the neurons kept. */
static syn_status count_spikes(syn_edge_spikes *f, const syn_session *s) {
    reader r;
    int64_t bin, neuron;
    SYN_TRY(open_spikes(&r, s, f->bins));
    while (read_spike(&r, &bin, &neuron)) f->session.x[bin * s->N + neuron] += 1;
    free(r.place);
    return SYN_OK;
}

static void normalise(syn_edge_spikes *f, const syn_session *s) {
    for (int64_t t = 0; t < f->session.T; t++)
        for (int64_t j = 0; j < s->N; j++) {
            float *x = &f->session.x[t * s->N + j];
            *x = syn_session_observed(s, t / f->bins, j) ? (*x - s->norm.mean[j] / (float)f->bins) / s->norm.scale[j]
                                                         : 0.0f;
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

static syn_status fill(syn_edge_spikes *f, const syn_session *s) {
    f->session = (syn_session){.recording = &f->recording, .T = s->T * f->bins, .N = s->N, .B = s->B};
    SYN_TRY(syn_alloc(&f->session.x, (size_t)(f->session.T * s->N), sizeof(float), "spike counts"));
    SYN_TRY(count_spikes(f, s));
    normalise(f, s);
    SYN_TRY(copy_spans(f, s));
    SYN_TRY(copy_mask(f, s));
    SYN_TRY(copy_behavior(f, s));
    return copy_segments(f, s->recording);
}

syn_status syn_edge_spikes_create(syn_edge_spikes *f, syn_session *s, double bin_s) {
    const int bins = bins_per_frame(s, bin_s);
    const double bins_per_s = s->recording->rate_hz * bins;
    *f = (syn_edge_spikes){.bins = bins,
                           .window = (int)fmax(round(window_s * bins_per_s), 1),
                           .bin_s = 1 / bins_per_s,
                           .borrowed = bins == 1};
    if (f->borrowed) f->session = *s;
    const syn_status status = f->borrowed ? SYN_OK : fill(f, s);
    if (status != SYN_OK) syn_edge_spikes_free(f);
    return status;
}

void syn_edge_spikes_average(syn_edge_spikes *f) {
    const syn_recording *r = f->session.recording;
    const int64_t N = f->session.N;
    float *x = f->session.x;
    if (f->window == 1) return;
    for (int64_t k = 0; f->session.mask && k < f->session.T * N; k++)
        if (!syn_session_observed(&f->session, k / N, k % N)) x[k] = 0;
    for (int64_t g = 0; g < r->S; g++)
        for (int64_t t = r->segment[g].stop - 1; t >= r->segment[g].start; t--) {
            for (int64_t w = 1; w < f->window && t - w >= r->segment[g].start; w++)
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
