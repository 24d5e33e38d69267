#include "training/blend.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

/* Shares of the next candidate that are tried. */
static const double shares[] = {0.5, 0.25};
/* Candidates that an average is grown from: the best may have gone too far from all others to be mixed with them. */
enum { MOST_STARTS = 4 };

/* W[M][M] of a population as free weights: S R^T of factors is multiplied out. */
static void copy_weights(const syn_parameters *from, size_t s, float *W) {
    const syn_session_layout *at = &from->session[s];
    const int64_t M = at->M;
    if (syn_form_has_weights(from->form)) memcpy(W, from->value + at->z, (size_t)(M * M) * sizeof(float));
    if (!syn_form_has_factors(from->form)) return;
    for (int64_t i = 0; i < M; i++)
        for (int64_t j = 0; j < M; j++) {
            double sum = 0;
            for (int64_t k = 0; k < from->rank; k++)
                sum += (double)from->value[at->s + (size_t)(i * from->rank + k)] *
                       (double)from->value[at->r + (size_t)(j * from->rank + k)];
            if (i != j) W[i * M + j] += (float)sum;
        }
}

/* The same model with dense weights; without connectivity they are 0. */
static syn_status copy_dense(syn_parameters **dense, const syn_parameters *from, const syn_dataset *data) {
    SYN_TRY(syn_parameters_create_for(dense, from->H, from->d, from->b, SYN_FORM_DENSE, 0, data));
    syn_parameters *p = *dense;
    syn_copy_common_tensors(p, from);
    for (size_t s = 0; s < p->n_sessions; s++)
        if (p->session[s].owner == s) copy_weights(from, s, p->value + p->session[s].z);
    return SYN_OK;
}

/* Stages that may take part, the least loss first; returns their number. */
static int list_members(const syn_search *search, int *order) {
    int n = 0, best = -1;
    for (int k = 0; k < search->n_stages; k++)
        if (search->member[k] && search->stage[k].candidate.form != SYN_FORM_NONE &&
            (best < 0 || search->stage[k].loss < search->stage[best].loss))
            best = k;
    for (int k = 0; best >= 0 && k < search->n_stages; k++) {
        const syn_stage *stage = &search->stage[k];
        if (!search->member[k] || search->member[k]->H != search->member[best]->H) continue;
        if (stage->candidate.form != SYN_FORM_NONE &&
            stage->candidate.innovation != search->stage[best].candidate.innovation)
            continue;
        int at = n++;
        for (; at > 0 && search->stage[order[at - 1]].loss > stage->loss; at--) order[at] = order[at - 1];
        order[at] = k;
    }
    /* the average starts from a connectivity, and what it sends */
    for (int at = n - 1; at > 0; at--)
        if (order[at] == best) order[at] = order[at - 1], order[at - 1] = best;
    return n;
}

static void mix(float *to, const float *from, double share, size_t count) {
    for (size_t k = 0; k < count; k++) to[k] = (float)((1 - share) * (double)to[k] + share * (double)from[k]);
}

/* A member as it joins the average: dense, and sending what the average sends. */
static syn_status copy_member(syn_parameters **member, const syn_parameters *from, const syn_parameters *blend,
                              const syn_dataset *data) {
    SYN_TRY(copy_dense(member, from, data));
    for (size_t s = 0; s < blend->n_sessions; s++)
        memcpy((*member)->value + (*member)->session[s].send, blend->value + blend->session[s].send,
               (size_t)blend->session[s].N * sizeof(float));
    return SYN_OK;
}

/* The share of `next` at which the average with it is better than `best`, or 0. trial: what `network` runs. */
static syn_status try_member(const syn_search *search, syn_network *network, const syn_parameters *blend,
                             const syn_parameters *next, syn_parameters *trial, double *best, double *share) {
    *share = 0;
    for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
        double loss;
        memcpy(trial->value, blend->value, blend->count * sizeof(float));
        mix(trial->value, next->value, shares[k], blend->count);
        SYN_TRY(syn_split_loss(network, search->data, search->settings.loss, SYN_VALIDATION, NULL, &loss));
        if (loss < *best) *best = loss, *share = shares[k];
    }
    return SYN_OK;
}

