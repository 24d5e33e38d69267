/* Plain files that other programs read: CSV and NumPy's .npy. They do not rename: path is where the bytes go. */
#ifndef SYN_BASE_PLAIN_H
#define SYN_BASE_PLAIN_H

#include <stdint.h>
#include <stdio.h>

#include "base/status.h"

/* The failure to write path, from errno. */
syn_status syn_plain_failed(const char *path);
/* Closes the file; what the buffers could not take is an error too. */
syn_status syn_plain_close(FILE *file, const char *path);

/* values of shape[rank], rank 1 to 3, as .npy version 1.0. */
syn_status syn_npy_write(const char *path, const float *values, int rank, const int64_t *shape);

/* A field by RFC 4180. */
void syn_csv_field(FILE *file, const char *text);
/* values [N][N] with a header row and a first column of names; corner: what the column holds. */
void syn_csv_matrix(FILE *file, const char *corner, const float *values, int64_t N, const char *const *name);

#endif
