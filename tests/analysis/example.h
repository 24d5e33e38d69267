/* A tiny model and the raw data that it belongs to, in all the ways that a run through time has to know of. */
#ifndef SYN_TEST_EXAMPLE_H
#define SYN_TEST_EXAMPLE_H

#include "tiny_model.h"

/* A model and the raw data that it belongs to. alpha: of the slow baseline; hidden: every fifth entry is missing;
 * trials: 20 of them. */
typedef struct example {
    raw_data raw;
    test_set set;
    syn_model *model;
} example;

static inline example example_create(const char *signal, double alpha, int64_t B, bool hidden, bool trials) {
    example e = {.raw = raw_create(TINY_T, TINY_N, B, signal, 31)};
    if (trials) raw_cut(&e.raw, 20, 2);
    if (hidden) raw_hide(&e.raw, 5);
    test_set first = set_create(&e.raw, 1, TINY_WINDOW);
    first.data->session[0].norm.alpha = alpha;
    e.set = set_create_as(&e.raw, &first);
    set_free(&first);
    e.model = model_of(&e.set, random_parameters(e.set.data, SYN_FORM_DENSE, 5, 33),
                       !strcmp(signal, "counts") ? SYN_LOSS_POISSON : SYN_LOSS_GAUSSIAN);
    return e;
}

static inline void example_free(example *e) { syn_model_free(e->model), set_free(&e->set), raw_free(&e->raw); }

#endif
