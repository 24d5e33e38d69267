/* Tables of numbers as text. Comma, semicolon, tab or blanks between cells; an optional header row; an optional first
 * column of names or indices; an optional column of times; units in the header, speed (cm/s); missing cells, NaN and
 * NA; lines that start with # are comments. Further lines of headings as DeepLabCut and Inscopix write them. With ; or
 * tab between cells, a comma in a number is its decimal point. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/array.h"
#include "recording/csv.h"

static syn_status map_file(syn_csv *c, const char *file) {
    struct stat st;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return syn_fail(SYN_ERR_IO, "%s: could not be opened: %s", file, strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0) {
        close(fd);
        return syn_fail(SYN_ERR_INPUT, "%s: is empty or not a regular file; expected a table of numbers", file);
    }
    c->size = (size_t)st.st_size;
    void *map = mmap(NULL, c->size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (map == MAP_FAILED) {
        c->size = 0;
        return syn_fail(SYN_ERR_IO, "%s: could not be read: %s", file, strerror(errno));
    }
    madvise(map, c->size, MADV_SEQUENTIAL);
    c->text = map;
    c->end = c->text + c->size;
    return SYN_OK;
}

/* Whatever separator the line has most of. */
static char find_delimiter(const syn_csv *c, const char *line) {
    static const char candidates[] = {',', ';', '\t'};
    int64_t count[3] = {0};
    bool blank = false;
    while (line < c->end && *line == ' ') line++;
    for (const char *p = line; p < c->end && !syn_csv_is_break(*p); p++) {
        for (int k = 0; k < 3; k++) count[k] += *p == candidates[k];
        blank = blank || (*p == ' ' && p + 1 < c->end && !syn_csv_is_break(p[1]));
    }
    /* "1,5;2,5" has as many commas as cells: a semicolon or tab decides. */
    if (count[2]) return '\t';
    if (count[1]) return ';';
    return count[0] ? ',' : blank ? ' ' : ',';
}

/* Whether a column is one of those in `names`: its heading with or without the unit, or one of several between commas.
 */
static bool is_wanted(const char *heading, const char *names) {
    const char *unit;
    size_t n_unit;
    const size_t n = syn_heading_length(heading, &unit, &n_unit), whole = strlen(heading);
    for (const char *p = names;; p++) {
        const size_t length = strcspn(p, ",");
        if ((length == n || length == whole) && !strncmp(p, heading, length)) return true;
        p += length;
        if (!*p) return !strcmp(heading, names); /* a heading that has commas itself */
    }
}

/* Whether every name between commas is that of a column. */
static bool has_all(const syn_csv *c, const char *names) {
    size_t wanted = 1, found = 0;
    for (const char *p = names; *p; p++) wanted += *p == ',';
    for (int64_t k = 0; k < c->columns; k++) {
        if (!strcmp(c->header[k], names)) return true;
        found += is_wanted(c->header[k], names);
    }
    return found >= wanted;
}

/* Whether the first cells of all lines are whole numbers in turn: an index, and neither times nor names. */
static bool counts_rows(const syn_csv *c) {
    double number, first = NAN;
    int64_t n = 0;
    for (syn_cursor at = {c->first, c->first_line}; syn_csv_next_line(c, &at); n++) {
        bool started = false;
        syn_cell word;
        if (!syn_csv_next_cell(c, &at, &started, &word) || !syn_cell_number(c, word, &number)) return false;
        if (n == 0) first = number;
        if (number != first + (double)n || number != floor(number)) return false;
        syn_csv_skip_line(c, &at);
    }
    return true;
}

/* Whether the first column holds names: it starts with text, and either says so or has no number at all. A slip in the
 * first row makes no names of a neuron's values. */
static bool names_rows(const syn_csv *c) {
    const char *heading = c->header ? c->header[0] : NULL;
    const bool said =
        heading && (syn_is_index_heading(heading) || syn_heads_neurons((syn_cell){heading, heading + strlen(heading)}));
    double number;
    int64_t n = 0;
    for (syn_cursor at = {c->first, c->first_line}; syn_csv_next_line(c, &at); n++) {
        bool started = false;
        syn_cell word;
        if (!syn_csv_next_cell(c, &at, &started, &word)) return false;
        const bool is_number = syn_cell_number(c, word, &number);
        if (n == 0 && (is_number || said)) return !is_number;
        if (is_number && !syn_cell_is_missing(word)) return false;
        syn_csv_skip_line(c, &at);
    }
    return n > 0;
}

