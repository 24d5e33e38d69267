#include "base/memory.h"

#include <stdint.h>
#include <string.h>

enum { ALIGNMENT = 64 };

syn_status syn_alloc(void *out, size_t count, size_t size, const char *what) {
    void **slot = out;
    *slot = NULL;
    if (count == 0 || size == 0) return SYN_OK;
    if (count > (SIZE_MAX - ALIGNMENT) / size)
        return syn_fail(SYN_ERR_MEMORY, "%s: %zu items of %zu bytes do not fit in memory", what, count, size);
    size_t bytes = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *memory = aligned_alloc(ALIGNMENT, bytes);
    if (!memory) return syn_fail(SYN_ERR_MEMORY, "%s: could not allocate %.1f MB", what, (double)bytes / 1e6);
    memset(memory, 0, bytes);
    *slot = memory;
    return SYN_OK;
}

syn_status syn_copy_text(char **out, const char *text) {
    *out = NULL;
    if (!text) return SYN_OK;
    *out = strdup(text);
    return *out ? SYN_OK : syn_fail(SYN_ERR_MEMORY, "could not allocate %zu bytes of text", strlen(text) + 1);
}

void syn_free(void *memory) { free(memory); }
