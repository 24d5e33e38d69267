#include "base/hdf5_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

/* What a file-access list carries for the driver. */
typedef struct access_info {
    int *error;
} access_info;

typedef struct disk_file {
    H5FD_t parent; /* libhdf5's; first */
    int descriptor;
    haddr_t allocated, end; /* bytes that libhdf5 has given out, and that were written */
    int *error;
} disk_file;

static H5FD_t *open_file(const char *path, unsigned flags, hid_t access, haddr_t most) {
    const access_info *info = H5Pget_driver_info(access);
    disk_file *f = info ? calloc(1, sizeof *f) : NULL;
    (void)flags, (void)most;
    if (!f) return NULL;
    f->error = info->error;
    f->descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (f->descriptor >= 0) return &f->parent;
    *f->error = errno;
    free(f);
    return NULL;
}

static herr_t close_file(H5FD_t *file) {
    disk_file *f = (disk_file *)file;
    if (close(f->descriptor) && !*f->error) *f->error = errno;
    free(f);
    return 0;
}

/* As libhdf5's own driver says of itself: how it lays out a file depends on that. */
static herr_t query(const H5FD_t *file, unsigned long *flags) {
    (void)file;
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

static haddr_t allocated(const H5FD_t *file, H5FD_mem_t type) {
    (void)type;
    return ((const disk_file *)file)->allocated;
}

static herr_t set_allocated(H5FD_t *file, H5FD_mem_t type, haddr_t bytes) {
    (void)type;
    ((disk_file *)file)->allocated = bytes;
    return 0;
}

static haddr_t end_of_file(const H5FD_t *file, H5FD_mem_t type) {
    (void)type;
    return ((const disk_file *)file)->end;
}

/* Zeros where nothing was written. */
static herr_t read_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t place, size_t size, void *out) {
    const disk_file *f = (const disk_file *)file;
    char *to = out;
    (void)type, (void)transfer;
    while (size > 0) {
        const ssize_t n = pread(f->descriptor, to, size, (off_t)place);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        if (n == 0) return memset(to, 0, size), 0;
        to += n, place += (haddr_t)n, size -= (size_t)n;
    }
    return 0;
}

static herr_t write_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t place, size_t size, const void *in) {
    disk_file *f = (disk_file *)file;
    const char *from = in;
    (void)type, (void)transfer;
    if (place + size > f->end) f->end = place + size;
    while (size > 0 && !*f->error) {
        const ssize_t n = pwrite(f->descriptor, from, size, (off_t)place);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return *f->error = errno, 0;
        from += n, place += (haddr_t)n, size -= (size_t)n;
    }
    return 0;
}

static herr_t truncate_file(H5FD_t *file, hid_t transfer, hbool_t closing) {
    disk_file *f = (disk_file *)file;
    (void)transfer, (void)closing;
    if (f->end == f->allocated) return 0;
    if (ftruncate(f->descriptor, (off_t)f->allocated) && !*f->error) *f->error = errno;
    f->end = f->allocated;
    return 0;
}

static const H5FD_class_t driver = {
#ifdef H5FD_CLASS_VERSION
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)512, /* the first that is free for drivers of programs */
#endif
    .name = "synapsnet",
    .maxaddr = ((haddr_t)1 << 62) - 1,
    .fc_degree = H5F_CLOSE_WEAK,
    .fapl_size = sizeof(access_info),
    .open = open_file,
    .close = close_file,
    .query = query,
    .get_eoa = allocated,
    .set_eoa = set_allocated,
    .get_eof = end_of_file,
    .read = read_bytes,
    .write = write_bytes,
    .truncate = truncate_file,
    .fl_map = H5FD_FLMAP_DICHOTOMY};

/* Registered once and for good: libhdf5 reads the driver of a file after it has given it back. */
static hid_t driver_id(void) {
    static hid_t id = H5I_INVALID_HID;
    if (id < 0 || H5Iget_type(id) != H5I_VFL) id = H5FDregister(&driver);
    return id;
}

hid_t syn_hdf5_disk_create(const char *path, int *error) {
    const access_info info = {.error = error};
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    hid_t file = H5I_INVALID_HID;
    *error = 0;
    if (access >= 0 && H5Pset_driver(access, driver_id(), &info) >= 0)
        file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    if (access >= 0) H5Pclose(access);
    return file;
}