/* Gives every column of the file its role, and the array its columns. */
static syn_status choose_columns(syn_array *a, syn_csv *c, const char *file, const char *name) {
    bool timed = false;
    const bool found = name && c->header && has_all(c, name);
    SYN_TRY(syn_alloc(&c->roles, (size_t)c->columns, sizeof *c->roles, "table columns"));
    if (c->neurons_down || names_rows(c)) c->roles[0] = SYN_CSV_ROW_NAME;
    for (int64_t k = 0; k < c->columns && c->header; k++) {
        double seconds;
        if (name && is_wanted(c->header[k], name)) {
            c->roles[k] = SYN_CSV_VALUE;
        } else if (c->columns > 1 && syn_is_time_heading(c->header[k], &seconds) &&
                   !(name && (timed || seconds == 0))) {
            if (seconds == 0)
                return syn_fail(SYN_ERR_INPUT,
                                "%s: its column '%s' seems to be times, but not in which unit; call it time_s or "
                                "time_ms, or say which columns are neurons as FILE:COLUMN,COLUMN",
                                file, c->header[k]);
            if (timed)
                return syn_fail(SYN_ERR_INPUT,
                                "%s: its column '%s' is a second one of times; say which columns are neurons as "
                                "FILE:COLUMN,COLUMN",
                                file, c->header[k]);
            c->roles[k] = SYN_CSV_TIME;
            c->seconds = seconds;
            timed = true;
        } else if (name) {
            c->roles[k] = SYN_CSV_SKIPPED;
        } else if (k == 0 && c->roles[0] == SYN_CSV_VALUE && syn_is_index_heading(c->header[k]) && c->columns > 1) {
            if (!*c->header[k] && !counts_rows(c))
                return syn_fail(SYN_ERR_INPUT,
                                "%s: its first column has no heading and is no index 0, 1, 2, ...; call it 'time', "
                                "'neuron', or 'index' to leave it out",
                                file);
            c->roles[k] = SYN_CSV_ROW_INDEX;
        }
    }
    if (name && !c->header)
        return syn_fail(SYN_ERR_INPUT, "%s: has no header row, so no column '%s'; leave out ':%s'", file, name, name);
    if (name && !found) return syn_no_array(file, "column", name, "has");
    for (int64_t k = 0; k < c->columns && c->rejected && !name; k++) {
        if (!c->rejected[k] || c->roles[k] != SYN_CSV_VALUE) continue;
        c->roles[k] = SYN_CSV_SKIPPED;
        a->rejected++;
    }
    for (int64_t k = 0; k < c->columns; k++) a->shape[1] += c->roles[k] == SYN_CSV_VALUE;
    return SYN_OK;
}

static int64_t count_rows(const syn_csv *c) {
    int64_t rows = 0;
    for (syn_cursor at = {c->first, c->first_line}; syn_csv_next_line(c, &at); rows++) syn_csv_skip_line(c, &at);
    return rows;
}

/* Whether a quote that opens in a line is not closed in it. */
static bool breaks_in_quotes(const syn_csv *c, syn_cursor at) {
    bool started = false;
    syn_cell word;
    while (syn_csv_next_cell(c, &at, &started, &word))
        if (word.p > c->text && word.p[-1] == '"' && !memchr(word.p, '"', (size_t)(at.p - word.p))) return true;
    return false;
}

static syn_status start_table(syn_csv *c, const char *file) {
    SYN_TRY(map_file(c, file));
    if (c->size >= 3 && !memcmp(c->text, "\xef\xbb\xbf", 3)) c->text += 3; /* byte order mark */
    syn_cursor at = {c->text, 1};
    if (!syn_csv_next_line(c, &at))
        return syn_fail(SYN_ERR_INPUT, "%s: holds no values; expected a table of numbers", file);
    c->delimiter = find_delimiter(c, at.p);
    if (breaks_in_quotes(c, at))
        return syn_fail(SYN_ERR_INPUT, "%s: line %lld ends within quotes; expected every row of the table in one line",
                        file, (long long)at.line);
    SYN_TRY(syn_csv_read_headings(c, &at));
    c->first = at.p;
    c->first_line = at.line;
    return SYN_OK;
}

