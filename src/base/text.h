/* Texts that go into JSON, XML and HDF5 are UTF-8. Those of files and of the system can be anything; a byte in them
 * that is no UTF-8 is taken as Latin-1. Ids, names, units and what is said of them are made UTF-8 where they enter: at
 * the end of reading a recording, and where a model is read. Paths stay as they are, for opening, and are made UTF-8 to
 * be shown.
 */
#ifndef SYN_BASE_TEXT_H
#define SYN_BASE_TEXT_H

#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* A copy as UTF-8; NULL stays NULL. */
syn_status syn_copy_utf8(char **out, const char *text);
/* Makes a text UTF-8 in its place, which is freed where it changes; NULL stays NULL. */
syn_status syn_make_utf8(char **text);
/* The same for texts [n]; NULL stays NULL. */
syn_status syn_make_all_utf8(char **text, int64_t n);
/* How many bytes of a text are at most `most` without cutting a character of UTF-8, for "%.*s". */
int syn_cut(const char *text, size_t most);
/* As snprintf and vsnprintf, but what does not fit is cut before a character of UTF-8; returns the bytes that are in
 * out, always less than size, which is at least 1. */
int syn_print_text(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int syn_print_text_of(char *out, size_t size, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
/* A JSON string of any text; of NULL, "". */
json_t *syn_text_json(const char *text);

#endif
