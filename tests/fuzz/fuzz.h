/* What the fuzz targets share: every input becomes a file in a folder of its own, which is opened as a user would. */
#ifndef SYN_FUZZ_H
#define SYN_FUZZ_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "synapsnet/synapsnet.h"

/* A folder of this process, made once. */
static const char *scratch_folder(void) {
    static char folder[] = "/tmp/synapsnet_fuzz_XXXXXX";
    static int made;
    if (!made++ && !mkdtemp(folder)) abort();
    return folder;
}

static void write_file(const char *path, const uint8_t *data, size_t size) {
    FILE *file = fopen(path, "wb");
    if (!file || (size && fwrite(data, 1, size, file) != size)) abort();
    fclose(file);
}

/* Opens and describes the recording; a refusal must come with one line of text. value: of the option, "" to leave it
 * out. */
static void open_recording(const char *path, const char *option, const char *value) {
    syn_options *options;
    syn_recording *recording;
    char *text;
    if (syn_options_create(&options) != SYN_OK) abort();
    if (*value) syn_options_set(options, option, value);
    if (syn_recording_open(&recording, path, options) == SYN_OK) {
        if (syn_recording_describe(recording, 1, &text) == SYN_OK) syn_free(text);
        syn_recording_free(recording);
    } else if (!*syn_last_error() || strchr(syn_last_error(), '\n')) {
        abort();
    }
    syn_options_free(options);
}

#endif
