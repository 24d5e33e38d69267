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
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/array.h"

typedef enum role { VALUE, TIME, ROW_INDEX, ROW_NAME, SKIPPED } role;

typedef struct csv {
    const char *text, *end; /* mapped file */
    const char *first;      /* first line of values */
    size_t size;
    int64_t first_line; /* its number in the file, from 1 */
    char delimiter;
    int64_t columns;   /* in the file */
    char **header;     /* [columns] or NULL */
    bool numbered;     /* the header only counts the columns: 0, 1, 2 or 1, 2, 3 */
    bool only_numbers; /* the header holds nothing but whole numbers */
    bool neurons_down; /* the first column holds the names of neurons */
    role *roles;       /* [columns] */
    bool *rejected;    /* [columns] cells that a line says are none, or NULL */
    double seconds;    /* of the unit of the column of times */
} csv;

typedef struct cell {
    const char *p, *end;
} cell;

/* A position within the table. */
typedef struct cursor {
    const char *p;
    int64_t line;
} cursor;

static bool is_break(char c) { return c == '\n' || c == '\r'; }

/* Whether a cell that starts here is what a spreadsheet writes where it could compute nothing: #N/A, #DIV/0!. */
static bool is_spreadsheet_error(const char *p, const char *end) {
    static const char *const words[] = {"#N/A", "#DIV/0!", "#VALUE!", "#NUM!", "#REF!", "#NAME?", "#NULL!"};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        const size_t n = strlen(words[k]);
        if ((size_t)(end - p) >= n && !memcmp(p, words[k], n)) return true;
    }
    return false;
}

/* Moves to the start of the next line that is neither blank nor a comment; false at the end of the file. */
static bool next_line(const csv *c, cursor *at) {
    while (at->p < c->end) {
        const char *p = at->p;
        while (p < c->end && (*p == ' ' || (*p == '\t' && c->delimiter != '\t'))) p++;
        if (p < c->end && !is_break(*p) && (*p != '#' || is_spreadsheet_error(p, c->end))) return true;
        p = memchr(p, '\n', (size_t)(c->end - p));
        at->p = p ? p + 1 : c->end;
        at->line++;
    }
    return false;
}

/* The next cell of the line, trimmed and without its quotes. false: the line is over. */
static bool next_cell(const csv *c, cursor *at, bool *started, cell *out) {
    const char *p = at->p;
    if (*started) {
        if (p >= c->end || is_break(*p)) return false;
        p++; /* the delimiter */
    }
    *started = true;
    while (p < c->end && (*p == ' ' || (*p == '\t' && c->delimiter != '\t'))) p++;
    if (c->delimiter == ' ' && (p >= c->end || is_break(*p)) && p > at->p + 1) return at->p = p, false;
    out->p = p;
    if (p < c->end && *p == '"') {
        out->p = ++p;
        while (p < c->end && *p != '"' && *p != '\n') p++;
        out->end = p;
        while (p < c->end && *p != c->delimiter && !is_break(*p)) p++;
    } else {
        while (p < c->end && *p != c->delimiter && !is_break(*p)) p++;
        out->end = p;
    }
    while (out->end > out->p && (out->end[-1] == ' ' || out->end[-1] == '\t')) out->end--;
    at->p = p;
    return true;
}

static void skip_break(const csv *c, cursor *at) {
    if (at->p < c->end && *at->p == '\r') at->p++;
    if (at->p < c->end && *at->p == '\n') at->p++;
    at->line++;
}

static bool is_word(cell c, const char *word) {
    size_t n = strlen(word);
    return (size_t)(c.end - c.p) == n && !strncasecmp(c.p, word, n);
}

static bool is_missing(cell c) {
    static const char *const words[] = {"", "nan", "na", "n/a", "null", "none", "-", "-nan", "+nan"};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (is_word(c, words[k])) return true;
    return is_spreadsheet_error(c.p, c.end);
}

static double scale_by_ten(uint64_t mantissa, long exponent) {
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    /* Exact operands and one rounding give the nearest double (Clinger 1990). */
    if (mantissa < UINT64_C(1) << 53 && exponent >= -22 && exponent <= 22)
        return exponent < 0 ? (double)mantissa / power[-exponent] : (double)mantissa * power[exponent];
    return (double)((long double)mantissa * powl(10, (long double)exponent));
}

