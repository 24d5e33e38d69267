/* What every HDF5 file of the library has in common: attributes, arrays, texts.
 *
 * Writing goes through one writer that remembers the first failure, so that a file is described line by line and asked
 * about once. No object carries a time stamp: the same content is the same bytes.
 */
#ifndef SYN_BASE_HDF5_H
#define SYN_BASE_HDF5_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* Types in memory, and little endian in the file. */
typedef enum syn_hdf5_type { SYN_HDF5_F32, SYN_HDF5_F64, SYN_HDF5_I32, SYN_HDF5_I64, SYN_HDF5_U8 } syn_hdf5_type;

typedef struct syn_hdf5_writer {
    hid_t file;
    bool failed;
    int error; /* errno of the first write that the disk refused, or 0 */
} syn_hdf5_writer;

/* Refuses a name with the extension of another kind of file. */
syn_status syn_hdf5_check_name(const char *path);
/* Writes a whole file: `fill` puts everything into it. It is replaced only when complete. */
syn_status syn_hdf5_write_file(const char *path, syn_status (*fill)(syn_hdf5_writer *writer, const void *content),
                               const void *content);
void syn_hdf5_note(syn_hdf5_writer *writer, herr_t code);
/* Attributes of an object that exists ("/" for the root). */
void syn_hdf5_put_text_attribute(syn_hdf5_writer *writer, const char *object, const char *name, const char *text);
void syn_hdf5_put_number_attribute(syn_hdf5_writer *writer, const char *object, const char *name, double value);
void syn_hdf5_put_integer_attribute(syn_hdf5_writer *writer, const char *object, const char *name, int64_t value);
/* Creates a group and those above it. */
void syn_hdf5_put_group(syn_hdf5_writer *writer, const char *name);
/* Creates a dataset of shape[rank] and its groups. Returns it, to be closed. */
hid_t syn_hdf5_create(syn_hdf5_writer *writer, const char *name, syn_hdf5_type type, int rank, const int64_t *shape);
/* Writes an array; nothing where data is NULL. */
void syn_hdf5_put(syn_hdf5_writer *writer, const char *name, syn_hdf5_type type, const void *data, int rank,
                  const int64_t *shape);
void syn_hdf5_put_texts(syn_hdf5_writer *writer, const char *name, char *const *texts, int64_t n);

/* How links are followed to datasets and other objects: to regular files alone. */
hid_t syn_hdf5_link_access(void);
/* Whether a dataset can hold so many bytes, by what is stored of it: a file that claims more is damaged or forged, and
 * libhdf5 would make room for it, or read what is not there. */
bool syn_hdf5_stores(hid_t dataset, double bytes);
/* A text attribute, or NULL. Free it. */
char *syn_hdf5_text_attribute(hid_t file, const char *object, const char *name);
/* hdf5_text.c: the n texts of variable length of a dataset or attribute, each to be freed, also where it fails: the
 * file is damaged. */
bool syn_hdf5_variable_texts(hid_t holder, int64_t n, char **text);
/* A number attribute, or `absent`. */
double syn_hdf5_number_attribute(hid_t file, const char *object, const char *name, double absent);
/* Whether an object of that name (with all groups above it) is there. */
bool syn_hdf5_has(hid_t file, const char *name);

#endif
