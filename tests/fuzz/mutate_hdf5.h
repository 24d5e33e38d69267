/* Mutations of what an HDF5 file says that leave it a sound HDF5 file: values, attributes, names, shapes and types.
 *
 * Bytes changed at random mostly damage the headers, where libhdf5 1.10 reads beyond its buffers (H5Aexists, group
 * tables), so that a search ends there within minutes and never comes to what the reader makes of a file. */
#ifndef SYN_FUZZ_MUTATE_HDF5_H
#define SYN_FUZZ_MUTATE_HDF5_H

#include <hdf5.h>

#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

enum { MOST_OBJECTS = 64, LONGEST_PATH = 256, MOST_BYTES = 1 << 15, MOST_RANK = 3 };

typedef struct object_list {
    int n;
    char path[MOST_OBJECTS][LONGEST_PATH];
} object_list;

static unsigned draw(unsigned *state, unsigned below) {
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % below;
}

static herr_t list_object(hid_t file, const char *name, const H5O_info_t *info, void *user) {
    object_list *list = user;
    (void)file, (void)info;
    if (list->n < MOST_OBJECTS && strlen(name) < LONGEST_PATH) strcpy(list->path[list->n++], name);
    return 0;
}

/* Where values lead (references, texts of variable length) is not changed at random: that is libhdf5's to find out. */
static size_t plain_bytes(hid_t type, hid_t space) {
    const H5T_class_t class = H5Tget_class(type);
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    if (class != H5T_INTEGER && class != H5T_FLOAT && class != H5T_STRING && class != H5T_REFERENCE) return 0;
    if (H5Tis_variable_str(type) > 0 || n <= 0 || n > MOST_BYTES) return 0;
    const size_t bytes = (size_t)n * H5Tget_size(type);
    return bytes <= MOST_BYTES ? bytes : 0;
}

/* References change places, or lead nowhere. */
static void mutate_values(uint8_t *values, size_t bytes, hid_t type, unsigned *state) {
    const size_t size = H5Tget_size(type);
    if (H5Tget_class(type) != H5T_REFERENCE) {
        LLVMFuzzerMutate(values, bytes, bytes);
        return;
    }
    const unsigned n = (unsigned)(bytes / size), to = draw(state, n), from = draw(state, n + 1);
    if (from < n)
        memcpy(values + to * size, values + from * size, size);
    else
        memset(values + to * size, 0, size);
}

static void mutate_dataset(hid_t object, unsigned *state) {
    hid_t type = H5Dget_type(object), space = H5Dget_space(object);
    const size_t bytes = plain_bytes(type, space);
    uint8_t *values = calloc(bytes + 1, 1);
    if (bytes && values && H5Dread(object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0) {
        mutate_values(values, bytes, type, state);
        H5Dwrite(object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    }
    free(values);
    H5Sclose(space), H5Tclose(type);
}

static void mutate_attribute(hid_t object, bool remove, unsigned *state) {
    char name[LONGEST_PATH];
    const int n = H5Aget_num_attrs(object);
    if (n < 1) return;
    hid_t attribute =
        H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, draw(state, (unsigned)n), H5P_DEFAULT, H5P_DEFAULT);
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    const size_t bytes = plain_bytes(type, space);
    uint8_t *values = calloc(bytes + 1, 1);
    if (!remove && bytes && values && H5Aread(attribute, type, values) >= 0) {
        mutate_values(values, bytes, type, state);
        H5Awrite(attribute, type, values);
    }
    H5Aget_name(attribute, sizeof name, name);
    free(values);
    H5Sclose(space), H5Tclose(type), H5Aclose(attribute);
    if (remove) H5Adelete(object, name);
}

static void set_text_attribute(hid_t object, const char *name, const char *text) {
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, strlen(text));
    H5Adelete(object, name);
    hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute >= 0) H5Awrite(attribute, type, text), H5Aclose(attribute);
    H5Sclose(space), H5Tclose(type);
}

