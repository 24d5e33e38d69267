/* synapsnet evaluate: a model's metrics on test frames, beside the baselines. */
#include "command.h"

exit_code run_evaluate(const arguments *a) {
    syn_model *model = NULL;
    syn_recording **recordings = NULL;
    size_t n = 0;
    char *json = NULL;
    syn_status status = syn_model_read(&model, a->operand[0]);
    if (status == SYN_OK) status = open_recordings(a, 1, model, &recordings, &n);
    if (status == SYN_OK) status = syn_evaluate(model, n ? recordings : NULL, n, a->options, &json);
    close_recordings(recordings, n);
    syn_model_free(model);
    if (status != SYN_OK) return failure(status);

    if (!a->quiet) print_warnings(json);
    if (a->json)
        puts(json);
    else
        print_metrics(json, true);
    syn_free(json);
    return DONE;
}
