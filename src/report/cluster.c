/* Average-linkage clustering by chains of nearest neighbours (Murtagh 1983; Muellner, arXiv 1109.2378), in n^2 steps.
 */
#include <math.h>

#include "base/memory.h"
#include "report/report.h"

/* A cluster is known by one of its items. Its items form a list in the order in which they will stand. */
typedef struct clusters {
    float *distance; /* [n][n] */
    int64_t n, *chain, *size, *next, *last;
} clusters;

static float *between(const clusters *c, int64_t a, int64_t b) { return &c->distance[a * c->n + b]; }

static int64_t nearest(const clusters *c, int64_t a, int64_t before) {
    int64_t best = before; /* of equal ones the last in the chain, so that it ends */
    for (int64_t b = 0; b < c->n; b++)
        if (b != a && c->size[b] > 0 && (best < 0 || *between(c, a, b) < *between(c, a, best))) best = b;
    return best;
}

static void merge(clusters *c, int64_t a, int64_t b) {
    const float share = (float)c->size[a] / (float)(c->size[a] + c->size[b]);
    for (int64_t k = 0; k < c->n; k++)
        if (k != a && k != b && c->size[k] > 0)
            *between(c, a, k) = *between(c, k, a) = share * *between(c, a, k) + (1 - share) * *between(c, b, k);
    c->next[c->last[a]] = b;
    c->last[a] = c->last[b];
    c->size[a] += c->size[b];
    c->size[b] = 0;
}

static void link_all(clusters *c) {
    int64_t length = 0, left = c->n;
    while (left > 1) {
        for (int64_t k = 0; length == 0; k++)
            if (c->size[k] > 0) c->chain[length++] = k;
        const int64_t a = c->chain[length - 1], before = length > 1 ? c->chain[length - 2] : -1;
        const int64_t b = nearest(c, a, before);
        if (b != before) {
            c->chain[length++] = b;
            continue;
        }
        merge(c, a < b ? a : b, a < b ? b : a);
        length -= 2;
        left--;
    }
}

syn_status syn_cluster_order(float *distance, int64_t n, int64_t *order) {
    clusters c = {.distance = distance, .n = n};
    int64_t **arrays[] = {&c.chain, &c.size, &c.next, &c.last};
    syn_status status = SYN_OK;
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        SYN_CHECK(syn_alloc(arrays[k], (size_t)n + 1, sizeof **arrays[k], "order of the neurons"));
    for (int64_t k = 0; k < n; k++) c.size[k] = 1, c.next[k] = -1, c.last[k] = k;
    link_all(&c);
    /* the first item of every cluster is its least, so all of them hang on item 0 */
    for (int64_t k = 0, item = 0; k < n; k++, item = c.next[item]) order[k] = item;
done:
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++) free(*arrays[k]);
    return status;
}
