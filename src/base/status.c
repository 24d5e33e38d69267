#include "base/status.h"

#include <stdarg.h>

#include "base/text.h"

static _Thread_local char last_error[1024];

const char *syn_last_error(void) { return last_error; }

void syn_note_failure(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    syn_print_text_of(last_error, sizeof last_error, format, arguments);
    va_end(arguments);
    for (char *p = last_error; *p; p++)
        if (*p == '\n' || *p == '\r') *p = ' ';
}
