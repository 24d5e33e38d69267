/* Whether a MATLAB v7.3 file, which is HDF5, holds what matio will ask libhdf5 for: names of fields in the global heap
 * (base/hdf5_text.c says what happens otherwise), and as many values as every dataset claims. */
#include <stdlib.h>

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
        for (int64_t k = 0; name && k < n; k++) free(name[k]);
        free(name);
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

static herr_t check_object(hid_t file, const char *name, const H5O_info_t *info, void *user) {
    bool *whole = user;
    if (info->type != H5O_TYPE_DATASET && info->type != H5O_TYPE_GROUP) return 0;
    hid_t object = H5Oopen(file, name, H5P_DEFAULT);
    *whole = object >= 0 && has_names(object) && (info->type == H5O_TYPE_GROUP || has_values(object));
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
