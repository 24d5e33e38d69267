#include "training/correction.h"

#include <string.h>

#include "base/memory.h"
#include "dataset/splits.h"
#include "model/predicted.h"

/* Predictions of the validation split of a session, and of the frames before that a correction remembers. */
static syn_status predict(syn_network *network, const syn_session *session, size_t s, syn_predicted *of) {
    const int64_t memory = syn_correction_memory(&syn_slowest_correction), N = session->N;
    int64_t F = 0, at = 0;
    float *state = NULL;
    syn_status status = SYN_OK;
    for (int64_t k = 0; k < session->n_spans[SYN_VALIDATION]; k++) {
        const syn_span *span = &session->span[SYN_VALIDATION][k];
        F += span->stop - 1 - syn_span_from(session, span, memory);
    }
    /* what was not observed becomes the prediction of these parameters, whatever ran before, as far back */
    if (session->mask) SYN_TRY(syn_network_run(network, s, SYN_VALIDATION, NULL, NULL));
    SYN_TRY(syn_predicted_create(of, session, session->x, F));
    SYN_TRY(syn_network_state(network, s, 1, &state));
    for (int64_t k = 0; k < session->n_spans[SYN_VALIDATION]; k++) {
        const syn_span *span = &session->span[SYN_VALIDATION][k];
        const int64_t from = syn_span_from(session, span, memory), n = span->stop - 1 - from;
        memset(state, 0, syn_network_state_size(network, s) * sizeof *state);
        SYN_CHECK(syn_network_advance(network, s, state, session->x + from * N,
                                      session->B ? session->u + from * session->B : NULL, n, false,
                                      of->prediction + at * N));
        for (int64_t t = from + 1; t < span->stop; t++, at++) {
            of->frame[at] = t;
            of->begins[at] = t == from + 1;
            of->scored[at] = t >= syn_span_first_target(span);
        }
    }
done:
    free(state);
    return status;
}

syn_status syn_choose_correction(syn_parameters *p, syn_loss loss, const syn_dataset *data, const syn_kernels *kernels,
                                 int threads) {
    syn_predicted *of = NULL;
    syn_network *network = NULL;
    syn_status status;
    p->correction = syn_slowest_correction; /* of weight 0: it remembers, and corrects nothing */
    SYN_CHECK(syn_alloc(&of, data->n, sizeof *of, "predictions"));
    SYN_CHECK(syn_network_create(&network, p, data, loss, kernels, threads, 256 + data->window, data->window));
    for (size_t s = 0; s < data->n; s++) SYN_CHECK(predict(network, &data->session[s], s, &of[s]));
    SYN_CHECK(syn_best_correction(&p->correction, of, data->n, loss, threads));
done:
    for (size_t s = 0; of && s < data->n; s++) syn_predicted_free(&of[s]);
    free(of);
    syn_network_free(network);
    return status;
}
