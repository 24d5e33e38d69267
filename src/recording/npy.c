/* NumPy arrays: .npy files and the members of .npz archives.
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "base/memory.h"
#include "recording/array.h"

typedef struct npy {
    int fd;         /* of a .npy file, or -1 */
    zip_t *archive; /* of a .npz file */
    zip_file_t *member;
    int64_t size; /* bytes of the file or member */
    int64_t data; /* where the values start */
    char kind;    /* 'f', 'i', 'u', 'b', 'U', 'S' */
    int item;     /* bytes of one value */
    bool swap, fortran;
    char *label;
} npy;

static syn_status damaged(const npy *s, const char *what) {
    return syn_fail(SYN_ERR_INPUT, "%s: the NumPy array is damaged or cut short: %s", s->label, what);
}

/* Reads exactly n bytes: at `offset` of a file, or the next ones of an archive member. */
static syn_status read_bytes(npy *s, int64_t offset, void *out, int64_t n) {
    for (int64_t done = 0; done < n;) {
        int64_t got = s->member ? (int64_t)zip_fread(s->member, (char *)out + done, (zip_uint64_t)(n - done))
                                : (int64_t)pread(s->fd, (char *)out + done, (size_t)(n - done), offset + done);
        if (got < 0) return syn_fail(SYN_ERR_IO, "%s: could not be read: the compressed data are damaged", s->label);
        if (got == 0) return damaged(s, "it ends before its last value");
        done += got;
    }
    return SYN_OK;
}

/* The text after 'key': in the header's Python dict, or NULL. */
static const char *header_value(const char *header, const char *key) {
    char quoted[32];
    snprintf(quoted, sizeof quoted, "'%s'", key);
    const char *p = strstr(header, quoted);
    if (!p) return NULL;
    p += strlen(quoted);
    while (*p == ' ' || *p == ':') p++;
    return p;
}

static const char *kind_name(char kind, int item) {
    static _Thread_local char name[SYN_TYPE_SIZE];
    const char *word = kind == 'f' ? "float" : kind == 'i' ? "int" : "uint";
    if (kind == 'b') return "bool";
    if (kind == 'U' || kind == 'S') return "text";
    snprintf(name, sizeof name, "%s%d", word, item * 8);
    return name;
}

static syn_status parse_descr(syn_array *a, npy *s, const char *p) {
    const char *expected = "expected int, uint, float, bool or text";
    if (*p == '[') return syn_fail(SYN_ERR_INPUT, "%s: is a structured array; %s", s->label, expected);
    if (*p++ != '\'') return damaged(s, "its header has no data type");
    char order = *p && strchr("<>|=", *p) ? *p++ : '=';
    s->kind = *p++;
    s->item = atoi(p) * (s->kind == 'U' ? 4 : 1);
    s->swap = order == '>';
    snprintf(a->type, sizeof a->type, "%s", kind_name(s->kind, s->item));
    bool known =
        (s->kind == 'f' && (s->item == 2 || s->item == 4 || s->item == 8)) ||
        ((s->kind == 'i' || s->kind == 'u') && (s->item == 1 || s->item == 2 || s->item == 4 || s->item == 8)) ||
        (s->kind == 'b' && s->item == 1);
    a->numeric = known;
    a->integer = known && s->kind != 'f';
    a->text = (s->kind == 'U' || s->kind == 'S') && s->item > 0 && s->item < 1 << 20;
    if (known || a->text) return SYN_OK;
    if (s->kind == 'O') {
        snprintf(a->type, sizeof a->type, "Python objects");
        s->item = 1;
        return SYN_OK;
    }
    return syn_fail(SYN_ERR_INPUT, "%s: has the data type '%.*s'; %s", s->label, (int)strcspn(p - 1, "'"), p - 1,
                    expected);
}