static bool parse_word(cell c, bool negative, double *out) {
    if (is_missing(c)) return *out = NAN, true;
    if (is_word(c, "inf") || is_word(c, "infinity")) return *out = negative ? -INFINITY : INFINITY, true;
    if (is_word(c, "true")) return *out = 1, true;
    if (is_word(c, "false")) return *out = 0, true;
    return false;
}

/* A number of any length, independent of the locale; false if the cell is anything else. */
static bool parse_number(const csv *table, cell c, double *out) {
    const char *p = c.p;
    uint64_t mantissa = 0;
    long exponent = 0, written = 0;
    bool digits = false, point = false;
    bool negative = p < c.end && *p == '-';
    if (p < c.end && (*p == '-' || *p == '+')) p++;
    cell unsigned_cell = {p, c.end};
    for (; p < c.end; p++) {
        if (isdigit((unsigned char)*p)) {
            digits = true;
            if (mantissa < UINT64_MAX / 10 - 1) {
                mantissa = mantissa * 10 + (uint64_t)(*p - '0');
                exponent -= point;
            } else {
                exponent += !point;
            }
        } else if ((*p == '.' || (*p == ',' && table->delimiter != ',')) && !point) {
            point = true;
        } else {
            break;
        }
    }
    if (!digits) return parse_word(is_missing(c) ? c : unsigned_cell, negative, out);
    if (p < c.end && (*p == 'e' || *p == 'E')) {
        bool below = ++p < c.end && *p == '-';
        if (p < c.end && (*p == '-' || *p == '+')) p++;
        if (p == c.end) return false;
        for (; p < c.end && isdigit((unsigned char)*p); p++)
            if (written < 100000) written = written * 10 + (*p - '0');
        exponent += below ? -written : written;
    }
    if (p != c.end) return false;
    double value = mantissa ? scale_by_ten(mantissa, exponent) : 0;
    *out = negative ? -value : value;
    return true;
}

static syn_status copy_cell(char **out, cell c) {
    size_t n = (size_t)(c.end - c.p);
    SYN_TRY(syn_alloc(out, n + 1, 1, "table cell"));
    memcpy(*out, c.p, n);
    return SYN_OK;
}

