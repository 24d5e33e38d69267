/* Whether a MATLAB v7.3 file, which is HDF5, holds what matio will ask libhdf5 for: names of fields in the global heap
 * (base/hdf5_text.c says what happens otherwise), as many values as every dataset claims, and what MATLAB writes where
 * matio makes room for that and no more: single marks, the axes of an empty array, references in cells and as many of
 * them in each field of a struct array. */
#include <stdlib.h>
#include <string.h>

#include "base/hdf5.h"
#include "base/memory.h"
#include "recording/mat.h"

/* The names of the fields of a struct: texts of variable length. */
static bool has_names(hid_t object) {
    static const char fields[] = "MATLAB_fields";
    if (H5Aexists(object, fields) <= 0) return true;
    hid_t attribute = H5Aopen(object, fields, H5P_DEFAULT);
    if (attribute < 0) return false;
    hid_t space = H5Aget_space(attribute), type = H5Aget_type(attribute);
    const int64_t n = H5Sget_simple_extent_npoints(space);
    bool ok = n >= 0 && H5Aget_storage_size(attribute) >= (hsize_t)n * H5Tget_size(type);
    char **name = NULL;
    if (ok && H5Tget_class(type) == H5T_VLEN) {
        ok = syn_alloc(&name, (size_t)n, sizeof *name, fields) == SYN_OK && syn_hdf5_variable_texts(attribute, n, name);
        syn_free_texts(name, n);
    }
    H5Tclose(type);
    H5Sclose(space);
    H5Aclose(attribute);
    return ok;
}

/* What was never written is read as zeros. */
static bool has_values(hid_t dataset) {
    H5D_space_status_t space_status;
    if (H5Dget_space_status(dataset, &space_status) < 0) return false;
    if (space_status != H5D_SPACE_STATUS_ALLOCATED) return true;
    hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    const double bytes = (double)H5Sget_simple_extent_npoints(space) * (double)H5Tget_size(type);
    H5Tclose(type);
    H5Sclose(space);
    return bytes >= 0 && syn_hdf5_stores(dataset, bytes);
}

/* ---- what marks an object ---- */

/* A mark is one number or one text of fixed length. *value: that of a number, 0 where there is none. */
static bool has_single(hid_t object, const char *name, H5T_class_t class, int *value) {
    *value = 0;
    if (H5Aexists(object, name) <= 0) return true;
    hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    if (attribute < 0) return false;
    hid_t space = H5Aget_space(attribute), type = H5Aget_type(attribute);
    /* h5py writes a bool as an enumeration of integers. */
    const H5T_class_t found = H5Tget_class(type) == H5T_ENUM ? H5T_INTEGER : H5Tget_class(type);
    bool ok = H5Sget_simple_extent_npoints(space) == 1 && found == class && H5Tis_variable_str(type) <= 0;
    if (ok && class == H5T_INTEGER) ok = H5Aread(attribute, H5T_NATIVE_INT, value) >= 0;
    H5Tclose(type);
    H5Sclose(space);
    H5Aclose(attribute);
    return ok;
}

static bool has_marks(hid_t object, int *empty) {
    static const char *const numbers[] = {"MATLAB_global", "MATLAB_sparse", "MATLAB_int_decode",
                                          "MATLAB_object_decode"};
    int value;
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
        if (!has_single(object, numbers[k], H5T_INTEGER, &value)) return false;
    return has_single(object, "MATLAB_class", H5T_STRING, &value) &&
           has_single(object, "MATLAB_empty", H5T_INTEGER, empty);
}

static bool is_cell(hid_t object) {
    char class[64] = "";
    if (H5Aexists(object, "MATLAB_class") <= 0) return false;
    hid_t attribute = H5Aopen(object, "MATLAB_class", H5P_DEFAULT), type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, sizeof class - 1);
    H5Aread(attribute, type, class);
    H5Tclose(type);
    H5Aclose(attribute);
    return !strncmp(class, "cell", 4);
}

/* ---- datasets ---- */

static bool is_reference(hid_t dataset, hssize_t *n) {
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    const bool is = H5Tget_class(type) == H5T_REFERENCE;
    *n = H5Sget_simple_extent_npoints(space);
    H5Sclose(space);
    H5Tclose(type);
    return is;
}

/* The values of an empty array are the lengths of its axes, one of them 0. */
static bool has_empty_axes(hid_t dataset) {
    hsize_t axis[32];
    hid_t space = H5Dget_space(dataset);
    const hssize_t n = H5Sget_simple_extent_npoints(space);
    bool found = false;
    const bool ok = H5Sget_simple_extent_ndims(space) == 1 && n >= 1 && n <= 32 &&
                    H5Dread(dataset, H5T_NATIVE_HSIZE, H5S_ALL, H5S_ALL, H5P_DEFAULT, axis) >= 0;
    for (hssize_t k = 0; ok && k < n; k++) found = found || axis[k] == 0;
    H5Sclose(space);
    return found;
}

static bool dataset_is_whole(hid_t dataset, int empty) {
    hssize_t n;
    if (!has_values(dataset)) return false;
    if (empty) return has_empty_axes(dataset);
    return !is_cell(dataset) || is_reference(dataset, &n);
}

/* ---- struct arrays ---- */

/* Of the fields of a struct array: references without a class, of as many elements each. */
typedef struct field_list {
    hssize_t elements; /* -1: none so far */
    bool mixed;
    int others;
} field_list;

static herr_t check_field(hid_t group, const char *name, const H5L_info_t *info, void *user) {
    field_list *fields = user;
    hssize_t n;
    (void)info;
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    if (object < 0) return 0;
    if (H5Iget_type(object) == H5I_DATASET && is_reference(object, &n) && H5Aexists(object, "MATLAB_class") <= 0) {
        fields->mixed = fields->mixed || (fields->elements >= 0 && n != fields->elements);
        fields->elements = n;
    } else {
        fields->others++;
    }
    H5Oclose(object);
    return 0;
}

static bool group_is_whole(hid_t group) {
    field_list fields = {.elements = -1};
    if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, check_field, &fields) < 0) return false;
    return fields.elements < 0 || (!fields.mixed && fields.others == 0);
}

/* The top, #refs# and #subsystem#, where MATLAB keeps what others refer to. */
static bool is_filing(const char *name) { return !strcmp(name, ".") || (*name == '#' && !strchr(name, '/')); }

static herr_t check_object(hid_t file, const char *name, const H5O_info_t *info, void *user) {
    bool *whole = user;
    int empty;
    if (info->type != H5O_TYPE_DATASET && info->type != H5O_TYPE_GROUP) return 0;
    hid_t object = H5Oopen(file, name, H5P_DEFAULT);
    *whole =
        object >= 0 && has_names(object) && has_marks(object, &empty) &&
        (info->type == H5O_TYPE_DATASET ? dataset_is_whole(object, empty) : is_filing(name) || group_is_whole(object));
    if (object >= 0) H5Oclose(object);
    return *whole ? 0 : -1;
}

bool syn_mat73_is_whole(const char *path) {
    bool whole = true;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0) return false;
    if (H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, check_object, &whole, H5O_INFO_BASIC) < 0) whole = false;
    H5Fclose(file);
    return whole;
}
