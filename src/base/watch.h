/* What syn_watch() set, asked by functions that may take long. */
#ifndef SYN_BASE_WATCH_H
#define SYN_BASE_WATCH_H

#include "base/status.h"

/* SYN_ERR_INTERRUPTED once this thread's caller wants no more. Cheap: it is asked at most five times a second. */
syn_status syn_watched(void);

#endif
