/* A recording in memory: what every reader produces and everything later consumes. */
#ifndef SYN_RECORDING_H
#define SYN_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef enum syn_signal {
    SYN_SIGNAL_FLUORESCENCE, /* F, dF/F, voltage: continuous */
    SYN_SIGNAL_DECONVOLVED,  /* deconvolved events: continuous, non-negative */
    SYN_SIGNAL_COUNTS        /* spikes per bin */
} syn_signal;

typedef struct syn_segment {
    int64_t start, stop; /* frames, half open */
} syn_segment;

/* Shapes: T frames, N neurons, B behaviours, S segments. All arrays are owned. Optional ones may be NULL. */
struct syn_recording {
    char *name;   /* short: file or folder name, shown in tables */
    char *path;   /* as given by the user, with :NAME, of any bytes; NULL for a recording from memory */
    char *format; /* reader that opened it: "suite2p", "phy", ... */
    int64_t T, N, B;
    float *x;       /* [T][N] raw units; 0 where not observed */
    char *unit;     /* of x, as the file calls it; NULL: not known */
    bool finite;    /* all of x was seen to be finite as it was read; whoever puts a NaN there clears it */
    uint8_t *mask;  /* [T][(N+7)/8] bits, neuron j at bit j%8 of byte j/8, 1 = observed; NULL: all observed */
    float *u;       /* [T][B] behaviour on the frames, NaN where unknown */
    double rate_hz; /* frames per second */
    double *time_s; /* [T] timestamps; NULL: frame / rate_hz */
    int64_t S;
    syn_segment *segment; /* [S] in time order, not overlapping; frames between them are in no segment */
    syn_signal signal;
    char **neuron_id;     /* [N] */
    bool named_neurons;   /* ids come from the file */
    uint8_t *nameless;    /* [N] 1: it has no name though others have one, its id is its own recording's; NULL: none */
    char **region;        /* [N] or NULL */
    char **cell_type;     /* [N] or NULL */
    float *position;      /* [N][3] micrometres, or NULL */
    char **behavior_name; /* [B] */
    char **behavior_unit; /* [B] "" if not known */
    double *truth;        /* [N][N] true weights, row = receiver, or NULL (simulations) */
    char *parameters;     /* simulation parameters as JSON, or NULL */
    bool binned;          /* the frames are bins that the reader made from spike times */
    /* spike trains behind counts (simulations, spike lists), or NULL */
    int64_t n_spikes;
    double *spike_time_s;  /* [n_spikes] ascending */
    int32_t *spike_neuron; /* [n_spikes] 0..N-1 */
    char **warning;        /* what the user should know: dropped behaviours, resampling, ... */
    size_t n_warnings;
};

static inline bool syn_observed(const syn_recording *r, int64_t t, int64_t j) {
    return !r->mask || (r->mask[t * ((r->N + 7) / 8) + j / 8] >> (j % 8) & 1);
}

/* Whether all of x [n] is finite. */
bool syn_all_finite(const float *x, int64_t n);
/* An empty recording with x (and nothing else) allocated, one segment, ids "0".."N-1". */
syn_status syn_recording_alloc(syn_recording **recording, int64_t T, int64_t N);
/* Gives neuron j another id. */
syn_status syn_recording_name_neuron(syn_recording *recording, int64_t j, const char *id);
/* Turns NaN (and +-Inf) in x into mask bits and 0; checks segments, timestamps and sizes; drops all-NaN behaviours with
 * a warning; makes segments from long gaps in the timestamps; makes all texts but the path UTF-8. Every reader ends
 * with it. */
syn_status syn_recording_finish(syn_recording *recording);
/* What to call the recording in an error message: its path, or its name. */
const char *syn_recording_label(const syn_recording *recording);
/* Adds a warning line (printf style). */
syn_status syn_recording_warn(syn_recording *recording, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Calls the neurons whose id is "" by their entry of `number` [N], by their place where it is NULL, and notes that this
 * is no name; n: how many they are. */
syn_status syn_recording_number_nameless(syn_recording *recording, char *const *number, int64_t *n);
/* Warns of neurons with names of behaviour, as columns of a table have them. advice: what to do with those. */
syn_status syn_recording_remark_names(syn_recording *recording, const char *advice);
/* Names behaviours "behavior_0", ... and gives them the unit "" where the file did not. */
syn_status syn_recording_name_behaviors(syn_recording *recording);
/* Whether a behaviour's name was given, and is not a number or the name of a file, which says nothing about what it
 * holds. */
bool syn_names_behavior(const char *name);
/* Makes room for n more behaviours, name [n], unit [n] or NULL; their values are 0, for the caller to fill. */
syn_status syn_recording_widen(syn_recording *recording, int64_t n, const char *const *name, const char *const *unit);
/* What tells recordings apart by their activity: its shape and values, and which were observed. */
syn_status syn_recording_fingerprint(const syn_recording *recording, uint64_t *fingerprint);
/* Whether there are segments, within the frames, in time order and not overlapping; an error names the first that is
 * not. */
syn_status syn_recording_check_segments(const syn_recording *recording);
/* The segments [n], to be freed, cut where the timestamps leave a longer gap. */
syn_status syn_segments_at_gaps(const syn_recording *recording, double gap_s, syn_segment **segment, int64_t *n);
/* Whether the timestamps are numbers and rise; an error names the first that does not. */
syn_status syn_recording_check_times(const syn_recording *recording);
/* "fluorescence", "deconvolved" or "counts", and back (false if text is none of them). */
const char *syn_signal_name(syn_signal signal);
bool syn_signal_find(const char *text, syn_signal *signal);
/* A gap between frames longer than this starts a new segment: 5 frames, and at least 1 s. */
double syn_segment_gap_s(double frame_s);

#endif
