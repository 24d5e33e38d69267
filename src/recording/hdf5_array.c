/* Arrays in HDF5 files: plain HDF5, MATLAB v7.3, NWB. */
#include <errno.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hdf5.h"
#include "base/memory.h"
#include "base/watch.h"
#include "recording/array.h"

typedef struct hdf5_source {
    hid_t file, dataset, type, space;
    int rank;
    hsize_t shape[SYN_MAX_RANK];
    int64_t tile_rows, tile_cols;
    int plain_file; /* where a->concurrent: descriptor of the file that holds the values as they are, from plain_start
                       on */
    off_t plain_start;
} hdf5_source;

static syn_status open_file(const char *path, hid_t *file) {
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    *file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (*file >= 0) return SYN_OK;
    return syn_fail(SYN_ERR_INPUT,
                    "%s: the HDF5 file cannot be opened: it is damaged, cut short, or still being written", path);
}

/* Fills type, numeric, integer and text from an HDF5 type. */
static void describe_type(hid_t type, syn_array *a) {
    size_t size = H5Tget_size(type);
    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        snprintf(a->type, sizeof a->type, "%sint%zu", H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "", 8 * size);
        a->numeric = a->integer = true;
        break;
    case H5T_ENUM: /* h5py's bool */
        snprintf(a->type, sizeof a->type, "enum%zu", 8 * size);
        a->numeric = a->integer = true;
        break;
    case H5T_FLOAT:
        snprintf(a->type, sizeof a->type, "float%zu", 8 * size);
        a->numeric = true;
        break;
    case H5T_STRING:
        snprintf(a->type, sizeof a->type, "text");
        a->text = true;
        break;
    case H5T_COMPOUND:
        snprintf(a->type, sizeof a->type, "compound");
        break;
    case H5T_VLEN:
        snprintf(a->type, sizeof a->type, "ragged");
        break;
    case H5T_REFERENCE:
        snprintf(a->type, sizeof a->type, "reference");
        break;
    default:
        snprintf(a->type, sizeof a->type, "opaque");
    }
}

static syn_status read_shape(syn_array *a, hid_t space, hsize_t *shape) {
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank < 0 || H5Sget_simple_extent_type(space) == H5S_NULL)
        return syn_fail(SYN_ERR_INPUT, "%s: is an empty HDF5 dataset; expected values", a->label);
    if (rank > SYN_MAX_RANK) return syn_fail(SYN_ERR_INPUT, "%s: has %d axes; expected 1 or 2", a->label, rank);
    H5Sget_simple_extent_dims(space, shape, NULL);
    a->rank = rank;
    for (int k = 0; k < rank; k++) a->shape[k] = shape[k] > INT64_MAX ? -1 : (int64_t)shape[k];
    return SYN_OK;
}

/* Nothing may be allocated for what the file claims and does not store. */
static syn_status check_storage(const syn_array *a, const hdf5_source *s, H5D_layout_t layout) {
    int64_t count;
    SYN_TRY(syn_shape_count(a->label, a->rank, a->shape, &count));
    const hsize_t stored = H5Dget_storage_size(s->dataset);
    if (stored == 0 && count > 0 && layout != H5D_VIRTUAL)
        return syn_fail(SYN_ERR_INPUT, "%s: has shape %s but no values were ever written to it", a->label,
                        syn_shape_text(a->rank, a->shape));
    if (!syn_hdf5_stores(s->dataset, (double)count * (double)H5Tget_size(s->type)))
        return syn_fail(SYN_ERR_INPUT, "%s: claims shape %s but stores only %.0f bytes; the file is damaged", a->label,
                        syn_shape_text(a->rank, a->shape), (double)stored);
    return SYN_OK;
}

/* The name that the file gives a filter, or that of those in use, where it gives none. */
static const char *filter_name(H5Z_filter_t id, const char *given) {
    static const struct filter {
        H5Z_filter_t id;
        const char *name;
    } filters[] = {{H5Z_FILTER_SZIP, "szip"}, {305, "lzo"},   {307, "bzip2"},        {32000, "lzf"},
                   {32001, "blosc"},          {32004, "lz4"}, {32008, "bitshuffle"}, {32013, "zfp"},
                   {32015, "zstd"},           {32017, "sz"},  {32024, "sz3"},        {32026, "blosc2"}};
    for (size_t k = 0; k < sizeof filters / sizeof *filters && !*given; k++)
        if (filters[k].id == id) return filters[k].name;
    return *given ? given : "an unknown filter";
}

