/* synapsnet connectivity: the effective connectivity as a file, scored where the truth is known. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

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
