#include "dataset/dataset.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "dataset/baseline.h"
#include "dataset/resampling.h"
#include "dataset/sharing.h"

/* At least this many segments are split as whole trials; fewer are cut inside. */
enum { FEWEST_TRIALS = 10 };
/* A neuron with fewer spikes than this in the train split is silent: its scale would be set by chance. */
static const double fewest_spikes = 5;

void syn_normalisation_free(syn_normalisation *norm) {
    free(norm->kept);
    free(norm->mean);
    free(norm->scale);
    free(norm->u_mean);
    free(norm->u_scale);
    *norm = (syn_normalisation){0};
}

static syn_status normalisation_alloc(syn_normalisation *norm, int64_t N_recorded, int64_t N, int64_t B) {
    norm->N_recorded = N_recorded, norm->N = N, norm->B = B;
    SYN_TRY(syn_alloc(&norm->kept, (size_t)N, sizeof *norm->kept, "neurons"));
    SYN_TRY(syn_alloc(&norm->mean, (size_t)N, sizeof *norm->mean, "neurons"));
    SYN_TRY(syn_alloc(&norm->scale, (size_t)N, sizeof *norm->scale, "neurons"));
    SYN_TRY(syn_alloc(&norm->u_mean, (size_t)B, sizeof *norm->u_mean, "behaviour"));
    return syn_alloc(&norm->u_scale, (size_t)B, sizeof *norm->u_scale, "behaviour");
}

syn_status syn_normalisation_copy(syn_normalisation *to, const syn_normalisation *from) {
    size_t N = (size_t)from->N, B = (size_t)from->B;
    SYN_TRY(normalisation_alloc(to, from->N_recorded, from->N, from->B));
    to->alpha = from->alpha, to->beat = from->beat;
    memcpy(to->kept, from->kept, N * sizeof *to->kept);
    memcpy(to->mean, from->mean, N * sizeof *to->mean);
    memcpy(to->scale, from->scale, N * sizeof *to->scale);
    if (B) memcpy(to->u_mean, from->u_mean, B * sizeof *to->u_mean);
    if (B) memcpy(to->u_scale, from->u_scale, B * sizeof *to->u_scale);
    return SYN_OK;
}

static void add_span(syn_session *s, syn_split split, int64_t start, int64_t stop, int64_t segment_start) {
    int64_t gap = start > segment_start ? s->gap : 0;
    if (gap > stop - start) gap = stop - start;
    syn_span span = {start + gap, stop, gap};
    if (span.stop - syn_span_first_target(&span) > 0) s->span[split][s->n_spans[split]++] = span;
}

/* Cuts the segments at the train and validation shares of all their frames. */
static syn_status split_session(syn_session *s, double train, double validation, int64_t window, const char *advice) {
    const syn_recording *r = s->recording;
    int64_t total = 0, done = 0;
    for (int64_t k = 0; k < r->S; k++) total += r->segment[k].stop - r->segment[k].start;
    int64_t cut[2] = {llround(train * (double)total), llround((train + validation) * (double)total)};
    s->whole_segments = r->S >= FEWEST_TRIALS;
    s->gap = window;
    for (int k = 0; k < SYN_SPLITS; k++) SYN_TRY(syn_alloc(&s->span[k], (size_t)r->S + 1, sizeof(syn_span), "splits"));
    for (int64_t k = 0; k < r->S; k++) {
        int64_t start = r->segment[k].start, length = r->segment[k].stop - start;
        if (s->whole_segments) {
            /* a trial goes where its middle lies */
            int64_t middle = done + length / 2;
            add_span(s,
                     middle < cut[0]   ? SYN_TRAIN
                     : middle < cut[1] ? SYN_VALIDATION
                                       : SYN_TEST,
                     start, start + length, start);
        } else {
            int64_t from = done;
            for (int split = 0; split < SYN_SPLITS; split++) {
                int64_t to = split < 2 && cut[split] < done + length ? cut[split] : done + length;
                if (to > from) add_span(s, (syn_split)split, start + from - done, start + to - done, start);
                if (to > from) from = to;
            }
        }
        done += length;
    }
    for (int k = train > 0 ? SYN_TRAIN : SYN_TEST; k < SYN_SPLITS; k++) {
        static const char *const name[] = {"train", "validation", "test"};
        int64_t frames = 0;
        for (int64_t j = 0; j < s->n_spans[k]; j++)
            frames += s->span[k][j].stop - syn_span_first_target(&s->span[k][j]);
        if (train == 0 && frames < 5)
            return syn_fail(SYN_ERR_INPUT, "%s: %lld of its %lld frames can be predicted; expected at least 5", r->name,
                            (long long)frames, (long long)total);
        if (frames < (k == SYN_TRAIN ? 20 : 5))
            return syn_fail(SYN_ERR_INPUT,
                            "%s: the %s split has %lld frames to predict; expected at least %d: the recording's %lld "
                            "frames are too few, or %s",
                            r->name, name[k], (long long)frames, k == SYN_TRAIN ? 20 : 5, (long long)total, advice);
    }
    return SYN_OK;
}

