#include "base/watch.h"

#include <time.h>

static const double interval_s = 0.2;

static _Thread_local struct {
    syn_progress_fn ask;
    void *user;
    double next_s;
} watch;

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void syn_watch(syn_progress_fn ask, void *user) { watch.ask = ask, watch.user = user, watch.next_s = 0; }

syn_status syn_watched(void) {
    if (!watch.ask || now_s() < watch.next_s) return SYN_OK;
    watch.next_s = now_s() + interval_s;
    return watch.ask(NULL, watch.user) == SYN_GO_ON ? SYN_OK : syn_fail(SYN_ERR_INTERRUPTED, "stopped on request");
}
