#include "recording/recording.h"

#include <string.h>

/* One step of a 64-bit hash: xor, multiply by an odd number, and bring the high bits down (as in MurmurHash3). */
static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0xff51afd7ed558ccdULL;
    return hash ^ hash >> 33;
}

uint64_t syn_recording_fingerprint(const syn_recording *r) {
    const uint64_t not_observed = 1ULL << 32; /* no value of 32 bits */
    uint64_t hash = mix(mix(0, (uint64_t)r->T), (uint64_t)r->N);
    for (int64_t t = 0; t < r->T; t++)
        for (int64_t j = 0; j < r->N; j++) {
            uint32_t bits;
            memcpy(&bits, &r->x[t * r->N + j], sizeof bits);
            hash = mix(hash, syn_observed(r, t, j) ? bits : not_observed);
        }
    return hash;
}
