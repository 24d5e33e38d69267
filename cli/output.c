/* What the program prints: errors, warnings, JSON and the table of metrics. */
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

exit_code misuse(const char *format, ...) {
    va_list list;
    va_start(list, format);
    fputs("synapsnet: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    return MISUSE;
}

exit_code failure(syn_status status) {
    fprintf(stderr, "synapsnet: %s\n", syn_last_error());
    return status == SYN_ERR_OPTION ? MISUSE : FAILED;
}

void print_json(char *json) {
    puts(json);
    syn_free(json);
}

/* The columns of the table: bounded ones first, in the order of docs/model.md. One that no row has is left out. */
static const char *const metrics[] = {"mse",          "mae",       "skill",         "r2", "neuron_r", "delta_r",
                                      "population_r", "spatial_r", "bits_per_spike"};
enum { N_METRICS = sizeof metrics / sizeof *metrics };

static void print_row(const char *name, const json_t *row, const json_t *columns) {
    printf("  %-12s", name);
    for (int k = 0; k < N_METRICS; k++) {
        if (!json_object_get(columns, metrics[k])) continue;
        int width = (int)strlen(metrics[k]) < 8 ? 8 : (int)strlen(metrics[k]);
        const json_t *value = json_object_get(row, metrics[k]);
        if (json_is_number(value))
            printf("  %*.4f", width, json_number_value(value));
        else
            printf("  %*s", width, "-");
    }
    putchar('\n');
}

static void print_header(const json_t *columns) {
    printf("  %-12s", "test split");
    for (int k = 0; k < N_METRICS; k++)
        if (json_object_get(columns, metrics[k])) printf("  %8s", metrics[k]);
    putchar('\n');
}

void print_metrics(const char *json) {
    json_t *root = json_loads(json, 0, NULL);
    const json_t *test = json_object_get(root, "test");
    if (json_is_object(test)) {
        print_header(test);
        print_row("SynapsNet", test, test);
        const char *name;
        json_t *row;
        json_object_foreach(json_object_get(root, "baselines"), name, row) print_row(name, row, test);
    }
    json_decref(root);
}

/* A recording and the model fitted to it carry the same warnings; they are worth one line. */
static bool said_before(const char *line) {
    static char **said;
    static size_t n;
    for (size_t k = 0; k < n; k++)
        if (!strcmp(said[k], line)) return true;
    char **longer = realloc(said, (n + 1) * sizeof *said);
    char *copy = strdup(line);
    if (!longer || !copy) {
        free(copy);
        said = longer ? longer : said;
        return false;
    }
    said = longer;
    said[n++] = copy;
    return false;
}

void print_warnings(const char *json) {
    json_t *root = json_loads(json, 0, NULL);
    size_t k;
    json_t *line;
    json_array_foreach(json_object_get(root, "warnings"), k, line) {
        const char *text = json_string_value(line);
        if (text && !said_before(text)) fprintf(stderr, "synapsnet: warning: %s\n", text);
    }
    json_decref(root);
}
