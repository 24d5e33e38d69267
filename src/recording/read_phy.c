/* Kilosort/phy folders: spike_times.npy (samples), spike_clusters.npy, params.py, cluster_*.tsv.
 * https://phy.readthedocs.io/en/latest/sorting_user_guide/
 * The same as ALF calls it (International Brain Laboratory): spikes.times.npy (s), spikes.clusters.npy. */
#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/reader.h"

typedef struct filenames {
    const char *times, *clusters, *templates;
    bool samples; /* times without fractions are in samples */
} filenames;

/* What the files of a folder are called; NULL: it is none of spikes. */
static const filenames *names_in(const char *folder) {
    static const filenames known[] = {{"spike_times.npy", "spike_clusters.npy", "spike_templates.npy", true},
                                      {"spikes.times.npy", "spikes.clusters.npy", "spikes.templates.npy", false}};
    char path[PATH_MAX];
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (syn_file_in(path, sizeof path, folder, known[k].times)) return &known[k];
    return NULL;
}

bool syn_phy_probe(const syn_input *input) {
    return input->address.content == SYN_CONTENT_FOLDER && names_in(input->address.file);
}

/* Behind the byte order mark that some editors write. */
static char *after_mark(char *line) { return strncmp(line, "\xef\xbb\xbf", 3) ? line : line + 3; }

/* A number as Python has it, with `_` between digits, and nothing behind it but a comment; 0 if it is none. */
static double python_number(const char *text) {
    char plain[64], *end;
    size_t n = 0;
    while (isspace((unsigned char)*text)) text++;
    for (; *text && !isspace((unsigned char)*text) && *text != '#' && n + 1 < sizeof plain; text++)
        if (*text != '_' || n == 0 || !isdigit((unsigned char)text[-1]) || !isdigit((unsigned char)text[1]))
            plain[n++] = *text;
    plain[n] = 0;
    while (isspace((unsigned char)*text)) text++;
    const double value = strtod(plain, &end);
    return end == plain || *end || (*text && *text != '#') ? 0 : value;
}

/* `sample_rate = 30000.0` in params.py; 0 if there is no such line. */
static syn_status sample_rate(const char *folder, double *rate) {
    static const char name[] = "sample_rate";
    char path[PATH_MAX], line[1024];
    syn_status status = SYN_OK;
    *rate = 0;
    if (!syn_file_in(path, sizeof path, folder, "params.py")) return SYN_OK;
    FILE *file = fopen(path, "r");
    while (file && status == SYN_OK && fgets(line, sizeof line, file)) {
        char *p = after_mark(line);
        while (isspace((unsigned char)*p)) p++;
        if (strncmp(p, name, strlen(name)) != 0) continue;
        p += strlen(name);
        while (isspace((unsigned char)*p)) p++;
        if (*p++ != '=') continue;
        *rate = python_number(p);
        p[strcspn(p, "\r\n")] = 0;
        if (!(isfinite(*rate) && *rate > 0))
            status =
                syn_fail(SYN_ERR_INPUT,
                         "%s: sample_rate is '%.*s'; expected a positive number, or the sample rate with --rate HZ",
                         path, syn_cut(p + strspn(p, " \t"), 60), p + strspn(p, " \t"));
    }
    if (file) fclose(file);
    return status;
}

typedef struct cluster {
    double id;
    syn_grade label;
} cluster;

typedef struct labels {
    cluster *item;
    size_t n;
    bool found; /* a table labels some cluster */
} labels;

/* The k-th tab or comma separated cell of a line, without quotes and blanks. */
static void cell_of(const char *line, int k, char *out, size_t size) {
    for (; k > 0 && *line; k--) line += strcspn(line, "\t,") + (line[strcspn(line, "\t,")] != 0);
    size_t n = strcspn(line, "\t,\r\n");
    while (n > 0 && strchr(" \"'", line[0])) line++, n--;
    while (n > 0 && strchr(" \"'", line[n - 1])) n--;
    if (n >= size) n = size - 1;
    memcpy(out, line, n);
    out[n] = 0;
}

static int find_column(const char *header, const char *const *names, size_t n) {
    char word[64];
    int columns = 1;
    for (const char *p = header; *p; p++) columns += *p == '\t' || *p == ',';
    for (size_t k = 0; k < n; k++)
        for (int c = 0; c < columns; c++) {
            cell_of(header, c, word, sizeof word);
            if (!strcmp(word, names[k])) return c;
        }
    return -1;
}

