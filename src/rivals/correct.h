/* Predictions of a rival, corrected by its recent errors as those of SynapsNet are (model/correction.h), by the same
 * choice on the validation split, so that nobody is ahead by that alone. Not of one of which nothing is chosen. */
#ifndef SYN_RIVALS_CORRECT_H
#define SYN_RIVALS_CORRECT_H

#include "rivals/rivals.h"

/* Of the test split [F][N]. chosen: "correction" is added to it. */
syn_status syn_rival_predict_test(const syn_rival *rival, const void *model, const syn_rival_data *data,
                                  const syn_rival_settings *settings, json_t *chosen, float *prediction);

#endif
