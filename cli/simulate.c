/* synapsnet simulate: a recording of a network whose connectivity is known. */
#include "command.h"

exit_code run_simulate(const arguments *a) {
    syn_recording *recording = NULL;
    char *json = NULL;
    syn_status status = syn_simulate(&recording, a->operand[0], a->options);
    if (status == SYN_OK) status = syn_recording_write(recording, a->output);
    if (status == SYN_OK && a->json) status = syn_recording_describe(recording, 1, &json);
    if (status == SYN_OK && !a->json && !a->quiet)
        printf("%lld frames of %lld neurons and their true weights written to %s\n",
               (long long)syn_recording_frames(recording), (long long)syn_recording_neurons(recording), a->output);
    if (json) puts(json);
    syn_free(json);
    syn_recording_free(recording);
    return status == SYN_OK ? DONE : failure(status);
}
