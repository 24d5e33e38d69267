/* What the library's own parts ask of a fit beyond the public header. */
#ifndef SYN_ANALYSIS_FIT_H
#define SYN_ANALYSIS_FIT_H

#include "model/fitted.h"

/* syn_fit(), which also hands out the best parameters without connectivity that its search came by. */
syn_status syn_fit_with_ablation(syn_model **model, syn_parameters **without, syn_recording *const *recordings,
                                 size_t n_recordings, const syn_options *options, syn_progress_fn progress, void *user);

#endif
