/* synapsnet compare: SynapsNet beside its rivals, on the same test frames. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

typedef struct row {
    const char *name;
    const json_t *values;
    double loss;
} row;

static int by_loss(const void *a, const void *b) {
    const double left = ((const row *)a)->loss, right = ((const row *)b)->loss;
    return (left > right) - (left < right);
}

static row make_row(const char *name, const json_t *values, const char *metric) {
    const json_t *value = json_object_get(values, metric);
    const double sign = !strcmp(metric, "mse") ? 1 : -1;
    return (row){name, values, json_is_number(value) ? sign * json_number_value(value) : INFINITY};
}

static void print_number(const json_t *value, int width, int digits) {
    if (json_is_number(value))
        printf(" %*.*f", width, digits, json_number_value(value));
    else
        printf(" %*s", width, "-");
}

static void print_interval(const json_t *interval) {
    char text[32] = "-";
    if (json_is_array(interval))
        snprintf(text, sizeof text, "%.4f to %.4f", json_number_value(json_array_get(interval, 0)),
                 json_number_value(json_array_get(interval, 1)));
    printf(" %19s", text);
}

static void print_row(const row *r, bool bits) {
    printf("  %-16s", r->name);
    if (bits) print_number(json_object_get(r->values, "bits_per_spike"), 9, 4);
    print_number(json_object_get(r->values, "mse"), 9, 4);
    print_interval(json_object_get(r->values, bits ? "bits_per_spike_diff_ci95" : "mse_diff_ci95"));
    if (!bits) print_number(json_object_get(r->values, "skill"), 8, 4);
    print_number(json_object_get(r->values, "neuron_r"), 8, 4);
    print_number(json_object_get(r->values, "seconds"), 8, 1);
    print_number(json_object_get(r->values, "peak_mb"), 7, 0);
    putchar('\n');
}

static void print_table(const char *json) {
    json_t *root = json_loads(json, 0, NULL);
    json_t *rivals = json_object_get(root, "rivals"), *values;
    const char *metric = json_string_value(json_object_get(root, "ranked_by")), *name;
    const bool bits = strcmp(metric, "mse") != 0;
    row *rows = calloc(json_object_size(rivals) + 1, sizeof *rows);
    size_t n = 0;
    if (!rows) goto done;
    rows[n++] = make_row("SynapsNet", json_object_get(root, "synapsnet"), metric);
    json_object_foreach(rivals, name, values) rows[n++] = make_row(name, values, metric);
    qsort(rows, n, sizeof *rows, by_loss);
    printf("  %-16s%s %9s %19s%s %8s %8s %7s\n", "test split", bits ? "  bits/spk" : "", "mse", "less SynapsNet, 95 %",
           bits ? "" : "    skill", "neuron_r", "s", "MB");
    for (size_t k = 0; k < n; k++) print_row(&rows[k], bits);
    printf("\n%s\n", json_string_value(json_object_get(root, "statement")));
done:
    free(rows);
    json_decref(root);
}

exit_code run_compare(const arguments *a) {
    syn_recording **recordings;
    size_t n;
    char *json = NULL;
    syn_status status = open_recordings(a, 0, NULL, &recordings, &n);
    if (status == SYN_OK) {
        progress_line line = begin_progress(a, recordings, n);
        status = syn_compare(recordings, n, a->options, show_model, &line, &json);
        end_progress(&line);
    }
    close_recordings(recordings, n);
    if (status != SYN_OK) return failure(status);
    if (!a->quiet) print_warnings(json);
    if (a->json)
        puts(json);
    else
        print_table(json);
    syn_free(json);
    return DONE;
}
