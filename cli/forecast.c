/* synapsnet forecast: one step ahead over the test split, and rollouts that run freely. */
#include <jansson.h>
#include <stdlib.h>

#include "command.h"

static void print_errors(const float *mse, int64_t steps, const arguments *a) {
    if (a->json) {
        json_t *list = json_array();
        for (int64_t k = 0; k < steps; k++) json_array_append_new(list, json_real((double)mse[k]));
        json_t *root = json_pack("{s:I, s:o, s:s}", "steps", (json_int_t)steps, "mse", list, "output", a->output);
        json_dumpf(root, stdout, JSON_REAL_PRECISION(9));
        putchar('\n');
        json_decref(root);
        return;
    }
    puts("  step       mse");
    for (int64_t k = 0; k < steps; k++) { /* all of a short forecast; of a long one 1, 2, 4, 8, ... and the last */
        bool power_of_two = ((k + 1) & k) == 0;
        if (steps <= 10 || power_of_two || k == steps - 1) printf("  %4lld  %8.4f\n", (long long)k + 1, (double)mse[k]);
    }
    printf("Forecast written to %s\n", a->output);
}

exit_code run_forecast(const arguments *a) {
    syn_model *model = NULL;
    syn_forecast *forecast = NULL;
    syn_recording **recordings = NULL;
    size_t n = 0;
    float *mse = NULL;
    syn_status status = syn_model_read(&model, a->operand[0]);
    if (status == SYN_OK) status = open_recordings(a, 1, &recordings, &n);
    if (status == SYN_OK) status = syn_forecast_create(&forecast, model, n ? recordings[0] : NULL, a->options);
    if (status == SYN_OK) status = syn_forecast_write(forecast, a->output);
    if (status == SYN_OK) {
        int64_t steps = syn_forecast_steps(forecast);
        mse = calloc((size_t)steps, sizeof *mse);
        status = mse ? syn_forecast_mse(forecast, mse) : SYN_ERR_MEMORY;
        if (status == SYN_OK && (a->json || !a->quiet)) print_errors(mse, steps, a);
    }
    free(mse);
    close_recordings(recordings, n);
    syn_forecast_free(forecast);
    syn_model_free(model);
    return status == SYN_OK ? DONE : failure(status);
}
