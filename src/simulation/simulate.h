/* Simulated networks with known connectivity: activity, true weights and all parameters from one seed.
 *
 * A kind is one file with one `run` function, listed in the table of simulate.c. To write another: fill sim->weight and
 * the cell types, produce the activity (syn_iterate for a discrete-time network), add the parameters, add a row.
 *
 * Shapes: N neurons of the network, M <= N of them recorded, T frames.
 */
#ifndef SYN_SIMULATION_SIMULATE_H
#define SYN_SIMULATION_SIMULATE_H

#include <jansson.h>

#include "base/options.h"
#include "base/random.h"
#include "recording/recording.h"

typedef struct syn_simulation {
    const syn_options *options;
    int64_t N, M, T;
    uint64_t seed;
    int64_t *observed; /* [M] the recorded neurons, ascending */
    double *weight;    /* [N][N] row = receiver, zero diagonal */
    uint8_t *type;     /* [N] index into type_name */
    const char *const *type_name;
    double density;           /* probability of an edge, where the kind has none of its own */
    double drive;             /* strength of the behaviour variable; 0: none */
    double *drive_gain;       /* [N] its effect on each neuron, in units of the neuron's input; mostly 0 */
    json_t *parameters;       /* written into the recording */
    syn_recording *recording; /* T frames of M neurons */
} syn_simulation;

syn_status syn_simulate_celltypes(syn_simulation *sim);
syn_status syn_simulate_rates(syn_simulation *sim);
syn_status syn_simulate_spikes(syn_simulation *sim);

/* A random stream of this simulation. */
syn_random syn_simulation_random(const syn_simulation *sim, syn_stream stream);
/* Gives the neurons their types, in order: type k to share[k] of them. names: static. */
void syn_assign_types(syn_simulation *sim, const char *const *names, const double *share, int n_types);
/* Adds the members of `object` (a new reference, NULL: out of memory) to the parameters. */
syn_status syn_add_parameters(syn_simulation *sim, json_t *object);
/* values [n] as a JSON array, NULL if out of memory. */
json_t *syn_json_reals(const double *values, int64_t n);

/* The next value of the behaviour variable: an autoregressive process of unit variance. */
double syn_drive_next(const syn_simulation *sim, double drive, double correlation, uint64_t step);

/* The edges of a weight matrix, grouped by receiver or by sender. */
typedef struct syn_edges {
    int64_t *start; /* [N+1] edges of neuron i: start[i] .. start[i+1] */
    int32_t *other; /* [n_edges] the neuron at the other end */
    double *weight; /* [n_edges] */
    int64_t n_edges;
} syn_edges;
typedef enum syn_grouping { SYN_BY_RECEIVER, SYN_BY_SENDER } syn_grouping;
syn_status syn_edges_create(syn_edges *edges, const double *weight, int64_t N, syn_grouping grouping);
void syn_edges_free(syn_edges *edges);

/* x_i[t+1] from x_i[t], the input sum_j W_ij x_j[t] (plus drive) and a standard normal number. */
typedef double (*syn_update_fn)(const void *network, int64_t i, double x, double input, double noise);
/* Runs a discrete-time network from x = 0, drops the transient and records T frames (and the drive). */
syn_status syn_iterate(syn_simulation *sim, syn_update_fn update, const void *network);

#endif
