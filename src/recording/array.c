#include "recording/array.h"

#include <errno.h>
#include <float.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"

/* Signatures of files that are known but not read here. */
static const struct refusal {
    const char *magic;
    size_t length;
    const char *what;
} refused[] = {
    {"MATLAB 7.3", 10, "a MATLAB v7.3 file whose HDF5 part is damaged; save it again"},
    {"II*\0", 4, "a TIFF image; extract the activity first (suite2p, CaImAn)"},
    {"MM\0*", 4, "a TIFF image; extract the activity first (suite2p, CaImAn)"},
    {"\x1f\x8b", 2, "a gzip file; unpack it first"},
    {"BZh", 3, "a bzip2 file; unpack it first"},
    {"\xfd"
     "7zXZ",
     5, "an xz file; unpack it first"},
    {"\x80\x02", 2, "a Python pickle; save its arrays with numpy.savez, a DataFrame with to_csv"},
    {"\x80\x03", 2, "a Python pickle; save its arrays with numpy.savez, a DataFrame with to_csv"},
    {"\x80\x04", 2, "a Python pickle; save its arrays with numpy.savez, a DataFrame with to_csv"},
    {"\x80\x05", 2, "a Python pickle; save its arrays with numpy.savez, a DataFrame with to_csv"},
    {"\xd0\xcf\x11\xe0", 4, "an old Excel file; export it to CSV"},
    {"\xff\xfe", 2, "text in UTF-16; save it as UTF-8"},
    {"\xfe\xff", 2, "text in UTF-16; save it as UTF-8"},
    {"CDF\1", 4, "a netCDF 3 file; save it as netCDF 4, which is HDF5, or open it with xarray and give that to Python"},
    {"CDF\2", 4, "a netCDF 3 file; save it as netCDF 4, which is HDF5, or open it with xarray and give that to Python"},
    {"PAR1", 4, "a Parquet file; export it to CSV, or open it with pandas and give that to Python"},
    {"%PDF", 4, "a PDF file; give the recording itself"},
    {"\x89PNG", 4, "a PNG image; give the recording itself"},
};

static size_t read_head(const char *file, char *head, size_t size) {
    FILE *f = fopen(file, "rb");
    if (!f) return 0;
    size_t n = fread(head, 1, size, f);
    fclose(f);
    return n;
}

const char *syn_refusal(const char *file) {
    char head[256];
    size_t n = read_head(file, head, sizeof head);
    for (size_t k = 0; k < sizeof refused / sizeof *refused; k++)
        if (n >= refused[k].length && !memcmp(head, refused[k].magic, refused[k].length)) return refused[k].what;
    if (n > 0 && memchr(head, 0, n)) return "a binary file of unknown format; expected HDF5, MATLAB, npz, npy or CSV";
    return NULL;
}

static syn_content content_of(const char *file) {
    struct stat st;
    if (stat(file, &st) != 0) return SYN_CONTENT_MISSING;
    if (S_ISDIR(st.st_mode)) return SYN_CONTENT_FOLDER;
    char head[10] = {0};
    size_t n = read_head(file, head, sizeof head);
    if (n >= 4 && (!memcmp(head, "PK\3\4", 4) || !memcmp(head, "PK\5\6", 4))) return SYN_CONTENT_NPZ;
    if (n >= 6 && !memcmp(head, "\x93NUMPY", 6)) return SYN_CONTENT_NPY;
    if (n == sizeof head && !memcmp(head, "MATLAB 5.0", n)) return SYN_CONTENT_MATLAB;
    if (n == sizeof head && !memcmp(head, "<Start set", n)) return SYN_CONTENT_TRODES;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    if (S_ISREG(st.st_mode) && H5Fis_hdf5(file) > 0)
        return n == sizeof head && !memcmp(head, "MATLAB 7.3", n) ? SYN_CONTENT_MATLAB : SYN_CONTENT_HDF5;
    return syn_refusal(file) ? SYN_CONTENT_REFUSED : SYN_CONTENT_CSV;
}

syn_status syn_address_parse(syn_address *address, const char *given) {
    *address = (syn_address){0};
    SYN_TRY(syn_copy_text(&address->given, given));
    SYN_TRY(syn_copy_text(&address->file, given));
    address->content = content_of(given);
    /* The file ends at the first ':' before which a file exists, so that neither may contain one needlessly. */
    for (char *colon = strchr(address->file, ':'); address->content == SYN_CONTENT_MISSING && colon;
         colon = strchr(colon + 1, ':')) {
        *colon = 0;
        address->content = content_of(address->file);
        if (address->content != SYN_CONTENT_MISSING) return syn_copy_text(&address->name, colon + 1);
        *colon = ':';
    }
    if (address->content == SYN_CONTENT_MISSING) {
        syn_status status = syn_fail(SYN_ERR_IO, "%s: no such file or folder", given);
        syn_address_free(address);
        return status;
    }
    return SYN_OK;
}

