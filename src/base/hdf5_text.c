/* Texts of variable length lie in a global heap of their own, and what stands in their place is where: length, address
 * of a collection, number of an object in it. libhdf5 1.10 believes both, and runs out of its memory where a file is
 * damaged. So here it is only asked for what stands there, by a conversion of text to opaque bytes that changes
 * nothing, and the collections are read and checked by ourselves.
 * https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html#GlobalHeap */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hdf5.h"
#include "base/memory.h"

typedef struct heap {
    int descriptor; /* of the file, which libhdf5 has open */
    uint64_t base, bytes;
    size_t address_size, length_size;
    uint64_t address;          /* of the collection at hand */
    unsigned char *collection; /* [size], or NULL */
    size_t size;
} heap;

static herr_t keep_bytes(hid_t from, hid_t to, H5T_cdata_t *data, size_t n, size_t stride, size_t background_stride,
                         void *values, void *background, hid_t properties) {
    (void)n, (void)stride, (void)background_stride, (void)values, (void)background, (void)properties;
    if (data->command == H5T_CONV_INIT) return H5Tis_variable_str(from) > 0 || H5Tget_class(from) == H5T_VLEN ? 0 : -1;
    return data->command == H5T_CONV_CONV && H5Tget_size(from) != H5Tget_size(to) ? -1 : 0;
}

/* Opaque bytes of this size, to which libhdf5 converts text as it stands in the file. */
static hid_t opaque_type(size_t size) {
    static bool known;
    hid_t text = H5Tcopy(H5T_C_S1), opaque = H5Tcreate(H5T_OPAQUE, size);
    H5Tset_size(text, H5T_VARIABLE);
    if (!known) known = H5Tregister(H5T_PERS_SOFT, "text as it stands", text, opaque, keep_bytes) >= 0;
    H5Tclose(text);
    return opaque;
}

static bool open_heap(heap *h, hid_t file) {
    void *handle = NULL;
    hsize_t block = 0;
    struct stat st;
    hid_t creation = H5Fget_create_plist(file), access = H5Fget_access_plist(file);
    bool ok = H5Pget_userblock(creation, &block) >= 0 &&
              H5Pget_sizes(creation, &h->address_size, &h->length_size) >= 0 && H5Pget_driver(access) == H5FD_SEC2 &&
              H5Fget_vfd_handle(file, H5P_DEFAULT, &handle) >= 0;
    H5Pclose(access);
    H5Pclose(creation);
    ok = ok && h->address_size <= 8 && h->length_size <= 8;
    if (ok) h->descriptor = *(int *)handle;
    if (!ok || fstat(h->descriptor, &st) != 0 || (uint64_t)st.st_size < block) return false;
    h->base = block;
    h->bytes = (uint64_t)st.st_size - block;
    return true;
}

static uint64_t number(const unsigned char *p, size_t size) {
    uint64_t value = 0;
    for (size_t k = size; k-- > 0;) value = value << 8 | p[k];
    return value;
}

static bool read_at(const heap *h, uint64_t address, void *out, size_t size) {
    return address <= h->bytes && size <= h->bytes - address &&
           pread(h->descriptor, out, size, (off_t)(h->base + address)) == (ssize_t)size;
}

/* "GCOL", version, 3 bytes, size of the whole. */
static bool load(heap *h, uint64_t address) {
    unsigned char head[16];
    if (h->collection && h->address == address) return true;
    free(h->collection);
    h->collection = NULL;
    if (!read_at(h, address, head, 8 + h->length_size) || memcmp(head, "GCOL\1", 5) != 0) return false;
    const uint64_t size = number(head + 8, h->length_size);
    if (size > h->bytes || syn_alloc(&h->collection, (size_t)size + 1, 1, "texts") != SYN_OK) return false;
    h->address = address;
    h->size = (size_t)size;
    if (read_at(h, address, h->collection, h->size)) return true;
    free(h->collection);
    h->collection = NULL;
    return false;
}

/* Objects follow each other on multiples of 8 bytes, and so do their contents: number, references, 4 bytes, size,
 * content. */
static const unsigned char *find(const heap *h, uint64_t object, uint64_t length) {
    const size_t head = (8 + h->length_size + 7) / 8 * 8;
    size_t at = head;
    while (at <= h->size && h->size - at >= head) {
        const uint64_t id = number(h->collection + at, 2), size = number(h->collection + at + 8, h->length_size);
        const size_t left = h->size - at - head;
        if (id == 0 || size > left) return NULL;
        if (id == object) return length <= size ? h->collection + at + head : NULL;
        at += head + (size_t)size + (8 - size % 8) % 8;
    }
    return NULL;
}

static bool fetch(heap *h, const unsigned char *place, char **text) {
    const uint64_t length = number(place, 4), address = number(place + 4, h->address_size),
                   object = number(place + 4 + h->address_size, 4);
    if (length == 0) return syn_copy_text(text, "") == SYN_OK;
    const unsigned char *content = load(h, address) ? find(h, object, length) : NULL;
    if (!content || syn_alloc(text, (size_t)length + 1, 1, "text") != SYN_OK) return false;
    memcpy(*text, content, (size_t)length);
    return true;
}

bool syn_hdf5_variable_texts(hid_t holder, int64_t n, char **text) {
    const bool attribute = H5Iget_type(holder) == H5I_ATTR;
    hid_t file = H5Iget_file_id(holder), space = attribute ? H5Aget_space(holder) : H5Dget_space(holder);
    heap h = {0};
    unsigned char *place = NULL;
    bool ok = file >= 0 && H5Sget_simple_extent_npoints(space) == n && open_heap(&h, file);
    const size_t size = 8 + h.address_size;
    ok = ok && syn_alloc(&place, (size_t)n, size, "texts") == SYN_OK;
    if (ok) {
        hid_t opaque = opaque_type(size);
        ok = (attribute ? H5Aread(holder, opaque, place)
                        : H5Dread(holder, opaque, H5S_ALL, H5S_ALL, H5P_DEFAULT, place)) >= 0;
        H5Tclose(opaque);
    }
    for (int64_t k = 0; k < n && ok; k++) ok = fetch(&h, place + (size_t)k * size, &text[k]);
    free(h.collection);
    free(place);
    H5Sclose(space);
    if (file >= 0) H5Fclose(file);
    return ok;
}
