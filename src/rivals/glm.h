/* Poisson regression of spike counts with coupling filters: see glm.c. */
#ifndef SYN_RIVALS_GLM_H
#define SYN_RIVALS_GLM_H

#include "rivals/rivals.h"

/* The fit of the rival `glm`. work: receivers times senders times train frames that one choice is made on; where all
 * receivers are more than that, some are taken, and then all are fitted with what was chosen. */
syn_status syn_glm_fit(void **model, const syn_rival_data *data, const syn_rival_settings *settings, double work,
                       json_t *chosen);

#endif
