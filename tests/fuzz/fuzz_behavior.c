/* Any bytes as behaviour beside a good recording. SYN_FUZZ_NAME: the file's name, SYN_FUZZ_RECORDING: the recording. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", scratch_folder(), SYN_FUZZ_NAME);
    write_file(path, data, size);
    open_recording(SYN_FUZZ_RECORDING, "behavior", path);
    return 0;
}
