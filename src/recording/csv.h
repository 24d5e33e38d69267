/* What the files that read tables of text share: the table, its lines and cells, its headings. */
#ifndef SYN_RECORDING_CSV_H
#define SYN_RECORDING_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef enum syn_csv_role {
    SYN_CSV_VALUE,
    SYN_CSV_TIME,
    SYN_CSV_ROW_INDEX,
    SYN_CSV_ROW_NAME,
    SYN_CSV_SKIPPED
} syn_csv_role;

typedef struct syn_csv {
    const char *text, *end; /* mapped file */
    const char *first;      /* first line of values */
    size_t size;
    int64_t first_line; /* its number in the file, from 1 */
    char delimiter;
    int64_t columns;     /* in the file */
    char **header;       /* [columns] or NULL */
    bool numbered;       /* the header only counts the columns: 0, 1, 2 or 1, 2, 3 */
    bool only_numbers;   /* the header holds nothing but whole numbers */
    bool neurons_down;   /* the first column holds the names of neurons */
    syn_csv_role *roles; /* [columns] */
    bool *rejected;      /* [columns] cells that a line says are none, or NULL */
    double seconds;      /* of the unit of the column of times */
} syn_csv;

typedef struct syn_cell {
    const char *p, *end;
} syn_cell;

/* A position within the table. */
typedef struct syn_cursor {
    const char *p;
    int64_t line;
} syn_cursor;

/* ---- csv_cells.c ---- */

bool syn_csv_is_break(char c);
/* Moves to the start of the next line that is neither blank nor a comment; false at the end of the file. */
bool syn_csv_next_line(const syn_csv *table, syn_cursor *at);
/* Moves behind the end of the line. */
void syn_csv_skip_line(const syn_csv *table, syn_cursor *at);
/* The next cell of the line, trimmed and without its quotes. false: the line is over. */
bool syn_csv_next_cell(const syn_csv *table, syn_cursor *at, bool *started, syn_cell *out);
void syn_csv_skip_break(const syn_csv *table, syn_cursor *at);
bool syn_cell_is(syn_cell cell, const char *word);
bool syn_cell_is_missing(syn_cell cell);
/* A number of any length, independent of the locale; false if the cell is anything else. */
bool syn_cell_number(const syn_csv *table, syn_cell cell, double *out);
syn_status syn_cell_copy(char **out, syn_cell cell);

/* ---- csv_headings.c ---- */

/* Length of a heading without the unit after it, "speed (cm/s)" or "speed [cm/s]"; *unit and *n_unit are what is
 * within. */
size_t syn_heading_length(const char *heading, const char **unit, size_t *n_unit);
/* Whether a heading is that of times, with the seconds of its unit: time, time_ms, timestamps (us), t_s. 0 where it
 * begins as one, but its unit is not understood. */
bool syn_is_time_heading(const char *name, double *seconds);
bool syn_is_index_heading(const char *name);
/* Whether a heading says that every line is a neuron. */
bool syn_heads_neurons(syn_cell heading);
/* The headings of a table whose first line is at *at, if it has any, which is moved behind them. */
syn_status syn_csv_read_headings(syn_csv *table, syn_cursor *at);

#endif
