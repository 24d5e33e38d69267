/* Any bytes as a recording file. SYN_FUZZ_NAME: the file's name, SYN_FUZZ_ARRAY: an array in it to open besides. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", scratch_folder(), SYN_FUZZ_NAME);
    write_file(path, data, size);
    open_recording(path, "10");
    open_recording(path, "");
    if (*SYN_FUZZ_ARRAY) {
        strcat(path, ":" SYN_FUZZ_ARRAY);
        open_recording(path, "10");
    }
    return 0;
}
