/* synapsnet connectivity: the effective connectivity as a file, scored where the truth is known. */
#include <jansson.h>
#include <stdlib.h>

#include "command.h"

static void print_summary(const char *json, const char *path) {
    json_t *root = json_loads(json, 0, NULL);
    json_t *test = json_object_get(root, "test");
    const char *name;
    json_t *value;
    json_object_foreach(test, name, value) printf("  %-13s %8.4f\n", name, json_number_value(value));
    printf("Effective connectivity of %lld neurons written to %s (row = receiver, column = sender, in %s)\n",
           (long long)json_integer_value(json_object_get(root, "neurons")), path,
           json_string_value(json_object_get(root, "unit")));
    json_decref(root);
}

exit_code run_connectivity(const arguments *a) {
    syn_model *model = NULL;
    char *json = NULL;
    size_t session = (size_t)strtoull(syn_options_get(a->options, "session"), NULL, 10);
    syn_status status = syn_model_read(&model, a->operand[0]);
    if (status == SYN_OK) status = syn_connectivity_write(model, session, a->options, a->output, &json);
    syn_model_free(model);
    if (status != SYN_OK) return failure(status);

    if (!a->json && !a->quiet) print_summary(json, a->output);
    if (a->json)
        print_json(json);
    else
        syn_free(json);
    return DONE;
}