static syn_status parse_shape(syn_array *a, const npy *s, const char *p) {
    if (*p++ != '(') return damaged(s, "its header has no shape");
    for (a->rank = 0;;) {
        while (*p == ' ' || *p == ',') p++;
        if (*p == ')') return SYN_OK;
        char *end;
        errno = 0;
        long long n = strtoll(p, &end, 10);
        if (end == p || errno || n < 0) return damaged(s, "its shape is not a list of sizes");
        if (a->rank == SYN_MAX_RANK)
            return syn_fail(SYN_ERR_INPUT, "%s: has more than %d axes; expected 1 or 2", s->label, SYN_MAX_RANK);
        a->shape[a->rank++] = n;
        p = *end == 'L' ? end + 1 : end;
    }
}

static syn_status parse_header(syn_array *a, npy *s, const char *header) {
    const char *descr = header_value(header, "descr"), *order = header_value(header, "fortran_order");
    const char *shape = header_value(header, "shape");
    if (!descr || !order || !shape) return damaged(s, "its header lacks descr, fortran_order or shape");
    s->fortran = !strncmp(order, "True", 4);
    SYN_TRY(parse_descr(a, s, descr));
    SYN_TRY(parse_shape(a, s, shape));
    int64_t count, bytes;
    SYN_TRY(syn_shape_count(s->label, a->rank, a->shape, &count));
    if (!a->numeric && !a->text) return SYN_OK;
    if (__builtin_mul_overflow(count, s->item, &bytes) || bytes > s->size - s->data)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: its header says %s %s, which needs %.0f bytes, but %lld follow; the file is cut short",
                        s->label, a->type, syn_shape_text(a->rank, a->shape), (double)count * s->item,
                        (long long)(s->size - s->data));
    return SYN_OK;
}

static syn_status read_header(syn_array *a, npy *s) {
    enum { MAX_HEADER = 1 << 20 };
    unsigned char lead[12];
    if (s->size < 12) return damaged(s, "it has no complete header");
    SYN_TRY(read_bytes(s, 0, lead, 10));
    if (memcmp(lead, "\x93NUMPY", 6) != 0) return syn_fail(SYN_ERR_INPUT, "%s: is not a NumPy array", s->label);
    int64_t length = lead[8] | lead[9] << 8;
    s->data = 10;
    if (lead[6] >= 2) {
        SYN_TRY(read_bytes(s, 10, lead + 10, 2));
        length |= (int64_t)lead[10] << 16 | (int64_t)lead[11] << 24;
        s->data = 12;
    }
    if (length > s->size - s->data || length > MAX_HEADER) return damaged(s, "its header is longer than the file");
    char *header;
    SYN_TRY(syn_alloc(&header, (size_t)length + 1, 1, s->label));
    syn_status status = read_bytes(s, s->data, header, length);
    s->data += length;
    if (status == SYN_OK) status = parse_header(a, s, header);
    free(header);
    return status;
}

static void swap_bytes(unsigned char *p, int item, int64_t n) {
    for (int64_t k = 0; k < n; k++, p += item)
        for (int i = 0; i < item / 2; i++) {
            unsigned char c = p[i];
            p[i] = p[item - 1 - i];
            p[item - 1 - i] = c;
        }
}

static double half_to_double(uint16_t h) {
    int exponent = h >> 10 & 31, fraction = h & 1023;
    double v = exponent == 31 ? (fraction ? NAN : INFINITY)
               : exponent     ? ldexp(1024 + fraction, exponent - 25)
                              : ldexp(fraction, -24);
    return h >> 15 ? -v : v;
}

#define CONVERT(type)                                                                                                  \
    for (int64_t k = 0; k < n; k++) {                                                                                  \
        type v;                                                                                                        \
        memcpy(&v, raw + k * (int64_t)sizeof v, sizeof v);                                                             \
        out[k] = (double)v;                                                                                            \
    }