static syn_status check_filters(const syn_array *a, hid_t properties) {
    for (int k = 0; k < H5Pget_nfilters(properties); k++) {
        unsigned flags, config;
        size_t n = 0;
        char name[64] = "";
        H5Z_filter_t id = H5Pget_filter2(properties, (unsigned)k, &flags, &n, NULL, sizeof name, name, &config);
        if (id >= 0 && H5Zfilter_avail(id) <= 0)
            return syn_fail(SYN_ERR_INPUT,
                            "%s: is compressed with %.40s (HDF5 filter %d), whose plug-in is not installed; rewrite it "
                            "with gzip where it is (h5repack -f GZIP=4)",
                            a->label, filter_name(id, name), id);
    }
    return SYN_OK;
}

static int64_t at_most(int64_t a, int64_t b) { return a < b ? a : b; }

/* Tiles are whole chunks where they fit, so that no chunk is unpacked twice. */
static void choose_tiles(const syn_array *a, hdf5_source *s, const hsize_t *chunk, bool chunked) {
    int64_t rows = chunked && s->rank > 0 ? (int64_t)chunk[0] : 1;
    int64_t cols = chunked && s->rank > 1 ? (int64_t)chunk[1] : a->rank > 1 ? at_most(a->shape[1], 1 << 15) : 1;
    rows = at_most(rows, SYN_TILE_VALUES);
    cols = at_most(cols, SYN_TILE_VALUES);
    int64_t all_rows = a->rank > 0 ? a->shape[0] : 1, all_cols = a->rank > 1 ? a->shape[1] : 1;
    if (rows * cols > SYN_TILE_VALUES) rows = SYN_TILE_VALUES / cols;
    int64_t wide = SYN_TILE_VALUES / (rows * cols);
    if (wide > 1 && cols < all_cols) cols = at_most(cols * wide, all_cols);
    int64_t tall = SYN_TILE_VALUES / (rows * (cols > 0 ? cols : 1));
    if (tall > 1) rows *= tall;
    s->tile_rows = at_most(rows, all_rows);
    s->tile_cols = at_most(cols, all_cols);
}

/* Whole chunks of about as many values as a tile, so that rows are still in the cache when they are worked on. */
static int64_t choose_rows(const syn_array *a, int64_t chunk_rows) {
    int64_t cols = 1;
    for (int k = 1; k < a->rank; k++) cols *= a->shape[k];
    const int64_t chunks = (1 << 18) / (chunk_rows * (cols > 0 ? cols : 1) + 1);
    return chunk_rows * (chunks > 1 ? chunks : 1);
}

/* Opens the dataset again with a chunk cache that holds one row of chunks, up to a limit. */
static void widen_cache(hdf5_source *s, const hsize_t *chunk, const char *name) {
    enum { MOST = 32 << 20 };
    double bytes = (double)H5Tget_size(s->type);
    for (int k = 0; k < s->rank; k++) bytes *= (double)chunk[k];
    if (bytes <= 1 << 20 || bytes > MOST) return;
    hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    H5Pset_chunk_cache(access, 521, (size_t)bytes + 1, 0.75);
    hid_t again = H5Dopen2(s->file, name, access);
    H5Pclose(access);
    if (again < 0) return;
    H5Dclose(s->dataset);
    s->dataset = again;
}

static syn_status open_dataset(syn_array *a, hdf5_source *s, const char *file, const char *name) {
    H5O_info_t info;
    if (H5Oget_info_by_name(s->file, name, &info, syn_hdf5_link_access()) < 0)
        return syn_no_array(file, "dataset", name, "holds");
    if (info.type != H5O_TYPE_DATASET)
        return syn_fail(SYN_ERR_INPUT, "%s: '%s' is a group; give a dataset in it as FILE:%s/NAME", file, name, name);
    s->dataset = H5Dopen2(s->file, name, syn_hdf5_link_access());
    if (s->dataset < 0) return syn_fail(SYN_ERR_INPUT, "%s: cannot be opened; the file is damaged", a->label);
    s->type = H5Dget_type(s->dataset);
    s->space = H5Dget_space(s->dataset);
    describe_type(s->type, a);
    SYN_TRY(read_shape(a, s->space, s->shape));
    s->rank = a->rank;
    return SYN_OK;
}