typedef struct moments {
    double *count, *mean, *square; /* [N] observed entries, their mean and sum of squared deviations */
} moments;

static syn_status train_moments(const syn_session *s, int64_t N, moments *m) {
    const syn_recording *r = s->recording;
    SYN_TRY(syn_alloc(&m->count, (size_t)N, sizeof(double), "moments"));
    SYN_TRY(syn_alloc(&m->mean, (size_t)N, sizeof(double), "moments"));
    SYN_TRY(syn_alloc(&m->square, (size_t)N, sizeof(double), "moments"));
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t k = 0; k < s->n_spans[SYN_TRAIN]; k++)
            for (int64_t t = s->span[SYN_TRAIN][k].start; t < s->span[SYN_TRAIN][k].stop; t++)
                for (int64_t j = 0; j < N; j++) {
                    if (!syn_observed(r, t, j)) continue;
                    double x = (double)r->x[t * N + j];
                    if (pass == 0)
                        m->count[j]++, m->mean[j] += x;
                    else
                        m->square[j] += (x - m->mean[j]) * (x - m->mean[j]);
                }
        for (int64_t j = 0; j < N && pass == 0; j++) m->mean[j] /= m->count[j] > 0 ? m->count[j] : 1;
    }
    return SYN_OK;
}

static bool neuron_varies(const syn_session *s, const moments *m, int64_t j) {
    double variance = m->count[j] > 1 ? m->square[j] / m->count[j] : 0;
    if (!(variance > 1e-12 * m->mean[j] * m->mean[j]) || !(variance > 1e-30)) return false;
    return s->recording->signal != SYN_SIGNAL_COUNTS || m->mean[j] * m->count[j] >= fewest_spikes;
}

static syn_status measure_behaviour(syn_session *s, syn_normalisation *norm) {
    const syn_recording *r = s->recording;
    for (int64_t b = 0; b < r->B; b++) {
        double count = 0, mean = 0, square = 0;
        for (int pass = 0; pass < 2; pass++) {
            for (int64_t k = 0; k < s->n_spans[SYN_TRAIN]; k++)
                for (int64_t t = s->span[SYN_TRAIN][k].start; t < s->span[SYN_TRAIN][k].stop; t++) {
                    double u = (double)r->u[t * r->B + b];
                    if (!isfinite(u)) continue;
                    if (pass == 0)
                        count++, mean += u;
                    else
                        square += (u - mean) * (u - mean);
                }
            if (pass == 0) mean /= count > 0 ? count : 1;
        }
        double sd = count > 0 ? sqrt(square / count) : 0;
        norm->u_mean[b] = (float)mean;
        /* a behaviour that is constant in the train split says nothing: scale 0 turns it off */
        norm->u_scale[b] = sd > 1e-9 * fabs(mean) && sd > 1e-30 ? (float)sd : 0.0f;
    }
    return SYN_OK;
}

