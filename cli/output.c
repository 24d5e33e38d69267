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

/* The columns of the table of metrics, by the names of docs/model.md. */
static const struct {
    const char *name;
    bool main; /* shown after a fit too */
} columns[] = {{"mse", true},      {"skill", true},         {"r2", true},
               {"neuron_r", true}, {"delta_r", true},       {"bits_per_spike", true},
               {"mae", false},     {"population_r", false}, {"spatial_r", false}};
enum { N_COLUMNS = sizeof columns / sizeof *columns, NAME_WIDTH = 18, TABLE_WIDTH = 80 };

static int width_of(int column) {
    int length = (int)strlen(columns[column].name);
    return 2 + (length < 8 ? 8 : length);
}

static void print_row(const char *name, const json_t *row, const int *shown, int n) {
    printf("  %-*s", NAME_WIDTH - 2, name);
    for (int k = 0; k < n; k++) {
        const json_t *value = json_object_get(row, columns[shown[k]].name);
        if (json_is_number(value))
            printf("%*.4f", width_of(shown[k]), json_number_value(value));
        else
            printf("%*s", width_of(shown[k]), "-");
    }
    putchar('\n');
}

static void print_block(const json_t *test, json_t *baselines, const int *shown, int n) {
    printf("  %-*s", NAME_WIDTH - 2, "test split");
    for (int k = 0; k < n; k++) printf("%*s", width_of(shown[k]), columns[shown[k]].name);
    putchar('\n');
    print_row("SynapsNet", test, shown, n);
    const char *name;
    json_t *row;
    json_object_foreach(baselines, name, row) print_row(name, row, shown, n);
}

/* A line for each of several recordings, of which the table above is the mean. */
static void print_recordings(const json_t *root) {
    static const char *const shown[] = {"mse", "skill", "neuron_r"};
    const json_t *sessions = json_object_get(root, "sessions"), *one;
    size_t k;
    if (json_array_size(sessions) < 2) return;
    printf("\n  %-32s %8s %9s %9s %9s\n", "of each recording", "frames", shown[0], shown[1], shown[2]);
    json_array_foreach(sessions, k, one) {
        printf("  %-32.32s %8lld", json_string_value(json_object_get(one, "name")),
               (long long)json_integer_value(json_object_get(one, "frames")));
        for (size_t m = 0; m < sizeof shown / sizeof *shown; m++) {
            const json_t *value = json_object_get(json_object_get(one, "test"), shown[m]);
            if (json_is_number(value))
                printf(" %9.4f", json_number_value(value));
            else
                printf(" %9s", "-");
        }
        putchar('\n');
    }
}

void print_metrics(const char *json, bool all) {
    json_t *root = json_loads(json, 0, NULL);
    const json_t *test = json_object_get(root, "test");
    json_t *baselines = json_object_get(root, "baselines");
    int shown[N_COLUMNS], n = 0, width = NAME_WIDTH;
    for (int k = 0; k < N_COLUMNS; k++) {
        if (!json_object_get(test, columns[k].name) || !(all || columns[k].main)) continue;
        if (width + width_of(k) > TABLE_WIDTH) { /* the other columns follow below */
            print_block(test, baselines, shown, n);
            putchar('\n');
            n = 0;
            width = NAME_WIDTH;
        }
        shown[n++] = k;
        width += width_of(k);
    }
    if (n) print_block(test, baselines, shown, n);
    print_recordings(root);
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

/* Those of a recording, which has a name, in the words of a model fitted to it. */
void print_warnings(const char *json) {
    json_t *root = json_loads(json, 0, NULL), *line;
    const char *name = json_string_value(json_object_get(root, "name"));
    size_t k;
    json_array_foreach(json_object_get(root, "warnings"), k, line) {
        if (!json_is_string(line)) continue;
        char text[1024];
        snprintf(text, sizeof text, "%s%s%s", name ? name : "", name ? ": " : "", json_string_value(line));
        if (!said_before(text)) fprintf(stderr, "synapsnet: warning: %s\n", text);
    }
    json_decref(root);
}
