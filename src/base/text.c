#include "base/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* Bytes of the character that text begins with, or 0 if it is no UTF-8: neither overlong, nor half of a UTF-16 pair,
 * nor beyond U+10FFFF. */
static size_t character(const unsigned char *text) {
    const unsigned char first = text[0];
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4) return 0;
    const size_t n = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    const unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (text[1] < low || text[1] > high) return 0;
    for (size_t k = 2; k < n; k++)
        if ((text[k] & 0xC0) != 0x80) return 0;
    return n;
}

syn_status syn_copy_utf8(char **out, const char *text) {
    *out = NULL;
    if (!text) return SYN_OK;
    char *to;
    SYN_TRY(syn_alloc(&to, 2 * strlen(text) + 1, 1, "text"));
    *out = to;
    for (const unsigned char *from = (const unsigned char *)text; *from;) {
        const size_t n = character(from);
        if (n == 0) { /* Latin-1 */
            *to++ = (char)(0xC0 | *from >> 6);
            *to++ = (char)(0x80 | (*from++ & 0x3F));
            continue;
        }
        memcpy(to, from, n);
        to += n, from += n;
    }
    return SYN_OK;
}

static bool is_utf8(const char *text) {
    const unsigned char *at = (const unsigned char *)text;
    for (size_t n; *at; at += n)
        if ((n = character(at)) == 0) return false;
    return true;
}

syn_status syn_make_utf8(char **text) {
    char *made;
    if (!*text || is_utf8(*text)) return SYN_OK;
    SYN_TRY(syn_copy_utf8(&made, *text));
    free(*text);
    *text = made;
    return SYN_OK;
}

syn_status syn_make_all_utf8(char **text, int64_t n) {
    for (int64_t k = 0; text && k < n; k++) SYN_TRY(syn_make_utf8(&text[k]));
    return SYN_OK;
}

/* How many of n bytes that were cut off end with a whole character, or with what is none. */
static size_t whole_characters(const char *text, size_t n) {
    size_t follow = 0;
    while (follow < 3 && follow < n && ((unsigned char)text[n - 1 - follow] & 0xC0) == 0x80) follow++;
    if (follow == n) return n;
    const unsigned char first = (unsigned char)text[n - 1 - follow];
    const size_t bytes = first < 0xC2 || first > 0xF4 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    return bytes > follow + 1 ? n - 1 - follow : n;
}

int syn_cut(const char *text, size_t most) {
    const size_t n = strnlen(text, most + 1);
    return (int)(n <= most ? n : whole_characters(text, most));
}

int syn_print_text_of(char *out, size_t size, const char *format, va_list arguments) {
    const int n = vsnprintf(out, size, format, arguments);
    if (n < 0) return out[0] = 0;
    if ((size_t)n < size) return n;
    const size_t kept = whole_characters(out, size - 1);
    out[kept] = 0;
    return (int)kept;
}

int syn_print_text(char *out, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int n = syn_print_text_of(out, size, format, arguments);
    va_end(arguments);
    return n;
}

json_t *syn_text_json(const char *text) {
    char *made;
    if (syn_copy_utf8(&made, text ? text : "") != SYN_OK) return NULL;
    json_t *json = json_string(made);
    free(made);
    return json;
}
