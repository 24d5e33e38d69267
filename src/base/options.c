#include "base/options.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/nearest.h"

typedef enum option_type { INT, REAL, TIME, FLAG, CHOICE, TEXT, LIST } option_type;

static const char *const type_name[] = {"int", "real", "time", "flag", "choice", "text", "list"};

typedef struct option_row {
    const char *name;
    option_type type;
    const char *def, *unit, *range, *commands, *help;
} option_row;

static const option_row table[SYN_OPTION_COUNT] = {
#define X(id, name, type, def, unit, range, commands, help) {name, type, def, unit, range, commands, help},
    SYN_OPTION_TABLE(X)
#undef X
};

struct syn_options {
    char *value[SYN_OPTION_COUNT]; /* NULL: default; a list is joined by '\n' */
    double *mask;                  /* [rows][columns] from memory, instead of the option mask, or NULL */
    int64_t mask_rows, mask_columns;
};

static syn_option_id find(const char *name) {
    for (int k = 0; k < SYN_OPTION_COUNT; k++)
        if (!strcmp(table[k].name, name)) return (syn_option_id)k;
    return SYN_OPTION_COUNT;
}

static const char *value_of(const syn_options *options, syn_option_id id) {
    return options && options->value[id] ? options->value[id] : table[id].def;
}

/* A number with an optional unit, behind blanks or none: any of a time's, that of the option otherwise. False if text
 * is anything else. */
static bool parse_number(const char *text, const option_row *row, double *number) {
    char *end;
    errno = 0;
    *number = strtod(text, &end);
    if (end == text || errno == ERANGE || !isfinite(*number)) return false;
    if (row->type != INT && *end) {
        const char *unit = end + strspn(end, " ");
        if (row->type == REAL) return *row->unit && !strcasecmp(unit, row->unit);
        if (!strcmp(unit, "ms")) return *number *= 1e-3, true;
        if (!strcmp(unit, "us")) return *number *= 1e-6, true;
        return !strcmp(unit, "s");
    }
    if (*end) return false;
    return row->type != INT || (*number == floor(*number) && fabs(*number) < 9e15);
}

static bool parse_flag(const char *text, bool *flag) {
    static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false", "off", "0"};
    for (int k = 0; k < 4; k++) {
        if (!strcmp(text, yes[k])) return *flag = true, true;
        if (!strcmp(text, no[k])) return *flag = false, true;
    }
    return false;
}

static bool in_choices(const char *choices, const char *word) {
    size_t n = strlen(word);
    for (const char *p = choices; p;) {
        const char *bar = strchr(p, '|');
        size_t length = bar ? (size_t)(bar - p) : strlen(p);
        if (n && length == n && !strncmp(p, word, n)) return true;
        p = bar ? bar + 1 : NULL;
    }
    return false;
}

static syn_status check_value(const option_row *row, const char *value) {
    double number;
    bool flag;
    switch (row->type) {
    case FLAG:
        if (!parse_flag(value, &flag))
            return syn_fail(SYN_ERR_OPTION, "%s: found '%s'; expected yes or no", row->name, value);
        return SYN_OK;
    case CHOICE:
        if (!in_choices(row->range, value))
            return syn_fail(SYN_ERR_OPTION, "%s: found '%s'; expected one of %s", row->name, value, row->range);
        return SYN_OK;
    case INT:
    case REAL:
    case TIME: {
        if (!strcmp(row->def, "auto") && !strcmp(value, "auto")) return SYN_OK;
        static const char *const expected[] = {"a whole number", "a number", "a time such as 50ms or 0.05"};
        const char *dots = strstr(row->range, "..");
        const bool open = dots && !dots[2]; /* without an upper end */
        char range[64] = "";
        if (*row->range)
            snprintf(range, sizeof range, "%s%.*s%s%s", open ? " of at least " : " in ",
                     open ? (int)(dots - row->range) : (int)strlen(row->range), row->range, *row->unit ? " " : "",
                     row->unit);
        if (!parse_number(value, row, &number))
            return syn_fail(SYN_ERR_OPTION, "%s: found '%s'; expected %s%s", row->name, value, expected[row->type],
                            range);
        double low = dots && dots != row->range ? strtod(row->range, NULL) : -INFINITY;
        double high = dots && dots[2] ? strtod(dots + 2, NULL) : INFINITY;
        if (number < low || number > high)
            return syn_fail(SYN_ERR_OPTION, "%s: found %s; expected %s%s", row->name, value, expected[row->type],
                            range);
        return SYN_OK;
    }
    case TEXT:
    case LIST:
        if (!*value) return syn_fail(SYN_ERR_OPTION, "%s: found an empty value", row->name);
        return SYN_OK;
    }
    return SYN_OK;
}

syn_status syn_options_create(syn_options **options) { return syn_alloc(options, 1, sizeof **options, "options"); }

void syn_options_free(syn_options *options) {
    if (!options) return;
    for (int k = 0; k < SYN_OPTION_COUNT; k++) free(options->value[k]);
    free(options->mask);
    free(options);
}

syn_status syn_options_set_mask(syn_options *options, const double *mask, int64_t rows, int64_t columns) {
    double *copy;
    SYN_TRY(syn_alloc(&copy, (size_t)(rows * columns), sizeof *copy, "mask"));
    memcpy(copy, mask, (size_t)(rows * columns) * sizeof *copy);
    free(options->mask);
    options->mask = copy, options->mask_rows = rows, options->mask_columns = columns;
    return SYN_OK;
}

