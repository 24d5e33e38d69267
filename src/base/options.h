/* Options by name from the one table (option_table.h). */
#ifndef SYN_BASE_OPTIONS_H
#define SYN_BASE_OPTIONS_H

#include <stdbool.h>

#include "base/option_table.h"
#include "base/status.h"

typedef enum syn_option_id {
#define X(id, name, type, def, unit, range, commands, help) SYN_OPT_##id,
    SYN_OPTION_TABLE(X)
#undef X
        SYN_OPTION_COUNT
} syn_option_id;

/* All getters accept options == NULL: the defaults. */

/* Whether it was given, as opposed to left at its default. */
bool syn_option_given(const syn_options *options, syn_option_id id);
/* Whether its value is "auto" or empty. */
bool syn_option_auto(const syn_options *options, syn_option_id id);
long long syn_option_int(const syn_options *options, syn_option_id id);
double syn_option_real(const syn_options *options, syn_option_id id); /* REAL and TIME (s) */
bool syn_option_flag(const syn_options *options, syn_option_id id);
const char *syn_option_text(const syn_options *options, syn_option_id id); /* CHOICE, TEXT; "" if unset */
size_t syn_option_list_length(const syn_options *options, syn_option_id id);
const char *syn_option_list_item(const syn_options *options, syn_option_id id, size_t k);
/* The array of syn_options_set_mask(), which belongs to `options`; NULL: none was set. */
const double *syn_option_mask(const syn_options *options, int64_t *rows, int64_t *columns);
/* Whether `command` takes the option. */
bool syn_option_applies(syn_option_id id, const char *command);

#endif
