/* What the files that read cells and structs of MATLAB files share: times, trials, vectors, grids. path: of a node in
 * its file, as in mat.h. */
#ifndef SYN_RECORDING_READ_MAT_H
#define SYN_RECORDING_READ_MAT_H

#include "recording/mat.h"
#include "recording/reader.h"

enum { SYN_MAT_PATH_SIZE = 512 };

/* ---- mat_times.c ---- */

/* Whether a field of this name holds times. */
bool syn_mat_is_time_field(const char *name);
/* The field of a struct that holds times: the first of the known names that it has. NULL: none. */
const char *syn_mat_time_field(const matvar_t *node);
/* Rate from times [n]; 0 if they do not rise by equal steps. */
double syn_mat_rate_of(const double *time, int64_t n);
/* Takes the frame rate from a vector of times in the file with one entry for every frame of a trial. */
syn_status syn_mat_rate_from_times(syn_recording *recording, const syn_input *input);

/* ---- mat_plan.c ---- */

/* One element a trial in every field. A plain cell has one field without a name. */
typedef struct syn_mat_table {
    const matvar_t *node;
    int64_t trials, n; /* fields */
    const char *const *name;
    bool cells; /* a struct of cells, not a struct array */
} syn_mat_table;

typedef enum syn_mat_part {
    SYN_MAT_LEFT_OUT,
    SYN_MAT_NEURON,
    SYN_MAT_MATRIX,
    SYN_MAT_BEHAVIOR,
    SYN_MAT_CLOCK
} syn_mat_part;

/* What the fields of a table of trials are. */
typedef struct syn_mat_plan {
    syn_mat_table t;
    syn_mat_part *part; /* [t.n], to be freed */
    int64_t N, B;
    int64_t matrix;  /* field of the matrices, -1 if the neurons are fields */
    int64_t clock;   /* field of the times, or -1 */
    bool time_first; /* of the matrices */
    bool guessed;    /* by length alone */
    const char *why; /* what keeps it from being read, or NULL */
} syn_mat_plan;

const matvar_t *syn_mat_element(const syn_mat_table *table, int64_t field, int64_t trial);
/* Whether the node is a table of trials that can be read. chosen: the field of the activity, where several hold
 * matrices, or NULL. */
bool syn_mat_make_plan(const matvar_t *node, const char *chosen, const syn_options *options, syn_mat_plan *plan);
/* The error of a table that cannot be read: plan->why. */
syn_status syn_mat_refuse_plan(const syn_mat_plan *plan, const syn_input *input, const char *path);

/* ---- mat_trials.c ---- */

/* Puts the values of one element into `out`: frame t at out[t * stride], for a matrix neuron j at + j. */
syn_status syn_mat_put_element(const matvar_t *item, const char *label, bool time_first, bool matrix, float *out,
                               int64_t stride);
syn_status syn_mat_open_trials(syn_recording **recording, const syn_input *input, const char *path,
                               const syn_mat_plan *plan);

/* ---- mat_vectors.c ---- */

typedef struct syn_mat_vector {
    const matvar_t *node;
    double seconds; /* of the unit of its times */
    char id[64];
} syn_mat_vector;

typedef struct syn_mat_vectors {
    syn_mat_vector *item; /* [n], to be freed */
    int64_t n, empty;
    bool alike, rising; /* one length; every vector rises */
} syn_mat_vectors;

/* Whether a node is a set of vectors: spike trains, or traces of one length. path may end in the unit of the times. */
bool syn_mat_find_vectors(const matvar_t *node, const char *path, syn_mat_vectors *vectors);
syn_status syn_mat_open_spike_trains(syn_recording **recording, const syn_input *input, const char *path,
                                     const syn_mat_vectors *trains);
syn_status syn_mat_open_traces(syn_recording **recording, const syn_input *input, const char *path,
                               const syn_mat_vectors *traces);
/* What is known about the neurons from arrays beside the node. */
syn_status syn_mat_take_neurons(syn_recording *recording, const syn_input *input, const char *path);

/* ---- mat_grid.c ---- */

bool syn_mat_is_grid(const matvar_t *node);
/* Trials are put one after another, each from the earliest to the latest spike of all in whole bins. */
syn_status syn_mat_open_grid(syn_recording **recording, const syn_input *input, const char *path, const matvar_t *node);

#endif
