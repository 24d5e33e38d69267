#include "recording/pickle.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Opcodes: https://github.com/python/cpython/blob/main/Lib/pickletools.py */
enum {
    SHORT_BINUNICODE = 0x8c,
    BINUNICODE = 'X',
    MEMOIZE = 0x94,
    BINPUT = 'q',
    LONG_BINPUT = 'r',
    BINFLOAT = 'G',
    BININT = 'J',
    BININT1 = 'K',
    BININT2 = 'M'
};

static unsigned char *read_file(const char *path, size_t *size) {
    enum { MOST = 1 << 28 };
    FILE *file = fopen(path, "rb");
    unsigned char *data = NULL;
    if (!file) return NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        long end = ftell(file);
        rewind(file);
        if (end > 0 && end < MOST && (data = malloc((size_t)end))) *size = fread(data, 1, (size_t)end, file);
    }
    fclose(file);
    return data;
}

/* Skips the opcodes that only store the key in the pickle's memo. */
static size_t skip_memo(const unsigned char *p, size_t n, size_t at) {
    if (at < n && p[at] == MEMOIZE) return at + 1;
    if (at < n && p[at] == BINPUT) return at + 2;
    if (at < n && p[at] == LONG_BINPUT) return at + 5;
    return at;
}

static bool read_number(const unsigned char *p, size_t n, size_t at, double *number) {
    size_t left = at < n ? n - at : 0;
    if (left >= 9 && p[at] == BINFLOAT) {
        uint64_t bits = 0;
        for (size_t k = 1; k <= 8; k++) bits = bits << 8 | p[at + k];
        memcpy(number, &bits, sizeof *number);
        return true;
    }
    if (left >= 5 && p[at] == BININT) {
        uint32_t bits =
            (uint32_t)p[at + 1] | (uint32_t)p[at + 2] << 8 | (uint32_t)p[at + 3] << 16 | (uint32_t)p[at + 4] << 24;
        *number = (int32_t)bits;
        return true;
    }
    if (left >= 3 && p[at] == BININT2) return *number = p[at + 1] | p[at + 2] << 8, true;
    if (left >= 2 && p[at] == BININT1) return *number = p[at + 1], true;
    return false;
}

/* The position after the key at `at`, or 0 if another thing stands there. */
static size_t match_key(const unsigned char *p, size_t n, size_t at, const char *key) {
    const size_t length = strlen(key);
    size_t head = p[at] == SHORT_BINUNICODE ? 2 : p[at] == BINUNICODE ? 5 : 0;
    if (!head || at + head + length > n || p[at + 1] != length || memcmp(p + at + head, key, length) != 0) return 0;
    if (head == 5 && (p[at + 2] || p[at + 3] || p[at + 4])) return 0;
    return at + head + length;
}

/* The number in the bytes of a numpy scalar: its type may stand anywhere before, but whole numbers read as floating
 * ones are next to nothing. */
static double scalar_of(const unsigned char *p, int size) {
    const double least = 1e-6;
    double wide = 0;
    float narrow = 0;
    uint64_t integer = 0;
    for (int k = size; k-- > 0;) integer = integer << 8 | p[k];
    if (size == 8) memcpy(&wide, p, sizeof wide);
    if (size == 4) memcpy(&narrow, p, sizeof narrow), wide = (double)narrow;
    return wide > least ? wide : (double)integer; /* a negative one is refused like any impossible rate */
}

/* A number that was pickled as numpy's own scalar: a call of a function of numpy, which stands here or is known from
 * before, with a type and the bytes of the value. */
static bool read_scalar(const unsigned char *p, size_t n, size_t at, double *number) {
    enum {
        NEAR = 160,
        SHORT_BINBYTES = 'C',
        TUPLE2 = 0x86,
        REDUCE = 'R',
        GLOBAL = 'c',
        BINGET = 'h',
        LONG_BINGET = 'j'
    };
    const size_t end = at + NEAR + 16 < n ? at + NEAR : n > 16 ? n - 16 : 0;
    if (at >= end) return false;
    const size_t name = at + (p[at] == GLOBAL ? 1 : 2);
    const bool named = p[at] == GLOBAL || p[at] == SHORT_BINUNICODE;
    if (named ? memcmp(p + name, "numpy", 5) != 0 : p[at] != BINGET && p[at] != LONG_BINGET) return false;
    for (size_t k = at; k < end; k++) {
        const int size = p[k + 1];
        if (p[k] != SHORT_BINBYTES || (size != 8 && size != 4)) continue;
        const size_t tuple = skip_memo(p, n, k + 2 + (size_t)size);
        if (tuple >= n || p[tuple] != TUPLE2) continue;
        const size_t call = skip_memo(p, n, tuple + 1);
        if (call < n && p[call] == REDUCE) return *number = scalar_of(p + k + 2, size), true;
    }
    return false;
}

bool syn_pickle_number(const char *path, const char *key, double *number) {
    size_t n = 0;
    unsigned char *p = read_file(path, &n);
    bool found = false, agree = true;
    for (size_t at = 0; p && at < n; at++) {
        double value;
        size_t after = match_key(p, n, at, key);
        if (!after) continue;
        after = skip_memo(p, n, after);
        if (!read_number(p, n, after, &value) && !read_scalar(p, n, after, &value)) continue;
        agree = agree && (!found || value == *number);
        *number = value;
        found = true;
    }
    free(p);
    return found && agree;
}