static syn_status map_file(csv *c, const char *file) {
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
static char find_delimiter(const csv *c, const char *line) {
    static const char candidates[] = {',', ';', '\t'};
    int64_t count[3] = {0};
    bool blank = false;
    while (line < c->end && *line == ' ') line++;
    for (const char *p = line; p < c->end && !is_break(*p); p++) {
        for (int k = 0; k < 3; k++) count[k] += *p == candidates[k];
        blank = blank || (*p == ' ' && p + 1 < c->end && !is_break(p[1]));
    }
    /* "1,5;2,5" has as many commas as cells: a semicolon or tab decides. */
    if (count[2]) return '\t';
    if (count[1]) return ';';
    return count[0] ? ',' : blank ? ' ' : ',';
}

/* Length of a heading without the unit after it, "speed (cm/s)" or "speed [cm/s]"; *unit and *n_unit are what is
 * within. */
static size_t without_unit(const char *heading, const char **unit, size_t *n_unit) {
    size_t n = strlen(heading);
    const char close = n > 0 ? heading[n - 1] : 0;
    const char *open = close == ')' ? strrchr(heading, '(') : close == ']' ? strrchr(heading, '[') : NULL;
    *unit = heading + n;
    *n_unit = 0;
    if (!open || open == heading) return n;
    *unit = open + 1;
    *n_unit = (size_t)(heading + n - 1 - *unit);
    size_t length = (size_t)(open - heading);
    while (length > 0 && heading[length - 1] == ' ') length--;
    return length > 0 ? length : n;
}

static bool is_same(const char *text, size_t n, const char *word) {
    return strlen(word) == n && !strncasecmp(text, word, n);
}

double syn_seconds_of(const char *unit, size_t n) {
    static const struct unit {
        const char *name;
        double seconds;
    } units[] = {{"s", 1},
                 {"sec", 1},
                 {"secs", 1},
                 {"second", 1},
                 {"seconds", 1},
                 {"ms", 1e-3},
                 {"msec", 1e-3},
                 {"millisecond", 1e-3},
                 {"milliseconds", 1e-3},
                 {"us", 1e-6},
                 {"usec", 1e-6},
                 {"\xc2\xb5s", 1e-6},
                 {"\xce\xbcs", 1e-6},
                 {"microseconds", 1e-6},
                 {"ns", 1e-9},
                 {"nsec", 1e-9},
                 {"nanoseconds", 1e-9},
                 {"min", 60},
                 {"minutes", 60}};
    for (size_t k = 0; k < sizeof units / sizeof *units; k++)
        if (is_same(unit, n, units[k].name)) return units[k].seconds;
    return 0;
}

double syn_unit_of_name(const char *name, size_t *n) {
    const char *last = strrchr(name, '_');
    const double seconds = last && last > name ? syn_seconds_of(last + 1, strlen(last + 1)) : 0;
    const bool unit = seconds > 0 && seconds <= 1; /* no minutes: _min is the least of something */
    *n = unit ? (size_t)(last - name) : strlen(name);
    return unit ? seconds : 1;
}

/* Whether a heading is that of times, with the seconds of its unit: time, time_ms, timestamps (us), t_s. 0 where it
 * begins as one, but its unit is not understood. */
static bool is_time_name(const char *name, double *seconds) {
    static const char *const names[] = {"timestamps",  "timestamp",  "times", "time",
                                        "frame_times", "frame_time", "t",     "seconds"};
    const char *unit;
    size_t n_unit;
    const size_t n = without_unit(name, &unit, &n_unit);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        const size_t length = strlen(names[k]);
        if (n < length || strncasecmp(name, names[k], length) != 0) continue;
        const bool separated = n > length && strchr("_ .", name[length]);
        *seconds = n == length ? (n_unit ? syn_seconds_of(unit, n_unit) : 1)
                   : separated ? syn_seconds_of(name + length + 1, n - length - 1)
                               : 0;
        if (*seconds > 0) return true;
    }
    *seconds = 0; /* t_3 may well be a neuron */
    return !strncasecmp(name, "time", 4) || !strncasecmp(name, "frame_time", 10);
}

