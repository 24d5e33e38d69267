/* Readers turn files into recordings. Each is found by content: syn_recording_open() asks them in the order of the
 * table in open.c, and the first whose probe says yes opens the input. A new reader is one file with these two
 * functions, declared below, and a line in that table.
 */
#ifndef SYN_RECORDING_READER_H
#define SYN_RECORDING_READER_H

#include "base/options.h"
#include "recording/array.h"
#include "recording/recording.h"

typedef struct syn_input {
    syn_address address;
    syn_listing listing; /* arrays of a file; empty for folders */
    struct syn_nwb *nwb; /* an NWB file, once its reader has opened it; file < 0 before */
    const syn_options *options;
} syn_input;

typedef struct syn_behavior {
    char *label;    /* FILE:NAME */
    char *base;     /* NAME */
    double *values; /* [rows][cols] */
    int64_t rows, cols;
    char **name;     /* [cols] */
    char **unit;     /* [cols], or NULL */
    double *time;    /* [rows] own clock, or NULL: one row a frame */
    bool optional;   /* not asked for: what does not fit is left out with a warning */
    bool own_column; /* the clock is a column of the same table */
} syn_behavior;

typedef struct syn_behaviors {
    size_t n;
    syn_behavior *item;
} syn_behaviors;

/* What a reader leaves to syn_recording_open(): options signal, timestamps, segments, behavior, rate (where rate_hz
 * is still 0), the name, path and format of the recording, and syn_recording_finish(). */
typedef struct syn_reader {
    const char *name;
    bool lists; /* looks at the listing of the input */
    bool (*probe)(const syn_input *input);
    syn_status (*open)(syn_recording **recording, const syn_input *input);
    /* behaviour in the same file, where --behavior names none; NULL: there is none, or open has put it into u */
    syn_status (*behaviors)(syn_behaviors *behaviors, syn_recording *recording, const syn_input *input);
} syn_reader;

bool syn_native_probe(const syn_input *input);
syn_status syn_native_open(syn_recording **recording, const syn_input *input);
bool syn_suite2p_probe(const syn_input *input);
syn_status syn_suite2p_open(syn_recording **recording, const syn_input *input);
bool syn_phy_probe(const syn_input *input);
syn_status syn_phy_open(syn_recording **recording, const syn_input *input);
/* Places of the units by the template of every spike, [n], and whose spike it is, [n]. */
syn_status syn_phy_positions(syn_recording *recording, const char *folder, const double *template,
                             const int32_t *neuron, int64_t n);
bool syn_nwb_probe(const syn_input *input);
syn_status syn_nwb_recording_open(syn_recording **recording, const syn_input *input);
syn_status syn_nwb_behaviors(syn_behaviors *behaviors, syn_recording *recording, const syn_input *input);
bool syn_nwb1_probe(const syn_input *input);
syn_status syn_nwb1_open(syn_recording **recording, const syn_input *input);
bool syn_mat_probe(const syn_input *input);
syn_status syn_mat_recording_open(syn_recording **recording, const syn_input *input);
bool syn_cnmf_probe(const syn_input *input);
syn_status syn_cnmf_open(syn_recording **recording, const syn_input *input);
bool syn_fall_probe(const syn_input *input);
syn_status syn_fall_open(syn_recording **recording, const syn_input *input);
bool syn_spike_list_probe(const syn_input *input);
syn_status syn_spike_list_open(syn_recording **recording, const syn_input *input);
bool syn_vectors_probe(const syn_input *input);
syn_status syn_vectors_open(syn_recording **recording, const syn_input *input);
bool syn_matrix_probe(const syn_input *input);
syn_status syn_matrix_open(syn_recording **recording, const syn_input *input);
/* Whether an array can be the activity by its shape. */
bool syn_is_matrix(const syn_entry *entry);
/* The name of an array of the file that can be the times of so many frames. */
bool syn_find_clock(const syn_input *input, int64_t frames, char *name, size_t size);
/* The recording of an array of three axes, one of them trials. */
syn_status syn_cube_open(syn_recording **recording, syn_array *array, const syn_input *input);
/* Warns of neurons that never fall, as times and counters do, where others do. advice: what to do about them. */
syn_status syn_remark_clocks(syn_recording *recording, const char *advice);
/* Whether the columns are spike times: none falls, most values rise, and each is missing from its own end on. */
bool syn_are_spike_times(const syn_recording *recording);
/* The recording of such an array. */
syn_status syn_spike_columns_open(syn_recording **recording, syn_array *array, const syn_options *options);
/* Takes the frame rate from a number beside the array `name`; in a MATLAB file, from the only one anywhere. */
syn_status syn_take_rate(syn_recording *recording, const syn_input *input, const char *name);

/* ---- neurons.c: what is known about the neurons ---- */

/* Takes names, regions, cell types and positions from a table FILE or FILE:GROUP. */
syn_status syn_read_neuron_table(syn_recording *recording, const char *given);
/* The same from arrays with one entry a neuron in the group of the activity: "" or "GROUP/". */
syn_status syn_take_neurons_beside(syn_recording *recording, const syn_input *input, const char *group);

/* ---- activity.c: putting arrays into x ---- */

