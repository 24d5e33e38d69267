/* Allocation that reports failure through syn_status, with sizes checked for overflow. */
#ifndef SYN_BASE_MEMORY_H
#define SYN_BASE_MEMORY_H

#include <stdint.h>
#include <stdlib.h>

#include "base/status.h"

/* Zeroed array of count items of `size` bytes, aligned to 64 bytes, in *out (NULL if count is 0).
 * what: named in the error message ("currents"). Freed by free(). */
syn_status syn_alloc(void *out, size_t count, size_t size, const char *what);
/* Copy of a NUL-terminated text (NULL stays NULL). */
syn_status syn_copy_text(char **out, const char *text);
/* Frees texts [n] and the list of them. */
void syn_free_texts(char **texts, int64_t n);

#endif
