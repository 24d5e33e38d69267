#include "base/hdf5.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hdf5_disk.h"
#include "base/memory.h"

/* Asked before HDF5 opens what an external link leads to: a pipe would wait for ever. */
static herr_t follow(const char *parent, const char *group, const char *file, const char *object, unsigned *flags,
                     hid_t access, void *user) {
    char path[PATH_MAX];
    struct stat st;
    const char *slash = strrchr(parent, '/');
    (void)group, (void)object, (void)flags, (void)access, (void)user;
    snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - parent) + 1 : 0, parent, file);
    const bool beside = *file != '/' && stat(path, &st) == 0;
    return (beside || stat(file, &st) == 0) && !S_ISREG(st.st_mode) ? -1 : 0;
}

hid_t syn_hdf5_link_access(void) {
    static hid_t access = H5I_INVALID_HID;
    if (access < 0 && (access = H5Pcreate(H5P_DATASET_ACCESS)) >= 0) H5Pset_elink_cb(access, follow, NULL);
    return access;
}

/* ---- writing ---- */

syn_status syn_hdf5_check_name(const char *path) {
    static const char *const others[] = {".csv",  ".tsv",  ".txt", ".json",    ".npy",  ".npz",     ".mat", ".nwb",
                                         ".html", ".xlsx", ".pkl", ".parquet", ".zarr", ".graphml", ".pdf"};
    const char *dot = strrchr(path, '.');
    for (size_t k = 0; dot && k < sizeof others / sizeof *others; k++)
        if (!strcasecmp(dot, others[k]))
            return syn_fail(SYN_ERR_OPTION,
                            "output: found '%s'; expected a name that ends in .h5: it is written as HDF5", path);
    return SYN_OK;
}

static syn_status write_closed(const char *temporary, const char *path,
                               syn_status (*fill)(syn_hdf5_writer *, const void *), const void *content) {
    syn_hdf5_writer writer = {0};
    writer.file = syn_hdf5_disk_create(temporary, &writer.error);
    if (writer.file < 0)
        return syn_fail(SYN_ERR_IO, "%s: could not be created; does its folder exist and may you write to it?", path);
    syn_status status = fill(&writer, content);
    syn_hdf5_note(&writer, H5Fclose(writer.file));
    if (status != SYN_OK) return status;
    if (writer.error) return syn_fail(SYN_ERR_IO, "%s: could not be written: %s", path, strerror(writer.error));
    return writer.failed ? syn_fail(SYN_ERR_IO, "%s: could not be written by HDF5", path) : SYN_OK;
}

syn_status syn_hdf5_write_file(const char *path, syn_status (*fill)(syn_hdf5_writer *, const void *),
                               const void *content) {
    syn_status status;
    char *temporary = NULL;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    SYN_CHECK(syn_hdf5_check_name(path));
    SYN_CHECK(syn_file_begin(&temporary, path));
    SYN_CHECK(write_closed(temporary, path, fill, content));
    SYN_CHECK(syn_file_commit(temporary, path));
done:
    syn_file_end(temporary);
    return status;
}

void syn_hdf5_note(syn_hdf5_writer *w, herr_t code) { w->failed = w->failed || code < 0 || w->error; }

static hid_t memory_type(syn_hdf5_type type) {
    switch (type) {
    case SYN_HDF5_F32:
        return H5T_NATIVE_FLOAT;
    case SYN_HDF5_F64:
        return H5T_NATIVE_DOUBLE;
    case SYN_HDF5_I32:
        return H5T_NATIVE_INT32;
    case SYN_HDF5_I64:
        return H5T_NATIVE_INT64;
    case SYN_HDF5_U8:
        break;
    }
    return H5T_NATIVE_UINT8;
}

static hid_t file_type(syn_hdf5_type type) {
    switch (type) {
    case SYN_HDF5_F32:
        return H5T_IEEE_F32LE;
    case SYN_HDF5_F64:
        return H5T_IEEE_F64LE;
    case SYN_HDF5_I32:
        return H5T_STD_I32LE;
    case SYN_HDF5_I64:
        return H5T_STD_I64LE;
    case SYN_HDF5_U8:
        break;
    }
    return H5T_STD_U8LE;
}

static void put_attribute(syn_hdf5_writer *w, const char *object, const char *name, hid_t stored, hid_t memory,
                          const void *value) {
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate_by_name(w->file, object, name, stored, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    syn_hdf5_note(w, attribute < 0 ? -1 : H5Awrite(attribute, memory, value));
    if (attribute >= 0) H5Aclose(attribute);
    H5Sclose(space);
}

void syn_hdf5_put_text_attribute(syn_hdf5_writer *w, const char *object, const char *name, const char *text) {
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, strlen(text) + 1);
    H5Tset_cset(type, H5T_CSET_UTF8);
    put_attribute(w, object, name, type, type, text);
    H5Tclose(type);
}

