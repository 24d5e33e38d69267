/* A model made by hand around a small data set: nothing is trained, every tensor is random. */
#ifndef SYN_TEST_TINY_MODEL_H
#define SYN_TEST_TINY_MODEL_H

#include "../model/fixture.h"
#include "model/fitted.h"

enum { TINY_N = 8, TINY_T = 400, TINY_WINDOW = 8 };

/* p is taken over. Gain of one lag: gain[tau][i] = 1 + i - tau / 2. */
static inline syn_model *model_of(const test_set *set, syn_parameters *p, syn_loss loss) {
    syn_model *model;
    assert_ok(syn_model_alloc(&model, set->data->n));
    model->p = p, model->loss = loss;
    model->train = 0.7, model->validation = 0.15;
    model->window = set->data->window;
    assert_ok(syn_copy_text(&model->options, "{\"seed\": \"3\"}"));
    assert_ok(syn_copy_text(&model->description, "{\"connectivity\": {\"form\": \"dense\"}, \"seed\": 3}"));
    for (size_t s = 0; s < model->n; s++) {
        syn_fitted_session *session = &model->session[s];
        assert_ok(syn_fitted_session_fill(session, &set->data->session[s]));
        session->lags = 1;
        session->gain = zeros(2 * session->norm.N, sizeof(double));
        for (int64_t k = 0; k < 2 * session->norm.N; k++)
            session->gain[k] = 1 + (double)(k % session->norm.N) - 0.5 * (double)(k / session->norm.N);
    }
    return model;
}

static inline syn_options *options_of(const char *const *pairs) {
    syn_options *options;
    assert_ok(syn_options_create(&options));
    for (; *pairs; pairs += 2) assert_ok(syn_options_set(options, pairs[0], pairs[1]));
    return options;
}
#define OPTIONS(...) options_of((const char *const[]){__VA_ARGS__, NULL})

#endif