static syn_status add_label(labels *list, double id, syn_grade value) {
    for (size_t k = 0; k < list->n; k++)
        if (list->item[k].id == id) return SYN_OK; /* the table read first wins */
    cluster *grown = realloc(list->item, (list->n + 1) * sizeof *grown);
    if (!grown) return syn_fail(SYN_ERR_MEMORY, "could not allocate cluster labels");
    list->item = grown;
    list->item[list->n++] = (cluster){id, value};
    return SYN_OK;
}

/* Reads labels from one table of the folder, if it is there. */
static syn_status read_labels(labels *list, const char *folder, const char *name) {
    static const char *const id_names[] = {"cluster_id", "id"}, *const group_names[] = {"group", "KSLabel"};
    char path[PATH_MAX], line[4096], word[64];
    if (!syn_file_in(path, sizeof path, folder, name)) return SYN_OK;
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, sizeof line, file)) {
        if (file) fclose(file);
        return syn_fail(SYN_ERR_INPUT, "%s: is empty or unreadable; expected a header with cluster_id and group", path);
    }
    const char *header = after_mark(line);
    int id = find_column(header, id_names, 2), group = find_column(header, group_names, 1);
    int sorter = find_column(header, group_names + 1, 1);
    syn_status status = SYN_OK;
    if (id < 0 || (group < 0 && sorter < 0))
        status = syn_fail(SYN_ERR_INPUT, "%s: its header lacks cluster_id and group or KSLabel", path);
    for (long long n = 2; status == SYN_OK && fgets(line, sizeof line, file); n++) {
        char *end;
        cell_of(line, id, word, sizeof word);
        double value = strtod(word, &end);
        if (line[0] == '\n' || line[0] == '\r') continue;
        if (end == word || *end || value != floor(value)) {
            status = syn_fail(SYN_ERR_INPUT, "%s: line %lld has the cluster id '%s'; expected a whole number", path, n,
                              word);
            break;
        }
        syn_grade found = SYN_UNGRADED;
        if (group >= 0) cell_of(line, group, word, sizeof word), found = syn_grade_of(word);
        if (found == SYN_UNGRADED && sorter >= 0) cell_of(line, sorter, word, sizeof word), found = syn_grade_of(word);
        list->found = list->found || found != SYN_UNGRADED;
        if (found != SYN_UNGRADED) status = add_label(list, value, found);
    }
    fclose(file);
    return status;
}

/* What the user decided in phy comes before what the sorter thought. */
static syn_status read_all_labels(labels *list, const char *folder) {
    static const char *const tables[] = {"cluster_group.tsv", "cluster_groups.csv", "cluster_info.tsv",
                                         "cluster_KSLabel.tsv"};
    for (size_t k = 0; k < sizeof tables / sizeof *tables; k++) SYN_TRY(read_labels(list, folder, tables[k]));
    return SYN_OK;
}

static syn_grade label_in(const labels *list, double id) {
    for (size_t k = 0; k < list->n; k++)
        if (list->item[k].id == id) return list->item[k].label;
    return SYN_UNGRADED;
}

static bool wanted(const labels *list, double id, const char *units) {
    if (!list->found) return true;
    const syn_grade l = label_in(list, id);
    if (!strcmp(units, "all")) return l != SYN_NOISE;
    return l == SYN_GOOD || (l == SYN_MUA && !strcmp(units, "mua"));
}

static syn_status read_vector(const char *folder, const char *name, double **values, int64_t *n, bool *integer) {
    char path[PATH_MAX];
    syn_array *a;
    *values = NULL;
    if (!syn_file_in(path, sizeof path, folder, name)) return syn_fail(SYN_ERR_INPUT, "%s: has no %s", folder, name);
    SYN_TRY(syn_array_open(&a, path, NULL));
    syn_status status = SYN_OK;
    if (a->rank > 2 || (a->rank == 2 && a->rows != 1 && a->cols != 1))
        status = syn_fail(SYN_ERR_INPUT, "%s: is %s; expected (n,) or (n, 1)", path, syn_shape_text(a->rank, a->shape));
    if (status == SYN_OK) status = syn_array_values(a, values);
    *n = a->rows * a->cols;
    *integer = a->integer;
    syn_array_close(a);
    return status;
}

