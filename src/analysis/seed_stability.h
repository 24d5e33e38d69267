/* How stable every C_ij(0) is over fits from other seeds (training/repeats.h). Shapes: N neurons of a session. */
#ifndef SYN_ANALYSIS_SEED_STABILITY_H
#define SYN_ANALYSIS_SEED_STABILITY_H

#include "model/fitted.h"
#include "training/repeats.h"

/* Numbers that are kept of a repeat: C(0) of every session, N * N each. */
size_t syn_repeat_length(const syn_dataset *data);
/* Ends the running repeat, of whose model C(0) is kept, z-scored. It must be finished. */
syn_status syn_repeat_keep(syn_repeats *repeats);
/* What the finished repeats and the model itself say together, into its sessions; nothing where there are none. The
 * model must have its gain. */
syn_status syn_seed_stability(const syn_repeats *repeats, syn_model *model);

#endif
