/* What the tests of the readers share. SYN_TEST_DATA is the folder tests/data, made by tests/make_data.py,
 * make_matlab.py and make_nwb.py. */
#ifndef SYN_TEST_RECORDING_SUPPORT_H
#define SYN_TEST_RECORDING_SUPPORT_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recording/recording.h"

enum { TEST_T = 40, TEST_N = 5, MAX_PAIRS = 8 };

/* Text with every '%' replaced by the data folder: "%/good/a.npy". Overwritten by the eighth call after it. */
static inline const char *in_data(const char *text) {
    static char out[8][PATH_MAX];
    static int next;
    char *to = out[next = (next + 1) % 8];
    size_t n = 0;
    for (; *text && n + sizeof SYN_TEST_DATA < PATH_MAX; text++)
        if (*text == '%')
            n += (size_t)snprintf(to + n, PATH_MAX - n, "%s", SYN_TEST_DATA);
        else
            to[n++] = *text;
    to[n] = 0;
    return to;
}

/* Opens a recording; options: "name=value name=value", paths with %. */
static inline syn_status open_with(syn_recording **r, const char *path, const char *options) {
    syn_options *o;
    char copy[2048];
    assert_int_equal(syn_options_create(&o), SYN_OK);
    snprintf(copy, sizeof copy, "%s", options ? options : "");
    syn_status status = SYN_OK;
    for (char *pair = strtok(copy, " "); pair && status == SYN_OK; pair = strtok(NULL, " ")) {
        char *value = strchr(pair, '=');
        *value++ = 0;
        status = syn_options_set(o, pair, in_data(value));
    }
    *r = NULL;
    if (status == SYN_OK) status = syn_recording_open(r, in_data(path), o);
    syn_options_free(o);
    return status;
}

static inline syn_recording *must_open(const char *path, const char *options) {
    syn_recording *r;
    if (open_with(&r, path, options) != SYN_OK) fail_msg("%s: %s", path, syn_last_error());
    return r;
}

static inline float at(const syn_recording *r, int64_t t, int64_t j) { return r->x[t * r->N + j]; }

/* The value of the generated matrices. */
static inline float expected(int64_t t, int64_t j) { return (float)(t + 20 * j); }

static inline bool warned(const syn_recording *r, const char *fragment) {
    for (size_t k = 0; k < r->n_warnings; k++)
        if (strstr(r->warning[k], fragment)) return true;
    return false;
}

#endif