static void to_doubles(const npy *s, unsigned char *raw, double *out, int64_t n) {
    if (s->swap) swap_bytes(raw, s->item, n);
    switch (s->kind << 4 | s->item) {
    case 'f' << 4 | 8:
        CONVERT(double) break;
    case 'f' << 4 | 4:
        CONVERT(float) break;
    case 'f' << 4 | 2:
        for (int64_t k = 0; k < n; k++) out[k] = half_to_double((uint16_t)(raw[2 * k] | raw[2 * k + 1] << 8));
        break;
    case 'i' << 4 | 8:
        CONVERT(int64_t) break;
    case 'i' << 4 | 4:
        CONVERT(int32_t) break;
    case 'i' << 4 | 2:
        CONVERT(int16_t) break;
    case 'i' << 4 | 1:
        CONVERT(int8_t) break;
    case 'u' << 4 | 8:
        CONVERT(uint64_t) break;
    case 'u' << 4 | 4:
        CONVERT(uint32_t) break;
    case 'u' << 4 | 2:
        CONVERT(uint16_t) break;
    default:
        CONVERT(uint8_t) break;
    }
}

/* The column in C order of one in Fortran order, where the axes behind the first are counted from the other end. */
static int64_t column_in_c_order(const syn_array *a, int64_t column) {
    int64_t c = 0, stride = a->cols;
    for (int k = 1; k < a->rank; k++) {
        stride /= a->shape[k];
        c += column % a->shape[k] * stride;
        column /= a->shape[k];
    }
    return c;
}

/* One block of rows [row, row + rows) and columns [col, col + cols) of the array as stored. */
static syn_status visit_block(syn_array *a, int64_t width, const int64_t block[4], unsigned char *raw, double *value,
                              syn_tile_fn fn, void *user) {
    npy *s = a->source;
    const int64_t row = block[0], col = block[1], rows = block[2], cols = block[3];
    if (cols == width) {
        SYN_TRY(read_bytes(s, s->data + row * width * s->item, raw, rows * cols * s->item));
    } else {
        for (int64_t i = 0; i < rows; i++)
            SYN_TRY(
                read_bytes(s, s->data + ((row + i) * width + col) * s->item, raw + i * cols * s->item, cols * s->item));
    }
    to_doubles(s, raw, value, rows * cols);
    syn_tile tile = {row, col, rows, cols, value, NULL, cols, 1};
    if (!s->fortran) return fn(user, &tile);
    tile = (syn_tile){col, row, cols, rows, value, NULL, 1, cols};
    if (a->rank <= 2) return fn(user, &tile);
    for (int64_t i = 0; i < rows; i++) { /* neighbours in the file are no neighbours in C order */
        tile = (syn_tile){col, column_in_c_order(a, row + i), cols, 1, value + i * cols, NULL, 1, cols};
        SYN_TRY(fn(user, &tile));
    }
    return SYN_OK;
}

static syn_status npy_visit(syn_array *a, syn_tile_fn fn, void *user) {
    npy *s = a->source;
    syn_status status = SYN_OK;
    unsigned char *raw = NULL;
    double *value = NULL;
    int64_t height = s->fortran ? a->cols : a->rows, width = s->fortran ? a->rows : a->cols;
    /* Wide rows of a file are read 16 at a time, so that a transposing reader fills whole cache lines. An archive
     * member is a stream, which only gives one piece of a row after the other. */
    int64_t least_rows = s->member || height < 16 ? 1 : 16;
    int64_t cols = width < SYN_TILE_VALUES / least_rows ? width : SYN_TILE_VALUES / least_rows;
    int64_t rows = cols == width ? SYN_TILE_VALUES / cols : least_rows;
    if (rows > height) rows = height;
    SYN_CHECK(syn_alloc(&raw, (size_t)(rows * cols), (size_t)s->item, a->label));
    SYN_CHECK(syn_alloc(&value, (size_t)(rows * cols), sizeof *value, a->label));
    for (int64_t r = 0; r < height; r += rows)
        for (int64_t c = 0; c < width; c += cols) {
            int64_t block[4] = {r, c, height - r < rows ? height - r : rows, width - c < cols ? width - c : cols};
            SYN_CHECK(visit_block(a, width, block, raw, value, fn, user));
        }
done:
    free(raw);
    free(value);
    return status;
}