void syn_address_free(syn_address *address) {
    free(address->given);
    free(address->file);
    free(address->name);
    *address = (syn_address){0};
}

syn_status syn_values_parse(syn_address *address, const char *given, const char **at) {
    char values[4096];
    syn_status status = syn_address_parse(address, given);
    const char *in_name = status == SYN_OK && address->name ? strchr(address->name, '@') : NULL;
    *at = in_name ? given + strlen(given) - strlen(in_name) : NULL;
    if (status == SYN_OK && !in_name) return SYN_OK;
    for (const char *next = in_name ? *at : strchr(given, '@'); next; next = strchr(next + 1, '@')) {
        *at = next;
        syn_address_free(address);
        snprintf(values, sizeof values, "%.*s", (int)(next - given), given);
        status = syn_address_parse(address, values);
        if (status == SYN_OK && address->content != SYN_CONTENT_FOLDER) return SYN_OK;
    }
    /* No file is named before an @: it is in a path, of which the whole is to be found. */
    *at = NULL;
    syn_address_free(address);
    return syn_address_parse(address, given);
}

static syn_status open_content(syn_array *array, const char *file, const char *name) {
    const char *why;
    switch (content_of(file)) {
    case SYN_CONTENT_MISSING:
        return syn_fail(SYN_ERR_IO, "%s: no such file", file);
    case SYN_CONTENT_FOLDER:
        return syn_fail(SYN_ERR_INPUT, "%s: is a folder; expected an array FILE:NAME", file);
    case SYN_CONTENT_HDF5:
        return syn_hdf5_open(array, file, name);
    case SYN_CONTENT_MATLAB:
        return syn_mat_open(array, file, name);
    case SYN_CONTENT_NPZ:
        return syn_npz_open(array, file, name);
    case SYN_CONTENT_NPY:
        if (name) return syn_fail(SYN_ERR_INPUT, "%s: holds one array without a name; leave out ':%s'", file, name);
        return syn_npy_open(array, file);
    case SYN_CONTENT_CSV:
        return syn_csv_open(array, file, name);
    case SYN_CONTENT_TRODES:
        return syn_trodes_open(array, file, name);
    case SYN_CONTENT_REFUSED:
        break;
    }
    why = syn_refusal(file);
    return syn_fail(SYN_ERR_INPUT, "%s: is %s", file, why ? why : "not readable");
}

/* The name of the only numeric array of a container, or an error that lists them. */
static syn_status only_name(const char *file, char **name) {
    syn_status status;
    syn_listing listing = {0};
    char *text = NULL;
    size_t found = 0;
    SYN_CHECK(syn_listing_read(&listing, file));
    for (size_t k = 0; k < listing.n; k++) {
        if (!listing.entry[k].numeric) continue;
        if (found++ == 0) SYN_CHECK(syn_copy_text(name, listing.entry[k].name));
    }
    if (found != 1) {
        SYN_CHECK(syn_listing_text(&listing, NULL, &text));
        status =
            syn_fail(SYN_ERR_INPUT, "%s: holds %zu arrays of numbers (%s); say which as FILE:NAME", file, found, text);
        free(*name);
        *name = NULL;
    }
done:
    free(text);
    syn_listing_free(&listing);
    return status;
}

const char *syn_last_part(syn_content content, const char *name) {
    const char *cut = strrchr(name, '/'), *point = content == SYN_CONTENT_MATLAB ? strrchr(name, '.') : NULL;
    if (point && (!cut || point > cut)) cut = point;
    return cut ? cut + 1 : name;
}

syn_status syn_array_open(syn_array **array, const char *file, const char *name) {
    syn_status status;
    syn_array *a = NULL;
    char *only = NULL;
    *array = NULL;
    syn_content content = content_of(file);
    if (!name && (content == SYN_CONTENT_HDF5 || content == SYN_CONTENT_MATLAB || content == SYN_CONTENT_NPZ)) {
        SYN_TRY(only_name(file, &only));
        name = only;
    }
    SYN_CHECK(syn_alloc(&a, 1, sizeof *a, "array"));
    size_t size = strlen(file) + (name ? strlen(name) : 0) + 2;
    SYN_CHECK(syn_alloc(&a->label, size, 1, "array"));
    snprintf(a->label, size, "%s%s%s", file, name ? ":" : "", name ? name : "");
    SYN_CHECK(syn_copy_text(&a->name, name ? syn_last_part(content, name) : syn_last_part(SYN_CONTENT_FOLDER, file)));
    SYN_CHECK(open_content(a, file, name));
    int64_t count;
    SYN_CHECK(syn_shape_count(a->label, a->rank, a->shape, &count));
    a->rows = a->rank > 0 ? a->shape[0] : 1;
    a->cols = 1;
    for (int k = 1; k < a->rank; k++) a->cols *= a->shape[k];
    *array = a;
    a = NULL;
done:
    free(only);
    syn_array_close(a);
    return status;
}

