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
        const syn_session_layout *of = s->owner < k ? &p->session[s->owner] : NULL; /* has the neurons' tensors */
        const int64_t M = s->M;
        s->e = of ? of->e : add_tensor(p, "e", (int)k, M, p->d, SYN_GROUP_NEURON);
        s->a = of ? of->a : add_tensor(p, "a", (int)k, M, 1, SYN_GROUP_NEURON);
        s->c = of ? of->c : add_tensor(p, "c", (int)k, M, 1, SYN_GROUP_NEURON);
        s->p = add_tensor(p, "p", (int)k, p->b, s->B, SYN_GROUP_DECODER);
        s->z = of ? of->z : add_tensor(p, "z", (int)k, weights ? M : 0, M, SYN_GROUP_CONNECTIVITY);
        s->send = add_tensor(p, "send", (int)k, p->form != SYN_FORM_NONE, s->N, SYN_GROUP_FIXED);
        s->sign = of ? of->sign : add_tensor(p, "sign", (int)k, p->form == SYN_FORM_DALE, M, SYN_GROUP_FIXED);
        s->s = of ? of->s : add_tensor(p, "s", (int)k, factors ? M : 0, p->rank, SYN_GROUP_CONNECTIVITY);
        s->r = of ? of->r : add_tensor(p, "r", (int)k, factors ? M : 0, p->rank, SYN_GROUP_CONNECTIVITY);
    }
}

syn_status syn_parameters_create(syn_parameters **parameters, int H, int d, int b, syn_form form, int rank,
                                 size_t n_sessions, const int64_t *N, const int64_t *B, const syn_sharing *sharing) {
    syn_status status;
    SYN_TRY(syn_alloc(parameters, 1, sizeof **parameters, "parameters"));
    syn_parameters *p = *parameters;
    p->H = H, p->d = d, p->b = b, p->form = form, p->rank = rank, p->n_sessions = n_sessions;
    SYN_CHECK(syn_alloc(&p->session, n_sessions, sizeof *p->session, "parameters"));
    for (size_t k = 0; k < n_sessions; k++) {
        syn_session_layout *s = &p->session[k];
        *s = (syn_session_layout){.N = N[k], .B = B[k], .M = N[k], .owner = k};
        if (!sharing) continue;
        s->M = sharing[k].M, s->owner = sharing[k].owner;
        if (!sharing[k].place) continue;
        SYN_CHECK(syn_alloc(&s->place, (size_t)s->N, sizeof *s->place, "parameters"));
        memcpy(s->place, sharing[k].place, (size_t)s->N * sizeof *s->place);
    }
    lay_out(p);
    SYN_CHECK(syn_alloc(&p->tensor, p->n_tensors, sizeof *p->tensor, "parameters"));
    lay_out(p);
    SYN_CHECK(syn_alloc(&p->value, p->count, sizeof *p->value, "parameters"));
done:
    if (status != SYN_OK) syn_parameters_free(p), *parameters = NULL;
    return status;
}

syn_status syn_parameters_create_for(syn_parameters **parameters, int H, int d, int b, syn_form form, int rank,
                                     const syn_dataset *data) {
    int64_t *N = NULL, *B = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&N, data->n, sizeof *N, "parameters"));
    SYN_CHECK(syn_alloc(&B, data->n, sizeof *B, "parameters"));
    for (size_t s = 0; s < data->n; s++) N[s] = data->session[s].N, B[s] = data->session[s].B;
    SYN_CHECK(syn_parameters_create(parameters, H, d, b, form, rank, data->n, N, B, data->sharing));
done:
    free(N), free(B);
    return status;
}

syn_status syn_parameters_copy(syn_parameters **parameters, const syn_parameters *from) {
    int64_t *N = NULL, *B = NULL;
    syn_sharing *sharing = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&N, from->n_sessions, sizeof *N, "parameters"));
    SYN_CHECK(syn_alloc(&B, from->n_sessions, sizeof *B, "parameters"));
    SYN_CHECK(syn_alloc(&sharing, from->n_sessions, sizeof *sharing, "parameters"));
    for (size_t k = 0; k < from->n_sessions; k++) {
        const syn_session_layout *s = &from->session[k];
        N[k] = s->N, B[k] = s->B;
        sharing[k] = (syn_sharing){s->owner, s->M, s->place};
    }
    SYN_CHECK(syn_parameters_create(parameters, from->H, from->d, from->b, from->form, from->rank, from->n_sessions, N,
                                    B, sharing));
    memcpy((*parameters)->value, from->value, from->count * sizeof *from->value);
    (*parameters)->correction = from->correction;
    for (size_t k = 0; k < from->n_sessions; k++) {
        size_t pairs = (size_t)(from->session[k].M * from->session[k].M);
        if (!from->session[k].support) continue;
        SYN_CHECK(syn_alloc(&(*parameters)->session[k].support, pairs, 1, "mask"));
        memcpy((*parameters)->session[k].support, from->session[k].support, pairs);
    }
done:
    free(N), free(B), free(sharing);
    return status;
}

void syn_parameters_free(syn_parameters *p) {
    if (!p) return;
    for (size_t k = 0; p->session && k < p->n_sessions; k++) free(p->session[k].support), free(p->session[k].place);
    free(p->session);
    free(p->tensor);
    free(p->value);
    free(p);
}

void syn_gather_rows(const syn_session_layout *at, const float *from, int64_t columns, float *to) {
    for (int64_t i = 0; i < at->N; i++)
        memcpy(to + i * columns, from + syn_place(at, i) * columns, (size_t)columns * sizeof *to);
}

/* W[N][N] += S R^T */
static syn_status add_factors(const syn_parameters *p, const syn_session_layout *at, const syn_kernels *kernels,
                              int threads, float *W) {
    const int64_t N = at->N, rank = p->rank;
    const float *s = p->value + at->s, *r = p->value + at->r;
    float *rows = NULL;
    syn_status status = SYN_OK;
    if (at->place) {
        SYN_CHECK(syn_alloc(&rows, (size_t)(2 * N * rank), sizeof *rows, "connectivity"));
        syn_gather_rows(at, s, rank, rows);
        syn_gather_rows(at, r, rank, rows + N * rank);
        s = rows, r = rows + N * rank;
    }
    SYN_CHECK(syn_gemm(kernels, threads, N, N, rank, (syn_matrix){s, rank, 1}, (syn_matrix){r, 1, rank}, W, N, true));
done:
    free(rows);
    return status;
}

syn_status syn_parameters_weights(const syn_parameters *p, size_t s, const syn_kernels *kernels, int threads,
                                  float *W) {
    const syn_session_layout *at = &p->session[s];
    const float *z = p->value + at->z;
    const int64_t N = at->N;
    if (!syn_form_has_weights(p->form))
        memset(W, 0, (size_t)(N * N) * sizeof *W);
    else if (!at->place)
        memcpy(W, z, (size_t)(N * N) * sizeof *W);
    else
        for (int64_t k = 0; k < N * N; k++) W[k] = z[at->place[k / N] * at->M + at->place[k % N]];
    if (syn_form_has_factors(p->form)) SYN_TRY(add_factors(p, at, kernels, threads, W));
    for (int64_t i = 0; i < N; i++) W[i * N + i] = 0.0f;
    return SYN_OK;
}