/* Where an array goes: its time axis, and the neurons [first, first + count) of the recording that it fills. */
typedef struct syn_placement {
    syn_recording *recording;
    bool time_first;
    int64_t first;
    const int64_t *to; /* [neurons of the array]: neuron of the recording, -1 to leave out; NULL: first + k */
    float scale;       /* x += scale * value + offset */
    float offset;
    bool fresh; /* x is still 0 everywhere, and nothing else is added to it */
} syn_placement;
/* Adds an array to x, tile by tile. Frames beyond the recording's T are left out. */
syn_status syn_place(syn_array *array, const syn_placement *placement);
/* Sets signal by what the first half of the frames looks like: small non-negative integers with zeros are counts, all
 * else is fluorescence. Error: counts in the first half, and later what is no count. label: named in it. */
syn_status syn_guess_signal(syn_recording *recording, const char *label);

/* ---- spikes.c: spike times to counts ---- */

/* Spikes of `neurons` neurons in seconds; both arrays [n] are taken over (and sorted) even on failure.
 * start_s: where the first bin starts; NaN: at the last whole number of bins from 0 that is before the first spike.
 * label: named in messages. */
syn_status syn_bin_spikes(syn_recording **recording, const char *label, double *time_s, int32_t *neuron, int64_t n,
                          int64_t neurons, double start_s, double bin_s);
/* Share of the neuropil that is added to the fluorescence of suite2p. */
extern const float syn_neuropil;
/* Trials of so many frames one after another, each a segment; those behind the last frame are none. */
syn_status syn_cut_trials(syn_recording *recording, int64_t trials, int64_t frames);
/* What a word says of a sorted unit, as people and sorters write it. */
typedef enum syn_grade { SYN_UNGRADED, SYN_GOOD, SYN_MUA, SYN_NOISE } syn_grade;
syn_grade syn_grade_of(const char *word);
/* Puts spikes [n] at finite times into the order of time. */
syn_status syn_sort_spikes(double *time_s, int32_t *neuron, int64_t n);
/* Sorts ids and drops repetitions; returns how many are left. */
int64_t syn_unique_ids(double *ids, int64_t n);
/* Position of id in ids [n], ascending; -1 if it is not there. */
int32_t syn_find_id(const double *ids, int64_t n, double id);
/* Names the neurons after ids [N]. */
syn_status syn_name_neurons(syn_recording *recording, const double *ids);

/* ---- timeline.c: one frame rate ---- */

/* The middle of v [n], the upper one of two; puts v into another order. None may be NaN. */
double syn_median(double *v, int64_t n);

/* Puts the frames of a recording with time_s on one rate, and sets rate_hz:
 *   1. a gap longer than syn_segment_gap_s() of the median interval starts a new segment;
 *   2. every frame gets the nearest slot of a grid that follows the clock, shorter gaps leave masked frames; a frame
 *      that is late by itself leaves none;
 *   3. if all times but one in fifty lie within a quarter of an interval of their slots, those frames are kept as they
 *      are and the others masked; otherwise every slot holds activity and behaviour of the last frame at or before it,
 *      within the segment. */
syn_status syn_regularise(syn_recording *recording);
/* Sums the counts of whole bins of bin_s (a multiple of the present bin) within segments. Where that leaves out frames
 * before others, time_s says when the bins start. */
syn_status syn_rebin(syn_recording *recording, double bin_s);

/* ---- behavior.c ---- */

/* Loads all --behavior arrays. */
syn_status syn_behaviors_load(syn_behaviors *behaviors, const syn_options *options);
void syn_behaviors_free(syn_behaviors *behaviors);
/* Drops the clock of tables with a column of times whose rows are the frames; before the frames are moved. rate_hz: of
 * the frames, 0 where it is not known. */
syn_status syn_behaviors_match_rows(syn_recording *recording, syn_behaviors *behaviors, double rate_hz);
/* Appends those with one row a frame (own_clock false), or puts those with their own clock on the frames. */
syn_status syn_behaviors_attach(syn_recording *recording, const syn_behaviors *behaviors, bool own_clock);

/* Appends a behaviour to a list; it is taken over. */
syn_status syn_behaviors_add(syn_behaviors *behaviors, syn_behavior *behavior);
void syn_behavior_free(syn_behavior *behavior);
/* Names the columns: `base` for a single one, base_0, base_1, ... for several. */
syn_status syn_number_names(syn_behavior *behavior, const char *base);
/* Loads the series PATH of an NWB file with its own clock; false in *found if it is none. */
syn_status syn_nwb_load_behavior(syn_behavior *behavior, const char *file, const char *path, bool *found);

/* Takes the segments from intervals [n] in s, in any order: frames that begin in one, and whole bins. label: named in
 * messages. */
syn_status syn_segments_from_intervals(syn_recording *recording, const char *label, const double *start_s,
                                       const double *stop_s, int64_t n);
/* Takes the segments from an array FILE:NAME (S, 2), or a table of intervals in an NWB file. */
syn_status syn_set_segments(syn_recording *recording, const char *given);
/* FOLDER/NAME in path[size]; false if it does not fit or no such file exists. */
bool syn_file_in(char *path, size_t size, const char *folder, const char *name);
/* Values of a vector FILE:NAME, [n]. label: what it is, for messages. */
syn_status syn_vector_read(const char *given, const char *what, double **values, int64_t *n);

#endif