/* The average that grows from member order[0], and its shares; NULL: none is better than it alone. */
static syn_status grow(const syn_search *search, syn_network *network, syn_parameters *trial, const int *order, int n,
                       syn_parameters **average, double *loss, double *part) {
    syn_parameters *blend = NULL, *next = NULL;
    bool any = false;
    syn_status status;
    *average = NULL;
    *loss = search->stage[order[0]].loss;
    memset(part, 0, SYN_MAX_STAGES * sizeof *part);
    part[order[0]] = 1;
    SYN_CHECK(copy_dense(&blend, search->member[order[0]], search->data));
    for (int k = 1; k < n; k++) {
        double share;
        SYN_CHECK(copy_member(&next, search->member[order[k]], blend, search->data));
        SYN_CHECK(try_member(search, network, blend, next, trial, loss, &share));
        if (share > 0) mix(blend->value, next->value, share, blend->count);
        for (int j = 0; j < SYN_MAX_STAGES; j++) part[j] *= 1 - share;
        part[order[k]] += share;
        any |= share > 0;
        syn_parameters_free(next), next = NULL;
    }
    if (any) *average = blend, blend = NULL;
done:
    syn_parameters_free(next);
    syn_parameters_free(blend);
    return status;
}

syn_status syn_blend_candidates(syn_search *search) {
    int order[SYN_MAX_STAGES];
    const int n = list_members(search, order);
    syn_parameters *average = NULL, *trial = NULL;
    syn_network *network = NULL;
    double part[SYN_MAX_STAGES], least, loss;
    syn_status status = SYN_OK;
    if (n < 2) return SYN_OK;
    least = search->stage[order[0]].loss;
    SYN_CHECK(copy_dense(&trial, search->member[order[0]], search->data));
    SYN_CHECK(syn_network_create(&network, trial, search->data, search->settings.loss, search->kernels,
                                 search->settings.threads, 256 + search->data->window, search->data->window));
    for (int start = 0; start < n && start < MOST_STARTS; start++) {
        const int first = order[start];
        if (search->stage[first].candidate.form == SYN_FORM_NONE) continue;
        for (int k = start; k > 0; k--) order[k] = order[k - 1];
        order[0] = first;
        SYN_CHECK(grow(search, network, trial, order, n, &average, &loss, part));
        for (int k = 0; k < start; k++) order[k] = order[k + 1];
        order[start] = first;
        if (!average || !(loss < least)) {
            syn_parameters_free(average), average = NULL;
            continue;
        }
        syn_parameters_free(search->blend);
        search->blend = average, average = NULL;
        search->blend_loss = least = loss;
        memcpy(search->blend_share, part, sizeof part);
    }
done:
    syn_network_free(network);
    syn_parameters_free(trial);
    syn_parameters_free(average);
    return status;
}

syn_status syn_blend_planned(syn_search *repeat) {
    syn_parameters *blend = NULL, *next = NULL;
    int first = -1, n = 0;
    double weight;
    syn_status status = SYN_OK;
    for (int k = 0; k < repeat->n_stages; k++) {
        const bool connected = repeat->stage[k].candidate.form != SYN_FORM_NONE;
        n += repeat->share[k] > 0;
        if (connected && (first < 0 || repeat->share[k] > repeat->share[first])) first = k;
    }
    if (n == 1) {
        repeat->blend = repeat->member[first], repeat->member[first] = NULL;
        return SYN_OK;
    }
    weight = repeat->share[first];
    SYN_CHECK(copy_dense(&blend, repeat->member[first], repeat->data));
    for (int k = 0; k < repeat->n_stages; k++) {
        if (k == first || !(repeat->share[k] > 0)) continue;
        SYN_CHECK(copy_member(&next, repeat->member[k], blend, repeat->data));
        weight += repeat->share[k];
        mix(blend->value, next->value, repeat->share[k] / weight, blend->count);
        syn_parameters_free(next), next = NULL;
    }
    repeat->blend = blend, blend = NULL;
done:
    syn_parameters_free(next);
    syn_parameters_free(blend);
    return status;
}
