/* The public function: recordings prepared, everything gathered, one file written. */
#include "report/report.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "report/figures.h"

typedef struct format {
    const char *name;                                                /* of --format; the extension of a file */
    syn_status (*write)(const syn_report *report, const char *path); /* NULL: figures for a paper, one file each */
} format;

static const format formats[] = {
    {"html", syn_report_write_page}, {"json", syn_report_write_json}, {"png", NULL}, {"svg", NULL}, {"pdf", NULL}};
enum { N_FORMATS = sizeof formats / sizeof *formats };

/* By --format, or else by the extension of path; NULL if it is none of them. */
static const format *find_format(const syn_options *options, const char *path) {
    const char *dot = strrchr(path, '.');
    const char *wanted =
        syn_option_auto(options, SYN_OPT_FORMAT) ? (dot ? dot + 1 : "") : syn_option_text(options, SYN_OPT_FORMAT);
    for (int k = 0; k < N_FORMATS; k++)
        if (!strcmp(formats[k].name, wanted)) return &formats[k];
    return NULL;
}

void syn_report_add_file(syn_report_files *files, const char *path) {
    struct stat file;
    json_array_append_new(files->names, syn_text_json(path));
    if (!stat(path, &file)) files->bytes += file.st_size;
}

static syn_status write_one(const format *f, const syn_report *report, const char *path, syn_report_files *files) {
    char *temporary = NULL;
    syn_status status;
    SYN_CHECK(syn_file_begin(&temporary, path));
    SYN_CHECK(f->write(report, temporary));
    SYN_CHECK(syn_file_commit(temporary, path));
    syn_report_add_file(files, path);
done:
    syn_file_end(temporary);
    return status;
}

static syn_status summarise(const syn_report *report, const format *f, const syn_report_files *files, char **json) {
    json_t *sessions = json_array();
    for (size_t s = 0; s < report->n; s++) {
        const syn_report_session *r = &report->session[s];
        json_array_append_new(sessions, json_pack("{s:s, s:I, s:I}", "name", r->session->recording->name, "neurons",
                                                  (json_int_t)r->N, "neurons_shown", (json_int_t)r->n));
    }
    json_t *root = json_pack("{s:O, s:s, s:I, s:O, s:O, s:O, s:o}", "files", files->names, "format", f->name, "bytes",
                             files->bytes, "test", json_object_get(report->evaluation, "test"), "baselines",
                             json_object_get(report->evaluation, "baselines"), "intervals",
                             json_object_get(report->evaluation, "intervals"), "sessions", sessions);
    *json = root ? json_dumps(root, JSON_REAL_PRECISION(9)) : NULL;
    json_decref(root);
    return *json ? SYN_OK : syn_fail(SYN_ERR_MEMORY, "not enough memory for the summary of the report");
}

syn_status syn_report_write(const syn_model *model, syn_recording *const *recordings, size_t n,
                            const syn_options *options, const char *path, char **json) {
    syn_prepared prepared = {0};
    syn_report report = {0};
    syn_report_files files = {.names = json_array()};
    const format *f = find_format(options, path);
    syn_status status;
    if (json) *json = NULL;
    if (!f) {
        status = syn_fail(SYN_ERR_OPTION,
                          "output: found '%s'; expected a name that ends in .html, .json, .png, .svg or .pdf, or "
                          "--format",
                          path);
        goto done;
    }
    if (recordings && n != model->n) {
        status =
            syn_fail(SYN_ERR_INPUT,
                     "report: found %zu recording%s; the model was fitted on %zu; give all, in that order, or none", n,
                     n == 1 ? "" : "s", model->n);
        goto done;
    }
    SYN_CHECK(syn_prepare(&prepared, model, 0, model->n, recordings, options));
    SYN_CHECK(syn_report_gather(&report, model, &prepared, options));
    SYN_CHECK(f->write ? write_one(f, &report, path, &files) : syn_figures_write(&report, path, f->name, &files));
    if (json) SYN_CHECK(summarise(&report, f, &files, json));
done:
    json_decref(files.names);
    syn_report_free(&report);
    syn_prepared_free(&prepared);
    return status;
}
