/* synapsnet info: what was understood of each recording, and the arrays in its file. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"

/* What a file holds that is no recording by itself: a tree, or with --json an object with the error. The error goes to
 * standard error in either case. */
static exit_code show_contents(const arguments *a, const char *path, syn_status status) {
    char *text = NULL, *error = strdup(syn_last_error());
    exit_code code = failure(status);
    if (!error || a->quiet || status == SYN_ERR_OPTION || syn_contents_describe(path, a->json, NULL, &text) != SYN_OK) {
        free(error);
        return code;
    }
    json_t *o = a->json ? json_loads(text, 0, NULL) : NULL;
    if (o) {
        json_object_set_new(o, "error", json_string(error));
        json_dumpf(o, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        fputs(text, stdout);
    }
    json_decref(o);
    syn_free(text);
    free(error);
    return code;
}

/* The arrays in a file of HDF5, MATLAB or npz that was named as a whole; others have no tree. */
static void print_tree(const char *path) {
    struct stat found;
    const char *kind;
    char *text = NULL;
    if (stat(path, &found) || !S_ISREG(found.st_mode) || syn_contents_describe(path, 0, &kind, &text) != SYN_OK) return;
    if (!strcmp(kind, "HDF5") || !strcmp(kind, "MATLAB") || !strcmp(kind, "npz")) printf("\n%s", text);
    syn_free(text);
}

/* One recording is one object; several are {"recordings": [...]}, so that there is one object in either case. */
exit_code run_info(const arguments *a) {
    syn_recording **recordings;
    size_t n;
    arguments quiet = *a;
    quiet.quiet = true; /* the descriptions hold the warnings */
    syn_status status = open_recordings(&quiet, 0, NULL, &recordings, &n);
    char **text = calloc(n + 1, sizeof *text);
    if (!text) status = SYN_ERR_MEMORY;
    for (size_t k = 0; k < n && status == SYN_OK; k++)
        status = syn_recording_describe(recordings[k], a->json, &text[k]);
    if (status == SYN_OK) {
        if (a->json && n > 1) fputs("{\"recordings\": [", stdout);
        for (size_t k = 0; k < n; k++) {
            if (k) fputs(a->json ? ", " : "\n", stdout);
            fputs(text[k], stdout);
            if (!a->json && !a->quiet) print_tree(a->operand[k]);
        }
        if (a->json) puts(n > 1 ? "]}" : "");
    }
    for (size_t k = 0; text && k < n; k++) syn_free(text[k]);
    free(text);
    const size_t opened = n;
    close_recordings(recordings, n);
    if (status == SYN_OK) return DONE;
    return opened < (size_t)a->n_operands ? show_contents(a, a->operand[opened], status) : failure(status);
}
