/* Whether a MATLAB file is whole (v7.3: mat73_check.c). matio reads on over the end of a cut v5 file, takes what a
 * damaged compressed variable still gives, and makes room for whatever number of elements is claimed; so all three are
 * found out before it is asked.
 *
 * Layout: 128 bytes of header, whose last two give the byte order, then elements: a tag (type, bytes) and their bytes,
 * padded to 8. A compressed element is one zlib stream, which ends with a checksum, around another element. An array is
 * an element of elements: flags, axes, name, and its values, its cells, or the names and values of its fields.
 * https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/memory.h"
#include "recording/mat.h"

enum { HEADER = 128, BLOCK = 1 << 15, DEEPEST = 64, MOST_AXES = 64 };
enum { MATRIX = 14, COMPRESSED = 15 };

/* Bytes of the file, or of a zlib stream in it. */
typedef struct source {
    FILE *file;
    bool big, packed, ended;
    z_stream z;
    uint64_t left; /* compressed bytes that were not read yet */
    unsigned char in[BLOCK], out[BLOCK];
    size_t from, to; /* of what lies in out */
} source;

static bool unpack(source *s) {
    s->from = s->to = 0;
    while (s->to == 0 && !s->ended) {
        if (s->z.avail_in == 0 && s->left > 0) {
            s->z.avail_in = (uInt)fread(s->in, 1, s->left < BLOCK ? (size_t)s->left : BLOCK, s->file);
            s->z.next_in = s->in;
            if (s->z.avail_in == 0) return false;
            s->left -= s->z.avail_in;
        }
        s->z.next_out = s->out;
        s->z.avail_out = BLOCK;
        const int code = inflate(&s->z, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END) return false;
        s->ended = code == Z_STREAM_END;
        s->to = BLOCK - s->z.avail_out;
    }
    return s->to > 0;
}

/* The next n bytes, into out where it is given. */
static bool take(source *s, unsigned char *out, uint64_t n) {
    if (!s->packed) return out ? fread(out, 1, (size_t)n, s->file) == n : fseek(s->file, (long)n, SEEK_CUR) == 0;
    while (n > 0) {
        if (s->from == s->to && !unpack(s)) return false;
        const size_t k = n < s->to - s->from ? (size_t)n : s->to - s->from;
        if (out) memcpy(out, s->out + s->from, k), out += k;
        s->from += k;
        n -= k;
    }
    return true;
}

static uint32_t number(const source *s, const unsigned char *p) {
    return s->big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
                  : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* One part of an array: its tag, and the first bytes of its content. */
typedef struct part {
    uint32_t type, bytes;
    uint64_t rest; /* bytes that follow what was read */
    unsigned char head[4 * MOST_AXES];
} part;

/* Reads a tag and up to sizeof head bytes of content, and takes them off *left. Content of at most 4 bytes may lie in
 * the tag itself. */
static bool next_part(source *s, uint64_t *left, part *p) {
    unsigned char tag[8];
    if (*left < sizeof tag || !take(s, tag, sizeof tag)) return false;
    *left -= sizeof tag;
    const uint32_t first = number(s, tag);
    *p = (part){.type = first & 0xffff, .bytes = first >> 16};
    if (p->bytes > 0) {
        memcpy(p->head, tag + 4, 4);
        return p->bytes <= 4;
    }
    p->bytes = number(s, tag + 4);
    uint64_t padded = ((uint64_t)p->bytes + 7) / 8 * 8;
    if (p->bytes > *left) return false;
    if (padded > *left) padded = *left; /* the last one may lack its padding */
    const uint64_t known = padded < sizeof p->head ? padded : sizeof p->head;
    p->rest = padded - known;
    *left -= padded;
    return take(s, p->head, known);
}

static bool skip_part(source *s, uint64_t *left, part *p) { return next_part(s, left, p) && take(s, NULL, p->rest); }

static bool check_array(source *s, uint64_t bytes, int depth);

/* n arrays, one after the other. */
static bool check_arrays(source *s, uint64_t *left, uint64_t n, int depth) {
    unsigned char tag[8];
    if (n > *left / sizeof tag) return false;
    for (uint64_t k = 0; k < n; k++) {
        if (*left < sizeof tag || !take(s, tag, sizeof tag)) return false;
        const uint64_t bytes = number(s, tag + 4);
        *left -= sizeof tag;
        if (number(s, tag) != MATRIX || bytes > *left || !check_array(s, bytes, depth + 1)) return false;
        *left -= bytes;
    }
    return true;
}

/* Fields: the length of a name, the names, and the values of one element after the other. */
static bool check_fields(source *s, uint64_t *left, uint64_t count, int depth) {
    part length, names;
    uint64_t values;
    if (!skip_part(s, left, &length) || length.bytes != 4 || !skip_part(s, left, &names)) return false;
    const uint32_t size = number(s, length.head);
    if (size == 0 || __builtin_mul_overflow(count, names.bytes / size, &values)) return false;
    return check_arrays(s, left, values, depth);
}

/* Values take at least as many bytes as are claimed. */
static bool check_values(source *s, uint64_t *left, uint64_t count) {
    static const unsigned char size[] = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8, 0, 0, 8, 8};
    part values;
    if (count == 0) return true;
    if (!next_part(s, left, &values) || values.type >= sizeof size || size[values.type] == 0) return false;
    return count <= values.bytes / size[values.type] && take(s, NULL, values.rest);
}