static void set_number_attribute(hid_t object, const char *name, unsigned value) {
    hid_t space = H5Screate(H5S_SCALAR);
    H5Adelete(object, name);
    hid_t attribute = H5Acreate2(object, name, H5T_STD_U8LE, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute >= 0) H5Awrite(attribute, H5T_NATIVE_UINT, &value), H5Aclose(attribute);
    H5Sclose(space);
}

/* As MATLAB marks what it writes. */
static void change_class(hid_t object, unsigned *state) {
    static const char *const classes[] = {"double", "single", "int8",   "uint64", "char",  "logical",
                                          "cell",   "struct", "string", "table",  "int32", "function_handle"};
    static const char *const flags[] = {"MATLAB_empty", "MATLAB_sparse", "MATLAB_int_decode", "MATLAB_global"};
    if (draw(state, 2))
        set_text_attribute(object, "MATLAB_class", classes[draw(state, sizeof classes / sizeof *classes)]);
    else
        set_number_attribute(object, flags[draw(state, sizeof flags / sizeof *flags)], draw(state, 5));
}

/* A dataset of another shape and type in the place of an object. */
static void replace(hid_t file, const char *path, unsigned *state) {
    static const hsize_t lengths[] = {0, 1, 1, 2, 3, 5, 40, 200};
    const hid_t types[] = {H5T_IEEE_F64LE, H5T_IEEE_F32LE, H5T_STD_I8LE, H5T_STD_U16LE, H5T_STD_U64LE, H5T_IEEE_F64BE};
    hsize_t shape[MOST_RANK];
    const int rank = (int)draw(state, MOST_RANK + 1);
    for (int k = 0; k < rank; k++) shape[k] = lengths[draw(state, sizeof lengths / sizeof *lengths)];
    if (H5Ldelete(file, path, H5P_DEFAULT) < 0) return;
    hid_t space = rank ? H5Screate_simple(rank, shape, NULL) : H5Screate(H5S_SCALAR);
    hid_t type = types[draw(state, sizeof types / sizeof *types)];
    hid_t made = H5Dcreate2(file, path, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (made >= 0) {
        set_text_attribute(made, "MATLAB_class", "double");
        mutate_dataset(made, state);
        H5Dclose(made);
    }
    H5Sclose(space);
}

/* Another name for an object, or none: names that readers look for. */
static void rename_or_remove(hid_t file, const char *path, bool remove, unsigned *state) {
    static const char *const names[] = {"dff",  "data", "spikes", "fs",     "rate",
                                        "time", "t",    "trials", "labels", "units"};
    if (remove)
        H5Ldelete(file, path, H5P_DEFAULT);
    else
        H5Lmove(file, path, file, names[draw(state, sizeof names / sizeof *names)], H5P_DEFAULT, H5P_DEFAULT);
}

static void mutate_file(hid_t file, unsigned *state) {
    object_list list = {0};
    H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, list_object, &list, H5O_INFO_BASIC);
    if (list.n < 2) return; /* the first is the file itself */
    const char *path = list.path[1 + draw(state, (unsigned)list.n - 1)];
    hid_t object = H5Oopen(file, path, H5P_DEFAULT);
    if (object < 0) return;
    const bool dataset = H5Iget_type(object) == H5I_DATASET;
    const unsigned what = draw(state, 10);
    if (what < 4 && dataset) mutate_dataset(object, state);
    if (what == 4) mutate_attribute(object, false, state);
    if (what == 5) mutate_attribute(object, true, state);
    if (what == 6) change_class(object, state);
    H5Oclose(object);
    if (what == 7) replace(file, path, state);
    if (what == 8) rename_or_remove(file, path, false, state);
    if (what == 9) rename_or_remove(file, path, draw(state, 2), state);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    char path[PATH_MAX];
    struct stat made;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    snprintf(path, sizeof path, "%s/mutated", scratch_folder());
    write_file(path, data, size);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    if (file < 0) return size; /* none that came from the corpus */
    mutate_file(file, &seed);
    if (H5Fclose(file) < 0 || stat(path, &made) != 0 || (size_t)made.st_size > max_size) return size;
    FILE *in = fopen(path, "rb");
    if (!in) abort();
    size = fread(data, 1, (size_t)made.st_size, in);
    fclose(in);
    return size;
}

#endif
