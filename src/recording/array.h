/* One array inside a file, whatever the file: NumPy .npy and .npz, HDF5, MATLAB, CSV. Values are handed out as tiles of
 * doubles in the order that is cheap for the file, so that an array is never held twice.
 *
 * A new kind of file needs its content kind, an open function that fills the public fields and the operations below, a
 * listing function, and a line in each of the two switches of array.c.
 */
#ifndef SYN_RECORDING_ARRAY_H
#define SYN_RECORDING_ARRAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef enum syn_content {
    SYN_CONTENT_MISSING,
    SYN_CONTENT_FOLDER,
    SYN_CONTENT_HDF5,
    SYN_CONTENT_MATLAB,
    SYN_CONTENT_NPZ,
    SYN_CONTENT_NPY,
    SYN_CONTENT_CSV,
    SYN_CONTENT_TRODES, /* fields of records behind a text header, as SpikeGadgets' Trodes exports them */
    SYN_CONTENT_REFUSED /* recognised, but nothing here reads it */
} syn_content;

enum { SYN_MAX_RANK = 8, SYN_TYPE_SIZE = 24, SYN_TILE_VALUES = 1 << 19 };

/* Part of an array: entry (row + i, col + k) is value[i * row_stride + k * col_stride], or that of `single` where the
 * array was asked for single precision and value is NULL. */
typedef struct syn_tile {
    int64_t row, col, rows, cols;
    const double *value;
    const float *single;
    int64_t row_stride, col_stride;
} syn_tile;
typedef syn_status (*syn_tile_fn)(void *user, const syn_tile *tile);

typedef struct syn_array syn_array;

typedef struct syn_array_operations {
    syn_status (*visit)(syn_array *array, syn_tile_fn fn, void *user);
    syn_status (*texts)(syn_array *array, char **text); /* one per entry, in C order; NULL: never text */
    /* rows [row, row + rows) into out [rows][cols]; NULL: not faster than visit */
    syn_status (*rows)(syn_array *array, int64_t row, int64_t rows, float *out);
    void (*close)(syn_array *array); /* frees `source` */
} syn_array_operations;

struct syn_array {
    char *label;              /* FILE or FILE:NAME, for messages */
    char *name;               /* the array's own short name */
    char type[SYN_TYPE_SIZE]; /* "float32", "int64", "text", ... */
    bool numeric, text;       /* neither: nothing that can be read */
    bool integer;
    int rank;
    int64_t shape[SYN_MAX_RANK];
    int64_t rows, cols;              /* shape[0] and the product of the rest; a scalar is 1 x 1 */
    char **column_name;              /* [cols] from a CSV header, without the units, or NULL */
    char **column_unit;              /* [cols] of those, "" if there is none, or NULL */
    char **row_name;                 /* [rows] from the text column of a CSV, or NULL */
    double *row_time;                /* [rows] from the time column of a CSV (s), or NULL */
    int64_t rejected;                /* columns of a CSV that it says are no cells, left out */
    bool number_header;              /* the first line of a CSV is taken for headings, as it holds whole numbers */
    bool single;                     /* asked for: tiles in single precision, where the file kind can */
    bool cube;                       /* asked for: three axes; MATLAB's second then runs faster than the third */
    int64_t row_step;                /* rows to ask ops->rows for at a time */
    bool concurrent;                 /* ops->rows may run in several threads */
    const syn_array_operations *ops; /* of the file kind */
    void *source;                    /* what the file kind needs */
};

/* One array of a file, as a listing shows it. */
typedef struct syn_entry {
    char *name;
    char type[SYN_TYPE_SIZE];
    bool numeric;
    int rank;
    int64_t shape[SYN_MAX_RANK];
    char detail[48]; /* what the elements of a cell are: "of double (49, 1)"; often "" */
} syn_entry;

typedef struct syn_listing {
    size_t n;
    syn_entry *entry;
} syn_listing;

/* A path as the user gave it, FILE or FILE:NAME. */
typedef struct syn_address {
    char *given; /* FILE:NAME */
    char *file;
    char *name; /* NULL if not given */
    syn_content content;
} syn_address;

