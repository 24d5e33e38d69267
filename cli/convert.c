/* synapsnet convert: any recording into synapsnet's own layout, or into the splits that a fit makes of it. */
#include <string.h>

#include "command.h"

/* Options that say how to split are for --splits alone. */
static exit_code check_options(const arguments *a, bool splits) {
    static const char *const names[] = {"train", "validation", "window"};
    const syn_option_info *info;
    for (size_t k = 0; !splits && (info = syn_option_at(k)); k++)
        for (size_t j = 0; j < sizeof names / sizeof *names; j++)
            if (!strcmp(info->name, names[j]) &&
                strcmp(syn_options_get(a->options, names[j]), info->default_value) != 0)
                return misuse("convert: --%s says how to split; it is used with --splits", names[j]);
    if (!splits && a->n_operands > 1)
        return misuse("convert: found %d recordings; expected one, or --splits", a->n_operands);
    return DONE;
}

static void say_what_was_written(const arguments *a, const syn_recording *first, size_t n, bool splits) {
    if (splits)
        printf("Splits of %zu recording%s written to %s\n", n, n == 1 ? "" : "s", a->output);
    else
        printf("%lld frames of %lld neuron%s written to %s\n", (long long)syn_recording_frames(first),
               (long long)syn_recording_neurons(first), syn_recording_neurons(first) == 1 ? "" : "s", a->output);
}

exit_code run_convert(const arguments *a) {
    syn_recording **recordings;
    size_t n;
    char *json = NULL;
    const bool splits = is_set(a->options, "splits");
    exit_code code = check_options(a, splits);
    if (code != DONE) return code;
    syn_status status = open_recordings(a, 0, NULL, &recordings, &n);
    if (status == SYN_OK && a->json) status = syn_recording_describe(recordings[0], 1, &json);
    if (status == SYN_OK)
        status = splits ? syn_splits_write(recordings, n, a->options, a->output)
                        : syn_recording_write(recordings[0], a->output);
    if (status == SYN_OK && !a->json && !a->quiet) say_what_was_written(a, recordings[0], n, splits);
    if (status == SYN_OK && json) puts(json);
    syn_free(json);
    close_recordings(recordings, n);
    return status == SYN_OK ? DONE : failure(status);
}
