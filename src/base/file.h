/* Files that appear complete or not at all: written under a temporary name beside the final one, flushed to the disk,
 * renamed. Every file that the library writes goes this way:
 *
 *     char *temporary = NULL;
 *     SYN_CHECK(syn_file_begin(&temporary, path));
 *     ... write and close `temporary` ...
 *     SYN_CHECK(syn_file_commit(temporary, path));
 * done:
 *     syn_file_end(temporary);
 */
#ifndef SYN_BASE_FILE_H
#define SYN_BASE_FILE_H

#include "base/status.h"

/* The temporary name for `path`; the same every time, so that what a killed program leaves is overwritten. A device or
 * a pipe is refused: renaming would put a file in its place. */
syn_status syn_file_begin(char **temporary, const char *path);
/* How many bytes of a name a message shows: of a temporary one those of the final name, which the user knows. */
int syn_file_shown(const char *path);
/* Flushes the closed file `temporary` to the disk and gives it its final name. */
syn_status syn_file_commit(const char *temporary, const char *path);
/* Removes the temporary file where it was not committed, and frees its name. NULL is safe. */
void syn_file_end(char *temporary);

#endif
