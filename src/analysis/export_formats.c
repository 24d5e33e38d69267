/* The file formats of an exported connectivity. */
#include <errno.h>
#include <hdf5.h>
#include <stdio.h>
#include <string.h>

#include "analysis/export.h"
#include "base/hdf5_disk.h"
#include "base/plain.h"

/* --- NumPy .npy --- */

syn_status syn_write_npy(const syn_connectome *connectome, const char *path) {
    const int64_t lags = connectome->K + 1, N = connectome->N, shape[] = {lags, N, N};
    return lags == 1 ? syn_npy_write(path, connectome->c, 2, shape + 1) : syn_npy_write(path, connectome->c, 3, shape);
}

/* --- CSV: the matrix, or with lags one line an entry --- */

static void write_entries(FILE *file, const syn_connectome *connectome) {
    const float *value = connectome->c;
    fputs("lag_frames,receiver,sender,value\n", file);
    for (int k = 0; k <= connectome->K; k++)
        for (int64_t i = 0; i < connectome->N; i++)
            for (int64_t j = 0; j < connectome->N; j++, value++) {
                if (i == j) continue;
                fprintf(file, "%d,", k);
                syn_csv_field(file, connectome->id[i]);
                fputc(',', file);
                syn_csv_field(file, connectome->id[j]);
                fprintf(file, ",%.9g\n", (double)*value);
            }
}

syn_status syn_write_csv(const syn_connectome *connectome, const char *path) {
    FILE *file = fopen(path, "w");
    if (!file) return syn_plain_failed(path);
    if (connectome->K == 0)
        syn_csv_matrix(file, "receiver", connectome->c, connectome->N, connectome->id);
    else
        write_entries(file, connectome);
    return syn_plain_close(file, path);
}

/* --- a line for each significant edge, the surest first --- */

static void write_words(FILE *file, const char *const *words, int n) {
    for (int k = 0; k < n; k++) {
        if (k) fputc(',', file);
        syn_csv_field(file, words[k]);
    }
}

static void write_edge(FILE *file, const syn_connectome *connectome, int64_t k) {
    const syn_edge_list *e = connectome->edges;
    const int64_t from = k % e->N, to = k / e->N;
    write_words(file, (const char *[]){connectome->id[from], connectome->id[to]}, 2);
    fprintf(file, ",%.9g,%.9g,%.9g,%.6g,%.6g,%.9g,", (double)e->estimate[k], (double)e->low[k], (double)e->high[k],
            e->p[k], e->q[k], (double)e->c[k]);
    write_words(file, (const char *[]){connectome->of, connectome->edge_unit}, 2);
    if (connectome->region) {
        fputc(',', file);
        write_words(file, (const char *[]){connectome->region[from], connectome->region[to]}, 2);
    }
    if (e->half[0]) fprintf(file, ",%.9g,%.9g", (double)e->half[0][k], (double)e->half[1][k]);
    if (e->seeds)
        fprintf(file, ",%.9g,%.9g,%.6g", (double)e->seed_mean[k], (double)e->seed_sd[k],
                (double)e->seeds->same_sign[k]);
    fputc('\n', file);
}

syn_status syn_write_edge_csv(const syn_connectome *connectome, const char *path) {
    const syn_edge_list *edges = connectome->edges;
    if (!edges)
        return syn_fail(SYN_ERR_INPUT,
                        "model: holds no tests of its edges, which an earlier version did not make; expected some: fit "
                        "the recording again");
    int64_t *order;
    SYN_TRY(syn_edge_list_order(edges, &order));
    FILE *file = fopen(path, "w");
    if (!file) return free(order), syn_plain_failed(path);
    fprintf(file, "presynaptic,postsynaptic,estimate,low,high,p,q,c,of,unit%s%s%s\n",
            connectome->region ? ",presynaptic_region,postsynaptic_region" : "",
            edges->half[0] ? ",first_half,second_half" : "", edges->seeds ? ",seed_mean,seed_sd,same_sign" : "");
    for (int64_t n = 0; n < edges->n_significant && n < connectome->most_edges; n++)
        write_edge(file, connectome, order[n]);
    free(order);
    return syn_plain_close(file, path);
}

