/* synapsnet perturb: virtual stimulation of one neuron, or of each in turn. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "command.h"

enum { SHOWN = 10 };

static double number(const json_t *row, const char *name) { return json_number_value(json_object_get(row, name)); }
static const char *text(const json_t *row, const char *name) { return json_string_value(json_object_get(row, name)); }

static const char about_intervals[] =
    "  (intervals are over states; how well the model knows the network they do not say)";

static void print_response(const json_t *row) {
    printf("%11.4f", number(row, "response"));
    if (json_is_number(json_object_get(row, "low")))
        printf("   %9.4f to %.4f", number(row, "low"), number(row, "high"));
    else
        printf("   %9s", "-");
}

/* The row of `responses` with the largest mean response that is not yet shown, and not of the neuron itself. */
static json_t *next_strongest(json_t *responses, const char *stimulated) {
    json_t *best = NULL, *row;
    size_t k;
    json_array_foreach(responses, k, row) {
        if (json_object_get(row, "shown") || !strcmp(text(row, "neuron"), stimulated)) continue;
        if (!best || fabs(number(row, "response")) > fabs(number(best, "response"))) best = row;
    }
    if (best) json_object_set_new(best, "shown", json_true());
    return best;
}

/* Rows of 0: no path of edges leads there. */
static bool responds(const json_t *row) { return row && number(row, "response") != 0; }

static void print_neurons(const json_t *root) {
    json_t *responses = json_object_get(root, "responses"), *row = next_strongest(responses, text(root, "neuron"));
    if (!responds(row)) {
        puts(row ? "  no other neuron responds: no edge of the model leads from this one"
                 : "  there is no other neuron that could respond");
        return;
    }
    puts("  neuron          mean response   95 % interval        peak  at step");
    for (int k = 0; k < SHOWN && responds(row); k++, row = next_strongest(responses, text(root, "neuron"))) {
        printf("  %-18s", text(row, "neuron"));
        print_response(row);
        printf("  %9.4f  %4lld\n", number(row, "peak"),
               (long long)json_integer_value(json_object_get(row, "peak_step")));
    }
    puts(about_intervals);
}

static void print_pairs(const json_t *root) {
    size_t k;
    json_t *strongest = json_object_get(root, "strongest"), *row = json_array_get(strongest, 0);
    if (!responds(row)) {
        puts(row ? "  no neuron responds to another: the model has no edges"
                 : "  there is no other neuron that could respond");
        return;
    }
    puts("  stimulated      receiver        mean response   95 % interval");
    json_array_foreach(strongest, k, row) {
        if (k == SHOWN || !responds(row)) break;
        printf("  %-15s %-18s", text(row, "stimulated"), text(row, "receiver"));
        print_response(row);
        putchar('\n');
    }
    puts(about_intervals);
}

static void print_summary(const json_t *root, const char *output) {
    const bool all = !strcmp(text(root, "neuron"), "all") && json_object_get(root, "strongest");
    const long long steps = (long long)json_integer_value(json_object_get(root, "steps"));
    const long long states = (long long)json_integer_value(json_object_get(root, "states"));
    printf("  pulse of %g in %s%s, then %lld step%s; mean over %lld state%s\n  (%s)\n", number(root, "amplitude"),
           all ? "every neuron" : "neuron ", all ? "" : text(root, "neuron"), steps, steps == 1 ? "" : "s", states,
           states == 1 ? "" : "s", text(root, "unit"));
    if (all)
        print_pairs(root);
    else
        print_neurons(root);
    if (output) printf("Responses written to %s\n", output);
}

static void print_perturbation(const char *json, const arguments *a) {
    json_t *root = json_loads(json, 0, NULL);
    if (a->json) {
        if (a->output) json_object_set_new(root, "output", json_string(a->output));
        json_dumpf(root, stdout, JSON_REAL_PRECISION(9));
        putchar('\n');
    } else if (!a->quiet) {
        print_summary(root, a->output);
    }
    json_decref(root);
}

static bool can_write(const char *path) {
    const char *dot = strrchr(path, '.');
    return dot && (!strcmp(dot, ".h5") || !strcmp(dot, ".csv") || !strcmp(dot, ".npy"));
}

exit_code run_perturb(const arguments *a) {
    if (a->output && !can_write(a->output))
        return misuse("output: found '%s'; expected a name that ends in .h5, .csv or .npy", a->output);
    syn_model *model = NULL;
    syn_perturbation *perturbation = NULL;
    syn_recording **recordings = NULL;
    size_t n = 0;
    char *json = NULL;
    syn_status status = syn_model_read(&model, a->operand[0]);
    if (status == SYN_OK) status = open_recordings(a, 1, model, &recordings, &n);
    if (status == SYN_OK) status = syn_perturb(&perturbation, model, n ? recordings[0] : NULL, a->options);
    if (status == SYN_OK && a->output) status = syn_perturbation_write(perturbation, a->output);
    if (status == SYN_OK) status = syn_perturbation_describe(perturbation, &json);
    close_recordings(recordings, n);
    syn_perturbation_free(perturbation);
    syn_model_free(model);
    if (status != SYN_OK) return failure(status);
    print_perturbation(json, a);
    syn_free(json);
    return DONE;
}
