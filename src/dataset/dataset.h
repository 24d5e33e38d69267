/* Recordings prepared for a model: split in time, normalised by the train split, silent neurons left out.
 *
 * Letters: T frames, N neurons kept, B behaviours kept, S spans of a split.
 */
#ifndef SYN_DATASET_H
#define SYN_DATASET_H

#include "base/options.h"
#include "recording/recording.h"

typedef enum syn_split { SYN_TRAIN, SYN_VALIDATION, SYN_TEST, SYN_SPLITS } syn_split;

/* Frames [start, stop) of one segment that belong to one split. Frames [start - context, start) of the same segment
 * are the gap to the split before: they may be used as input, never as a target. */
typedef struct syn_span {
    int64_t start, stop, context;
} syn_span;

/* A beat of resampled frames (resampling.h): its angle at frame t is 2 pi frequency t + phase. */
typedef struct syn_beat {
    double frequency; /* cycles a frame; 0: none */
    double phase;     /* NAN: not known */
} syn_beat;

/* Frequencies of the beats of other recordings; 0: none. */
typedef struct syn_beats {
    const double *frequency; /* [n] */
    size_t n;
} syn_beats;

/* What normalises a recording: fixed by the train split, kept in the model. */
typedef struct syn_normalisation {
    int64_t N_recorded, N;   /* neurons in the recording, neurons kept */
    int64_t *kept;           /* [N] index in the recording, ascending */
    float *mean, *scale;     /* [N] of the train split: x_z = (x - mean) / scale */
    int64_t B;               /* behaviours: those of the recording, and of the beat */
    float *u_mean, *u_scale; /* [B] */
    double alpha;            /* of the slow baseline (baseline.h) */
    syn_beat beat;
} syn_normalisation;

typedef struct syn_session {
    syn_recording *recording; /* borrowed; its activity is the memory behind x */
    size_t said;              /* warnings that the recording had before; what follows was found here */
    syn_normalisation norm;
    int64_t T, N, B;
    float *x;                 /* [T][N] z-scored, less a slow baseline (baseline.h); where not observed, the model's own
                                 prediction (0 = mean at first) */
    const uint8_t *mask;      /* [T][(N+7)/8] as in the recording, of the neurons kept; NULL: all observed */
    float *u;                 /* [T][B] z-scored; 0 where unknown */
    float *level[SYN_SPLITS]; /* [n_spans][N] the baseline one frame before a span's first target */
    int64_t gap;              /* frames between the splits of a continuous recording */
    bool whole_segments;      /* split by whole trials */
    int64_t n_spans[SYN_SPLITS];
    syn_span *span[SYN_SPLITS];
} syn_session;

/* Where the neurons of a recording stand among those of its population (sharing.h). */
typedef struct syn_sharing {
    size_t owner;   /* the first recording of the population */
    int64_t M;      /* neurons of the population */
    int64_t *place; /* [N] in the population; NULL: it has the same neurons in the same order */
} syn_sharing;

typedef struct syn_dataset {
    size_t n;
    syn_session *session; /* [n] */
    syn_sharing *sharing; /* [n], or NULL: every neuron belongs to one recording */
    int64_t window;       /* frames of a training window */
} syn_dataset;

/* Splits and normalises in place. Used options: train, validation, window, same-neurons.
 * Errors: too few frames, no neuron that varies in the train split. */
syn_status syn_dataset_create(syn_dataset **dataset, syn_recording *const *recordings, size_t n,
                              const syn_options *options);
/* The same; beats: of recordings that may have been resampled alike. */
syn_status syn_dataset_create_like(syn_dataset **dataset, syn_recording *const *recordings, size_t n,
                                   const syn_options *options, syn_beats beats);
/* The same split rule, but normalised as a model was (norm: [n], copied). window: the model's. train and validation 0:
 * all frames are the test split. The recordings have the neurons and behaviours of norm. */
syn_status syn_dataset_create_as(syn_dataset **dataset, syn_recording *const *recordings, size_t n,
                                 const syn_normalisation *norm, double train, double validation, int64_t window);
void syn_dataset_free(syn_dataset *dataset);
/* Whether a behaviour of any session varies in its train split. */
bool syn_dataset_behavior(const syn_dataset *dataset);
/* Frames of a split in the mean recording. */
double syn_dataset_mean_frames(const syn_dataset *dataset, syn_split split);
void syn_normalisation_free(syn_normalisation *norm);
syn_status syn_normalisation_copy(syn_normalisation *to, const syn_normalisation *from);

/* Frames of a split. */
static inline int64_t syn_session_frames(const syn_session *s, syn_split split) {
    int64_t frames = 0;
    for (int64_t k = 0; k < s->n_spans[split]; k++) frames += s->span[split][k].stop - s->span[split][k].start;
    return frames;
}

static inline bool syn_session_observed(const syn_session *s, int64_t t, int64_t i) {
    return !s->mask || (s->mask[t * ((s->N + 7) / 8) + i / 8] >> (i % 8) & 1);
}
/* First frame of a span that can be a target: a segment's first frame has no past. */
static inline int64_t syn_span_first_target(const syn_span *span) {
    return span->context > 0 ? span->start : span->start + 1;
}

/* Frames of a split that are targets. */
static inline int64_t syn_session_targets(const syn_session *s, syn_split split) {
    int64_t frames = 0;
    for (int64_t k = 0; k < s->n_spans[split]; k++)
        frames += s->span[split][k].stop - syn_span_first_target(&s->span[split][k]);
    return frames;
}

#endif
