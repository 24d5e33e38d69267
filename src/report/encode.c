/* Arrays in JSON: little-endian whole numbers, packed by zlib, as base64, which a browser turns into typed arrays. */
#include <math.h>
#include <stdbool.h>
#include <zlib.h>

#include "base/memory.h"
#include "report/report.h"

json_t *syn_base64_json(const void *bytes, size_t n) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *b = bytes;
    const size_t length = (n + 2) / 3 * 4;
    char *text = malloc(length + 1);
    if (!text) return NULL;
    for (size_t k = 0, o = 0; k < n; k += 3, o += 4) {
        const uint32_t three =
            (uint32_t)b[k] << 16 | (k + 1 < n ? (uint32_t)b[k + 1] << 8 : 0) | (k + 2 < n ? (uint32_t)b[k + 2] : 0);
        text[o] = letters[three >> 18];
        text[o + 1] = letters[three >> 12 & 63];
        text[o + 2] = k + 1 < n ? letters[three >> 6 & 63] : '=';
        text[o + 3] = k + 2 < n ? letters[three & 63] : '=';
    }
    json_t *json = json_stringn_nocheck(text, length);
    free(text);
    return json;
}

json_t *syn_packed_json(const void *bytes, size_t n) {
    uLongf size = compressBound(n);
    Bytef *packed = malloc(size);
    json_t *json = NULL;
    if (packed && compress(packed, &size, bytes, n) == Z_OK) json = syn_base64_json(packed, size);
    free(packed);
    return json;
}

static void range_of(const float *x, int64_t n, bool about_zero, double *offset, double *half) {
    double low = INFINITY, high = -INFINITY;
    for (int64_t k = 0; k < n; k++)
        if (isfinite(x[k])) low = fmin(low, (double)x[k]), high = fmax(high, (double)x[k]);
    if (!(low <= high)) low = high = 0;
    *offset = about_zero ? 0 : (low + high) / 2;
    *half = about_zero ? fmax(fabs(low), fabs(high)) : (high - low) / 2;
}

json_t *syn_rows_json(const float *x, int64_t rows, int64_t columns, int bytes, bool about_zero) {
    const int most = bytes == 1 ? 127 : 32767;
    const size_t count = (size_t)(rows * columns);
    uint8_t *out = malloc(count * (size_t)bytes + 1);
    if (!out) return NULL;
    json_t *scales = json_array(), *offsets = json_array();
    for (int64_t r = 0; r < rows; r++) {
        double offset, half;
        range_of(x + r * columns, columns, about_zero, &offset, &half);
        const double scale = half / most;
        json_array_append_new(scales, json_real(scale));
        json_array_append_new(offsets, json_real(offset));
        for (int64_t k = 0; k < columns; k++) {
            const double value = (double)x[r * columns + k];
            const long q = !isfinite(value) ? -most - 1 : scale > 0 ? lround((value - offset) / scale) : 0;
            const uint16_t bits = (uint16_t)q;
            const size_t place = (size_t)(r * columns + k) * (size_t)bytes;
            out[place] = (uint8_t)bits;
            if (bytes == 2) out[place + 1] = (uint8_t)(bits >> 8);
        }
    }
    json_t *json = json_pack("{s:s, s:[I, I], s:o, s:o*, s:o}", "type", bytes == 1 ? "i8" : "i16", "shape",
                             (json_int_t)rows, (json_int_t)columns, "scale", scales, "offset",
                             about_zero ? NULL : offsets, "data", syn_packed_json(out, count * (size_t)bytes));
    if (about_zero) json_decref(offsets);
    free(out);
    return json;
}
