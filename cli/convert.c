/* synapsnet convert: any recording into synapsnet's own layout. */
#include "command.h"

exit_code run_convert(const arguments *a) {
    syn_recording **recordings;
    size_t n;
    char *json = NULL;
    syn_status status = open_recordings(a, 0, NULL, &recordings, &n);
    if (status == SYN_OK) status = syn_recording_write(recordings[0], a->output);
    if (status == SYN_OK && a->json) status = syn_recording_describe(recordings[0], 1, &json);
    if (status == SYN_OK && !a->json && !a->quiet)
        printf("%lld frames of %lld neurons written to %s\n", (long long)syn_recording_frames(recordings[0]),
               (long long)syn_recording_neurons(recordings[0]), a->output);
    if (json) print_json(json);
    close_recordings(recordings, n);
    return status == SYN_OK ? DONE : failure(status);
}