/* --- GraphML: a directed graph of lag 0, an edge from the sender to the receiver --- */

static void write_xml(FILE *file, const char *text) {
    for (const char *p = text; *p; p++) switch (*p) {
        case '&':
            fputs("&amp;", file);
            break;
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        case '"':
            fputs("&quot;", file);
            break;
        default:
            fputc((unsigned char)*p < ' ' ? ' ' : *p, file);
        }
}

static void write_key(FILE *file, const char *of, const char *name, const char *type) {
    fprintf(file, "  <key id=\"%s\" for=\"%s\" attr.name=\"%s\" attr.type=\"%s\"/>\n", name, of, name, type);
}

static void write_graph_text(FILE *file, const char *key, const char *text) {
    fprintf(file, "    <data key=\"%s\">", key);
    write_xml(file, text);
    fputs("</data>\n", file);
}

/* What the weights are: the tested estimates where these are of something else than C. */
static bool weighs_estimates(const syn_connectome *connectome) {
    return connectome->edges && strcmp(connectome->of, "activity") != 0;
}

static void write_keys(FILE *file, const syn_connectome *connectome) {
    static const char *const evidence[] = {"estimate", "low", "high", "p", "q", "c"};
    write_key(file, "node", "neuron", "string");
    write_key(file, "edge", "weight", "double");
    for (size_t k = 0; connectome->edges && k < sizeof evidence / sizeof *evidence; k++)
        write_key(file, "edge", evidence[k], "double");
    write_key(file, "graph", "weight_unit", "string");
    for (int k = 0; connectome->edges && k < 4; k++)
        write_key(file, "graph", (const char *const[]){"of", "unit", "c_unit", "method"}[k], "string");
    fputs("  <graph edgedefault=\"directed\">\n", file);
    write_graph_text(file, "weight_unit",
                     weighs_estimates(connectome) ? connectome->edge_unit : syn_connectome_unit(connectome));
    if (!connectome->edges) return;
    write_graph_text(file, "of", connectome->of);
    write_graph_text(file, "unit", connectome->edge_unit);
    write_graph_text(file, "c_unit", syn_connectome_unit(connectome));
    write_graph_text(file, "method", syn_edge_list_method(connectome->edges));
}

static void write_arrow(FILE *file, const syn_connectome *connectome, int64_t k, double weight) {
    const syn_edge_list *e = connectome->edges;
    const int64_t N = connectome->N;
    fprintf(file, "    <edge source=\"n%lld\" target=\"n%lld\"><data key=\"weight\">%.9g</data>", (long long)(k % N),
            (long long)(k / N), weight);
    if (e)
        fprintf(file,
                "<data key=\"estimate\">%.9g</data><data key=\"low\">%.9g</data><data key=\"high\">%.9g</data>"
                "<data key=\"p\">%.6g</data><data key=\"q\">%.6g</data><data key=\"c\">%.9g</data>",
                (double)e->estimate[k], (double)e->low[k], (double)e->high[k], e->p[k], e->q[k],
                (double)connectome->c[k]);
    fputs("</edge>\n", file);
}

syn_status syn_write_graphml(const syn_connectome *connectome, const char *path) {
    FILE *file = fopen(path, "w");
    if (!file) return syn_plain_failed(path);
    const int64_t N = connectome->N;
    const float *weight = weighs_estimates(connectome) ? connectome->edges->estimate : connectome->c;
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n",
          file);
    write_keys(file, connectome);
    for (int64_t i = 0; i < N; i++) {
        fprintf(file, "    <node id=\"n%lld\"><data key=\"neuron\">", (long long)i);
        write_xml(file, connectome->id[i]);
        fputs("</data></node>\n", file);
    }
    for (int64_t k = 0; k < N * N; k++)
        if (k / N != k % N && weight[k] != 0) write_arrow(file, connectome, k, (double)weight[k]);
    fputs("  </graph>\n</graphml>\n", file);
    return syn_plain_close(file, path);
}

/* --- HDF5: effective, weights, the evidence for edges, neuron_id, lag --- */

static bool put_text(hid_t object, const char *name, const char *text) {
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    bool done = H5Tset_size(type, strlen(text) + 1) >= 0;
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    done = attribute >= 0 && H5Awrite(attribute, type, text) >= 0 && done;
    if (attribute >= 0) H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    return done;
}

