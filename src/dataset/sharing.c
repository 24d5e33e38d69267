#include "dataset/sharing.h"

#include <ctype.h>
#include <string.h>

#include "base/memory.h"

/* A neuron of a recording, by its id. */
typedef struct named_neuron {
    const char *id;
    size_t session;
    int64_t neuron;
} named_neuron;

static int compare(const void *a, const void *b) {
    const named_neuron *x = a, *y = b;
    const int order = strcmp(x->id, y->id);
    if (order) return order;
    if (x->session != y->session) return x->session < y->session ? -1 : 1;
    return (x->neuron > y->neuron) - (x->neuron < y->neuron);
}

void syn_sharing_free(syn_sharing *sharing, size_t n) {
    for (size_t k = 0; sharing && k < n; k++) free(sharing[k].place);
    free(sharing);
}

static const char *id_of(const syn_session *s, int64_t i) { return s->recording->neuron_id[s->norm.kept[i]]; }

/* Whether all ids end in a digit: cell1, cell2, ... number the neurons of one recording and name none. */
static bool numbered(const syn_session *s) {
    for (int64_t i = 0; i < s->N; i++) {
        const char *id = id_of(s, i);
        if (!*id || !isdigit((unsigned char)id[strlen(id) - 1])) return false;
    }
    return true;
}

static bool counts(const syn_session *s, const char *same_neurons) {
    if (!s->recording->neuron_id) return false;
    return !strcmp(same_neurons, "yes") || (s->recording->named_neurons && !numbered(s));
}

/* The neurons of all recordings whose ids count, sorted by id; a recording's neurons without an id have none. */
static syn_status list_neurons(const syn_dataset *data, const char *same_neurons, named_neuron **list, size_t *n) {
    size_t most = 0;
    for (size_t s = 0; s < data->n; s++) most += (size_t)data->session[s].N;
    SYN_TRY(syn_alloc(list, most, sizeof **list, "shared neurons"));
    *n = 0;
    for (size_t s = 0; s < data->n; s++) {
        const syn_session *session = &data->session[s];
        if (!counts(session, same_neurons)) continue;
        const uint8_t *nameless = session->recording->nameless;
        for (int64_t i = 0; i < session->N; i++)
            if (!nameless || !nameless[session->norm.kept[i]])
                (*list)[(*n)++] = (named_neuron){id_of(session, i), s, i};
    }
    qsort(*list, *n, sizeof **list, compare);
    return SYN_OK;
}

/* An id that a recording has twice says nothing: its neurons leave the list, or it is an error. */
static syn_status drop_repeated(const syn_dataset *data, bool strict, named_neuron *list, size_t *n) {
    size_t kept = 0;
    for (size_t k = 0, next; k < *n; k = next) {
        bool repeated = false;
        for (next = k + 1; next < *n && !strcmp(list[next].id, list[k].id); next++)
            if (list[next].session == list[next - 1].session) {
                repeated = true;
                if (strict)
                    return syn_fail(SYN_ERR_INPUT,
                                    "%s: two neurons have the id '%s'; expected ids that occur once, or give "
                                    "--same-neurons no",
                                    data->session[list[k].session].recording->name, list[k].id);
            }
        for (size_t j = k; j < next && !repeated; j++) list[kept++] = list[j];
    }
    *n = kept;
    return SYN_OK;
}

/* Owners: of every recording the first one that it shares a neuron with, also by way of others. */
static bool find_owners(syn_sharing *sharing, const named_neuron *list, size_t n) {
    bool any = false;
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t k = 1; k < n; k++) {
            if (strcmp(list[k].id, list[k - 1].id) != 0) continue;
            size_t *a = &sharing[list[k - 1].session].owner, *b = &sharing[list[k].session].owner;
            if (*a == *b) continue;
            any = changed = true;
            if (*a < *b)
                *b = *a;
            else
                *a = *b;
        }
    }
    return any;
}

/* Numbers the population's neurons: those of its first recording in their order, then what each next one adds. */
static syn_status place_neurons(syn_dataset *data, const named_neuron *list, size_t n) {
    int64_t *length; /* [sessions] neurons that an owner has so far */
    syn_status status;
    SYN_CHECK(syn_alloc(&length, data->n, sizeof *length, "shared neurons"));
    for (size_t s = 0; s < data->n; s++) {
        SYN_CHECK(syn_alloc(&data->sharing[s].place, (size_t)data->session[s].N, sizeof(int64_t), "shared neurons"));
        for (int64_t i = 0; i < data->session[s].N; i++) data->sharing[s].place[i] = -1;
    }
    for (size_t s = 0; s < data->n; s++) {
        syn_sharing *to = &data->sharing[s];
        for (int64_t i = 0; i < data->session[s].N; i++)
            if (to->place[i] < 0) to->place[i] = length[to->owner]++;
        for (size_t k = 0; k < n; k++) { /* the same neurons in later recordings */
            if (list[k].session != s) continue;
            for (size_t j = k + 1; j < n && !strcmp(list[j].id, list[k].id); j++)
                data->sharing[list[j].session].place[list[j].neuron] = to->place[list[k].neuron];
        }
    }
    for (size_t s = 0; s < data->n; s++) {
        syn_sharing *to = &data->sharing[s];
        to->M = length[to->owner];
        bool in_order = to->M == data->session[s].N;
        for (int64_t i = 0; in_order && i < to->M; i++) in_order = to->place[i] == i;
        if (in_order) free(to->place), to->place = NULL;
    }
done:
    free(length);
    return status;
}

syn_status syn_sharing_find(syn_dataset *data, const char *same_neurons) {
    named_neuron *list = NULL;
    size_t n = 0;
    bool any = false;
    syn_status status = SYN_OK;
    if (data->n < 2 || !strcmp(same_neurons, "no")) return SYN_OK;
    SYN_CHECK(list_neurons(data, same_neurons, &list, &n));
    SYN_CHECK(drop_repeated(data, !strcmp(same_neurons, "yes"), list, &n));
    SYN_CHECK(syn_alloc(&data->sharing, data->n, sizeof *data->sharing, "shared neurons"));
    for (size_t s = 0; s < data->n; s++) data->sharing[s].owner = s;
    any = find_owners(data->sharing, list, n);
    if (any) SYN_CHECK(place_neurons(data, list, n));
done:
    free(list);
    if (status != SYN_OK || !any) syn_sharing_free(data->sharing, data->n), data->sharing = NULL;
    return status;
}
