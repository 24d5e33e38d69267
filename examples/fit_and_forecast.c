/* Fits a recording and forecasts it: fit_and_forecast RECORDING FORECAST.h5
 *
 *   cc fit_and_forecast.c $(pkg-config --cflags --libs synapsnet) -o fit_and_forecast
 */
#include <stdio.h>
#include <synapsnet/synapsnet.h>

static int show(const syn_progress *progress, void *user) {
    (void)user;
    fprintf(stderr, "\r%s: epoch %d, validation loss %.4f ", progress->stage, progress->epoch,
            progress->validation_loss);
    return 0;
}

int main(int argc, char **argv) {
    enum { STEPS = 5 };
    syn_options *options = NULL;
    syn_recording *recording = NULL;
    syn_model *model = NULL;
    syn_forecast *forecast = NULL;
    float mse[STEPS];

    if (argc != 3) {
        fprintf(stderr, "usage: %s RECORDING FORECAST.h5\n", argv[0]);
        return 2;
    }
    syn_status status = syn_options_create(&options);
    if (status == SYN_OK) status = syn_options_set(options, "hidden", "8");
    if (status == SYN_OK) status = syn_options_set(options, "epochs", "10");
    if (status == SYN_OK) status = syn_options_set(options, "steps", "5");
    if (status == SYN_OK) status = syn_recording_open(&recording, argv[1], options);
    if (status == SYN_OK) status = syn_fit(&model, &recording, 1, options, show, NULL);

    /* A fit uses the recording up, so the forecast opens it again. */
    syn_recording_free(recording);
    recording = NULL;
    if (status == SYN_OK) status = syn_recording_open(&recording, argv[1], options);
    if (status == SYN_OK) status = syn_forecast_create(&forecast, model, recording, options);
    if (status == SYN_OK) status = syn_forecast_mse(forecast, mse);
    if (status == SYN_OK) status = syn_forecast_write(forecast, argv[2]);
    if (status == SYN_OK)
        for (int k = 0; k < STEPS; k++) printf("%d frames ahead: mse %.4f\n", k + 1, (double)mse[k]);
    else
        fprintf(stderr, "%s\n", syn_last_error());

    syn_forecast_free(forecast);
    syn_model_free(model);
    syn_recording_free(recording);
    syn_options_free(options);
    return status != SYN_OK;
}
