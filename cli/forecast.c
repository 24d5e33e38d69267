/* synapsnet forecast: one step ahead over the test split, and rollouts that run freely. */
#include <jansson.h>
#include <string.h>

#include "command.h"

static void print_cell(const json_t *root, const char *name, size_t k) {
    const json_t *value = json_array_get(json_object_get(root, name), k);
    if (json_is_number(value))
        printf("%11.4f", json_number_value(value));
    else
        printf("%11s", "-");
}

/* All steps of a short forecast; of a long one 1, 2, 4, 8, ... and the last. */
static void print_table(const json_t *root) {
    size_t steps = (size_t)json_integer_value(json_object_get(root, "steps"));
    const long long rollouts = (long long)json_integer_value(json_object_get(root, "starts"));
    printf("  mean squared error of %lld rollout%s\n", rollouts, rollouts == 1 ? "" : "s");
    puts("  step  SynapsNet  copy-last       mean      skill  in 95 % interval");
    for (size_t k = 0; k < steps; k++) {
        bool power_of_two = ((k + 1) & k) == 0;
        if (steps > 10 && !power_of_two && k + 1 != steps) continue;
        printf("  %4zu", k + 1);
        print_cell(root, "mse", k);
        print_cell(root, "mse_copy_last", k);
        print_cell(root, "mse_mean", k);
        print_cell(root, "skill", k);
        print_cell(root, "coverage", k);
        putchar('\n');
    }
}

static void print_forecast(const char *json, const arguments *a) {
    json_t *root = json_loads(json, 0, NULL);
    if (a->json) {
        json_object_set_new(root, "output", json_string(a->output));
        json_dumpf(root, stdout, JSON_REAL_PRECISION(9));
        putchar('\n');
    } else if (!a->quiet) {
        print_table(root);
        printf("Forecast written to %s\n", a->output);
    }
    json_decref(root);
}

static bool names_hdf5(const char *path) {
    const char *dot = strrchr(path, '.');
    return dot && (!strcmp(dot, ".h5") || !strcmp(dot, ".hdf5"));
}

exit_code run_forecast(const arguments *a) {
    if (!names_hdf5(a->output))
        return misuse("output: found '%s'; expected a name that ends in .h5 or .hdf5", a->output);
    syn_model *model = NULL;
    syn_forecast *forecast = NULL;
    syn_recording **recordings = NULL;
    size_t n = 0;
    char *json = NULL;
    syn_status status = syn_model_read(&model, a->operand[0]);
    if (status == SYN_OK) status = open_recordings(a, 1, model, &recordings, &n);
    if (status == SYN_OK) status = syn_forecast_create(&forecast, model, n ? recordings[0] : NULL, a->options);
    if (status == SYN_OK) status = syn_forecast_write(forecast, a->output);
    if (status == SYN_OK) status = syn_forecast_describe(forecast, &json);
    close_recordings(recordings, n);
    syn_forecast_free(forecast);
    syn_model_free(model);
    if (status != SYN_OK) return failure(status);
    print_forecast(json, a);
    syn_free(json);
    return DONE;
}
