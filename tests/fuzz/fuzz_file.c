/* Any bytes as a recording file. SYN_FUZZ_NAME: the file's name, SYN_FUZZ_ARRAY: an array in it to open besides. */
#include "fuzz.h"

#ifdef SYN_FUZZ_HDF5
#include <hdf5.h>
/* libhdf5 asks for whatever memory a damaged file claims, and leaks some of its own when it then gives up. */
const char *__asan_default_options(void) { return "allocator_may_return_null=1:detect_leaks=0"; }
#elif defined(SYN_FUZZ_MATLAB)
/* So does matio, which loses fields of structures whose damaged size it does not believe. What we do not give back to
 * it is seen where sound files are read, in the tests under AddressSanitizer. */
const char *__asan_default_options(void) { return "allocator_may_return_null=1"; }
const char *__lsan_default_suppressions(void) { return "leak:libmatio"; }
#endif

#ifdef SYN_FUZZ_INSIDE
#include "mutate_hdf5.h"
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", scratch_folder(), SYN_FUZZ_NAME);
    write_file(path, data, size);
    open_recording(path, "rate", "10");
    open_recording(path, "rate", "");
    if (*SYN_FUZZ_ARRAY) {
        strcat(path, ":" SYN_FUZZ_ARRAY);
        open_recording(path, "rate", "10");
    }
#ifdef SYN_FUZZ_HDF5
    if (H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL) > 0) abort(); /* a handle was left open */
#endif
    return 0;
}