void syn_hdf5_put_number_attribute(syn_hdf5_writer *w, const char *object, const char *name, double value) {
    put_attribute(w, object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

void syn_hdf5_put_integer_attribute(syn_hdf5_writer *w, const char *object, const char *name, int64_t value) {
    put_attribute(w, object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

static hid_t with_groups(void) {
    hid_t links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    return links;
}

void syn_hdf5_put_group(syn_hdf5_writer *w, const char *name) {
    hid_t links = with_groups(), group = H5Gcreate2(w->file, name, links, H5P_DEFAULT, H5P_DEFAULT);
    syn_hdf5_note(w, group < 0 ? -1 : H5Gclose(group));
    H5Pclose(links);
}

static hid_t create(syn_hdf5_writer *w, const char *name, hid_t stored, int rank, const int64_t *shape) {
    hsize_t size[H5S_MAX_RANK] = {0};
    for (int k = 0; k < rank; k++) size[k] = (hsize_t)shape[k];
    hid_t links = with_groups(), untimed = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(untimed, 0);
    hid_t space = rank ? H5Screate_simple(rank, size, NULL) : H5Screate(H5S_SCALAR);
    hid_t dataset = H5Dcreate2(w->file, name, stored, space, links, untimed, H5P_DEFAULT);
    H5Sclose(space);
    H5Pclose(untimed);
    H5Pclose(links);
    syn_hdf5_note(w, dataset < 0 ? -1 : 0);
    return dataset;
}

hid_t syn_hdf5_create(syn_hdf5_writer *w, const char *name, syn_hdf5_type type, int rank, const int64_t *shape) {
    return create(w, name, file_type(type), rank, shape);
}

static void put(syn_hdf5_writer *w, const char *name, hid_t stored, hid_t memory, const void *data, int rank,
                const int64_t *shape) {
    if (!data || w->failed) return;
    hid_t dataset = create(w, name, stored, rank, shape);
    if (dataset < 0) return;
    syn_hdf5_note(w, H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data));
    H5Dclose(dataset);
}

void syn_hdf5_put(syn_hdf5_writer *w, const char *name, syn_hdf5_type type, const void *data, int rank,
                  const int64_t *shape) {
    put(w, name, file_type(type), memory_type(type), data, rank, shape);
}

void syn_hdf5_put_texts(syn_hdf5_writer *w, const char *name, char *const *texts, int64_t n) {
    hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    put(w, name, type, type, texts, 1, &n);
    H5Tclose(type);
}

/* ---- reading ---- */

bool syn_hdf5_stores(hid_t dataset, double bytes) {
    enum { MOST_COMPRESSION = 4096, SLACK = 1 << 20 };
    hid_t properties = H5Dget_create_plist(dataset);
    const H5D_layout_t layout = H5Pget_layout(properties);
    const double stored = (double)H5Dget_storage_size(dataset);
    H5Pclose(properties);
    return layout == H5D_VIRTUAL || bytes <= (layout == H5D_CHUNKED ? stored * MOST_COMPRESSION + SLACK : stored);
}

char *syn_hdf5_text_attribute(hid_t file, const char *object, const char *name) {
    char *out = NULL;
    if (H5Aexists_by_name(file, object, name, H5P_DEFAULT) <= 0) return NULL;
    hid_t attribute = H5Aopen_by_name(file, object, name, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0) return NULL;
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    if (H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1) {
        if (H5Tis_variable_str(type) > 0) {
            if (!syn_hdf5_variable_texts(attribute, 1, &out)) {
                free(out);
                out = NULL;
            }
        } else if ((out = calloc(H5Tget_size(type) + 1, 1)) && H5Aread(attribute, type, out) < 0) {
            free(out);
            out = NULL;
        }
    }
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(attribute);
    return out;
}

double syn_hdf5_number_attribute(hid_t file, const char *object, const char *name, double absent) {
    double value = absent;
    if (H5Aexists_by_name(file, object, name, H5P_DEFAULT) <= 0) return absent;
    hid_t attribute = H5Aopen_by_name(file, object, name, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0) return absent;
    hid_t space = H5Aget_space(attribute);
    if (H5Sget_simple_extent_npoints(space) != 1 || H5Aread(attribute, H5T_NATIVE_DOUBLE, &value) < 0) value = absent;
    H5Sclose(space);
    H5Aclose(attribute);
    return value;
}

bool syn_hdf5_has(hid_t file, const char *name) {
    char part[256];
    if (strlen(name) >= sizeof part) return false;
    for (const char *p = strchr(name + 1, '/');; p = strchr(p + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", p ? (int)(p - name) : (int)strlen(name), name);
        if (H5Lexists(file, part, H5P_DEFAULT) <= 0) return false;
        if (!p) return true;
    }
}
