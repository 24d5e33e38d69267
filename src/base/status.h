/* Status with a message. The first thing that goes wrong calls syn_fail(); callers pass the status on. */
#ifndef SYN_BASE_STATUS_H
#define SYN_BASE_STATUS_H

#include "synapsnet/synapsnet.h"

/* Records one line about a failure for syn_last_error(). */
void syn_note_failure(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Records it (printf style) and is the status: a compiler sees that it is not SYN_OK. */
#define syn_fail(status, ...) (syn_note_failure(__VA_ARGS__), (syn_status)(status))

/* Returns from the calling function with the status of expr if it is not SYN_OK. */
#define SYN_TRY(expr)                                                                                                  \
    do {                                                                                                               \
        syn_status syn_try_status_ = (expr);                                                                           \
        if (syn_try_status_ != SYN_OK) return syn_try_status_;                                                         \
    } while (0)

/* Sets `status` to expr and jumps to the function's single clean-up label `done` if it is not SYN_OK. */
#define SYN_CHECK(expr)                                                                                                \
    do {                                                                                                               \
        status = (expr);                                                                                               \
        if (status != SYN_OK) goto done;                                                                               \
    } while (0)

#endif