static void free_table(syn_csv *c) {
    syn_free_texts(c->header, c->columns);
    free(c->roles);
    free(c->rejected);
    if (c->size) munmap((void *)(uintptr_t)(c->end - c->size), c->size);
    free(c);
}

static void csv_close(syn_array *a) {
    free_table(a->source);
    a->source = NULL;
}

/* 2024-01-31, 2024/01/31, 31.01.2024, 12:30:15 and what follows them. */
static bool is_date(syn_cell c) {
    int64_t digits = 0, marks = 0;
    for (const char *p = c.p; p < c.end && (isdigit((unsigned char)*p) || strchr("-/.:", *p)); p++) {
        digits += isdigit((unsigned char)*p) != 0;
        marks += !isdigit((unsigned char)*p);
    }
    return c.p < c.end && isdigit((unsigned char)*c.p) && digits >= 3 && marks >= 2;
}

static syn_status bad_cell(const syn_array *a, const syn_csv *c, const syn_cursor *at, int64_t column, syn_cell word) {
    char heading[48] = "";
    if (c->header) snprintf(heading, sizeof heading, " (%.*s)", syn_cut(c->header[column], 40), c->header[column]);
    syn_csv with_commas = *c;
    double number;
    with_commas.delimiter = ';';
    return syn_fail(
        SYN_ERR_INPUT, "%s: line %lld, column %lld%s is '%.*s'; expected %s", a->label, (long long)at->line,
        (long long)column + 1, heading, word.end - word.p > 40 ? 40 : (int)(word.end - word.p), word.p,
        syn_cell_number(&with_commas, word, &number)
            ? "a decimal point, or semicolons between the cells where a comma is the decimal point"
        : c->header && syn_heads_neurons((syn_cell){c->header[column], c->header[column] + strlen(c->header[column])})
            ? "one line a frame and one column a neuron (in pandas: df.pivot), or a spike list of columns "
              "'time' and 'unit'"
        : is_date(word) ? "times in seconds from the start, as a column 'time'"
                        : "a table of numbers or NaN");
}

/* Reads one line: values into value[cols], its time and its name into the array's fields. */
static syn_status read_row(syn_array *a, syn_csv *c, syn_cursor *at, int64_t row, double *value) {
    bool started = false;
    syn_cell word;
    int64_t k = 0, n = 0;
    for (; syn_csv_next_cell(c, at, &started, &word); k++) {
        double number = 0;
        if (k >= c->columns) continue; /* counted, for the message */
        if (c->roles[k] == SYN_CSV_ROW_NAME && a->row_name) SYN_TRY(syn_cell_copy(&a->row_name[row], word));
        if (c->roles[k] == SYN_CSV_SKIPPED || c->roles[k] == SYN_CSV_ROW_NAME || c->roles[k] == SYN_CSV_ROW_INDEX)
            continue;
        if (!syn_cell_number(c, word, &number)) return bad_cell(a, c, at, k, word);
        if (c->roles[k] == SYN_CSV_VALUE)
            value[n++] = number;
        else if (a->row_time)
            a->row_time[row] = number * c->seconds;
    }
    if (k != c->columns)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: line %lld has %lld cells; expected a table of numbers with %lld as in the first line",
                        a->label, (long long)at->line, (long long)k, (long long)c->columns);
    syn_csv_skip_break(c, at);
    return SYN_OK;
}

