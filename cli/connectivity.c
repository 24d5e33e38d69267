/* synapsnet connectivity: the effective connectivity as a file, scored where the truth is known. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

/* Of a table or list on the screen; --json has all. */
enum { MOST_ROWS = 8 };

static const char *text(const json_t *edge, const char *name) { return json_string_value(json_object_get(edge, name)); }
static double number(const json_t *object, const char *name) {
    return json_number_value(json_object_get(object, name));
}

/* Where the fit was repeated. */
static void print_seeds(const json_t *seeds, double found) {
    if (!seeds) return;
    printf("Over %.0f fits from different seeds the connectivity correlates by %.2f (median); ", number(seeds, "fits"),
           number(seeds, "median_correlation"));
    printf("%.0f of %.0f found edges have one sign in all of them\n", number(seeds, "agreeing_signs"), found);
}

static void print_top(const json_t *edges) {
    const json_t *top = json_object_get(edges, "top");
    size_t k;
    json_t *edge;
    if (!json_array_size(top)) return;
    printf("  %-18s %-18s %9s %22s %9s\n", "from", "to", "estimate", "95 % interval", "q");
    json_array_foreach(top, k, edge) {
        printf("  %-18.18s %-18.18s %9.3g   [%8.3g, %8.3g] %9.2g\n", text(edge, "presynaptic"),
               text(edge, "postsynaptic"), number(edge, "estimate"), number(edge, "low"), number(edge, "high"),
               number(edge, "q"));
    }
    printf("  (estimates in %s)\n", text(edges, "unit"));
}

static int by_size(const void *a, const void *b) {
    const double x = fabs(number(*(json_t *const *)a, "mean")), y = fabs(number(*(json_t *const *)b, "mean"));
    return x < y ? 1 : x > y ? -1 : 0;
}

/* The strongest means between groups whose interval leaves 0 out. */
static void print_groups(const json_t *groups, const char *what) {
    const size_t n = json_array_size(groups);
    json_t **clear = calloc(n + 1, sizeof *clear), *one;
    size_t k, n_clear = 0;
    if (!clear || n < 2) {
        free(clear);
        return;
    }
    json_array_foreach(groups, k, one) if (number(one, "low") * number(one, "high") > 0) clear[n_clear++] = one;
    qsort(clear, n_clear, sizeof *clear, by_size);
    printf("Between %s, %zu of %zu means differ from 0%s\n", what, n_clear, n,
           n_clear > MOST_ROWS ? "; the largest:" : "");
    if (n_clear) printf("  %-18s %-18s %9s %22s %9s\n", "from", "to", "mean", "95 % interval", "edges");
    for (k = 0; k < n_clear && k < MOST_ROWS; k++)
        printf("  %-18.18s %-18.18s %9.3g   [%8.3g, %8.3g] %4.0f of %.0f\n", text(clear[k], "presynaptic"),
               text(clear[k], "postsynaptic"), number(clear[k], "mean"), number(clear[k], "low"),
               number(clear[k], "high"), number(clear[k], "significant"), number(clear[k], "pairs"));
    free(clear);
}

static void print_hubs(const json_t *hubs, const char *verb) {
    size_t k;
    json_t *hub;
    if (!json_array_size(hubs)) return;
    printf("Hubs, which %s more edges than chance would give any neuron:", verb);
    json_array_foreach(hubs, k, hub) {
        if (k == MOST_ROWS) {
            printf(" and %zu more", json_array_size(hubs) - k);
            break;
        }
        printf("%s %s (%.0f)", k ? "," : "", text(hub, "neuron"), number(hub, "degree"));
    }
    putchar('\n');
}

static void print_edges(const json_t *edges) {
    const json_t *stability = json_object_get(edges, "stability");
    size_t k;
    json_t *line;
    print_top(edges);
    if (number(edges, "n_tested") > 0)
        printf("%.0f of %.0f edges found at a false discovery rate of %g (%s)\n%s\n", number(edges, "n_significant"),
               number(edges, "n_tested"), number(edges, "fdr"), text(edges, "method"), text(stability, "statement"));
    else
        puts("No edge was tested");
    print_seeds(json_object_get(stability, "seeds"), number(edges, "n_significant"));
    print_groups(json_object_get(edges, "regions"), "regions");
    print_groups(json_object_get(edges, "cell_types"), "cell types");
    print_hubs(json_object_get(json_object_get(edges, "hubs"), "senders"), "send");
    print_hubs(json_object_get(json_object_get(edges, "hubs"), "receivers"), "receive");
    json_array_foreach(json_object_get(edges, "notes"), k, line) printf("Note: %s\n", json_string_value(line));
}

static bool lists_edges(const char *path) {
    static const char extension[] = ".edges.csv";
    const size_t length = strlen(path), added = sizeof extension - 1;
    return length > added && !strcmp(path + length - added, extension);
}

/* The effective connectivity or the list of edges, and its unit. */
static void print_output(const json_t *root, const char *path) {
    const json_t *edges = json_object_get(root, "edges");
    const long long neurons = (long long)json_integer_value(json_object_get(root, "neurons"));
    const char *plural = neurons == 1 ? "" : "s";
    const bool one_unit = !strcmp(text(edges, "unit"), text(root, "unit"));
    if (lists_edges(path))
        printf("Significant edges of %lld neuron%s written to %s (%s in %s%s%s)\n", neurons, plural, path,
               one_unit ? "estimate and c" : "estimate", text(edges, "unit"), one_unit ? "" : "; c in ",
               one_unit ? "" : text(root, "unit"));
    else
        printf("Effective connectivity of %lld neuron%s written to %s (row = receiver, column = sender, in %s)\n",
               neurons, plural, path, text(root, "unit"));
}

static void print_summary(const char *json, const char *path) {
    json_t *root = json_loads(json, 0, NULL);
    json_t *test = json_object_get(root, "test");
    const char *name;
    json_t *value;
    json_object_foreach(test, name, value) printf("  %-13s %8.4f\n", name, json_number_value(value));
    if (json_object_get(root, "edges")) print_edges(json_object_get(root, "edges"));
    print_output(root, path);
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

    if (a->json)
        puts(json);
    else if (!a->quiet)
        print_summary(json, a->output);
    syn_free(json);
    return DONE;
}