void syn_array_close(syn_array *array) {
    if (!array) return;
    if (array->ops && array->source) array->ops->close(array);
    syn_free_texts(array->column_name, array->cols);
    syn_free_texts(array->column_unit, array->cols);
    syn_free_texts(array->row_name, array->rows);
    free(array->row_time);
    free(array->label);
    free(array->name);
    free(array);
}

syn_status syn_array_visit(syn_array *array, syn_tile_fn fn, void *user) {
    if (!array->numeric)
        return syn_fail(SYN_ERR_INPUT, "%s: holds %s; expected numbers", array->label,
                        array->text ? "text" : array->type);
    if (array->rows == 0 || array->cols == 0)
        return syn_fail(SYN_ERR_INPUT, "%s: is empty, shape %s; expected at least one value", array->label,
                        syn_shape_text(array->rank, array->shape));
    return array->ops->visit(array, fn, user);
}

syn_status syn_check_single(const char *label, double value) {
    if (fabs(value) <= FLT_MAX || !isfinite(value)) return SYN_OK;
    return syn_fail(SYN_ERR_INPUT,
                    "%s: holds %g, beyond the largest number of single precision; expected NaN where it is no "
                    "measurement, or values in a larger unit",
                    label, value);
}

typedef struct whole {
    double *values;
    int64_t cols;
} whole;

static syn_status copy_tile(void *user, const syn_tile *tile) {
    whole *w = user;
    for (int64_t i = 0; i < tile->rows; i++)
        for (int64_t k = 0; k < tile->cols; k++)
            w->values[(tile->row + i) * w->cols + tile->col + k] =
                tile->value[i * tile->row_stride + k * tile->col_stride];
    return SYN_OK;
}

syn_status syn_array_values(syn_array *array, double **values) {
    whole w = {NULL, array->cols};
    *values = NULL;
    SYN_TRY(syn_alloc(&w.values, (size_t)array->rows * (size_t)array->cols, sizeof(double), array->label));
    syn_status status = syn_array_visit(array, copy_tile, &w);
    if (status != SYN_OK)
        free(w.values);
    else
        *values = w.values;
    return status;
}

static syn_status number_texts(syn_array *array, char **text) {
    double *values;
    syn_status status = SYN_OK;
    SYN_TRY(syn_array_values(array, &values));
    for (int64_t k = 0; k < array->rows * array->cols && status == SYN_OK; k++) {
        char number[40];
        snprintf(number, sizeof number, "%.15g", values[k]);
        status = syn_copy_text(&text[k], number);
    }
    free(values);
    return status;
}

syn_status syn_array_texts(syn_array *array, char ***texts, int64_t *n) {
    *texts = NULL;
    *n = array->rows * array->cols;
    if (!array->numeric && !array->text)
        return syn_fail(SYN_ERR_INPUT, "%s: holds %s; expected text", array->label, array->type);
    char **text;
    SYN_TRY(syn_alloc(&text, (size_t)*n, sizeof *text, array->label));
    syn_status status = array->text ? array->ops->texts(array, text) : number_texts(array, text);
    if (status != SYN_OK)
        syn_free_texts(text, *n);
    else
        *texts = text;
    return status;
}