static syn_status csv_visit(syn_array *a, syn_tile_fn fn, void *user) {
    syn_csv *c = a->source;
    syn_status status = SYN_OK;
    double *value;
    int64_t rows = SYN_TILE_VALUES / a->cols + 1;
    if (rows > a->rows) rows = a->rows;
    syn_cursor at = {c->first, c->first_line};
    SYN_TRY(syn_alloc(&value, (size_t)(rows * a->cols), sizeof *value, a->label));
    int64_t row = 0;
    while (row < a->rows) {
        int64_t n = 0;
        for (; n < rows && row + n < a->rows && syn_csv_next_line(c, &at); n++)
            SYN_CHECK(read_row(a, c, &at, row + n, value + n * a->cols));
        if (n == 0) break;
        syn_tile tile = {row, 0, n, a->cols, value, NULL, a->cols, 1};
        SYN_CHECK(fn(user, &tile));
        row += n;
    }
    if (row < a->rows || syn_csv_next_line(c, &at))
        status =
            syn_fail(SYN_ERR_INPUT, "%s: its lines do not all end in a newline; save it with Unix line ends", a->label);
done:
    free(value);
    return status;
}

/* Prose and broken tables are found out before anything is concluded from their shape. */
static syn_status check_first_rows(syn_array *a, syn_csv *c) {
    enum { ROWS = 16 };
    double *value;
    SYN_TRY(syn_alloc(&value, (size_t)a->cols, sizeof *value, a->label));
    syn_cursor at = {c->first, c->first_line};
    syn_status status = SYN_OK;
    for (int64_t row = 0; row < ROWS && status == SYN_OK && syn_csv_next_line(c, &at); row++)
        status = read_row(a, c, &at, row, value);
    free(value);
    return status;
}

/* The cells of the only column that was asked for. */
static syn_status csv_texts(syn_array *a, char **text) {
    syn_csv *c = a->source;
    int64_t row = 0;
    for (syn_cursor at = {c->first, c->first_line}; row < a->rows && syn_csv_next_line(c, &at); row++) {
        bool started = false;
        syn_cell word;
        for (int64_t k = 0; syn_csv_next_cell(c, &at, &started, &word); k++)
            if (k < c->columns && c->roles[k] == SYN_CSV_VALUE) SYN_TRY(syn_cell_copy(&text[row], word));
        if (!text[row])
            return syn_fail(SYN_ERR_INPUT, "%s: line %lld has no such cell; expected %lld cells as in the first line",
                            a->label, (long long)at.line, (long long)c->columns);
        syn_csv_skip_break(c, &at);
    }
    for (; row < a->rows; row++) SYN_TRY(syn_copy_text(&text[row], ""));
    return SYN_OK;
}

static const syn_array_operations csv_operations = {csv_visit, csv_texts, NULL, csv_close};

/* What the cells of a column are, missing ones apart. One number more or less does not decide: a column that starts
 * with a number may be one of numbers with a slip in it, or one of names, of which the first is 7. */
typedef struct column_kind {
    bool known, starts_as_text, text;
} column_kind;

static void find_kinds(const syn_csv *c, column_kind *kind) {
    double number;
    for (syn_cursor at = {c->first, c->first_line}; syn_csv_next_line(c, &at); syn_csv_skip_break(c, &at)) {
        bool started = false;
        syn_cell word;
        for (int64_t k = 0; syn_csv_next_cell(c, &at, &started, &word); k++) {
            if (k >= c->columns || kind[k].text || syn_cell_is_missing(word)) continue;
            kind[k].text = !syn_cell_number(c, word, &number);
            kind[k].starts_as_text |= kind[k].text && !kind[k].known;
            kind[k].known = true;
        }
    }
}

/* Whether the only column that was asked for holds text. */
static syn_status is_text_asked_for(const syn_csv *c, bool *asked) {
    column_kind *kind;
    SYN_TRY(syn_alloc(&kind, (size_t)c->columns, sizeof *kind, "table columns"));
    find_kinds(c, kind);
    *asked = false;
    for (int64_t k = 0; k < c->columns; k++) *asked = *asked || (c->roles[k] == SYN_CSV_VALUE && kind[k].text);
    free(kind);
    return SYN_OK;
}