static bool is_index_name(const char *name) {
    static const char *const names[] = {"", "index", "frame", "frames", "frame_index", "unnamed: 0", "sample"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (!strcasecmp(name, names[k])) return true;
    return false;
}

/* Whether the cells of a line count, 0, 1, 2 or from another number, behind a first one that is empty or text. */
static bool counts_columns(const csv *c, cursor at, double *first) {
    enum { LEAST = 4 };
    bool started = false;
    cell word;
    double number;
    int64_t n = 0;
    for (int64_t k = 0; next_cell(c, &at, &started, &word); k++) {
        const bool is_number = word.p < word.end && parse_number(c, word, &number);
        if (k == 0 && !is_number) continue;
        if (!is_number) return false;
        if (n == 0) *first = number;
        if (number != *first + (double)n++) return false;
    }
    return n >= LEAST;
}

/* Whether a heading says that every line is a neuron. */
static bool heads_neurons(cell heading) {
    static const char *const names[] = {"neuron",  "neurons", "neuron_id", "unit",    "unit_id",    "cell",
                                        "cell_id", "roi",     "roi_id",    "cluster", "cluster_id", "id"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (is_word(heading, names[k])) return true;
    return false;
}

/* Whether a heading says that the cells below it are times or places. */
static bool heads_rows(cell heading) {
    char name[64];
    double seconds;
    const size_t n = (size_t)(heading.end - heading.p);
    if (n >= sizeof name) return false;
    memcpy(name, heading.p, n);
    name[n] = 0;
    return is_index_name(name) || is_time_name(name, &seconds);
}

/* Whether the numbers of a line with one text can be headings: whole ones that rise, as ids do, or few that count from
 * 0 or 1, as three values rise by chance. Others are values, and the text among them is a slip. */
static bool has_headings(const csv *c, cursor at) {
    enum { LEAST = 4 };
    bool started = false, rises = true, counts = true;
    cell word;
    double number, last = NAN;
    int64_t n = 0;
    while (next_cell(c, &at, &started, &word)) {
        if (word.p == word.end || !parse_number(c, word, &number)) continue;
        rises = rises && number >= 0 && number == floor(number) && !(number <= last);
        counts = counts && (n == 0 ? number == 0 || number == 1 : number == last + 1);
        last = number;
        n++;
    }
    return n == 0 || (n < LEAST ? counts : rises);
}

/* Whether a first line of one text and numbers behind it is a header, and no row with a name: it is followed by a
 * number, says what the names below it are, or counts as the next line does not. */
static bool heads_numbers(csv *c, cursor at, cell first) {
    bool started = false;
    cell word;
    double number;
    c->neurons_down = heads_neurons(first);
    if (c->neurons_down) return c->numbered = true;
    const char *p = memchr(at.p, '\n', (size_t)(c->end - at.p));
    at.p = p ? p + 1 : c->end;
    if (!next_line(c, &at)) return false;
    if (c->numbered && !counts_columns(c, at, &number)) return true;
    c->numbered = false;
    return next_cell(c, &at, &started, &word) && parse_number(c, word, &number);
}

/* Whether a line holds nothing but whole numbers that rise, as ids do, above one of mostly fractions. *counts: they
 * are 0, 1, 2, ... or 1, 2, 3, ...; set where it is true. */
static bool heads_fractions(const csv *c, cursor at, bool *counts) {
    bool started = false;
    cell word;
    double number, last = -1, first = 0;
    int64_t n = 0, fractions = 0;
    for (; next_cell(c, &at, &started, &word); n++, last = number) {
        if (word.p == word.end || !parse_number(c, word, &number) || !(number > last) || number != floor(number))
            return false;
        if (n == 0) first = number;
    }
    skip_break(c, &at);
    started = false;
    if (n < 2 || !next_line(c, &at)) return false;
    while (next_cell(c, &at, &started, &word)) fractions += parse_number(c, word, &number) && number != floor(number);
    *counts = (first == 0 || first == 1) && last == first + (double)(n - 1);
    return 2 * fractions > n;
}

/* Counts the cells of the first line, and says whether it is a header: a cell that is neither number nor missing, an
 * empty cell over an index, or numbers that only count. */
static void look_at_first_line(csv *c, cursor start, bool *header) {
    bool started = false, first_is_text = false;
    cell word, first = {0};
    double number;
    int64_t texts = 0;
    cursor at = start;
    for (c->columns = 0; next_cell(c, &at, &started, &word); c->columns++) {
        bool is_text = !parse_number(c, word, &number);
        texts += is_text;
        if (c->columns == 0) first_is_text = is_text, first = word;
    }
    c->numbered = counts_columns(c, start, &number) && (number == 0 || number == 1);
    if (texts == 1 && c->columns > 1 && first.p != first.end && !heads_neurons(first) && !heads_rows(first) &&
        !has_headings(c, start))
        *header = false;
    else if (texts == 1 && first_is_text && c->columns > 1)
        *header = heads_numbers(c, start, first);
    else
        *header = texts > 0 || c->numbered || (c->columns > 1 && first.p == first.end);
    c->only_numbers = texts == 0 && first.p != first.end && (c->numbered || heads_fractions(c, start, &c->numbered));
    *header = *header || c->only_numbers;
}

static syn_status read_header(csv *c, cursor *at) {
    bool started = false;
    cell word;
    SYN_TRY(syn_alloc(&c->header, (size_t)c->columns, sizeof *c->header, "table header"));
    for (int64_t k = 0; next_cell(c, at, &started, &word); k++) SYN_TRY(copy_cell(&c->header[k], word));
    skip_break(c, at);
    return SYN_OK;
}

static bool starts_with(cell c, const char *word) {
    const size_t n = strlen(word);
    return (size_t)(c.end - c.p) >= n && !strncasecmp(c.p, word, n);
}

/* Two more lines of DeepLabCut, below the scorer's: what each column is of, and of which coordinate. */
static syn_status join_headings(csv *c, cursor *at) {
    static const char *const firsts[] = {"individuals", "bodyparts", "coords"};
    bool joined = false;
    if (strcasecmp(c->header[0], "scorer") != 0) return SYN_OK;
    for (cursor line = *at; next_line(c, &line); *at = line) {
        bool started = false, known = false;
        cell word;
        next_cell(c, &line, &started, &word);
        for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) known = known || is_word(word, firsts[i]);
        if (!known) break;
        for (int64_t k = 1; k < c->columns && next_cell(c, &line, &started, &word); k++) {
            char *before = c->header[k];
            const int n = (int)(word.end - word.p);
            const size_t size = strlen(before) + (size_t)n + 2;
            c->header[k] = NULL;
            syn_status status = syn_alloc(&c->header[k], size, 1, "table header");
            if (status == SYN_OK)
                snprintf(c->header[k], size, "%s%s%.*s", joined ? before : "", joined ? "_" : "", n, word.p);
            free(before);
            SYN_TRY(status);
        }
        skip_break(c, &line);
        joined = true;
    }
    if (!joined) return SYN_OK;
    free(c->header[0]);
    c->header[0] = NULL;
    return copy_cell(&c->header[0], (cell){firsts[0], firsts[0]});
}

/* The second line of Inscopix says which cells are accepted, and what the first column is: Time (s)/Cell Status. */
static syn_status read_cell_status(csv *c, cursor *at) {
    cursor line = *at;
    bool started = false, *rejected;
    cell first, word;
    if (!next_line(c, &line) || !next_cell(c, &line, &started, &first) || !starts_with(first, "time")) return SYN_OK;
    const char *slash = memchr(first.p, '/', (size_t)(first.end - first.p));
    if (!slash || !starts_with((cell){slash, first.end}, "/cell status")) return SYN_OK;
    SYN_TRY(syn_alloc(&rejected, (size_t)c->columns, sizeof *rejected, "table columns"));
    c->rejected = rejected;
    for (int64_t k = 1; k < c->columns && next_cell(c, &line, &started, &word); k++)
        rejected[k] = is_word(word, "rejected");
    skip_break(c, &line);
    *at = line;
    free(c->header[0]);
    c->header[0] = NULL;
    return copy_cell(&c->header[0], (cell){first.p, slash});
}

/* Whether a column is one of those in `names`: its heading with or without the unit, or one of several between commas.
 */
static bool is_wanted(const char *heading, const char *names) {
    const char *unit;
    size_t n_unit;
    const size_t n = without_unit(heading, &unit, &n_unit), whole = strlen(heading);
    for (const char *p = names;; p++) {
        const size_t length = strcspn(p, ",");
        if ((length == n || length == whole) && !strncmp(p, heading, length)) return true;
        p += length;
        if (!*p) return !strcmp(heading, names); /* a heading that has commas itself */
    }
}

/* Whether every name between commas is that of a column. */
static bool has_all(const csv *c, const char *names) {
    size_t wanted = 1, found = 0;
    for (const char *p = names; *p; p++) wanted += *p == ',';
    for (int64_t k = 0; k < c->columns; k++) {
        if (!strcmp(c->header[k], names)) return true;
        found += is_wanted(c->header[k], names);
    }
    return found >= wanted;
}

/* Whether the first cells of all lines are whole numbers in turn: an index, and neither times nor names. */
static bool counts_rows(const csv *c) {
    double number, first = NAN;
    int64_t n = 0;
    for (cursor at = {c->first, c->first_line}; next_line(c, &at); n++) {
        bool started = false;
        cell word;
        if (!next_cell(c, &at, &started, &word) || !parse_number(c, word, &number)) return false;
        if (n == 0) first = number;
        if (number != first + (double)n || number != floor(number)) return false;
        const char *p = memchr(at.p, '\n', (size_t)(c->end - at.p));
        at.p = p ? p + 1 : c->end;
    }
    return true;
}

/* Whether the first column holds names: it starts with text, and either says so or has no number at all. A slip in the
 * first row makes no names of a neuron's values. */
static bool names_rows(const csv *c) {
    const char *heading = c->header ? c->header[0] : NULL;
    const bool said = heading && (is_index_name(heading) || heads_neurons((cell){heading, heading + strlen(heading)}));
    double number;
    int64_t n = 0;
    for (cursor at = {c->first, c->first_line}; next_line(c, &at); n++) {
        bool started = false;
        cell word;
        if (!next_cell(c, &at, &started, &word)) return false;
        const bool is_number = parse_number(c, word, &number);
        if (n == 0 && (is_number || said)) return !is_number;
        if (is_number && !is_missing(word)) return false;
        const char *p = memchr(at.p, '\n', (size_t)(c->end - at.p));
        at.p = p ? p + 1 : c->end;
    }
    return n > 0;
}

/* Gives every column of the file its role, and the array its columns. */
static syn_status choose_columns(syn_array *a, csv *c, const char *file, const char *name) {
    bool timed = false;
    const bool found = name && c->header && has_all(c, name);
    SYN_TRY(syn_alloc(&c->roles, (size_t)c->columns, sizeof *c->roles, "table columns"));
    if (c->neurons_down || names_rows(c)) c->roles[0] = ROW_NAME;
    for (int64_t k = 0; k < c->columns && c->header; k++) {
        double seconds;
        if (name && is_wanted(c->header[k], name)) {
            c->roles[k] = VALUE;
        } else if (c->columns > 1 && is_time_name(c->header[k], &seconds) && !(name && (timed || seconds == 0))) {
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
            c->roles[k] = TIME;
            c->seconds = seconds;
            timed = true;
        } else if (name) {
            c->roles[k] = SKIPPED;
        } else if (k == 0 && c->roles[0] == VALUE && is_index_name(c->header[k]) && c->columns > 1) {
            if (!*c->header[k] && !counts_rows(c))
                return syn_fail(SYN_ERR_INPUT,
                                "%s: its first column has no heading and is no index 0, 1, 2, ...; call it 'time', "
                                "'neuron', or 'index' to leave it out",
                                file);
            c->roles[k] = ROW_INDEX;
        }
    }
    if (name && !c->header)
        return syn_fail(SYN_ERR_INPUT, "%s: has no header row, so no column '%s'; leave out ':%s'", file, name, name);
    if (name && !found) {
        syn_listing listing = {0};
        char *text = NULL;
        syn_status status = syn_csv_list(&listing, file);
        if (status == SYN_OK) status = syn_listing_text(&listing, NULL, &text);
        if (status == SYN_OK) status = syn_fail(SYN_ERR_INPUT, "%s: has no column '%s'; it has %s", file, name, text);
        free(text);
        syn_listing_free(&listing);
        return status;
    }
    for (int64_t k = 0; k < c->columns && c->rejected && !name; k++) {
        if (!c->rejected[k] || c->roles[k] != VALUE) continue;
        c->roles[k] = SKIPPED;
        a->rejected++;
    }
    for (int64_t k = 0; k < c->columns; k++) a->shape[1] += c->roles[k] == VALUE;
    return SYN_OK;
}

static int64_t count_rows(const csv *c) {
    int64_t rows = 0;
    for (cursor at = {c->first, c->first_line}; next_line(c, &at); rows++) {
        const char *p = memchr(at.p, '\n', (size_t)(c->end - at.p));
        at.p = p ? p + 1 : c->end;
    }
    return rows;
}

/* Whether a quote that opens in a line is not closed in it. */
static bool breaks_in_quotes(const csv *c, cursor at) {
    bool started = false;
    cell word;
    while (next_cell(c, &at, &started, &word))
        if (word.p > c->text && word.p[-1] == '"' && !memchr(word.p, '"', (size_t)(at.p - word.p))) return true;
    return false;
}

static syn_status start_table(csv *c, const char *file) {
    bool header;
    SYN_TRY(map_file(c, file));
    if (c->size >= 3 && !memcmp(c->text, "\xef\xbb\xbf", 3)) c->text += 3; /* byte order mark */
    cursor at = {c->text, 1};
    if (!next_line(c, &at)) return syn_fail(SYN_ERR_INPUT, "%s: holds no values; expected a table of numbers", file);
    c->delimiter = find_delimiter(c, at.p);
    if (breaks_in_quotes(c, at))
        return syn_fail(SYN_ERR_INPUT, "%s: line %lld ends within quotes; expected every row of the table in one line",
                        file, (long long)at.line);
    look_at_first_line(c, at, &header);
    if (header) SYN_TRY(read_header(c, &at));
    if (header) SYN_TRY(join_headings(c, &at));
    if (header) SYN_TRY(read_cell_status(c, &at));
    c->first = at.p;
    c->first_line = at.line;
    return SYN_OK;
}

static void free_table(csv *c) {
    for (int64_t k = 0; c->header && k < c->columns; k++) free(c->header[k]);
    free(c->header);
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
static bool is_date(cell c) {
    int64_t digits = 0, marks = 0;
    for (const char *p = c.p; p < c.end && (isdigit((unsigned char)*p) || strchr("-/.:", *p)); p++) {
        digits += isdigit((unsigned char)*p) != 0;
        marks += !isdigit((unsigned char)*p);
    }
    return c.p < c.end && isdigit((unsigned char)*c.p) && digits >= 3 && marks >= 2;
}

static syn_status bad_cell(const syn_array *a, const csv *c, const cursor *at, int64_t column, cell word) {
    char heading[48] = "";
    if (c->header) snprintf(heading, sizeof heading, " (%.*s)", syn_cut(c->header[column], 40), c->header[column]);
    csv with_commas = *c;
    double number;
    with_commas.delimiter = ';';
    return syn_fail(SYN_ERR_INPUT, "%s: line %lld, column %lld%s is '%.*s'; expected %s", a->label, (long long)at->line,
                    (long long)column + 1, heading, word.end - word.p > 40 ? 40 : (int)(word.end - word.p), word.p,
                    parse_number(&with_commas, word, &number)
                        ? "a decimal point, or semicolons between the cells where a comma is the decimal point"
                    : c->header &&
                            heads_neurons((cell){c->header[column], c->header[column] + strlen(c->header[column])})
                        ? "one line a frame and one column a neuron (in pandas: df.pivot), or a spike list of columns "
                          "'time' and 'unit'"
                    : is_date(word) ? "times in seconds from the start, as a column 'time'"
                                    : "a table of numbers or NaN");
}

/* Reads one line: values into value[cols], its time and its name into the array's fields. */
static syn_status read_row(syn_array *a, csv *c, cursor *at, int64_t row, double *value) {
    bool started = false;
    cell word;
    int64_t k = 0, n = 0;
    for (; next_cell(c, at, &started, &word); k++) {
        double number = 0;
        if (k >= c->columns) continue; /* counted, for the message */
        if (c->roles[k] == ROW_NAME && a->row_name) SYN_TRY(copy_cell(&a->row_name[row], word));
        if (c->roles[k] == SKIPPED || c->roles[k] == ROW_NAME || c->roles[k] == ROW_INDEX) continue;
        if (!parse_number(c, word, &number)) return bad_cell(a, c, at, k, word);
        if (c->roles[k] == VALUE)
            value[n++] = number;
        else if (a->row_time)
            a->row_time[row] = number * c->seconds;
    }
    if (k != c->columns)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: line %lld has %lld cells; expected a table of numbers with %lld as in the first line",
                        a->label, (long long)at->line, (long long)k, (long long)c->columns);
    skip_break(c, at);
    return SYN_OK;
}

static syn_status csv_visit(syn_array *a, syn_tile_fn fn, void *user) {
    csv *c = a->source;
    syn_status status = SYN_OK;
    double *value;
    int64_t rows = SYN_TILE_VALUES / a->cols + 1;
    if (rows > a->rows) rows = a->rows;
    cursor at = {c->first, c->first_line};
    SYN_TRY(syn_alloc(&value, (size_t)(rows * a->cols), sizeof *value, a->label));
    int64_t row = 0;
    while (row < a->rows) {
        int64_t n = 0;
        for (; n < rows && row + n < a->rows && next_line(c, &at); n++)
            SYN_CHECK(read_row(a, c, &at, row + n, value + n * a->cols));
        if (n == 0) break;
        syn_tile tile = {row, 0, n, a->cols, value, NULL, a->cols, 1};
        SYN_CHECK(fn(user, &tile));
        row += n;
    }
    if (row < a->rows || next_line(c, &at))
        status =
            syn_fail(SYN_ERR_INPUT, "%s: its lines do not all end in a newline; save it with Unix line ends", a->label);
done:
    free(value);
    return status;
}

/* Prose and broken tables are found out before anything is concluded from their shape. */
static syn_status check_first_rows(syn_array *a, csv *c) {
    enum { ROWS = 16 };
    double *value;
    SYN_TRY(syn_alloc(&value, (size_t)a->cols, sizeof *value, a->label));
    cursor at = {c->first, c->first_line};
    syn_status status = SYN_OK;
    for (int64_t row = 0; row < ROWS && status == SYN_OK && next_line(c, &at); row++)
        status = read_row(a, c, &at, row, value);
    free(value);
    return status;
}

/* The cells of the only column that was asked for. */
static syn_status csv_texts(syn_array *a, char **text) {
    csv *c = a->source;
    int64_t row = 0;
    for (cursor at = {c->first, c->first_line}; row < a->rows && next_line(c, &at); row++) {
        bool started = false;
        cell word;
        for (int64_t k = 0; next_cell(c, &at, &started, &word); k++)
            if (k < c->columns && c->roles[k] == VALUE) SYN_TRY(copy_cell(&text[row], word));
        if (!text[row])
            return syn_fail(SYN_ERR_INPUT, "%s: line %lld has no such cell; expected %lld cells as in the first line",
                            a->label, (long long)at.line, (long long)c->columns);
        skip_break(c, &at);
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

static void find_kinds(const csv *c, column_kind *kind) {
    double number;
    for (cursor at = {c->first, c->first_line}; next_line(c, &at); skip_break(c, &at)) {
        bool started = false;
        cell word;
        for (int64_t k = 0; next_cell(c, &at, &started, &word); k++) {
            if (k >= c->columns || kind[k].text || is_missing(word)) continue;
            kind[k].text = !parse_number(c, word, &number);
            kind[k].starts_as_text |= kind[k].text && !kind[k].known;
            kind[k].known = true;
        }
    }
}

/* Whether the only column that was asked for holds text. */
static syn_status is_text_asked_for(const csv *c, bool *asked) {
    column_kind *kind;
    SYN_TRY(syn_alloc(&kind, (size_t)c->columns, sizeof *kind, "table columns"));
    find_kinds(c, kind);
    *asked = false;
    for (int64_t k = 0; k < c->columns; k++) *asked = *asked || (c->roles[k] == VALUE && kind[k].text);
    free(kind);
    return SYN_OK;
}

/* Names and units by the header; units: what is in brackets behind a name is its unit, and no part of it. */
static syn_status fill_names(syn_array *a, const csv *c, bool units) {
    const char *unit;
    size_t n_unit;
    for (int64_t k = 0, n = 0; k < c->columns; k++) {
        if (c->roles[k] != VALUE) continue;
        char *heading = c->header[k];
        const size_t whole = strlen(heading), length = units ? without_unit(heading, &unit, &n_unit) : whole;
        if (!units) unit = heading + whole, n_unit = 0;
        free(a->column_name[n]);
        free(a->column_unit[n]);
        a->column_name[n] = a->column_unit[n] = NULL;
        SYN_TRY(copy_cell(&a->column_name[n], (cell){heading, heading + length}));
        SYN_TRY(copy_cell(&a->column_unit[n++], (cell){unit, unit + n_unit}));
    }
    return SYN_OK;
}

/* Mean(1), Mean(2), ... differ by what looks like a unit, and so have none. */
static syn_status name_columns(syn_array *a, const csv *c) {
    const char *repeated;
    if (!c->header || c->numbered) return SYN_OK;
    SYN_TRY(syn_alloc(&a->column_name, (size_t)a->cols, sizeof(char *), a->label));
    SYN_TRY(syn_alloc(&a->column_unit, (size_t)a->cols, sizeof(char *), a->label));
    SYN_TRY(fill_names(a, c, true));
    SYN_TRY(syn_find_repeated(a->column_name, a->cols, &repeated));
    return repeated ? fill_names(a, c, false) : SYN_OK;
}

syn_status syn_csv_open(syn_array *a, const char *file, const char *name) {
    csv *c;
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
        if (c->roles[k] == TIME) SYN_TRY(syn_alloc(&a->row_time, (size_t)a->rows, sizeof(double), a->label));
        if (c->roles[k] == ROW_NAME) SYN_TRY(syn_alloc(&a->row_name, (size_t)a->rows, sizeof(char *), a->label));
    }
    return name_columns(a, c);
}

syn_status syn_csv_list(syn_listing *listing, const char *file) {
    csv *c;
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