/* Rows, where columns start, and the values that are not 0. */
static bool check_sparse(source *s, uint64_t *left) {
    part any;
    return skip_part(s, left, &any) && skip_part(s, left, &any) && skip_part(s, left, &any);
}

/* Text takes at least a byte a character, in any encoding. */
static bool check_text(source *s, uint64_t *left, uint64_t count) {
    part text;
    return count == 0 || (skip_part(s, left, &text) && count <= text.bytes);
}

static bool check_array(source *s, uint64_t bytes, int depth) {
    part flags, axes, name;
    uint64_t left = bytes, count = 1;
    if (bytes == 0) return true; /* an element that was never set */
    if (depth > DEEPEST || !skip_part(s, &left, &flags) || flags.bytes != 8) return false;
    const uint32_t class = number(s, flags.head) & 0xff;
    if (class == MAT_C_OPAQUE || class == MAT_C_FUNCTION) return take(s, NULL, left);
    if (!skip_part(s, &left, &axes) || axes.bytes > sizeof axes.head || !skip_part(s, &left, &name)) return false;
    for (uint32_t k = 0; k + 4 <= axes.bytes; k += 4)
        if (__builtin_mul_overflow(count, number(s, axes.head + k), &count)) return false;
    bool good = true;
    if (class == MAT_C_CELL) good = check_arrays(s, &left, count, depth);
    if (class == MAT_C_STRUCT) good = check_fields(s, &left, count, depth);
    if (class == MAT_C_SPARSE) good = check_sparse(s, &left);
    if (class == MAT_C_CHAR) good = check_text(s, &left, count);
    if (class >= MAT_C_DOUBLE && class <= MAT_C_UINT64) good = check_values(s, &left, count);
    return good && take(s, NULL, left);
}

/* The element of `bytes` bytes that starts here, and in a compressed one the array within. */
static bool check_element(source *s, uint32_t type, uint64_t bytes) {
    unsigned char tag[8];
    if (type != COMPRESSED) return type == MATRIX ? check_array(s, bytes, 0) : take(s, NULL, bytes);
    s->z = (z_stream){0};
    if (inflateInit(&s->z) != Z_OK) return false;
    s->packed = true;
    s->ended = false;
    s->left = bytes;
    s->from = s->to = 0;
    bool good = take(s, tag, sizeof tag) && number(s, tag) == MATRIX && check_array(s, number(s, tag + 4), 0);
    while (good && !s->ended) good = unpack(s) || s->ended; /* to the checksum */
    inflateEnd(&s->z);
    s->packed = false;
    return good;
}

static syn_status check_elements(source *s, const char *file) {
    unsigned char head[HEADER], tag[8];
    if (fseek(s->file, 0, SEEK_END) != 0) return SYN_OK;
    const long size = ftell(s->file);
    rewind(s->file);
    if (fread(head, 1, HEADER, s->file) != HEADER) return SYN_OK;
    if (!memcmp(head, "MATLAB 7.3", 10) && !syn_mat73_is_whole(file))
        return syn_fail(SYN_ERR_INPUT, "%s: the MATLAB file is damaged or cut short; save it again", file);
    if (memcmp(head, "MATLAB 5.0", 10) != 0) return SYN_OK;
    s->big = head[126] == 'M';
    for (long at = HEADER; at < size;) {
        if (fseek(s->file, at, SEEK_SET) != 0 || fread(tag, 1, sizeof tag, s->file) != sizeof tag)
            return syn_fail(SYN_ERR_INPUT, "%s: the MATLAB file is cut short after %ld bytes", file, size);
        const uint32_t type = number(s, tag), bytes = number(s, tag + 4);
        if (bytes > size - at - (long)sizeof tag)
            return syn_fail(
                SYN_ERR_INPUT,
                "%s: the MATLAB file is damaged or cut short: a variable of %lu bytes starts at byte %ld of %ld", file,
                (unsigned long)bytes, at, size);
        if (!check_element(s, type, bytes))
            return syn_fail(SYN_ERR_INPUT, "%s: the MATLAB file is damaged: the variable at byte %ld is not whole",
                            file, at);
        at += (long)sizeof tag + (long)bytes;
    }
    return SYN_OK;
}

syn_status syn_mat_check(const char *file) {
    /* A file is opened for its list, its arrays and its behaviour: once is enough for all of them. */
    static _Thread_local struct stat known;
    struct stat st = {0};
    source *s;
    if (stat(file, &st) == 0 && st.st_ino == known.st_ino && st.st_dev == known.st_dev && st.st_size == known.st_size &&
        st.st_mtim.tv_sec == known.st_mtim.tv_sec && st.st_mtim.tv_nsec == known.st_mtim.tv_nsec)
        return SYN_OK;
    SYN_TRY(syn_alloc(&s, 1, sizeof *s, file));
    s->file = fopen(file, "rb");
    syn_status status = s->file ? check_elements(s, file) : syn_fail(SYN_ERR_IO, "%s: could not be opened", file);
    if (s->file) fclose(s->file);
    free(s);
    if (status == SYN_OK) known = st;
    return status;
}
