/* Every format of an exported connectivity, written and read back or compared byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analysis/export.h"

enum { N = 3 };

/* Two lags; ids that need escaping in CSV and XML. Entry (i, j) of lag k is 100 k + 10 i + j, the diagonal 0. */
static float values[2 * N * N] = {0, 1, 2, 10, 0, 12, 20, 21, 0, 0, 101, 102, 110, 0, 112, 120, 121, 0};
static float weights[N * N] = {0, -1, -2, -3, 0, -4, -5, -6, 0};
static const char *ids[N] = {"0", "a,\"b\"", "<&>"};
static const char path[] = "export_test_file";

static syn_connectome example(int K) {
    return (syn_connectome){.N = N, .K = K, .raw = true, .c = values, .w = weights, .id = ids};
}

static size_t read_back(char *text, size_t size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(text, 1, size - 1, file);
    text[n] = 0;
    fclose(file);
    unlink(path);
    return n;
}

static void npy_holds_header_and_values(void **state) {
    (void)state;
    static const struct {
        int K;
        const char *shape;
    } cases[] = {{0, "(3, 3)"}, {1, "(2, 3, 3)"}};
    for (size_t k = 0; k < 2; k++) {
        char text[1024];
        syn_connectome c = example(cases[k].K);
        assert_int_equal(syn_write_npy(&c, path), SYN_OK);
        size_t bytes = sizeof(float) * N * N * (size_t)(cases[k].K + 1);
        assert_int_equal(read_back(text, sizeof text), 128 + bytes);
        assert_memory_equal(text, "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': ", 60);
        assert_non_null(strstr(text + 10, cases[k].shape));
        assert_int_equal(text[127], '\n');
        assert_memory_equal(text + 128, values, bytes);
    }
}

static void csv_matrix_has_receivers_in_rows(void **state) {
    (void)state;
    char text[1024];
    syn_connectome c = example(0);
    assert_int_equal(syn_write_csv(&c, path), SYN_OK);
    read_back(text, sizeof text);
    assert_string_equal(text, "receiver,0,\"a,\"\"b\"\"\",<&>\n0,0,1,2\n\"a,\"\"b\"\"\",10,0,12\n<&>,20,21,0\n");
}

static void csv_with_lags_has_a_line_for_each_pair(void **state) {
    (void)state;
    char text[1024];
    syn_connectome c = example(1);
    assert_int_equal(syn_write_csv(&c, path), SYN_OK);
    read_back(text, sizeof text);
    static const char start[] = "lag_frames,receiver,sender,value\n0,0,\"a,\"\"b\"\"\",1\n0,0,<&>,2\n";
    assert_memory_equal(text, start, strlen(start));
    assert_non_null(strstr(text, "\n1,<&>,0,120\n"));
    int lines = 0;
    for (const char *p = text; *p; p++) lines += *p == '\n';
    assert_int_equal(lines, 1 + 2 * N * (N - 1));
}

static void graphml_points_from_sender_to_receiver(void **state) {
    (void)state;
    char text[4096];
    syn_connectome c = example(0);
    float saved = values[1];
    values[1] = 0; /* no edge from the second neuron to the first */
    assert_int_equal(syn_write_graphml(&c, path), SYN_OK);
    values[1] = saved;
    read_back(text, sizeof text);
    assert_non_null(strstr(text, "edgedefault=\"directed\""));
    assert_non_null(strstr(text, "<node id=\"n1\"><data key=\"neuron\">a,&quot;b&quot;</data></node>"));
    assert_non_null(strstr(text, "<node id=\"n2\"><data key=\"neuron\">&lt;&amp;&gt;</data></node>"));
    assert_non_null(strstr(text, "<edge source=\"n0\" target=\"n1\"><data key=\"weight\">10</data></edge>"));
    assert_null(strstr(text, "source=\"n1\" target=\"n0\""));
    assert_null(strstr(text, "source=\"n0\" target=\"n0\""));
}

static void hdf5_holds_all_lags_and_raw_weights(void **state) {
    (void)state;
    syn_connectome c = example(1);
    assert_int_equal(syn_write_hdf5(&c, path), SYN_OK);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(file >= 0);
    float effective[2 * N * N], w[N * N];
    int lag[2];
    const struct {
        const char *name;
        hid_t type;
        void *out;
    } sets[] = {
        {"effective", H5T_NATIVE_FLOAT, effective}, {"weights", H5T_NATIVE_FLOAT, w}, {"lag", H5T_NATIVE_INT, lag}};
    for (size_t k = 0; k < 3; k++) {
        hid_t set = H5Dopen2(file, sets[k].name, H5P_DEFAULT);
        assert_true(set >= 0);
        assert_true(H5Dread(set, sets[k].type, H5S_ALL, H5S_ALL, H5P_DEFAULT, sets[k].out) >= 0);
        assert_true(H5Aexists(set, "axes") > 0);
        H5Dclose(set);
    }
    assert_memory_equal(effective, values, sizeof effective);
    assert_memory_equal(w, weights, sizeof w);
    assert_int_equal(lag[1], 1);
    H5Fclose(file);
    unlink(path);
}

