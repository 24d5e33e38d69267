/* Whether a table has a line of headings, what they say, and the further lines that DeepLabCut and Inscopix write. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "recording/array.h"
#include "recording/csv.h"

size_t syn_heading_length(const char *heading, const char **unit, size_t *n_unit) {
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

bool syn_is_time_heading(const char *name, double *seconds) {
    static const char *const names[] = {"timestamps",  "timestamp",  "times", "time",
                                        "frame_times", "frame_time", "t",     "seconds"};
    const char *unit;
    size_t n_unit;
    const size_t n = syn_heading_length(name, &unit, &n_unit);
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

bool syn_is_index_heading(const char *name) {
    static const char *const names[] = {"", "index", "frame", "frames", "frame_index", "unnamed: 0", "sample"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (!strcasecmp(name, names[k])) return true;
    return false;
}

/* Whether the cells of a line count, 0, 1, 2 or from another number, behind a first one that is empty or text. */
static bool counts_columns(const syn_csv *c, syn_cursor at, double *first) {
    enum { LEAST = 4 };
    bool started = false;
    syn_cell word;
    double number;
    int64_t n = 0;
    for (int64_t k = 0; syn_csv_next_cell(c, &at, &started, &word); k++) {
        const bool is_number = word.p < word.end && syn_cell_number(c, word, &number);
        if (k == 0 && !is_number) continue;
        if (!is_number) return false;
        if (n == 0) *first = number;
        if (number != *first + (double)n++) return false;
    }
    return n >= LEAST;
}

