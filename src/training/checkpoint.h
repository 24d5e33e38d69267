/* Checkpoints: a search and its repeats between two epochs, in one file with a checksum. */
#ifndef SYN_CHECKPOINT_H
#define SYN_CHECKPOINT_H

#include "training/repeats.h"

syn_status syn_checkpoint_write(const syn_search *search, const syn_repeats *repeats, const char *path);
/* Into a search fresh from syn_search_create() and its repeats, which may be fewer than the file's. */
syn_status syn_checkpoint_read(syn_search *search, syn_repeats *repeats, const char *path);

#endif
