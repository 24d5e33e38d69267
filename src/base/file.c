#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

static const char suffix[] = ".tmp";

syn_status syn_file_begin(char **temporary, const char *path) {
    struct stat found;
    if (!stat(path, &found) && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode))
        return syn_fail(SYN_ERR_IO,
                        "%s: is a device or a pipe, which a file would replace; expected the name of a file", path);
    size_t size = strlen(path) + sizeof suffix;
    SYN_TRY(syn_alloc(temporary, size, 1, "file name"));
    snprintf(*temporary, size, "%s%s", path, suffix);
    return SYN_OK;
}

int syn_file_shown(const char *path) {
    const size_t length = strlen(path), added = sizeof suffix - 1;
    return (int)(length > added && !strcmp(path + length - added, suffix) ? length - added : length);
}

static int flush_to_disk(const char *path, int flags) {
    int descriptor = open(path, flags | O_CLOEXEC);
    if (descriptor < 0) return -1;
    int result = fsync(descriptor), error = errno;
    close(descriptor);
    errno = error;
    return result;
}

syn_status syn_file_commit(const char *temporary, const char *path) {
    char *folder;
    if (flush_to_disk(temporary, O_RDONLY) || rename(temporary, path))
        return syn_fail(SYN_ERR_IO, "%s: could not be written: %s", path, strerror(errno));
    SYN_TRY(syn_copy_text(&folder, path));
    /* Makes the new name itself last. Not every file system can, and the file is complete either way. */
    (void)flush_to_disk(dirname(folder), O_RDONLY | O_DIRECTORY);
    free(folder);
    return SYN_OK;
}

void syn_file_end(char *temporary) {
    if (!temporary) return;
    unlink(temporary);
    free(temporary);
}
