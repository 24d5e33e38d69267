/* What tells a recording from every other one. */
#include <math.h>
#include <xxhash.h>

#include "base/memory.h"
#include "recording/recording.h"

syn_status syn_recording_fingerprint(const syn_recording *r, uint64_t *fingerprint) {
    const int64_t shape[2] = {r->T, r->N};
    float *row = NULL;
    XXH64_state_t *hash = XXH64_createState();
    syn_status status;
    SYN_CHECK(hash ? SYN_OK : syn_fail(SYN_ERR_MEMORY, "could not allocate a checksum"));
    SYN_CHECK(syn_alloc(&row, (size_t)r->N, sizeof *row, "frame"));
    XXH64_reset(hash, 0);
    XXH64_update(hash, shape, sizeof shape);
    for (int64_t t = 0; t < r->T; t++) {
        for (int64_t j = 0; j < r->N; j++) row[j] = syn_observed(r, t, j) ? r->x[t * r->N + j] : NAN;
        XXH64_update(hash, row, (size_t)r->N * sizeof *row);
    }
    *fingerprint = XXH64_digest(hash);
done:
    XXH64_freeState(hash);
    free(row);
    return status;
}
