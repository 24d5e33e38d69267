/* A disk that libhdf5 never sees fail. A flush that fails leaves libhdf5 1.10 with a file that it can neither close nor
 * forget, and it crashes when the program ends. So a file is written by a driver of our own: after the first failure it
 * drops what it is given, and says so to whoever made the file.
 */
#ifndef SYN_BASE_HDF5_DISK_H
#define SYN_BASE_HDF5_DISK_H

#include <hdf5.h>

/* Creates a file as H5Fcreate() with H5F_ACC_TRUNC does; the same content is the same bytes. *error: 0, and from the
 * first write that fails its errno: the file is then worth nothing, but can be closed. It has to last until then. */
hid_t syn_hdf5_disk_create(const char *path, int *error);

#endif