/* A data set with its attributes `axes` and `unit` ("": none). type: of the values in memory and in the file. */
static bool put_array(hid_t file, const char *name, hid_t type, int rank, const hsize_t *shape, const void *values,
                      const char *axes, const char *unit) {
    hid_t space = H5Screate_simple(rank, shape, NULL);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool done = set >= 0 && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
    done = done && put_text(set, "axes", axes) && (!*unit || put_text(set, "unit", unit));
    if (set >= 0) H5Dclose(set);
    H5Sclose(space);
    return done;
}

static bool put_everything(hid_t file, const syn_connectome *connectome) {
    hsize_t N = (hsize_t)connectome->N, K1 = (hsize_t)connectome->K + 1;
    hid_t text = H5Tcopy(H5T_C_S1);
    bool done = H5Tset_size(text, H5T_VARIABLE) >= 0 && H5Tset_cset(text, H5T_CSET_UTF8) >= 0;
    int lag[1024];
    for (int k = 0; k <= connectome->K; k++) lag[k] = k;
    done = done && put_array(file, "effective", H5T_NATIVE_FLOAT, 3, (hsize_t[]){K1, N, N}, connectome->c,
                             "lag, receiver, sender", syn_connectome_unit(connectome));
    done = done &&
           put_array(file, "weights", H5T_NATIVE_FLOAT, 2, (hsize_t[]){N, N}, connectome->w, "receiver, sender", "");
    const syn_edge_list *e = connectome->edges;
    const struct {
        const char *name;
        hid_t type;
        const void *values;
        const char *unit;
    } evidence[] = {{"estimate", H5T_NATIVE_FLOAT, e ? e->estimate : NULL, connectome->edge_unit},
                    {"low", H5T_NATIVE_FLOAT, e ? e->low : NULL, connectome->edge_unit},
                    {"high", H5T_NATIVE_FLOAT, e ? e->high : NULL, connectome->edge_unit},
                    {"first_half", H5T_NATIVE_FLOAT, e ? e->half[0] : NULL, connectome->edge_unit},
                    {"second_half", H5T_NATIVE_FLOAT, e ? e->half[1] : NULL, connectome->edge_unit},
                    {"seed_mean", H5T_NATIVE_FLOAT, e ? e->seed_mean : NULL, syn_connectome_unit(connectome)},
                    {"seed_sd", H5T_NATIVE_FLOAT, e ? e->seed_sd : NULL, syn_connectome_unit(connectome)},
                    {"same_sign", H5T_NATIVE_FLOAT, e && e->seeds ? e->seeds->same_sign : NULL, ""},
                    {"p", H5T_NATIVE_DOUBLE, e ? e->p : NULL, ""},
                    {"q", H5T_NATIVE_DOUBLE, e ? e->q : NULL, ""}};
    for (size_t k = 0; e && k < sizeof evidence / sizeof *evidence; k++)
        if (evidence[k].values)
            done = done && put_array(file, evidence[k].name, evidence[k].type, 2, (hsize_t[]){N, N}, evidence[k].values,
                                     "receiver, sender", evidence[k].unit);
    if (e) done = done && put_text(file, "of", connectome->of) && put_text(file, "method", syn_edge_list_method(e));
    done = done && put_array(file, "neuron_id", text, 1, &N, connectome->id, "neuron", "");
    done = done && put_array(file, "lag", H5T_NATIVE_INT, 1, &K1, lag, "lag", "frames");
    H5Tclose(text);
    return done;
}

syn_status syn_write_hdf5(const syn_connectome *connectome, const char *path) {
    int error;
    hid_t file;
    H5E_BEGIN_TRY { file = syn_hdf5_disk_create(path, &error); } /* the library never prints */
    H5E_END_TRY
    if (file < 0) return errno = error, syn_plain_failed(path);
    bool done = put_text(file, "format", "synapsnet connectivity 1") && put_everything(file, connectome);
    done = H5Fclose(file) >= 0 && done;
    if (error) return errno = error, syn_plain_failed(path);
    return done ? SYN_OK : syn_fail(SYN_ERR_IO, "%s: HDF5 could not write it", path);
}