static syn_status measure(syn_session *s) {
    const syn_recording *r = s->recording;
    moments m = {0};
    syn_status status;
    int64_t N = 0;
    SYN_CHECK(train_moments(s, r->N, &m));
    for (int64_t j = 0; j < r->N; j++) N += neuron_varies(s, &m, j);
    if (N == 0) {
        status =
            syn_fail(SYN_ERR_INPUT, "%s: none of the %lld neurons varies in the train split; nothing can be fitted",
                     r->name, (long long)r->N);
        goto done;
    }
    SYN_CHECK(normalisation_alloc(&s->norm, r->N, N, r->B));
    for (int64_t j = 0, i = 0; j < r->N; j++) {
        if (!neuron_varies(s, &m, j)) continue;
        s->norm.kept[i] = j;
        s->norm.mean[i] = (float)m.mean[j];
        s->norm.scale[i++] = (float)sqrt(m.square[j] / m.count[j]);
    }
    SYN_CHECK(measure_behaviour(s, &s->norm));
done:
    free(m.count), free(m.mean), free(m.square);
    return status;
}

/* Normalises the recording's activity in place, keeping only the neurons of norm: row t moves to t * N. */
static syn_status normalise(syn_session *s) {
    syn_recording *r = s->recording;
    const syn_normalisation *norm = &s->norm;
    int64_t bytes = (norm->N + 7) / 8;
    s->T = r->T, s->N = norm->N, s->B = r->B;
    uint8_t *row_bits;
    SYN_TRY(syn_alloc(&row_bits, (size_t)bytes, 1, "mask"));
    for (int64_t t = 0; t < r->T; t++) {
        const float *from = r->x + t * r->N;
        float *to = r->x + t * norm->N;
        memset(row_bits, 0, (size_t)bytes);
        for (int64_t i = 0; i < norm->N; i++) {
            bool observed = syn_observed(r, t, norm->kept[i]);
            to[i] = observed ? (from[norm->kept[i]] - norm->mean[i]) / norm->scale[i] : 0.0f;
            if (r->mask && observed) row_bits[i / 8] |= (uint8_t)(1u << (i % 8));
        }
        /* rows of old width before t are not read again, so the narrower row may overwrite them */
        if (r->mask) memcpy(r->mask + t * bytes, row_bits, (size_t)bytes);
    }
    free(row_bits);
    s->x = r->x, s->mask = r->mask;
    for (int64_t t = 0; t < r->T; t++)
        for (int64_t b = 0; b < r->B; b++) {
            float *u = &r->u[t * r->B + b];
            *u = isfinite(*u) && norm->u_scale[b] > 0 ? (*u - norm->u_mean[b]) / norm->u_scale[b] : 0.0f;
        }
    s->u = r->u;
    return SYN_OK;
}

static int64_t window_for(const syn_recording *const *recordings, size_t n, double train, const syn_options *options) {
    if (!syn_option_auto(options, SYN_OPT_WINDOW)) return syn_option_int(options, SYN_OPT_WINDOW);
    int64_t shortest = INT64_MAX;
    for (size_t k = 0; k < n; k++) {
        int64_t frames = 0;
        for (int64_t j = 0; j < recordings[k]->S; j++)
            frames += recordings[k]->segment[j].stop - recordings[k]->segment[j].start;
        if (frames < shortest) shortest = frames;
    }
    /* a short recording cannot spare two gaps of 64 frames */
    int64_t window = (int64_t)(train * (double)shortest / 20);
    return window > 64 ? 64 : window < 4 ? 4 : window;
}

static syn_status dataset_alloc(syn_dataset **dataset, syn_recording *const *recordings, size_t n, int64_t window) {
    if (n == 0) return syn_fail(SYN_ERR_INPUT, "no recording was given; expected at least one");
    SYN_TRY(syn_alloc(dataset, 1, sizeof **dataset, "data set"));
    syn_dataset *d = *dataset;
    SYN_TRY(syn_alloc(&d->session, n, sizeof *d->session, "data set"));
    d->n = n, d->window = window;
    for (size_t k = 0; k < n; k++)
        d->session[k].recording = recordings[k], d->session[k].said = recordings[k]->n_warnings;
    return SYN_OK;
}