static int compare_texts(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

syn_status syn_find_repeated(char *const *text, int64_t n, const char **repeated) {
    const char **sorted;
    SYN_TRY(syn_alloc(&sorted, (size_t)n, sizeof *sorted, "names"));
    for (int64_t k = 0; k < n; k++) sorted[k] = text[k];
    qsort(sorted, (size_t)n, sizeof *sorted, compare_texts);
    *repeated = NULL;
    for (int64_t k = 1; k < n && !*repeated; k++)
        if (*sorted[k] && !strcmp(sorted[k - 1], sorted[k])) *repeated = sorted[k];
    free(sorted);
    return SYN_OK;
}

const char *syn_shape_text(int rank, const int64_t *shape) {
    static _Thread_local char text[4][128];
    static _Thread_local int next;
    char *out = text[next = (next + 1) % 4];
    int n = snprintf(out, sizeof text[0], "(");
    for (int k = 0; k < rank && n < 110; k++)
        n += snprintf(out + n, sizeof text[0] - (size_t)n, "%s%lld", k ? ", " : "", (long long)shape[k]);
    snprintf(out + n, sizeof text[0] - (size_t)n, rank == 1 ? ",)" : ")");
    return out;
}

syn_status syn_shape_count(const char *label, int rank, const int64_t *shape, int64_t *count) {
    *count = 1;
    for (int k = 0; k < rank; k++)
        if (shape[k] < 0 || __builtin_mul_overflow(*count, shape[k], count) || *count > INT64_MAX / 64)
            return syn_fail(SYN_ERR_INPUT, "%s: claims an impossible shape %s; the file is damaged", label,
                            syn_shape_text(rank, shape));
    return SYN_OK;
}

syn_status syn_listing_read(syn_listing *listing, const char *file) {
    *listing = (syn_listing){0};
    switch (content_of(file)) {
    case SYN_CONTENT_HDF5:
        return syn_hdf5_list(listing, file);
    case SYN_CONTENT_MATLAB:
        return syn_mat_list(listing, file);
    case SYN_CONTENT_NPZ:
        return syn_npz_list(listing, file);
    case SYN_CONTENT_NPY:
        return syn_npy_list(listing, file);
    case SYN_CONTENT_CSV:
        return syn_csv_list(listing, file);
    case SYN_CONTENT_TRODES:
        return syn_trodes_list(listing, file);
    default:
        return SYN_OK;
    }
}

syn_status syn_listing_add(syn_listing *listing, const char *name, const char *type, bool numeric, int rank,
                           const int64_t *shape) {
    syn_entry *grown = realloc(listing->entry, (listing->n + 1) * sizeof *grown);
    if (!grown) return syn_fail(SYN_ERR_MEMORY, "could not allocate the list of arrays");
    listing->entry = grown;
    syn_entry *e = &grown[listing->n];
    *e = (syn_entry){.numeric = numeric, .rank = rank};
    snprintf(e->type, sizeof e->type, "%s", type);
    for (int k = 0; k < rank; k++) e->shape[k] = shape[k];
    SYN_TRY(syn_copy_text(&e->name, name));
    listing->n++;
    return SYN_OK;
}

void syn_listing_free(syn_listing *listing) {
    for (size_t k = 0; k < listing->n; k++) free(listing->entry[k].name);
    free(listing->entry);
    *listing = (syn_listing){0};
}

const syn_entry *syn_listing_find(const syn_listing *listing, const char *name) {
    for (size_t k = 0; k < listing->n; k++)
        if (!strcmp(listing->entry[k].name, name)) return &listing->entry[k];
    return NULL;
}

syn_status syn_listing_text(const syn_listing *listing, bool (*wanted)(const syn_entry *), char **text) {
    enum { MOST = 12, SIZE = 800 };
    size_t length = 0, shown = 0, left = 0;
    SYN_TRY(syn_alloc(text, SIZE, 1, "list of arrays"));
    for (size_t k = 0; k < listing->n; k++) {
        const syn_entry *e = &listing->entry[k];
        if (wanted && !wanted(e)) continue;
        if (shown >= MOST || length > SIZE - 200) {
            left++;
            continue;
        }
        length +=
            (size_t)snprintf(*text + length, SIZE - length, "%s%.*s %s %s%s%s", shown ? ", " : "", syn_cut(e->name, 80),
                             e->name, e->type, syn_shape_text(e->rank, e->shape), *e->detail ? " " : "", e->detail);
        shown++;
    }
    if (left) snprintf(*text + length, SIZE - length, " and %zu more", left);
    if (shown == 0) snprintf(*text, SIZE, "none");
    return SYN_OK;
}

syn_status syn_no_array(const char *file, const char *kind, const char *name, const char *verb) {
    syn_listing listing;
    char *text = NULL;
    syn_status status = syn_listing_read(&listing, file);
    if (status == SYN_OK) status = syn_listing_text(&listing, NULL, &text);
    if (status == SYN_OK)
        status = syn_fail(SYN_ERR_INPUT, "%s: has no %s '%s'; it %s %s", file, kind, name, verb, text);
    free(text);
    syn_listing_free(&listing);
    return status;
}

syn_status syn_matrix_read(const char *given, double **values, int64_t *rows, int64_t *cols) {
    syn_status status;
    syn_address address;
    syn_array *array = NULL;
    *values = NULL;
    SYN_TRY(syn_address_parse(&address, given));
    SYN_CHECK(syn_array_open(&array, address.file, address.name));
    *rows = array->rows;
    *cols = array->cols;
    SYN_CHECK(syn_array_values(array, values));
done:
    syn_array_close(array);
    syn_address_free(&address);
    return status;
}
