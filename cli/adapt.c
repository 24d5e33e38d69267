/* synapsnet adapt: a model and a new recording in, a model of the new recording out. */

#include "command.h"

exit_code run_adapt(const arguments *a) {
    syn_recording **recordings = NULL;
    size_t n = 0;
    syn_model *source = NULL, *model = NULL;
    char *json = NULL;

    syn_status status = syn_model_read(&source, a->operand[0]);
    if (status == SYN_OK) status = open_recordings(a, 1, NULL, &recordings, &n);
    if (status == SYN_OK) {
        progress_line line = begin_progress(a, recordings, n);
        status = syn_adapt(&model, source, recordings, n, a->options, show_progress, &line);
        end_progress(&line);
    }
    close_recordings(recordings, n);
    syn_model_free(source);
    if (status == SYN_OK) status = syn_model_write(model, a->output);
    if (status == SYN_OK) status = syn_model_describe(model, &json);
    syn_model_free(model);
    if (status != SYN_OK) return fit_failure(a, status);
    return print_fit(a, json);
}