bool syn_heads_neurons(syn_cell heading) {
    static const char *const names[] = {"neuron",  "neurons", "neuron_id", "unit",    "unit_id",    "cell",
                                        "cell_id", "roi",     "roi_id",    "cluster", "cluster_id", "id"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (syn_cell_is(heading, names[k])) return true;
    return false;
}

/* Whether a heading says that the cells below it are times or places. */
static bool heads_rows(syn_cell heading) {
    char name[64];
    double seconds;
    const size_t n = (size_t)(heading.end - heading.p);
    if (n >= sizeof name) return false;
    memcpy(name, heading.p, n);
    name[n] = 0;
    return syn_is_index_heading(name) || syn_is_time_heading(name, &seconds);
}

/* Whether the numbers of a line with one text can be headings: whole ones that rise, as ids do, or few that count from
 * 0 or 1, as three values rise by chance. Others are values, and the text among them is a slip. */
static bool has_headings(const syn_csv *c, syn_cursor at) {
    enum { LEAST = 4 };
    bool started = false, rises = true, counts = true;
    syn_cell word;
    double number, last = NAN;
    int64_t n = 0;
    while (syn_csv_next_cell(c, &at, &started, &word)) {
        if (word.p == word.end || !syn_cell_number(c, word, &number)) continue;
        rises = rises && number >= 0 && number == floor(number) && !(number <= last);
        counts = counts && (n == 0 ? number == 0 || number == 1 : number == last + 1);
        last = number;
        n++;
    }
    return n == 0 || (n < LEAST ? counts : rises);
}

/* Whether a first line of one text and numbers behind it is a header, and no row with a name: it is followed by a
 * number, says what the names below it are, or counts as the next line does not. */
static bool heads_numbers(syn_csv *c, syn_cursor at, syn_cell first) {
    bool started = false;
    syn_cell word;
    double number;
    c->neurons_down = syn_heads_neurons(first);
    if (c->neurons_down) return c->numbered = true;
    syn_csv_skip_line(c, &at);
    if (!syn_csv_next_line(c, &at)) return false;
    if (c->numbered && !counts_columns(c, at, &number)) return true;
    c->numbered = false;
    return syn_csv_next_cell(c, &at, &started, &word) && syn_cell_number(c, word, &number);
}

/* Whether a line holds nothing but whole numbers that rise, as ids do, above one of mostly fractions. *counts: they
 * are 0, 1, 2, ... or 1, 2, 3, ...; set where it is true. */
static bool heads_fractions(const syn_csv *c, syn_cursor at, bool *counts) {
    bool started = false;
    syn_cell word;
    double number, last = -1, first = 0;
    int64_t n = 0, fractions = 0;
    for (; syn_csv_next_cell(c, &at, &started, &word); n++, last = number) {
        if (word.p == word.end || !syn_cell_number(c, word, &number) || !(number > last) || number != floor(number))
            return false;
        if (n == 0) first = number;
    }
    syn_csv_skip_break(c, &at);
    started = false;
    if (n < 2 || !syn_csv_next_line(c, &at)) return false;
    while (syn_csv_next_cell(c, &at, &started, &word))
        fractions += syn_cell_number(c, word, &number) && number != floor(number);
    *counts = (first == 0 || first == 1) && last == first + (double)(n - 1);
    return 2 * fractions > n;
}

/* Counts the cells of the first line, and says whether it is a header: a cell that is neither number nor missing, an
 * empty cell over an index, or numbers that only count. */
static void look_at_first_line(syn_csv *c, syn_cursor start, bool *header) {
    bool started = false, first_is_text = false;
    syn_cell word, first = {0};
    double number;
    int64_t texts = 0;
    syn_cursor at = start;
    for (c->columns = 0; syn_csv_next_cell(c, &at, &started, &word); c->columns++) {
        bool is_text = !syn_cell_number(c, word, &number);
        texts += is_text;
        if (c->columns == 0) first_is_text = is_text, first = word;
    }
    c->numbered = counts_columns(c, start, &number) && (number == 0 || number == 1);
    if (texts == 1 && c->columns > 1 && first.p != first.end && !syn_heads_neurons(first) && !heads_rows(first) &&
        !has_headings(c, start))
        *header = false;
    else if (texts == 1 && first_is_text && c->columns > 1)
        *header = heads_numbers(c, start, first);
    else
        *header = texts > 0 || c->numbered || (c->columns > 1 && first.p == first.end);
    c->only_numbers = texts == 0 && first.p != first.end && (c->numbered || heads_fractions(c, start, &c->numbered));
    *header = *header || c->only_numbers;
}

static syn_status read_header(syn_csv *c, syn_cursor *at) {
    bool started = false;
    syn_cell word;
    SYN_TRY(syn_alloc(&c->header, (size_t)c->columns, sizeof *c->header, "table header"));
    for (int64_t k = 0; syn_csv_next_cell(c, at, &started, &word); k++) SYN_TRY(syn_cell_copy(&c->header[k], word));
    syn_csv_skip_break(c, at);
    return SYN_OK;
}

static bool starts_with(syn_cell c, const char *word) {
    const size_t n = strlen(word);
    return (size_t)(c.end - c.p) >= n && !strncasecmp(c.p, word, n);
}

/* Two more lines of DeepLabCut, below the scorer's: what each column is of, and of which coordinate. */
static syn_status join_headings(syn_csv *c, syn_cursor *at) {
    static const char *const firsts[] = {"individuals", "bodyparts", "coords"};
    bool joined = false;
    if (strcasecmp(c->header[0], "scorer") != 0) return SYN_OK;
    for (syn_cursor line = *at; syn_csv_next_line(c, &line); *at = line) {
        bool started = false, known = false;
        syn_cell word;
        syn_csv_next_cell(c, &line, &started, &word);
        for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) known = known || syn_cell_is(word, firsts[i]);
        if (!known) break;
        for (int64_t k = 1; k < c->columns && syn_csv_next_cell(c, &line, &started, &word); k++) {
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
        syn_csv_skip_break(c, &line);
        joined = true;
    }
    if (!joined) return SYN_OK;
    free(c->header[0]);
    c->header[0] = NULL;
    return syn_cell_copy(&c->header[0], (syn_cell){firsts[0], firsts[0]});
}

/* The second line of Inscopix says which cells are accepted, and what the first column is: Time (s)/Cell Status. */
static syn_status read_cell_status(syn_csv *c, syn_cursor *at) {
    syn_cursor line = *at;
    bool started = false, *rejected;
    syn_cell first, word;
    if (!syn_csv_next_line(c, &line) || !syn_csv_next_cell(c, &line, &started, &first) || !starts_with(first, "time"))
        return SYN_OK;
    const char *slash = memchr(first.p, '/', (size_t)(first.end - first.p));
    if (!slash || !starts_with((syn_cell){slash, first.end}, "/cell status")) return SYN_OK;
    SYN_TRY(syn_alloc(&rejected, (size_t)c->columns, sizeof *rejected, "table columns"));
    c->rejected = rejected;
    for (int64_t k = 1; k < c->columns && syn_csv_next_cell(c, &line, &started, &word); k++)
        rejected[k] = syn_cell_is(word, "rejected");
    syn_csv_skip_break(c, &line);
    *at = line;
    free(c->header[0]);
    c->header[0] = NULL;
    return syn_cell_copy(&c->header[0], (syn_cell){first.p, slash});
}

syn_status syn_csv_read_headings(syn_csv *c, syn_cursor *at) {
    bool header;
    look_at_first_line(c, *at, &header);
    if (!header) return SYN_OK;
    SYN_TRY(read_header(c, at));
    SYN_TRY(join_headings(c, at));
    return read_cell_status(c, at);
}
