#include "base/random.h"

#include <Random123/philox.h>
#include <math.h>

void syn_random_words(syn_random random, uint64_t index, uint32_t words[4]) {
    philox4x32_ctr_t counter = {{(uint32_t)index, (uint32_t)(index >> 32), random.stream, random.substream}};
    philox4x32_key_t key = {{(uint32_t)random.seed, (uint32_t)(random.seed >> 32)}};
    philox4x32_ctr_t r = philox4x32(counter, key);
    for (int k = 0; k < 4; k++) words[k] = r.v[k];
}

static double unit_interval(uint32_t high, uint32_t low) {
    uint64_t bits = ((uint64_t)high << 21) ^ (uint64_t)(low >> 11); /* 53 bits */
    return ((double)bits + 0.5) * 0x1p-53;
}

double syn_random_uniform(syn_random random, uint64_t index) {
    uint32_t w[4];
    syn_random_words(random, index, w);
    return unit_interval(w[0], w[1]);
}

double syn_random_normal(syn_random random, uint64_t index) {
    uint32_t w[4];
    syn_random_words(random, index, w);
    double radius = sqrt(-2.0 * log(unit_interval(w[0], w[1])));
    return radius * cos(2.0 * 3.14159265358979323846 * unit_interval(w[2], w[3]));
}

void syn_random_permutation(syn_random random, int64_t *order, int64_t n) {
    for (int64_t k = 0; k < n; k++) order[k] = k;
    for (int64_t k = n - 1; k > 0; k--) {
        int64_t other = (int64_t)(syn_random_uniform(random, (uint64_t)k) * (double)(k + 1));
        if (other > k) other = k;
        int64_t swap = order[k];
        order[k] = order[other];
        order[other] = swap;
    }
}
