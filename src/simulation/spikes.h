/* Spike trains of a simulated network, and what an indicator of calcium makes of them. */
#ifndef SYN_SIMULATION_SPIKES_H
#define SYN_SIMULATION_SPIKES_H

#include "simulation/simulate.h"

typedef struct syn_spikes {
    int64_t n, capacity;
    double *time_s;  /* [n] ascending; negative during the transient */
    int32_t *neuron; /* [n] 0..N-1 */
} syn_spikes;

/* Records the fluorescence dF/F of the spike trains, sampled at the end of each frame, with neuron positions. */
syn_status syn_calcium_record(syn_simulation *sim, const syn_spikes *spikes, double frame_s);

#endif
