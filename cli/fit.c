/* synapsnet fit: recordings in, model file and test figures out. */
#include <jansson.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

static void print_quoted(const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";
    if (*word && strspn(word, plain) == strlen(word)) {
        fprintf(stderr, " %s", word);
        return;
    }
    fputs(" '", stderr);
    for (const char *p = word; *p; p++) fputs(*p == '\'' ? "'\\''" : (char[]){*p, 0}, stderr);
    fputc('\'', stderr);
}

exit_code say_how_to_resume(const arguments *a) {
    bool resuming = false;
    fputs("synapsnet: stopped on request; go on with: synapsnet", stderr);
    for (int k = 0; k < a->argc; k++) {
        print_quoted(a->argv[k]);
        if (!strcmp(a->argv[k], "--resume")) resuming = true;
    }
    fputs(resuming ? "\n" : " --resume\n", stderr);
    return FAILED;
}

exit_code fit_failure(const arguments *a, syn_status status) {
    if (status == SYN_ERR_INTERRUPTED) return say_how_to_resume(a);
    const exit_code code = failure(status);
    char checkpoint[PATH_MAX];
    snprintf(checkpoint, sizeof checkpoint, "%s.ckpt", a->output);
    if (status == SYN_ERR_IO && access(checkpoint, F_OK) == 0)
        fprintf(stderr, "synapsnet: %s holds what was reached: the same command with --resume goes on from there\n",
                checkpoint);
    return code;
}

/* "Connectivity: lowrank, rank 4, strength 0.01" from {"form": "lowrank", "rank": 4, "strength": 0.01}; numbers are of
 * the best candidate where several were averaged. */
static void print_connectivity(const json_t *chosen) {
    if (!json_is_object(chosen)) return;
    const char *form = json_string_value(json_object_get(chosen, "form"));
    printf("Connectivity: %s", form ? form : "?");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)chosen, key, value) {
        if (json_is_number(value)) printf(", %s %.4g", key, json_number_value(value));
    }
    const size_t averaged = json_array_size(json_object_get(chosen, "average_of"));
    if (averaged)
        printf(", the weights averaged with those of %zu other candidate%s", averaged - 1, averaged == 2 ? "" : "s");
    putchar('\n');
}

/* Where recordings share neurons: "Neurons: 40 in 3 recordings, 20 distinct by their ids". */
static void print_neurons(const json_t *root) {
    const json_t *recordings = json_object_get(root, "recordings");
    const json_int_t distinct = json_integer_value(json_object_get(root, "distinct_neurons"));
    json_int_t all = 0;
    for (size_t k = 0; k < json_array_size(recordings); k++)
        all += json_integer_value(json_object_get(json_array_get(recordings, k), "neurons"));
    if (distinct < all)
        printf("Neurons: %lld in %zu recordings, %lld distinct by their ids\n", (long long)all,
               json_array_size(recordings), (long long)distinct);
}

static void print_decoder(const json_t *adapted) {
    const char *decoder = json_string_value(json_object_get(adapted, "decoder"));
    if (decoder)
        printf("Decoder: %s by validation loss\n",
               !strcmp(decoder, "kept") ? "kept as in the model," : "tuned to the recording,");
}

static void print_result(const char *json, const char *path) {
    json_t *root = json_loads(json, 0, NULL);
    print_metrics(json, false);
    putchar('\n');
    print_neurons(root);
    print_decoder(json_object_get(root, "adapted"));
    print_connectivity(json_object_get(root, "connectivity"));
    const size_t candidates = json_array_size(json_object_get(root, "candidates"));
    printf("Model written to %s after %.0f epochs of %zu candidate%s together in %.1f s, seed %.0f.\n", path,
           json_number_value(json_object_get(root, "epochs")), candidates, candidates == 1 ? "" : "s",
           json_number_value(json_object_get(root, "seconds")), json_number_value(json_object_get(root, "seed")));
    json_decref(root);
}

/* Whether repeats were stopped, of a fit whose model is there. */
static bool has_repeats_left(const char *json) {
    json_t *root = json_loads(json, 0, NULL);
    const bool left = json_object_get(root, "repeats") != NULL;
    json_decref(root);
    return left;
}

exit_code print_fit(const arguments *a, char *json) {
    const bool stopped = has_repeats_left(json);
    if (!a->quiet) print_warnings(json);
    if (a->json)
        puts(json);
    else if (!a->quiet)
        print_result(json, a->output);
    syn_free(json);
    return stopped ? say_how_to_resume(a) : DONE;
}

exit_code run_fit(const arguments *a) {
    syn_recording **recordings;
    size_t n;
    syn_model *model = NULL;
    char *json = NULL;

    syn_status status = open_recordings(a, 0, NULL, &recordings, &n);
    if (status == SYN_OK) {
        progress_line line = begin_progress(a, recordings, n);
        status = syn_fit(&model, recordings, n, a->options, show_progress, &line);
        end_progress(&line);
    }
    close_recordings(recordings, n);
    if (status == SYN_OK) status = syn_model_write(model, a->output);
    if (status == SYN_OK) status = syn_model_describe(model, &json);
    syn_model_free(model);
    if (status != SYN_OK) return fit_failure(a, status);

    return print_fit(a, json);
}
