/* A good folder in which one file is replaced: the first byte says which, the others are its contents.
 * SYN_FUZZ_FILES: their names. SYN_FUZZ_BASE: the good folder. */
#include "fuzz.h"

static const char *const files[] = {SYN_FUZZ_FILES};
enum { FILES = sizeof files / sizeof *files };

static void path_of(char *path, const char *folder, int k) { snprintf(path, PATH_MAX, "%s/%s", folder, files[k]); }

/* Puts the good version of a file back, or removes it if the good folder has none. */
static void restore(int k) {
    char from[PATH_MAX], to[PATH_MAX];
    uint8_t buffer[1 << 16];
    path_of(from, SYN_FUZZ_BASE, k);
    path_of(to, scratch_folder(), k);
    FILE *file = fopen(from, "rb");
    size_t n = file ? fread(buffer, 1, sizeof buffer, file) : 0;
    if (file) fclose(file);
    if (n)
        write_file(to, buffer, n);
    else
        unlink(to);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    for (int k = 0; k < FILES; k++) restore(k);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[PATH_MAX];
    if (size == 0) return 0;
    const int k = data[0] % FILES;
    path_of(path, scratch_folder(), k);
    write_file(path, data + 1, size - 1);
    open_recording(scratch_folder(), "rate", "");
    open_recording(scratch_folder(), "rate", "100");
    restore(k);
    return 0;
}