static void a_full_disk_is_an_error(void **state) {
    (void)state;
    syn_connectome c = example(0);
    assert_int_equal(syn_write_npy(&c, "/dev/full"), SYN_ERR_IO);
    assert_int_equal(syn_write_csv(&c, "/dev/full"), SYN_ERR_IO);
    assert_int_equal(syn_write_graphml(&c, "/dev/full"), SYN_ERR_IO);
    assert_non_null(strstr(syn_last_error(), "/dev/full"));
    assert_int_equal(syn_write_hdf5(&c, "/nonexistent/file"), SYN_ERR_IO);
}

/* Only significant edges, the surest first, and no more than asked for. */
static void edge_list_is_in_order_of_evidence(void **state) {
    (void)state;
    float estimate[N * N] = {0, 1, 0, 0, 0, 0, 0, -2, 0}, low[N * N] = {0}, high[N * N] = {0};
    double statistic[N * N] = {0, 4, 0, 0, 0, 1, 0, -8, 0}, p[N * N], q[N * N];
    for (int k = 0; k < N * N; k++) p[k] = q[k] = fabs(statistic[k]) > 2 ? 0.01 : 1;
    syn_edge_list edges = {.N = N,
                           .fdr = 0.1,
                           .c = values,
                           .estimate = estimate,
                           .low = low,
                           .high = high,
                           .statistic = statistic,
                           .p = p,
                           .q = q,
                           .n_tested = 6,
                           .n_significant = 2};
    char text[1024];
    syn_connectome c = example(0);
    c.edges = &edges, c.most_edges = 10, c.of = "counts";
    strcpy(c.edge_unit, "spikes");
    assert_int_equal(syn_write_edge_csv(&c, path), SYN_OK);
    read_back(text, sizeof text);
    assert_string_equal(text, "presynaptic,postsynaptic,estimate,low,high,p,q,c,of,unit\n"
                              "\"a,\"\"b\"\"\",<&>,-2,0,0,0.01,0.01,21,counts,spikes\n"
                              "\"a,\"\"b\"\"\",0,1,0,0,0.01,0.01,1,counts,spikes\n");
    char *region[N] = {"V1", "V2", "a,b"};
    c.region = region;
    c.most_edges = 1;
    edges.half[0] = estimate, edges.half[1] = low;
    assert_int_equal(syn_write_edge_csv(&c, path), SYN_OK);
    read_back(text, sizeof text);
    assert_string_equal(text, "presynaptic,postsynaptic,estimate,low,high,p,q,c,of,unit,presynaptic_region,"
                              "postsynaptic_region,first_half,second_half\n"
                              "\"a,\"\"b\"\"\",<&>,-2,0,0,0.01,0.01,21,counts,spikes,V2,\"a,b\",-2,0\n");
    /* the weight is what was tested: of counts the estimate, of activity C */
    for (int k = 0; k < 2; k++) {
        static char xml[4096];
        c.of = k ? "activity" : "counts";
        assert_int_equal(syn_write_graphml(&c, path), SYN_OK);
        read_back(xml, sizeof xml);
        const char *weight = k ? "21" : "-2", *unit = k ? syn_raw_unit : "spikes";
        char edge[400], of[100], graph_unit[200];
        snprintf(edge, sizeof edge,
                 "<edge source=\"n1\" target=\"n2\"><data key=\"weight\">%s</data><data key=\"estimate\">-2</data>"
                 "<data key=\"low\">0</data><data key=\"high\">0</data><data key=\"p\">0.01</data>"
                 "<data key=\"q\">0.01</data><data key=\"c\">21</data></edge>",
                 weight);
        snprintf(of, sizeof of, "<data key=\"of\">%s</data>", c.of);
        snprintf(graph_unit, sizeof graph_unit, "<data key=\"weight_unit\">%s</data>", unit);
        assert_non_null(strstr(xml, edge));
        assert_non_null(strstr(xml, of));
        assert_non_null(strstr(xml, graph_unit));
        assert_non_null(strstr(xml, "<data key=\"unit\">spikes</data>"));
        assert_non_null(strstr(xml, "<data key=\"method\">bh</data>"));
    }
    edges.any_dependence = true;
    assert_int_equal(syn_write_hdf5(&c, path), SYN_OK);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), attribute = H5Aopen(file, "method", H5P_DEFAULT);
    hid_t type = H5Aget_type(attribute);
    char method[8] = "";
    assert_true(H5Tget_size(type) <= sizeof method && H5Aread(attribute, type, method) >= 0);
    assert_string_equal(method, "by");
    assert_true(H5Aexists(file, "of") > 0);
    H5Tclose(type), H5Aclose(attribute), H5Fclose(file), unlink(path);
    c.edges = NULL;
    assert_int_equal(syn_write_edge_csv(&c, path), SYN_ERR_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(npy_holds_header_and_values),
        cmocka_unit_test(csv_matrix_has_receivers_in_rows),
        cmocka_unit_test(csv_with_lags_has_a_line_for_each_pair),
        cmocka_unit_test(graphml_points_from_sender_to_receiver),
        cmocka_unit_test(hdf5_holds_all_lags_and_raw_weights),
        cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test(edge_list_is_in_order_of_evidence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