syn_status syn_address_parse(syn_address *address, const char *given);
/* The address of VALUES in VALUES or VALUES@TIMES. *at: the @, before which there is a file, as folders and files may
 * have one in their names; NULL without TIMES. */
syn_status syn_values_parse(syn_address *address, const char *given, const char **at);
void syn_address_free(syn_address *address);
/* What the file is called when it is one that is recognised but not read ("a MATLAB v5 file"), with what to do; NULL
 * otherwise. */
const char *syn_refusal(const char *file);

/* Opens FILE:NAME. name == NULL: the only array of the file; several are an error that lists them. */
syn_status syn_array_open(syn_array **array, const char *file, const char *name);
void syn_array_close(syn_array *array);
/* Calls fn on tiles that cover the array once. */
syn_status syn_array_visit(syn_array *array, syn_tile_fn fn, void *user);
/* Error: a finite value is beyond single precision, in which activity is kept. */
syn_status syn_check_single(const char *label, double value);
/* All values in C order. Free with free(). */
syn_status syn_array_values(syn_array *array, double **values);
/* All entries of a text array; numbers are written as text. Free the texts and the array. */
syn_status syn_array_texts(syn_array *array, char ***texts, int64_t *n);
/* A text, other than "", that is there twice; NULL if there is none. */
syn_status syn_find_repeated(char *const *text, int64_t n, const char **repeated);
/* The last part of an array's name: "speed" of behavior/speed, in MATLAB files of D.speed. */
const char *syn_last_part(syn_content content, const char *name);
/* Rows and columns as messages show them: "(219, 2000)". */
const char *syn_shape_text(int rank, const int64_t *shape);

/* The arrays of a file. */
syn_status syn_listing_read(syn_listing *listing, const char *file);
void syn_listing_free(syn_listing *listing);
const syn_entry *syn_listing_find(const syn_listing *listing, const char *name);
/* "counts uint8 (10040, 1070), segments int32 (251, 2)": those that pass `wanted` (NULL: all). */
syn_status syn_listing_text(const syn_listing *listing, bool (*wanted)(const syn_entry *), char **text);

/* The error of a file without the array `name`. kind: "dataset", "column"; verb: "holds" or "has", of what there is. */
syn_status syn_no_array(const char *file, const char *kind, const char *name, const char *verb);

/* A whole matrix FILE:NAME in memory, C order, [rows][cols]. Free with free(). */
syn_status syn_matrix_read(const char *given, double **values, int64_t *rows, int64_t *cols);

/* Seconds of a unit of time of n characters, 0 for any other word. */
double syn_seconds_of(const char *unit, size_t n);
/* Seconds of the unit that a name ends in, as times_ms does; 1 without one. *n: the length of the rest. */
double syn_unit_of_name(const char *name, size_t *n);

/* Used by the file kinds. */
syn_status syn_npy_open(syn_array *array, const char *file);
syn_status syn_npz_open(syn_array *array, const char *file, const char *name);
syn_status syn_npz_list(syn_listing *listing, const char *file);
syn_status syn_npy_list(syn_listing *listing, const char *file);
syn_status syn_hdf5_open(syn_array *array, const char *file, const char *name);
syn_status syn_hdf5_list(syn_listing *listing, const char *file);
syn_status syn_mat_open(syn_array *array, const char *file, const char *name);
syn_status syn_mat_list(syn_listing *listing, const char *file);
syn_status syn_csv_open(syn_array *array, const char *file, const char *name);
syn_status syn_trodes_open(syn_array *array, const char *file, const char *name);
syn_status syn_trodes_list(syn_listing *listing, const char *file);
syn_status syn_csv_list(syn_listing *listing, const char *file);
syn_status syn_listing_add(syn_listing *listing, const char *name, const char *type, bool numeric, int rank,
                           const int64_t *shape);
/* The number of entries of a shape, or an error if it cannot be: a negative axis or an overflow. */
syn_status syn_shape_count(const char *label, int rank, const int64_t *shape, int64_t *count);

#endif