/* Names and units by the header; units: what is in brackets behind a name is its unit, and no part of it. */
static syn_status fill_names(syn_array *a, const syn_csv *c, bool units) {
    const char *unit;
    size_t n_unit;
    for (int64_t k = 0, n = 0; k < c->columns; k++) {
        if (c->roles[k] != SYN_CSV_VALUE) continue;
        char *heading = c->header[k];
        const size_t whole = strlen(heading), length = units ? syn_heading_length(heading, &unit, &n_unit) : whole;
        if (!units) unit = heading + whole, n_unit = 0;
        free(a->column_name[n]);
        free(a->column_unit[n]);
        a->column_name[n] = a->column_unit[n] = NULL;
        SYN_TRY(syn_cell_copy(&a->column_name[n], (syn_cell){heading, heading + length}));
        SYN_TRY(syn_cell_copy(&a->column_unit[n++], (syn_cell){unit, unit + n_unit}));
    }
    return SYN_OK;
}

/* Mean(1), Mean(2), ... differ by what looks like a unit, and so have none. */
static syn_status name_columns(syn_array *a, const syn_csv *c) {
    const char *repeated;
    if (!c->header || c->numbered) return SYN_OK;
    SYN_TRY(syn_alloc(&a->column_name, (size_t)a->cols, sizeof(char *), a->label));
    SYN_TRY(syn_alloc(&a->column_unit, (size_t)a->cols, sizeof(char *), a->label));
    SYN_TRY(fill_names(a, c, true));
    SYN_TRY(syn_find_repeated(a->column_name, a->cols, &repeated));
    return repeated ? fill_names(a, c, false) : SYN_OK;
}

syn_status syn_csv_open(syn_array *a, const char *file, const char *name) {
    syn_csv *c;
    SYN_TRY(syn_alloc(&c, 1, sizeof *c, a->label));
    a->source = c;
    a->ops = &csv_operations;
    SYN_TRY(start_table(c, file));
    a->number_header = c->only_numbers;
    SYN_TRY(choose_columns(a, c, file, name));
    a->rank = 2;
    a->shape[0] = a->rows = count_rows(c);
    a->cols = a->shape[1];
    a->numeric = true;
    snprintf(a->type, sizeof a->type, "table");
    /* Every cell takes at least its separator: more cells than bytes cannot be, and must not be allocated. */
    if ((double)a->rows * (double)c->columns > (double)c->size + (double)a->rows)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: its lines differ in their number of cells; expected %lld as in the first line", a->label,
                        (long long)c->columns);
    if (a->cols == 0 && a->rejected)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: its second line rejects all %lld cells; name those to take as FILE:NAME,NAME", a->label,
                        (long long)a->rejected);
    if (a->rows == 0 || a->cols == 0)
        return syn_fail(SYN_ERR_INPUT, "%s: holds no values; expected a table of numbers", a->label);
    bool text = false;
    if (name && a->cols == 1) SYN_TRY(is_text_asked_for(c, &text));
    if (text) {
        snprintf(a->type, sizeof a->type, "text");
        a->text = true; /* and numeric: who asks for numbers is told which line holds none */
        return SYN_OK;
    }
    SYN_TRY(check_first_rows(a, c));
    for (int64_t k = 0; k < c->columns; k++) {
        if (c->roles[k] == SYN_CSV_TIME) SYN_TRY(syn_alloc(&a->row_time, (size_t)a->rows, sizeof(double), a->label));
        if (c->roles[k] == SYN_CSV_ROW_NAME)
            SYN_TRY(syn_alloc(&a->row_name, (size_t)a->rows, sizeof(char *), a->label));
    }
    return name_columns(a, c);
}

syn_status syn_csv_list(syn_listing *listing, const char *file) {
    syn_csv *c;
    column_kind *kind = NULL;
    SYN_TRY(syn_alloc(&c, 1, sizeof *c, file));
    syn_status status = start_table(c, file);
    if (status == SYN_OK && c->header) status = syn_alloc(&kind, (size_t)c->columns, sizeof *kind, file);
    if (status == SYN_OK && c->header) find_kinds(c, kind);
    if (status == SYN_OK) {
        int64_t shape[2] = {count_rows(c), c->columns};
        if (!c->header) status = syn_listing_add(listing, "", "table", true, 2, shape);
        for (int64_t k = 0; c->header && k < c->columns && status == SYN_OK; k++)
            status = syn_listing_add(listing, c->header[k], kind[k].text ? "text" : "column", !kind[k].starts_as_text,
                                     1, shape);
    }
    free(kind);
    free_table(c);
    return status;
}