typedef struct sorted {
    double *time_s, *cluster; /* [n] */
    double *template;         /* [n] of spike_templates.npy, or NULL */
    int64_t n, negative;      /* spikes, and how many of them are before 0 and are left out */
    double *unit;             /* [units] ids that were taken, ascending */
    int64_t units;
} sorted;

static syn_status read_times(sorted *s, const syn_input *input, const filenames *called, bool *in_seconds) {
    const char *folder = input->address.file;
    enum { FEW = 50 }; /* one in so many times is a spike at the edge of the recording that the sorter put before it */
    bool integer;
    SYN_TRY(read_vector(folder, called->times, &s->time_s, &s->n, &integer));
    *in_seconds = false;
    for (int64_t k = 0; k < s->n; k++) {
        s->negative += s->time_s[k] < 0;
        *in_seconds = *in_seconds || s->time_s[k] != floor(s->time_s[k]);
    }
    if (s->negative * FEW > s->n)
        return syn_fail(SYN_ERR_INPUT, "%s/%s: %lld of %lld spike times are negative; expected %s >= 0", folder,
                        called->times, (long long)s->negative, (long long)s->n,
                        called->samples ? "samples" : "seconds");
    if (*in_seconds || !called->samples) return SYN_OK;
    double rate;
    const syn_status status = sample_rate(folder, &rate);
    if (status != SYN_OK && !syn_option_given(input->options, SYN_OPT_RATE)) return status;
    if (syn_option_given(input->options, SYN_OPT_RATE)) {
        double given = syn_option_real(input->options, SYN_OPT_RATE);
        if (status == SYN_OK && rate > 0 && fabs(given - rate) > 0.01 * rate)
            return syn_fail(SYN_ERR_OPTION,
                            "%s: --rate says %g Hz, but params.py %g Hz; leave --rate out or correct it", folder, given,
                            rate);
        rate = given;
    }
    if (rate <= 0)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: params.py has no sample_rate; give the sample rate of spike_times.npy with --rate HZ",
                        folder);
    for (int64_t k = 0; k < s->n; k++) s->time_s[k] /= rate;
    return SYN_OK;
}

static syn_status read_clusters(sorted *s, const char *folder, const filenames *called, bool *from_templates) {
    char path[PATH_MAX];
    bool integer;
    int64_t n;
    *from_templates = !syn_file_in(path, sizeof path, folder, called->clusters);
    const char *name = *from_templates ? called->templates : called->clusters;
    if (*from_templates && !syn_file_in(path, sizeof path, folder, name))
        return syn_fail(SYN_ERR_INPUT, "%s: has neither %s nor %s; one is needed", folder, called->clusters,
                        called->templates);
    SYN_TRY(read_vector(folder, name, &s->cluster, &n, &integer));
    if (n != s->n)
        return syn_fail(SYN_ERR_INPUT, "%s: %s has %lld entries, %s %lld; expected as many", folder, name, (long long)n,
                        called->times, (long long)s->n);
    for (int64_t k = 0; k < n; k++)
        if (!(s->cluster[k] >= 0) || s->cluster[k] != floor(s->cluster[k]) || s->cluster[k] > INT32_MAX)
            return syn_fail(SYN_ERR_INPUT, "%s: %s holds the cluster %g; expected whole numbers >= 0", folder, name,
                            s->cluster[k]);
    return SYN_OK;
}

static syn_status read_templates(sorted *s, const char *folder) {
    char path[PATH_MAX];
    bool integer;
    int64_t n = 0;
    if (!syn_file_in(path, sizeof path, folder, "spike_templates.npy")) return SYN_OK;
    SYN_TRY(read_vector(folder, "spike_templates.npy", &s->template, &n, &integer));
    if (n == s->n) return SYN_OK;
    return syn_fail(SYN_ERR_INPUT, "%s: spike_templates.npy has %lld entries, spike_times.npy %lld; expected as many",
                    folder, (long long)n, (long long)s->n);
}

static syn_status no_unit_left(const syn_input *input, const labels *list, const char *units) {
    int count[4] = {0};
    for (size_t k = 0; k < list->n; k++) count[list->item[k].label]++;
    return syn_fail(SYN_ERR_INPUT,
                    "%s: no cluster with spikes passes --units %s (%d good, %d mua, %d noise); try --units mua or all",
                    input->address.file, units, count[SYN_GOOD], count[SYN_MUA], count[SYN_NOISE]);
}