syn_status syn_dataset_create(syn_dataset **dataset, syn_recording *const *recordings, size_t n,
                              const syn_options *options) {
    return syn_dataset_create_like(dataset, recordings, n, options, (syn_beats){0});
}

syn_status syn_dataset_create_like(syn_dataset **dataset, syn_recording *const *recordings, size_t n,
                                   const syn_options *options, syn_beats beats) {
    double train = syn_option_real(options, SYN_OPT_TRAIN), validation = syn_option_real(options, SYN_OPT_VALIDATION);
    syn_status status;
    *dataset = NULL;
    if (train + validation > 0.98)
        return syn_fail(SYN_ERR_OPTION,
                        "train, validation: found %g + %g; expected a sum of at most 0.98, to leave a test split",
                        train, validation);
    SYN_CHECK(
        dataset_alloc(dataset, recordings, n, window_for((const syn_recording *const *)recordings, n, train, options)));
    for (size_t k = 0; k < n; k++) {
        SYN_CHECK(split_session(&(*dataset)->session[k], train, validation, (*dataset)->window,
                                "change --train, --validation, --window"));
        SYN_CHECK(measure(&(*dataset)->session[k]));
        SYN_CHECK(normalise(&(*dataset)->session[k]));
        SYN_CHECK(syn_beat_find(&(*dataset)->session[k], beats));
        SYN_CHECK(syn_beat_attach(&(*dataset)->session[k]));
        SYN_CHECK(syn_baseline_choose(&(*dataset)->session[k], &(*dataset)->session[k].norm.alpha));
        SYN_CHECK(syn_baseline_remove(&(*dataset)->session[k]));
    }
    SYN_CHECK(syn_sharing_find(*dataset, syn_option_text(options, SYN_OPT_SAME_NEURONS)));
done:
    if (status != SYN_OK) syn_dataset_free(*dataset), *dataset = NULL;
    return status;
}

syn_status syn_dataset_create_as(syn_dataset **dataset, syn_recording *const *recordings, size_t n,
                                 const syn_normalisation *norm, double train, double validation, int64_t window) {
    syn_status status;
    *dataset = NULL;
    SYN_CHECK(dataset_alloc(dataset, recordings, n, window));
    for (size_t k = 0; k < n; k++) {
        syn_session *s = &(*dataset)->session[k];
        SYN_CHECK(split_session(s, train, validation, window, "give --split all"));
        SYN_CHECK(syn_normalisation_copy(&s->norm, &norm[k]));
        SYN_CHECK(normalise(s));
        SYN_CHECK(syn_beat_attach(s));
        SYN_CHECK(syn_baseline_remove(s));
    }
done:
    if (status != SYN_OK) syn_dataset_free(*dataset), *dataset = NULL;
    return status;
}

bool syn_dataset_behavior(const syn_dataset *dataset) {
    for (size_t s = 0; s < dataset->n; s++)
        for (int64_t b = 0; b < dataset->session[s].B; b++)
            if (dataset->session[s].norm.u_scale[b] > 0) return true;
    return false;
}

double syn_dataset_mean_frames(const syn_dataset *dataset, syn_split split) {
    double frames = 0;
    for (size_t s = 0; s < dataset->n; s++) frames += (double)syn_session_frames(&dataset->session[s], split);
    return frames / (double)dataset->n;
}

void syn_dataset_free(syn_dataset *dataset) {
    if (!dataset) return;
    for (size_t k = 0; dataset->session && k < dataset->n; k++) {
        syn_normalisation_free(&dataset->session[k].norm);
        for (int split = 0; split < SYN_SPLITS; split++)
            free(dataset->session[k].span[split]), free(dataset->session[k].level[split]);
    }
    syn_sharing_free(dataset->sharing, dataset->n);
    free(dataset->session);
    free(dataset);
}