/* Values that lie in one piece, as floats of this machine, are read past libhdf5, which admits one thread at a time. */
static void find_plain_values(syn_array *a, hdf5_source *s) {
    const haddr_t start = H5Dget_offset(s->dataset); /* undefined where they lie in chunks or in other files */
    const hid_t file = H5Iget_file_id(s->dataset);   /* behind an external link not s->file */
    const hid_t access = H5Fget_access_plist(file);
    void *descriptor = NULL;
    if (start != HADDR_UNDEF && H5Tequal(s->type, H5T_NATIVE_FLOAT) > 0 && H5Pget_driver(access) == H5FD_SEC2 &&
        H5Fget_vfd_handle(file, H5P_DEFAULT, &descriptor) >= 0) {
        s->plain_file = *(int *)descriptor;
        s->plain_start = (off_t)start;
        a->concurrent = true;
    }
    H5Pclose(access);
    H5Fclose(file);
}

static syn_status prepare(syn_array *a, hdf5_source *s, const char *name) {
    hid_t properties = H5Dget_create_plist(s->dataset);
    H5D_layout_t layout = H5Pget_layout(properties);
    hsize_t chunk[SYN_MAX_RANK] = {0};
    bool chunked = layout == H5D_CHUNKED && H5Pget_chunk(properties, SYN_MAX_RANK, chunk) == a->rank;
    syn_status status = check_filters(a, properties);
    H5Pclose(properties);
    SYN_TRY(status);
    SYN_TRY(check_storage(a, s, layout));
    for (int k = 0; k < a->rank; k++)
        if (a->shape[k] == 0) return SYN_OK; /* no tile to choose; syn_array_visit() refuses it */
    choose_tiles(a, s, chunk, chunked);
    a->row_step = choose_rows(a, chunked ? (int64_t)chunk[0] : 1);
    if (chunked) widen_cache(s, chunk, name);
    find_plain_values(a, s);
    return SYN_OK;
}

static syn_status read_failed(const syn_array *a) {
    return syn_fail(SYN_ERR_INPUT, "%s: its values cannot be read; the HDF5 file is damaged or cut short", a->label);
}

