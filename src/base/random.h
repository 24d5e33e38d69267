/* Counter-based randomness (Philox4x32-10 of Random123; Salmon et al., SC 2011): a number depends only on the seed, the
 * stream and its index, never on threads, order or earlier draws. */
#ifndef SYN_BASE_RANDOM_H
#define SYN_BASE_RANDOM_H

#include <stdint.h>

/* One stream per use. Add new streams at the end: their numbers are part of what a seed means. */
typedef enum syn_stream {
    SYN_STREAM_INIT_DECODER = 1,
    SYN_STREAM_INIT_EMBEDDING,
    SYN_STREAM_INIT_CONNECTIVITY,
    SYN_STREAM_BATCHES,
    SYN_STREAM_BOOTSTRAP,
    SYN_STREAM_SIM_TYPES,
    SYN_STREAM_SIM_EDGES,
    SYN_STREAM_SIM_WEIGHTS,
    SYN_STREAM_SIM_BIAS,
    SYN_STREAM_SIM_NOISE,
    SYN_STREAM_SIM_DRIVE,
    SYN_STREAM_SIM_SPIKES,
    SYN_STREAM_SIM_CALCIUM,
    SYN_STREAM_SIM_OTHER,
    SYN_STREAM_TEST,
    SYN_STREAM_RIVALS,
    SYN_STREAM_REWIRING,
    SYN_STREAM_REPEATS,
    SYN_STREAM_ROLLOUTS,
    SYN_STREAM_BEHAVIOR_STEPS
} syn_stream;

typedef struct syn_random {
    uint64_t seed;
    uint32_t stream;
    uint32_t substream; /* for example the epoch or the neuron */
} syn_random;

/* Four independent 32-bit words at `index`. */
void syn_random_words(syn_random random, uint64_t index, uint32_t words[4]);
/* Uniform in (0, 1) at index. */
double syn_random_uniform(syn_random random, uint64_t index);
/* Standard normal at index (Box-Muller). */
double syn_random_normal(syn_random random, uint64_t index);
/* A permutation of 0..n-1 (Fisher-Yates) into order[n]. */
void syn_random_permutation(syn_random random, int64_t *order, int64_t n);

#endif
