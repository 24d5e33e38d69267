#include "base/threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

static atomic_bool ran_several, lost_some;

static void in_child(void) { lost_some = ran_several; }

__attribute__((constructor)) static void watch_forks(void) { pthread_atfork(NULL, NULL, in_child); }

int syn_usable_threads(int wanted) {
    if (lost_some) return 1;
    if (wanted > 1) ran_several = true;
    return wanted;
}
