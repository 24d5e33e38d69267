/* Records that SpikeGadgets' Trodes exports (position tracking, analog and digital channels): a text header of
 * `name: value` lines between <Start settings> and <End settings>, which names the fields and their types, then packed
 * little-endian records. A field called time counts samples of `clockrate` Hz.
 * https://docs.spikegadgets.com/en/latest/basic/ExportFunctions.html
 *
 * Shapes: R records, F fields. */
#define _GNU_SOURCE /* strcasestr */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "recording/array.h"

enum { MOST_FIELDS = 64, MOST_HEADER = 1 << 14, RECORDS = 4096 };

typedef struct field {
    char name[64];
    char kind; /* 'i', 'u', 'f' */
    int size, offset;
} field;

typedef struct trodes {
    FILE *file;
    field field[MOST_FIELDS];
    int F, record; /* bytes of a record */
    long data;     /* where the records start */
    int64_t R;
    double clockrate;
    int chosen[MOST_FIELDS], n_chosen;
    int clock; /* field of the times, or -1 */
} trodes;

static syn_status damaged(const char *file, const char *what) {
    return syn_fail(SYN_ERR_INPUT, "%s: the Trodes file is damaged or cut short: %s", file, what);
}

/* "<time uint32><xloc uint16>" */
static syn_status parse_fields(trodes *t, const char *file, const char *text) {
    static const struct type {
        const char *name;
        char kind;
        int size;
    } types[] = {{"uint8", 'u', 1}, {"uint16", 'u', 2}, {"uint32", 'u', 4}, {"uint64", 'u', 8}, {"int8", 'i', 1},
                 {"int16", 'i', 2}, {"int32", 'i', 4},  {"int64", 'i', 8},  {"float", 'f', 4},  {"double", 'f', 8}};
    char name[64], type[32];
    int length;
    for (; length = 0, sscanf(text, " <%63s %31[^<> ]>%n", name, type, &length) == 2 && length > 0; text += length) {
        size_t k = 0;
        while (k < sizeof types / sizeof *types && strcmp(types[k].name, type) != 0) k++;
        if (k == sizeof types / sizeof *types || t->F == MOST_FIELDS)
            return syn_fail(SYN_ERR_INPUT,
                            "%s: field %s has the type %s; expected at most %d fields of int, uint, "
                            "float or double",
                            file, name, type, MOST_FIELDS);
        field *f = &t->field[t->F++];
        *f = (field){.kind = types[k].kind, .size = types[k].size, .offset = t->record};
        snprintf(f->name, sizeof f->name, "%s", name);
        t->record += f->size;
    }
    text += strspn(text, " \t");
    if (*text)
        return syn_fail(SYN_ERR_INPUT, "%s: its line of fields goes on with '%.40s'; expected <NAME TYPE>", file, text);
    return t->F > 0 ? SYN_OK : damaged(file, "its header names no fields");
}

static syn_status read_header(trodes *t, const char *file) {
    char *header, *end, *line;
    struct stat st;
    SYN_TRY(syn_alloc(&header, MOST_HEADER + 1, 1, file));
    syn_status status = SYN_OK;
    if (fread(header, 1, MOST_HEADER, t->file) == 0 || !(end = strstr(header, "<End settings>\n"))) {
        status = damaged(file, "its header does not end");
    } else {
        t->data = (long)(end - header) + (long)strlen("<End settings>\n");
        *end = 0;
        if ((line = strcasestr(header, "\nclockrate:"))) t->clockrate = strtod(line + strlen("\nclockrate:"), NULL);
        if ((line = strstr(header, "\nFields:"))) line[1 + strcspn(line + 1, "\r\n")] = 0;
        status = line ? parse_fields(t, file, line + strlen("\nFields:")) : damaged(file, "its header names no fields");
    }
    free(header);
    SYN_TRY(status);
    if (fstat(fileno(t->file), &st) != 0) return syn_fail(SYN_ERR_IO, "%s: could not be read", file);
    t->R = (st.st_size - t->data) / t->record;
    if ((st.st_size - t->data) % t->record != 0) return damaged(file, "its last record is not whole");
    return SYN_OK;
}

static bool is_wanted(const char *name, const char *names) {
    const size_t n = strlen(name);
    for (const char *p = names; *p; p += p[strcspn(p, ",")] ? strcspn(p, ",") + 1 : strcspn(p, ","))
        if (strcspn(p, ",") == n && !strncmp(p, name, n)) return true;
    return false;
}

static syn_status open_file(trodes *t, const char *file) {
    t->clock = -1;
    t->file = fopen(file, "rb");
    if (!t->file) return syn_fail(SYN_ERR_IO, "%s: could not be opened: %s", file, strerror(errno));
    SYN_TRY(read_header(t, file));
    for (int k = 0; k < t->F; k++)
        if (!strcmp(t->field[k].name, "time")) t->clock = k;
    if (t->clock >= 0 && !(isfinite(t->clockrate) && t->clockrate > 0))
        return syn_fail(SYN_ERR_INPUT,
                        "%s: has a field time, but its header no Clockrate, the samples a second that it counts", file);
    return SYN_OK;
}

