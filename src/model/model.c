#include "model/model.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

const char *const syn_form_name[] = {"none", "dense", "lowrank", "lowrank+sparse", "masked", "dale"};
const char *const syn_loss_name[] = {"gaussian", "poisson"};

bool syn_form_has_weights(syn_form form) { return form != SYN_FORM_NONE && form != SYN_FORM_LOWRANK; }
bool syn_form_has_factors(syn_form form) { return form == SYN_FORM_LOWRANK || form == SYN_FORM_LOWRANK_SPARSE; }

static size_t add_tensor(syn_parameters *p, const char *name, int session, int64_t rows, int64_t columns,
                         syn_group group) {
    size_t offset = p->count, count = (size_t)(rows * columns);
    if (count == 0) return offset;
    if (p->tensor) {
        syn_tensor *t = &p->tensor[p->n_tensors];
        *t = (syn_tensor){
            .session = session, .offset = offset, .count = count, .rows = rows, .columns = columns, .group = group};
        snprintf(t->name, sizeof t->name, "%s", name);
    }
    p->n_tensors++;
    p->count += (count + 15) / 16 * 16; /* every tensor starts on a cache line */
    return offset;
}

/* Without p->tensor it only counts. */
static void lay_out(syn_parameters *p) {
    const syn_decoder_layout at = syn_decoder_layout_of(p->H);
    p->count = p->n_tensors = 0;
    p->decoder = add_tensor(p, "decoder", -1, 1, (int64_t)at.count, SYN_GROUP_DECODER);
    p->we = add_tensor(p, "we", -1, 3 * p->H, p->d, SYN_GROUP_DECODER);
    p->bias = add_tensor(p, "bias", -1, 1, 3 * p->H, SYN_GROUP_DECODER);
    p->wu = add_tensor(p, "wu", -1, 3 * p->H, p->b, SYN_GROUP_DECODER);
    const bool weights = syn_form_has_weights(p->form), factors = syn_form_has_factors(p->form);
    for (size_t k = 0; k < p->n_sessions; k++) {
        syn_session_layout *s = &p->session[k];
        s->e = add_tensor(p, "e", (int)k, s->N, p->d, SYN_GROUP_NEURON);
        s->a = add_tensor(p, "a", (int)k, s->N, 1, SYN_GROUP_NEURON);
        s->c = add_tensor(p, "c", (int)k, s->N, 1, SYN_GROUP_NEURON);
        s->p = add_tensor(p, "p", (int)k, p->b, s->B, SYN_GROUP_DECODER);
        s->z = add_tensor(p, "z", (int)k, weights ? s->N : 0, s->N, SYN_GROUP_CONNECTIVITY);
        s->send = add_tensor(p, "send", (int)k, p->form != SYN_FORM_NONE, s->N, SYN_GROUP_FIXED);
        s->sign = add_tensor(p, "sign", (int)k, p->form == SYN_FORM_DALE, s->N, SYN_GROUP_FIXED);
        s->s = add_tensor(p, "s", (int)k, factors ? s->N : 0, p->rank, SYN_GROUP_CONNECTIVITY);
        s->r = add_tensor(p, "r", (int)k, factors ? s->N : 0, p->rank, SYN_GROUP_CONNECTIVITY);
    }
}

syn_status syn_parameters_create(syn_parameters **parameters, int H, int d, int b, syn_form form, int rank,
                                 size_t n_sessions, const int64_t *N, const int64_t *B) {
    syn_status status;
    SYN_TRY(syn_alloc(parameters, 1, sizeof **parameters, "parameters"));
    syn_parameters *p = *parameters;
    p->H = H, p->d = d, p->b = b, p->form = form, p->rank = rank, p->n_sessions = n_sessions;
    SYN_CHECK(syn_alloc(&p->session, n_sessions, sizeof *p->session, "parameters"));
    for (size_t k = 0; k < n_sessions; k++) p->session[k].N = N[k], p->session[k].B = B[k];
    lay_out(p);
    SYN_CHECK(syn_alloc(&p->tensor, p->n_tensors, sizeof *p->tensor, "parameters"));
    lay_out(p);
    SYN_CHECK(syn_alloc(&p->value, p->count, sizeof *p->value, "parameters"));
done:
    if (status != SYN_OK) syn_parameters_free(p), *parameters = NULL;
    return status;
}

syn_status syn_parameters_copy(syn_parameters **parameters, const syn_parameters *from) {
    int64_t *N, *B = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&N, from->n_sessions, sizeof *N, "parameters"));
    SYN_CHECK(syn_alloc(&B, from->n_sessions, sizeof *B, "parameters"));
    for (size_t k = 0; k < from->n_sessions; k++) N[k] = from->session[k].N, B[k] = from->session[k].B;
    SYN_CHECK(
        syn_parameters_create(parameters, from->H, from->d, from->b, from->form, from->rank, from->n_sessions, N, B));
    memcpy((*parameters)->value, from->value, from->count * sizeof *from->value);
    for (size_t k = 0; k < from->n_sessions; k++) {
        size_t pairs = (size_t)(N[k] * N[k]);
        if (!from->session[k].support) continue;
        SYN_CHECK(syn_alloc(&(*parameters)->session[k].support, pairs, 1, "mask"));
        memcpy((*parameters)->session[k].support, from->session[k].support, pairs);
    }
done:
    free(N), free(B);
    return status;
}

void syn_parameters_free(syn_parameters *p) {
    if (!p) return;
    for (size_t k = 0; p->session && k < p->n_sessions; k++) free(p->session[k].support);
    free(p->session);
    free(p->tensor);
    free(p->value);
    free(p);
}

syn_status syn_parameters_weights(const syn_parameters *p, size_t s, const syn_kernels *kernels, int threads,
                                  float *W) {
    const syn_session_layout *at = &p->session[s];
    const int64_t N = at->N;
    if (syn_form_has_weights(p->form))
        memcpy(W, p->value + at->z, (size_t)(N * N) * sizeof *W);
    else
        memset(W, 0, (size_t)(N * N) * sizeof *W);
    if (syn_form_has_factors(p->form))
        SYN_TRY(syn_gemm(kernels, threads, N, N, p->rank, (syn_matrix){p->value + at->s, p->rank, 1},
                         (syn_matrix){p->value + at->r, 1, p->rank}, W, N, true));
    for (int64_t i = 0; i < N; i++) W[i * N + i] = 0.0f;
    return SYN_OK;
}