/* UTF-32 to UTF-8; control characters become spaces so that a name stays on one line. */
static size_t put_utf8(char *out, uint32_t c) {
    if (c < 0x20) c = ' ';
    if (c < 0x80) return out[0] = (char)c, 1;
    if (c < 0x800) return out[0] = (char)(0xc0 | c >> 6), out[1] = (char)(0x80 | (c & 63)), 2;
    if (c > 0x10ffff) c = 0xfffd;
    if (c < 0x10000)
        return out[0] = (char)(0xe0 | c >> 12), out[1] = (char)(0x80 | (c >> 6 & 63)), out[2] = (char)(0x80 | (c & 63)),
               3;
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 63));
    out[2] = (char)(0x80 | (c >> 6 & 63));
    out[3] = (char)(0x80 | (c & 63));
    return 4;
}

static void decode_text(const npy *s, const unsigned char *raw, char *out) {
    size_t n = 0;
    for (int k = 0; k < s->item; k += s->kind == 'U' ? 4 : 1) {
        uint32_t c = raw[k];
        if (s->kind == 'U') {
            const unsigned char *q = raw + k;
            c = s->swap ? (uint32_t)q[3] | (uint32_t)q[2] << 8 | (uint32_t)q[1] << 16 | (uint32_t)q[0] << 24
                        : (uint32_t)q[0] | (uint32_t)q[1] << 8 | (uint32_t)q[2] << 16 | (uint32_t)q[3] << 24;
        }
        if (c == 0) break;
        if (s->kind == 'S')
            out[n++] = c < 0x20 ? ' ' : (char)c; /* UTF-8, or what the file was written in */
        else
            n += put_utf8(out + n, c);
    }
    out[n] = 0;
}

static syn_status npy_texts(syn_array *a, char **text) {
    npy *s = a->source;
    syn_status status = SYN_OK;
    unsigned char *raw = NULL;
    char *decoded = NULL;
    SYN_CHECK(syn_alloc(&raw, (size_t)s->item, 1, a->label));
    SYN_CHECK(syn_alloc(&decoded, (size_t)s->item * 2 + 8, 1, a->label));
    for (int64_t k = 0; k < a->rows * a->cols; k++) {
        SYN_CHECK(read_bytes(s, s->data + k * s->item, raw, s->item));
        decode_text(s, raw, decoded);
        SYN_CHECK(syn_copy_text(&text[k], decoded));
    }
done:
    free(raw);
    free(decoded);
    return status;
}

static void npy_close(syn_array *a) {
    npy *s = a->source;
    if (!s) return;
    if (s->fd >= 0) close(s->fd);
    if (s->member) zip_fclose(s->member);
    if (s->archive) zip_discard(s->archive);
    free(s->label);
    free(s);
    a->source = NULL;
}

static const syn_array_operations npy_operations = {npy_visit, npy_texts, NULL, npy_close};

static syn_status new_source(syn_array *a, npy **source) {
    SYN_TRY(syn_alloc(source, 1, sizeof **source, a->label));
    (*source)->fd = -1;
    a->source = *source;
    a->ops = &npy_operations;
    return syn_copy_text(&(*source)->label, a->label);
}

syn_status syn_npy_open(syn_array *a, const char *file) {
    npy *s;
    struct stat st;
    SYN_TRY(new_source(a, &s));
    s->fd = open(file, O_RDONLY | O_CLOEXEC);
    if (s->fd < 0 || fstat(s->fd, &st) != 0)
        return syn_fail(SYN_ERR_IO, "%s: could not be opened: %s", file, strerror(errno));
    s->size = st.st_size;
    return read_header(a, s);
}

static syn_status open_archive(const char *file, zip_t **archive) {
    int code;
    *archive = zip_open(file, ZIP_RDONLY, &code);
    if (*archive) return SYN_OK;
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    syn_status status = syn_fail(SYN_ERR_INPUT, "%s: the npz (zip) archive is damaged or cut short: %s", file,
                                 zip_error_strerror(&error));
    zip_error_fini(&error);
    return status;
}

