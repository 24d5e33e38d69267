/* Lines, cells and numbers of tables as text. */
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "recording/csv.h"

bool syn_csv_is_break(char c) { return c == '\n' || c == '\r'; }

/* Whether a cell that starts here is what a spreadsheet writes where it could compute nothing: #N/A, #DIV/0!. */
static bool is_spreadsheet_error(const char *p, const char *end) {
    static const char *const words[] = {"#N/A", "#DIV/0!", "#VALUE!", "#NUM!", "#REF!", "#NAME?", "#NULL!"};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
        const size_t n = strlen(words[k]);
        if ((size_t)(end - p) >= n && !memcmp(p, words[k], n)) return true;
    }
    return false;
}

void syn_csv_skip_line(const syn_csv *c, syn_cursor *at) {
    const char *p = memchr(at->p, '\n', (size_t)(c->end - at->p));
    at->p = p ? p + 1 : c->end;
    at->line++;
}

bool syn_csv_next_line(const syn_csv *c, syn_cursor *at) {
    while (at->p < c->end) {
        const char *p = at->p;
        while (p < c->end && (*p == ' ' || (*p == '\t' && c->delimiter != '\t'))) p++;
        if (p < c->end && !syn_csv_is_break(*p) && (*p != '#' || is_spreadsheet_error(p, c->end))) return true;
        syn_csv_skip_line(c, at);
    }
    return false;
}

bool syn_csv_next_cell(const syn_csv *c, syn_cursor *at, bool *started, syn_cell *out) {
    const char *p = at->p;
    if (*started) {
        if (p >= c->end || syn_csv_is_break(*p)) return false;
        p++; /* the delimiter */
    }
    *started = true;
    while (p < c->end && (*p == ' ' || (*p == '\t' && c->delimiter != '\t'))) p++;
    if (c->delimiter == ' ' && (p >= c->end || syn_csv_is_break(*p)) && p > at->p + 1) return at->p = p, false;
    out->p = p;
    if (p < c->end && *p == '"') {
        out->p = ++p;
        while (p < c->end && *p != '"' && *p != '\n') p++;
        out->end = p;
        while (p < c->end && *p != c->delimiter && !syn_csv_is_break(*p)) p++;
    } else {
        while (p < c->end && *p != c->delimiter && !syn_csv_is_break(*p)) p++;
        out->end = p;
    }
    while (out->end > out->p && (out->end[-1] == ' ' || out->end[-1] == '\t')) out->end--;
    at->p = p;
    return true;
}

void syn_csv_skip_break(const syn_csv *c, syn_cursor *at) {
    if (at->p < c->end && *at->p == '\r') at->p++;
    if (at->p < c->end && *at->p == '\n') at->p++;
    at->line++;
}

bool syn_cell_is(syn_cell c, const char *word) {
    size_t n = strlen(word);
    return (size_t)(c.end - c.p) == n && !strncasecmp(c.p, word, n);
}

bool syn_cell_is_missing(syn_cell c) {
    static const char *const words[] = {"", "nan", "na", "n/a", "null", "none", "-", "-nan", "+nan"};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (syn_cell_is(c, words[k])) return true;
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

static bool parse_word(syn_cell c, bool negative, double *out) {
    if (syn_cell_is_missing(c)) return *out = NAN, true;
    if (syn_cell_is(c, "inf") || syn_cell_is(c, "infinity")) return *out = negative ? -INFINITY : INFINITY, true;
    if (syn_cell_is(c, "true")) return *out = 1, true;
    if (syn_cell_is(c, "false")) return *out = 0, true;
    return false;
}

bool syn_cell_number(const syn_csv *table, syn_cell c, double *out) {
    const char *p = c.p;
    uint64_t mantissa = 0;
    long exponent = 0, written = 0;
    bool digits = false, point = false;
    bool negative = p < c.end && *p == '-';
    if (p < c.end && (*p == '-' || *p == '+')) p++;
    syn_cell unsigned_cell = {p, c.end};
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
    if (!digits) return parse_word(syn_cell_is_missing(c) ? c : unsigned_cell, negative, out);
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

syn_status syn_cell_copy(char **out, syn_cell c) {
    size_t n = (size_t)(c.end - c.p);
    SYN_TRY(syn_alloc(out, n + 1, 1, "table cell"));
    memcpy(*out, c.p, n);
    return SYN_OK;
}