/* Rows and columns of a block {row, col, rows, cols} into `out` as `type`. */
static syn_status read_block(const syn_array *a, const hdf5_source *s, const int64_t block[4], hid_t type, void *out) {
    hsize_t start[SYN_MAX_RANK] = {0}, count[SYN_MAX_RANK];
    for (int k = 0; k < s->rank; k++) count[k] = s->shape[k];
    for (int k = 0; k < s->rank && k < 2; k++) {
        start[k] = (hsize_t)block[k];
        count[k] = (hsize_t)block[2 + k];
    }
    /* The same shape in memory as in the file: HDF5 is much slower between different ones. */
    hid_t memory = s->rank > 0 ? H5Screate_simple(s->rank, count, NULL) : H5Screate(H5S_SCALAR);
    bool ok = memory >= 0;
    if (s->rank > 0) ok = ok && H5Sselect_hyperslab(s->space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0;
    ok = ok && H5Dread(s->dataset, type, memory, s->space, H5P_DEFAULT, out) >= 0;
    if (memory >= 0) H5Sclose(memory);
    return ok ? SYN_OK : read_failed(a);
}

static bool has_infinity(const float *x, int64_t n) {
    for (int64_t k = 0; k < n; k++)
        if (isinf(x[k])) return true;
    return false;
}

/* The same as floats; infinity is looked at again in the file's own precision. */
static syn_status read_single(const syn_array *a, const hdf5_source *s, const int64_t block[4], float *out) {
    const int64_t n = block[2] * block[3];
    double *value;
    SYN_TRY(read_block(a, s, block, H5T_NATIVE_FLOAT, out));
    if (H5Tget_size(s->type) <= sizeof *out || !has_infinity(out, n)) return SYN_OK;
    SYN_TRY(syn_alloc(&value, (size_t)n, sizeof *value, a->label));
    syn_status status = read_block(a, s, block, H5T_NATIVE_DOUBLE, value);
    for (int64_t k = 0; k < n && status == SYN_OK; k++) status = syn_check_single(a->label, value[k]);
    free(value);
    return status;
}

static syn_status check_axes(const syn_array *a) {
    if (a->rank <= (a->cube ? 3 : 2)) return SYN_OK;
    return syn_fail(SYN_ERR_INPUT, "%s: has %d axes, shape %s; expected 1 or 2", a->label, a->rank,
                    syn_shape_text(a->rank, a->shape));
}

/* Some of the first axis at a time, all of the others. */
static syn_status visit_cube(syn_array *a, syn_tile_fn fn, void *user) {
    const int64_t rows = SYN_TILE_VALUES / a->cols > 1 ? at_most(SYN_TILE_VALUES / a->cols, a->rows) : 1;
    syn_status status = SYN_OK;
    double *value;
    SYN_TRY(syn_alloc(&value, (size_t)(rows * a->cols), sizeof *value, a->label));
    for (int64_t r = 0; r < a->rows && status == SYN_OK; r += rows) {
        const int64_t block[4] = {r, 0, at_most(rows, a->rows - r), a->shape[1]};
        const syn_tile tile = {r, 0, block[2], a->cols, value, NULL, a->cols, 1};
        status = syn_watched();
        if (status == SYN_OK) status = read_block(a, a->source, block, H5T_NATIVE_DOUBLE, value);
        if (status == SYN_OK) status = fn(user, &tile);
    }
    free(value);
    return status;
}

static syn_status hdf5_visit(syn_array *a, syn_tile_fn fn, void *user) {
    hdf5_source *s = a->source;
    syn_status status = SYN_OK;
    void *value;
    SYN_TRY(check_axes(a));
    if (a->rank > 2) return visit_cube(a, fn, user);
    const size_t size = a->single ? sizeof(float) : sizeof(double);
    SYN_TRY(syn_alloc(&value, (size_t)(s->tile_rows * s->tile_cols), size, a->label));
    for (int64_t c = 0; c < a->cols; c += s->tile_cols)
        for (int64_t r = 0; r < a->rows; r += s->tile_rows) {
            int64_t block[4] = {r, c, at_most(s->tile_rows, a->rows - r), at_most(s->tile_cols, a->cols - c)};
            SYN_CHECK(syn_watched());
            SYN_CHECK(a->single ? read_single(a, s, block, value) : read_block(a, s, block, H5T_NATIVE_DOUBLE, value));
            syn_tile tile = {r, c, block[2], block[3], a->single ? NULL : value, a->single ? value : NULL, block[3], 1};
            SYN_CHECK(fn(user, &tile));
        }
done:
    free(value);
    return status;
}

static syn_status read_plain(const syn_array *a, int64_t from, int64_t n, float *out) {
    const hdf5_source *s = a->source;
    off_t at = s->plain_start + (off_t)from * (off_t)sizeof *out;
    char *to = (char *)out;
    for (size_t left = (size_t)n * sizeof *out; left > 0;) {
        const ssize_t got = pread(s->plain_file, to, left, at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return read_failed(a);
        to += got;
        at += got;
        left -= (size_t)got;
    }
    return SYN_OK;
}

static syn_status hdf5_rows(syn_array *a, int64_t row, int64_t rows, float *out) {
    SYN_TRY(check_axes(a));
    if (a->concurrent) return read_plain(a, row * a->cols, rows * a->cols, out);
    const int64_t block[4] = {row, 0, rows, a->cols};
    return read_single(a, a->source, block, out);
}

static void one_line(char *text) {
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20) *p = ' ';
}

static syn_status fixed_texts(syn_array *a, const hdf5_source *s, char **text) {
    syn_status status = SYN_OK;
    size_t size = H5Tget_size(s->type);
    char *raw;
    SYN_TRY(syn_alloc(&raw, (size_t)(a->rows * a->cols), size, a->label));
    if (H5Dread(s->dataset, s->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw) < 0) SYN_CHECK(read_failed(a));
    for (int64_t k = 0; k < a->rows * a->cols; k++) {
        const char *from = raw + (size_t)k * size;
        size_t length = strnlen(from, size);
        while (length > 0 && from[length - 1] == ' ') length--;
        SYN_CHECK(syn_alloc(&text[k], length + 1, 1, a->label));
        memcpy(text[k], from, length);
    }
done:
    free(raw);
    return status;
}

static syn_status hdf5_texts(syn_array *a, char **text) {
    hdf5_source *s = a->source;
    H5Sselect_all(s->space);
    if (H5Tis_variable_str(s->type) <= 0)
        SYN_TRY(fixed_texts(a, s, text));
    else if (!syn_hdf5_variable_texts(s->dataset, a->rows * a->cols, text))
        return read_failed(a);
    for (int64_t k = 0; k < a->rows * a->cols; k++) one_line(text[k]);
    return SYN_OK;
}

static void hdf5_close(syn_array *a) {
    hdf5_source *s = a->source;
    if (s->space >= 0) H5Sclose(s->space);
    if (s->type >= 0) H5Tclose(s->type);
    if (s->dataset >= 0) H5Dclose(s->dataset);
    if (s->file >= 0) H5Fclose(s->file);
    free(s);
    a->source = NULL;
}

static const syn_array_operations hdf5_operations = {hdf5_visit, hdf5_texts, hdf5_rows, hdf5_close};

syn_status syn_hdf5_open(syn_array *a, const char *file, const char *name) {
    hdf5_source *s;
    SYN_TRY(syn_alloc(&s, 1, sizeof *s, a->label));
    s->file = s->dataset = s->type = s->space = -1;
    a->source = s;
    a->ops = &hdf5_operations;
    SYN_TRY(open_file(file, &s->file));
    SYN_TRY(open_dataset(a, s, file, name));
    return a->numeric || a->text ? prepare(a, s, name) : SYN_OK;
}

typedef struct list_context {
    syn_listing *listing;
    syn_status status;
} list_context;

static herr_t list_object(hid_t file, const char *name, const H5O_info_t *info, void *user) {
    enum { MOST = 4096 };
    list_context *context = user;
    if (info->type != H5O_TYPE_DATASET || context->listing->n >= MOST) return 0;
    hid_t dataset = H5Dopen2(file, name, syn_hdf5_link_access());
    if (dataset < 0) return 0; /* one that this library cannot open is no reason to refuse the others */
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    syn_array a = {.label = (char *)name};
    hsize_t shape[SYN_MAX_RANK];
    describe_type(type, &a);
    if (read_shape(&a, space, shape) == SYN_OK)
        context->status = syn_listing_add(context->listing, name, a.type, a.numeric, a.rank, a.shape);
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(dataset);
    return context->status == SYN_OK ? 0 : -1;
}

/* Notes a link that leads nowhere, with its target. */
static syn_status list_broken(syn_listing *listing, hid_t file, const char *name, const H5L_info_t *info) {
    char value[1024];
    const char *target = value, *other = "";
    unsigned flags;
    SYN_TRY(syn_listing_add(listing, name, "link that leads nowhere", false, 0, NULL));
    if (info->u.val_size >= sizeof value || H5Lget_val(file, name, value, sizeof value, H5P_DEFAULT) < 0) return SYN_OK;
    if (info->type == H5L_TYPE_EXTERNAL && H5Lunpack_elink_val(value, info->u.val_size, &flags, &other, &target) < 0)
        return SYN_OK;
    syn_entry *e = &listing->entry[listing->n - 1];
    snprintf(e->detail, sizeof e->detail, "-> %.20s%s%.20s", other, *other ? ":" : "", target);
    return SYN_OK;
}

/* Datasets in other files, and links that lead nowhere; what other links lead to has a name of its own. */
static herr_t list_link(hid_t file, const char *name, const H5L_info_t *info, void *user) {
    list_context *context = user;
    H5O_info_t object;
    if (info->type == H5L_TYPE_HARD) return 0;
    if (H5Oget_info_by_name(file, name, &object, syn_hdf5_link_access()) < 0)
        context->status = list_broken(context->listing, file, name, info);
    else if (info->type == H5L_TYPE_EXTERNAL)
        list_object(file, name, &object, context);
    return context->status == SYN_OK ? 0 : -1;
}

syn_status syn_hdf5_list(syn_listing *listing, const char *path) {
    hid_t file;
    list_context context = {listing, SYN_OK};
    SYN_TRY(open_file(path, &file));
    herr_t code = H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, list_object, &context, H5O_INFO_BASIC);
    if (code >= 0) code = H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, list_link, &context);
    H5Fclose(file);
    SYN_TRY(context.status);
    if (code < 0)
        return syn_fail(SYN_ERR_INPUT, "%s: its list of datasets cannot be read; the HDF5 file is damaged", path);
    return SYN_OK;
}