/* Deflate cannot pack more than about 1032 bytes into one: more than that is a forged size. */
static bool plausible_size(const zip_stat_t *st) { return st->size <= st->comp_size * 1040 + 1024; }

static syn_status open_member(syn_array *a, npy *s, const char *file, zip_uint64_t index) {
    zip_stat_t st;
    if (zip_stat_index(s->archive, index, 0, &st) != 0 || !(st.valid & ZIP_STAT_SIZE) ||
        !(st.valid & ZIP_STAT_COMP_SIZE) || !plausible_size(&st))
        return syn_fail(SYN_ERR_INPUT, "%s: the npz (zip) archive is damaged: a member has an impossible size", file);
    s->size = (int64_t)st.size;
    s->member = zip_fopen_index(s->archive, index, 0);
    if (!s->member) return syn_fail(SYN_ERR_INPUT, "%s: cannot be unpacked: %s", s->label, zip_strerror(s->archive));
    return read_header(a, s);
}

syn_status syn_npz_open(syn_array *a, const char *file, const char *name) {
    npy *s;
    char member[512];
    SYN_TRY(new_source(a, &s));
    SYN_TRY(open_archive(file, &s->archive));
    snprintf(member, sizeof member, "%s.npy", name);
    zip_int64_t index = zip_name_locate(s->archive, member, 0);
    if (index < 0) index = zip_name_locate(s->archive, name, 0);
    if (index < 0) return syn_no_array(file, "array", name, "holds");
    return open_member(a, s, file, (zip_uint64_t)index);
}

/* Adds one array to a listing by reading its header alone. */
static syn_status list_one(syn_listing *listing, const char *name, const syn_array *a) {
    return syn_listing_add(listing, name, a->type, a->numeric, a->rank, a->shape);
}

syn_status syn_npz_list(syn_listing *listing, const char *file) {
    enum { MOST = 4096 };
    zip_t *archive;
    syn_status status = SYN_OK;
    SYN_TRY(open_archive(file, &archive));
    zip_int64_t n = zip_get_num_entries(archive, 0);
    for (zip_int64_t k = 0; k < n && k < MOST && status == SYN_OK; k++) {
        const char *member = zip_get_name(archive, (zip_uint64_t)k, 0);
        size_t length = member ? strlen(member) : 0;
        if (length <= 4 || strcmp(member + length - 4, ".npy") != 0 || length > 500) continue;
        char name[512];
        snprintf(name, sizeof name, "%.*s", (int)(length - 4), member);
        char label[1024];
        snprintf(label, sizeof label, "%.500s:%s", file, name);
        syn_array a = {.label = label};
        npy *s;
        status = new_source(&a, &s);
        s->archive = archive;
        if (status == SYN_OK) status = open_member(&a, s, file, (zip_uint64_t)k);
        /* An array that this program cannot read is no reason to refuse the others. */
        if (status == SYN_ERR_INPUT)
            status = SYN_OK;
        else if (status == SYN_OK)
            status = list_one(listing, name, &a);
        s->archive = NULL;
        npy_close(&a);
    }
    const bool workbook = zip_name_locate(archive, "xl/workbook.xml", 0) >= 0;
    zip_discard(archive);
    if (status == SYN_OK && listing->n == 0)
        return syn_fail(SYN_ERR_INPUT, "%s: is %s", file,
                        workbook ? "an Excel workbook; export its sheet to CSV"
                                 : "a zip archive without readable NumPy arrays; expected an npz file");
    return status;
}

syn_status syn_npy_list(syn_listing *listing, const char *file) {
    syn_array a = {.label = (char *)file};
    syn_status status = syn_npy_open(&a, file);
    if (status == SYN_OK) status = list_one(listing, "", &a);
    if (a.source) npy_close(&a);
    return status;
}
