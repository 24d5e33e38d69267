#include "base/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20, LARGE = 4 << 20 };

/* Large arrays lie in huge pages where the system has them, which are 512 times fewer to ask it for, and are zero
 * because it hands out fresh ones: nothing is written before its first use. false: the memory is not zero. */
static bool refresh(void *memory, size_t bytes) {
#ifdef MADV_HUGEPAGE
    (void)madvise(memory, bytes, MADV_HUGEPAGE); /* without them it is slower, and no worse */
    return madvise(memory, bytes, MADV_DONTNEED) == 0;
#else
    (void)memory, (void)bytes;
    return false;
#endif
}

syn_status syn_alloc(void *out, size_t count, size_t size, const char *what) {
    void **slot = out;
    *slot = NULL;
    if (count == 0 || size == 0) return SYN_OK;
    if (count > (SIZE_MAX - HUGE_PAGE) / size)
        return syn_fail(SYN_ERR_MEMORY, "%s: %zu items of %zu bytes do not fit in memory", what, count, size);
    const bool large = count * size >= LARGE;
    const size_t alignment = large ? HUGE_PAGE : ALIGNMENT;
    const size_t bytes = (count * size + alignment - 1) / alignment * alignment;
    void *memory = aligned_alloc(alignment, bytes);
    if (!memory) return syn_fail(SYN_ERR_MEMORY, "%s: could not allocate %.1f MB", what, (double)bytes / 1e6);
    if (!large || !refresh(memory, bytes)) memset(memory, 0, bytes);
    *slot = memory;
    return SYN_OK;
}

syn_status syn_copy_text(char **out, const char *text) {
    *out = NULL;
    if (!text) return SYN_OK;
    *out = strdup(text);
    return *out ? SYN_OK : syn_fail(SYN_ERR_MEMORY, "could not allocate %zu bytes of text", strlen(text) + 1);
}

void syn_free_texts(char **texts, int64_t n) {
    for (int64_t k = 0; texts && k < n; k++) free(texts[k]);
    free(texts);
}

void syn_free(void *memory) { free(memory); }
