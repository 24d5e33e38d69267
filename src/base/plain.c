#include "base/plain.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/file.h"

syn_status syn_plain_failed(const char *path) {
    return syn_fail(SYN_ERR_IO, "%.*s: could not be written: %s", syn_file_shown(path), path, strerror(errno));
}

syn_status syn_plain_close(FILE *file, const char *path) {
    bool failed = ferror(file);
    failed = fclose(file) || failed;
    return failed ? syn_plain_failed(path) : SYN_OK;
}

/* Magic, length of the header, header padded to 64 bytes, the values. */
syn_status syn_npy_write(const char *path, const float *values, int rank, const int64_t *shape) {
    FILE *file = fopen(path, "wb");
    if (!file) return syn_plain_failed(path);
    char sizes[80] = "", header[118]; /* 10 bytes of magic + 118 = 128 */
    size_t count = 1;
    for (int k = 0; k < rank; k++) {
        const size_t length = strlen(sizes);
        snprintf(sizes + length, sizeof sizes - length, "%lld%s", (long long)shape[k],
                 rank == 1 ? "," : (k + 1 < rank ? ", " : ""));
        count *= (size_t)shape[k];
    }
    int length = snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }", sizes);
    memset(header + length, ' ', sizeof header - (size_t)length);
    header[sizeof header - 1] = '\n';
    fwrite("\x93NUMPY\x01\x00", 1, 8, file);
    fputc(sizeof header, file);
    fputc(0, file);
    fwrite(header, 1, sizeof header, file);
    fwrite(values, sizeof *values, count, file);
    return syn_plain_close(file, path);
}

void syn_csv_field(FILE *file, const char *text) {
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, file);
        return;
    }
    fputc('"', file);
    for (const char *p = text; *p; p++) {
        if (*p == '"') fputc('"', file);
        fputc(*p, file);
    }
    fputc('"', file);
}

void syn_csv_matrix(FILE *file, const char *corner, const float *values, int64_t N, const char *const *name) {
    syn_csv_field(file, corner);
    for (int64_t j = 0; j < N; j++) {
        fputc(',', file);
        syn_csv_field(file, name[j]);
    }
    fputc('\n', file);
    for (int64_t i = 0; i < N; i++) {
        syn_csv_field(file, name[i]);
        for (int64_t j = 0; j < N; j++) fprintf(file, ",%.9g", (double)values[i * N + j]);
        fputc('\n', file);
    }
}