static double value_of(const field *f, const unsigned char *record) {
    uint64_t bits = 0;
    for (int k = f->size; k-- > 0;) bits = bits << 8 | record[f->offset + k];
    if (f->kind == 'u') return (double)bits;
    if (f->kind == 'i') return (double)((int64_t)(bits << (64 - 8 * f->size)) >> (64 - 8 * f->size));
    if (f->size == 8) {
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    const uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof value);
    return (double)value;
}

static syn_status trodes_visit(syn_array *a, syn_tile_fn fn, void *user) {
    trodes *t = a->source;
    syn_status status = SYN_OK;
    unsigned char *raw = NULL;
    double *value = NULL;
    SYN_CHECK(syn_alloc(&raw, RECORDS, (size_t)t->record, a->label));
    SYN_CHECK(syn_alloc(&value, RECORDS, (size_t)a->cols * sizeof *value, a->label));
    if (fseek(t->file, t->data, SEEK_SET) != 0) SYN_CHECK(damaged(a->label, "it holds no records"));
    for (int64_t row = 0; row < a->rows; row += RECORDS) {
        const int64_t n = a->rows - row < RECORDS ? a->rows - row : RECORDS;
        if (fread(raw, (size_t)t->record, (size_t)n, t->file) != (size_t)n)
            SYN_CHECK(damaged(a->label, "it ends before its last record"));
        for (int64_t i = 0; i < n; i++) {
            const unsigned char *record = raw + i * t->record;
            for (int k = 0; k < t->n_chosen; k++) value[i * a->cols + k] = value_of(&t->field[t->chosen[k]], record);
            if (a->row_time) a->row_time[row + i] = value_of(&t->field[t->clock], record) / t->clockrate;
        }
        syn_tile tile = {row, 0, n, a->cols, value, NULL, a->cols, 1};
        SYN_CHECK(fn(user, &tile));
    }
done:
    free(raw);
    free(value);
    return status;
}

static void trodes_close(syn_array *a) {
    trodes *t = a->source;
    if (t->file) fclose(t->file);
    free(t);
    a->source = NULL;
}

static const syn_array_operations trodes_operations = {trodes_visit, NULL, NULL, trodes_close};

/* name: one field or several between commas; NULL: all but the clock. */
syn_status syn_trodes_open(syn_array *a, const char *file, const char *name) {
    trodes *t;
    int wanted = 1;
    SYN_TRY(syn_alloc(&t, 1, sizeof *t, a->label));
    a->source = t;
    a->ops = &trodes_operations;
    SYN_TRY(open_file(t, file));
    for (const char *p = name; p && *p; p++) wanted += *p == ',';
    for (int k = 0; k < t->F; k++)
        if (name ? is_wanted(t->field[k].name, name) : k != t->clock) t->chosen[t->n_chosen++] = k;
    if (name && t->n_chosen < wanted) return syn_no_array(file, "field", name, "has");
    a->rank = 2;
    a->shape[0] = a->rows = t->R;
    a->shape[1] = a->cols = t->n_chosen;
    a->numeric = true;
    snprintf(a->type, sizeof a->type, "records");
    if (t->R == 0 || t->n_chosen == 0) return damaged(file, "it holds no records");
    SYN_TRY(syn_alloc(&a->column_name, (size_t)a->cols, sizeof(char *), a->label));
    SYN_TRY(syn_alloc(&a->column_unit, (size_t)a->cols, sizeof(char *), a->label));
    for (int k = 0; k < t->n_chosen; k++) {
        SYN_TRY(syn_copy_text(&a->column_name[k], t->field[t->chosen[k]].name));
        SYN_TRY(syn_copy_text(&a->column_unit[k], ""));
    }
    return t->clock >= 0 ? syn_alloc(&a->row_time, (size_t)a->rows, sizeof(double), a->label) : SYN_OK;
}

syn_status syn_trodes_list(syn_listing *listing, const char *file) {
    trodes t = {0};
    syn_status status = open_file(&t, file);
    for (int k = 0; k < t.F && status == SYN_OK; k++) {
        char type[SYN_TYPE_SIZE];
        snprintf(type, sizeof type, "%s%d",
                 t.field[k].kind == 'f'   ? "float"
                 : t.field[k].kind == 'u' ? "uint"
                                          : "int",
                 8 * t.field[k].size);
        status = syn_listing_add(listing, t.field[k].name, type, true, 1, &t.R);
    }
    if (t.file) fclose(t.file);
    return status;
}