syn_status syn_options_set(syn_options *options, const char *name, const char *value) {
    syn_option_id id = find(name);
    if (id == SYN_OPTION_COUNT) {
        const char *near = syn_option_nearest(name, NULL);
        return near ? syn_fail(SYN_ERR_OPTION, "unknown option '%s'; did you mean '%s'?", name, near)
                    : syn_fail(SYN_ERR_OPTION, "unknown option '%s'; 'synapsnet help' lists them", name);
    }
    SYN_TRY(check_value(&table[id], value));
    char *copy;
    if (table[id].type == LIST && options->value[id]) {
        size_t size = strlen(options->value[id]) + strlen(value) + 2;
        SYN_TRY(syn_alloc(&copy, size, 1, name));
        snprintf(copy, size, "%s\n%s", options->value[id], value);
    } else {
        SYN_TRY(syn_copy_text(&copy, value));
    }
    free(options->value[id]);
    options->value[id] = copy;
    return SYN_OK;
}

syn_status syn_options_overlay(syn_options *options, const syn_options *over) {
    for (int k = 0; over && k < SYN_OPTION_COUNT; k++) {
        char *copy;
        if (!over->value[k]) continue;
        SYN_TRY(syn_copy_text(&copy, over->value[k]));
        free(options->value[k]);
        options->value[k] = copy;
    }
    return over && over->mask ? syn_options_set_mask(options, over->mask, over->mask_rows, over->mask_columns) : SYN_OK;
}

typedef struct ini_target {
    syn_options *options;
    const char *path;
    syn_status status;
} ini_target;

static int on_ini_line(void *user, const char *section, const char *name, const char *value) {
    (void)section;
    ini_target *target = user;
    target->status = syn_options_set(target->options, name, value);
    return target->status == SYN_OK;
}

syn_status syn_options_read(syn_options *options, const char *path) {
    ini_target target = {options, path, SYN_OK};
    int line = ini_parse(path, on_ini_line, &target);
    if (line == 0) return SYN_OK;
    if (line < 0)
        return syn_fail(SYN_ERR_IO, "%s: could not be opened: %s; expected a file of `name = value` lines", path,
                        strerror(errno));
    if (target.status == SYN_OK)
        return syn_fail(SYN_ERR_OPTION, "%s: line %d is not of the form `name = value`", path, line);
    char reason[512];
    snprintf(reason, sizeof reason, "%s", syn_last_error());
    return syn_fail(SYN_ERR_OPTION, "%s: line %d: %s", path, line, reason);
}

const char *syn_options_get(const syn_options *options, const char *name) {
    syn_option_id id = find(name);
    return id == SYN_OPTION_COUNT ? NULL : value_of(options, id);
}

const syn_option_info *syn_option_at(size_t k) {
    static _Thread_local syn_option_info info;
    if (k >= SYN_OPTION_COUNT) return NULL;
    const option_row *row = &table[k];
    info =
        (syn_option_info){row->name, type_name[row->type], row->def, row->unit, row->range, row->commands, row->help};
    return &info;
}

bool syn_option_given(const syn_options *options, syn_option_id id) { return options && options->value[id]; }

const double *syn_option_mask(const syn_options *options, int64_t *rows, int64_t *columns) {
    if (!options || !options->mask) return NULL;
    *rows = options->mask_rows, *columns = options->mask_columns;
    return options->mask;
}

bool syn_option_auto(const syn_options *options, syn_option_id id) {
    const char *value = value_of(options, id);
    return !*value || !strcmp(value, "auto");
}

double syn_option_real(const syn_options *options, syn_option_id id) {
    double number = 0;
    parse_number(value_of(options, id), &table[id], &number);
    return number;
}

long long syn_option_int(const syn_options *options, syn_option_id id) {
    return (long long)syn_option_real(options, id);
}

bool syn_option_flag(const syn_options *options, syn_option_id id) {
    bool flag = false;
    parse_flag(value_of(options, id), &flag);
    return flag;
}

const char *syn_option_text(const syn_options *options, syn_option_id id) { return value_of(options, id); }

size_t syn_option_list_length(const syn_options *options, syn_option_id id) {
    const char *value = value_of(options, id);
    if (!*value) return 0;
    size_t n = 1;
    for (const char *p = value; *p; p++) n += *p == '\n';
    return n;
}

const char *syn_option_list_item(const syn_options *options, syn_option_id id, size_t k) {
    static _Thread_local char item[4096];
    const char *p = value_of(options, id);
    for (; k > 0 && p; k--) p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL;
    if (!p) return NULL;
    snprintf(item, sizeof item, "%.*s", (int)strcspn(p, "\n"), p);
    return item;
}

bool syn_option_applies(syn_option_id id, const char *command) {
    size_t n = strlen(command);
    for (const char *p = table[id].commands; (p = strstr(p, command)); p += n)
        if ((p == table[id].commands || p[-1] == ' ') && (p[n] == ' ' || !p[n])) return true;
    return false;
}

const char *syn_option_nearest(const char *name, const char *command) {
    int best = 99;
    const char *nearest = NULL;
    for (int k = 0; k < SYN_OPTION_COUNT; k++) {
        if (command && !syn_option_applies((syn_option_id)k, command)) continue;
        int distance = syn_edit_distance(name, table[k].name);
        if (!strncmp(name, table[k].name, strlen(name)) && strlen(name) >= 3) distance = 0;
        if (distance < best) best = distance, nearest = table[k].name;
    }
    return best <= 3 && best < (int)strlen(name) ? nearest : NULL;
}
