/* A fitted model with the data it was fitted on, or that a user names, at hand: recordings opened again, normalised as
 * the model was, and a network over them. */
#ifndef SYN_ANALYSIS_PREPARE_H
#define SYN_ANALYSIS_PREPARE_H

#include "base/options.h"
#include "model/fitted.h"
#include "model/network.h"

typedef struct syn_prepared {
    size_t first, count;       /* sessions of the model */
    syn_recording **recording; /* [count] opened here, or NULL: the caller's */
    syn_dataset *prepared;     /* [count] */
    syn_dataset data;          /* the same with the model's numbering; other sessions are empty */
} syn_prepared;

/* Sessions [first, first + count) of a model. Option `split`: all makes every frame one of the test split. recordings:
 * [count], normalised in place; NULL: opened by the path and the reading options that the model keeps. Errors: a
 * recording that cannot be found, or that is not like the one of the fit. */
syn_status syn_prepare(syn_prepared *prepared, const syn_model *model, size_t first, size_t count,
                       syn_recording *const *recordings, const syn_options *options);
void syn_prepared_free(syn_prepared *prepared);

/* Options `threads` (auto: all processors) and `isa`. */
syn_status syn_choose_kernels(const syn_options *options, const syn_kernels **kernels, int *threads);

#endif
