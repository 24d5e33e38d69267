/* synapsnet report: one page with all figures, or the figures for a paper. */
#include <jansson.h>

#include "command.h"

static void print_summary(const char *json) {
    json_t *root = json_loads(json, 0, NULL), *files = json_object_get(root, "files"), *name;
    size_t k;
    if (json_array_size(files) == 1)
        printf("Report written to %s (%.1f MB)\n", json_string_value(json_array_get(files, 0)),
               json_number_value(json_object_get(root, "bytes")) / 1e6);
    else
        json_array_foreach(files, k, name) printf("Figure written to %s\n", json_string_value(name));
    json_decref(root);
}

exit_code run_report(const arguments *a) {
    syn_model *model = NULL;
    syn_recording **recordings = NULL;
    size_t n = 0;
    char *json = NULL;
    syn_status status = syn_model_read(&model, a->operand[0]);
    if (status == SYN_OK) status = open_recordings(a, 1, model, &recordings, &n);
    if (status == SYN_OK) status = syn_report_write(model, n ? recordings : NULL, n, a->options, a->output, &json);
    close_recordings(recordings, n);
    syn_model_free(model);
    if (status != SYN_OK) return failure(status);

    if (a->json)
        puts(json);
    else if (!a->quiet)
        print_summary(json);
    syn_free(json);
    return DONE;
}