/* Lists the wanted units and drops the spikes of the others. */
static syn_status select_units(sorted *s, const syn_input *input, const labels *list) {
    const char *units = syn_option_text(input->options, SYN_OPT_UNITS);
    int64_t kept = 0, n = 0;
    SYN_TRY(syn_alloc(&s->unit, (size_t)s->n, sizeof *s->unit, "cluster ids"));
    memcpy(s->unit, s->cluster, (size_t)s->n * sizeof *s->unit);
    int64_t all = syn_unique_ids(s->unit, s->n);
    for (int64_t k = 0; k < all; k++)
        if (wanted(list, s->unit[k], units)) s->unit[kept++] = s->unit[k];
    s->units = kept;
    if (kept == 0) return no_unit_left(input, list, units);
    for (int64_t k = 0; k < s->n; k++) {
        if (s->time_s[k] < 0 || syn_find_id(s->unit, s->units, s->cluster[k]) < 0) continue;
        s->cluster[n] = s->cluster[k];
        if (s->template) s->template[n] = s->template[k];
        s->time_s[n++] = s->time_s[k];
    }
    s->n = n;
    return SYN_OK;
}

static syn_status bin_units(syn_recording **recording, const syn_input *input, sorted *s) {
    int32_t *neuron;
    SYN_TRY(syn_alloc(&neuron, (size_t)s->n, sizeof *neuron, "spike clusters"));
    for (int64_t k = 0; k < s->n; k++) neuron[k] = syn_find_id(s->unit, s->units, s->cluster[k]);
    double *time_s = s->time_s;
    s->time_s = NULL;
    SYN_TRY(syn_bin_spikes(recording, input->address.file, time_s, neuron, s->n, s->units, 0,
                           syn_option_real(input->options, SYN_OPT_BIN)));
    return syn_name_neurons(*recording, s->unit);
}

static syn_status place_units(syn_recording *r, const char *folder, const sorted *s) {
    int32_t *neuron;
    SYN_TRY(syn_alloc(&neuron, (size_t)s->n, sizeof *neuron, "spike clusters"));
    for (int64_t k = 0; k < s->n; k++) neuron[k] = syn_find_id(s->unit, s->units, s->cluster[k]);
    syn_status status = syn_phy_positions(r, folder, s->template, neuron, s->n);
    free(neuron);
    return status;
}

syn_status syn_phy_open(syn_recording **recording, const syn_input *input) {
    syn_status status;
    sorted s = {0};
    labels list = {0};
    bool in_seconds, from_templates;
    char reason[512] = "";
    const char *folder = input->address.file;
    const filenames *called = names_in(folder);
    SYN_CHECK(read_times(&s, input, called, &in_seconds));
    SYN_CHECK(read_clusters(&s, folder, called, &from_templates));
    if (s.n == 0) SYN_CHECK(syn_fail(SYN_ERR_INPUT, "%s: %s holds no spikes", folder, called->times));
    if (read_templates(&s, folder) != SYN_OK) {
        snprintf(reason, sizeof reason, "%s", syn_last_error());
        free(s.template);
        s.template = NULL;
    }
    SYN_CHECK(read_all_labels(&list, folder));
    SYN_CHECK(select_units(&s, input, &list));
    SYN_CHECK(bin_units(recording, input, &s));
    if (s.template && place_units(*recording, folder, &s) != SYN_OK)
        snprintf(reason, sizeof reason, "%s", syn_last_error());
    if (*reason) SYN_CHECK(syn_recording_warn(*recording, "positions not taken: %s", reason));
    if (!list.found)
        SYN_CHECK(syn_recording_warn(*recording,
                                     "no cluster_group.tsv, cluster_info.tsv or cluster_KSLabel.tsv says good, mua or "
                                     "noise: all %lld clusters are taken, noise included",
                                     (long long)s.units));
    if (s.negative)
        SYN_CHECK(syn_recording_warn(*recording, "%s: %lld of its spikes have times before 0 and are left out",
                                     called->times, (long long)s.negative));
    if (from_templates)
        SYN_CHECK(syn_recording_warn(*recording, "no %s: templates are taken as units", called->clusters));
    if (in_seconds && called->samples)
        SYN_CHECK(syn_recording_warn(*recording, "spike_times.npy holds fractions: taken as seconds, not samples"));
done:
    free(s.time_s);
    free(s.cluster);
    free(s.template);
    free(s.unit);
    free(list.item);
    return status;
}
