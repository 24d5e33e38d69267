#include "recording/mat.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/array.h"

/* ---- nodes ---- */

bool syn_mat_is_cell(const matvar_t *node) { return node && node->class_type == MAT_C_CELL; }
bool syn_mat_is_struct(const matvar_t *node) { return node && node->class_type == MAT_C_STRUCT; }

static bool is_full(const matvar_t *node) {
    return node && node->class_type >= MAT_C_DOUBLE && node->class_type <= MAT_C_UINT64;
}

bool syn_mat_is_numeric(const matvar_t *node) {
    return node && !node->isComplex && (is_full(node) || node->class_type == MAT_C_SPARSE);
}

int64_t syn_mat_axis(const matvar_t *node, int axis) {
    if (!node || !node->dims || axis >= node->rank || node->dims[axis] > INT64_MAX) return 0;
    return (int64_t)node->dims[axis];
}

int64_t syn_mat_count(const matvar_t *node) {
    int64_t count = 1;
    if (!node || !node->dims || node->rank < 1) return 0;
    for (int k = 0; k < node->rank; k++)
        if (__builtin_mul_overflow(count, syn_mat_axis(node, k), &count) || count > INT64_MAX / 64) return 0;
    return count;
}

bool syn_mat_is_vector(const matvar_t *node) {
    int long_axes = 0;
    for (int k = 0; node && k < node->rank; k++) long_axes += syn_mat_axis(node, k) > 1;
    return syn_mat_count(node) > 0 && long_axes <= 1;
}

matvar_t *syn_mat_cell(const matvar_t *node, int64_t k) {
    if (!syn_mat_is_cell(node) || !node->data || k < 0 || k >= syn_mat_count(node)) return NULL;
    if ((uint64_t)node->nbytes / sizeof(matvar_t *) <= (uint64_t)k) return NULL;
    return ((matvar_t **)node->data)[k];
}

char *const *syn_mat_fields(const matvar_t *node, int64_t *n) {
    *n = syn_mat_is_struct(node) ? (int64_t)Mat_VarGetNumberOfFields((matvar_t *)(uintptr_t)node) : 0;
    char *const *names = *n > 0 ? Mat_VarGetStructFieldnames(node) : NULL;
    if (!names) *n = 0;
    return names;
}

matvar_t *syn_mat_field(const matvar_t *node, int64_t k, const char *name) {
    int64_t n;
    char *const *names = syn_mat_fields(node, &n);
    if (k < 0 || k >= syn_mat_count(node) || !node->data) return NULL;
    for (int64_t f = 0; f < n; f++)
        if (names[f] && !strcmp(names[f], name) &&
            (uint64_t)node->nbytes / sizeof(matvar_t *) > (uint64_t)k * (uint64_t)n + (uint64_t)f)
            return ((matvar_t **)node->data)[k * n + f];
    return NULL;
}

const char *syn_mat_class(const matvar_t *node) {
    static const char *const names[] = {"empty",  "cell",   "struct", "object", "char",     "sparse",
                                        "double", "single", "int8",   "uint8",  "int16",    "uint16",
                                        "int32",  "uint32", "int64",  "uint64", "function", "object"};
    if (!node || (unsigned)node->class_type >= sizeof names / sizeof *names) return "empty";
    if (node->isComplex) return "complex";
    return node->isLogical ? "logical" : names[node->class_type];
}

#define COPY(type)                                                                                                     \
    for (int64_t k = 0; k < n; k++) out[k] = (double)((const type *)data)[from + k];                                   \
    return SYN_OK

static syn_status copy_numbers(enum matio_types type, const void *data, int64_t from, int64_t n, double *out) {
    switch (type) {
    case MAT_T_DOUBLE:
        COPY(double);
    case MAT_T_SINGLE:
        COPY(float);
    case MAT_T_INT8:
        COPY(int8_t);
    case MAT_T_UINT8:
        COPY(uint8_t);
    case MAT_T_INT16:
        COPY(int16_t);
    case MAT_T_UINT16:
        COPY(uint16_t);
    case MAT_T_INT32:
        COPY(int32_t);
    case MAT_T_UINT32:
        COPY(uint32_t);
    case MAT_T_INT64:
        COPY(int64_t);
    case MAT_T_UINT64:
        COPY(uint64_t);
    default:
        return syn_fail(SYN_ERR_INPUT, "a MATLAB array holds values of an unknown type; the file is damaged");
    }
}

static syn_status damaged(const char *label) {
    return syn_fail(SYN_ERR_INPUT, "%s: its values cannot be read; the MATLAB file is damaged or cut short", label);
}

/* Whether all values are there that the size of an array of numbers promises. */
static bool is_held(const matvar_t *node) {
    const int64_t n = syn_mat_count(node);
    if (n == 0) return true;
    if (node->class_type == MAT_C_SPARSE) {
        const mat_sparse_t *s = node->data;
        return node->rank == 2 && s && s->data && s->ir && s->jc && (int64_t)s->njc == syn_mat_axis(node, 1) + 1;
    }
    const size_t size = Mat_SizeOf(node->data_type);
    return node->data && size > 0 && (uint64_t)node->nbytes / size >= (uint64_t)n;
}

/* Whole or partial columns of a sparse matrix: zeros, and the entries that are stored. */
static syn_status copy_sparse(const matvar_t *node, const char *label, int64_t from, int64_t n, double *out) {
    const mat_sparse_t *s = node->data;
    const int64_t rows = syn_mat_axis(node, 0), cols = syn_mat_axis(node, 1);
    for (int64_t k = 0; k < n; k++) out[k] = 0;
    for (int64_t c = from / rows; c < cols && c * rows < from + n; c++) {
        if (s->jc[c] > s->jc[c + 1] || s->jc[c + 1] > s->ndata || s->jc[c + 1] > s->nir) return damaged(label);
        for (int64_t k = s->jc[c]; k < (int64_t)s->jc[c + 1]; k++) {
            const int64_t at = c * rows + (int64_t)s->ir[k] - from;
            if ((int64_t)s->ir[k] >= rows) return damaged(label);
            if (at >= 0 && at < n) SYN_TRY(copy_numbers(node->data_type, s->data, k, 1, &out[at]));
        }
    }
    return SYN_OK;
}

syn_status syn_mat_numbers(const matvar_t *node, const char *label, int64_t from, int64_t n, double *out) {
    if (!syn_mat_is_numeric(node))
        return syn_fail(SYN_ERR_INPUT, "%s: is %s; expected numbers", label, syn_mat_class(node));
    if (from < 0 || n < 0 || from + n > syn_mat_count(node) || !is_held(node)) return damaged(label);
    if (n == 0) return SYN_OK;
    if (node->class_type == MAT_C_SPARSE) return copy_sparse(node, label, from, n, out);
    return copy_numbers(node->data_type, node->data, from, n, out);
}

/* ---- places ---- */

static syn_status open_file(mat_t **mat, const char *file) {
    SYN_TRY(syn_mat_check(file));
    *mat = Mat_Open(file, MAT_ACC_RDONLY);
    if (*mat) return SYN_OK;
    return syn_fail(SYN_ERR_INPUT, "%s: the MATLAB file cannot be opened: it is damaged or cut short", file);
}

static const char *shape_of(const matvar_t *node) {
    int64_t shape[SYN_MAX_RANK];
    int rank = node && node->rank < SYN_MAX_RANK ? node->rank : SYN_MAX_RANK;
    for (int k = 0; node && k < rank; k++) shape[k] = syn_mat_axis(node, k);
    return node ? syn_shape_text(rank, shape) : "(0, 0)";
}

/* The position that "(2)" or "{3,1}" at *p says, from 0; -1 if it is none of node's. Moves *p behind it. */
static int64_t parse_index(const matvar_t *node, const char **p) {
    const char close = **p == '{' ? '}' : ')';
    int64_t at = 0, stride = 1;
    for (int axis = 0;; axis++) {
        char *end;
        long long k = strtoll(++*p, &end, 10);
        if (end == *p || k < 1 || axis >= (node ? node->rank : 0)) return -1;
        if (__builtin_mul_overflow(k - 1, stride, &k) || __builtin_add_overflow(at, k, &at)) return -1;
        *p = end;
        if (**p == close) break;
        if (**p != ',' || k / stride >= syn_mat_axis(node, axis)) return -1;
        stride *= syn_mat_axis(node, axis);
        if (stride == 0) return -1;
    }
    ++*p;
    return at < syn_mat_count(node) ? at : -1;
}

static void list_fields(const matvar_t *node, char *text, size_t size) {
    int64_t n;
    char *const *names = syn_mat_fields(node, &n);
    size_t length = 0;
    text[0] = 0;
    for (int64_t k = 0; k < n && length + 80 < size; k++)
        length += (size_t)snprintf(text + length, size - length, "%s%.*s", k ? ", " : "",
                                   names[k] ? syn_cut(names[k], 60) : 1, names[k] ? names[k] : "?");
}

/* Follows the rest of a path, `at`, from *node on. */
static syn_status follow(matvar_t **node, const char *file, const char *path, const char *at) {
    char name[256], fields[512];
    int64_t element = 0;
    bool chosen = false;
    while (*at) {
        const int so_far = (int)(at - path);
        if (*at == '{' || *at == '(') {
            const bool cell = *at == '{';
            int64_t k = parse_index(*node, &at);
            if (cell ? !syn_mat_is_cell(*node) : !syn_mat_is_struct(*node))
                return syn_fail(SYN_ERR_INPUT, "%s: '%.*s' is %s %s; expected a %s to index with %s", file, so_far,
                                path, syn_mat_class(*node), shape_of(*node), cell ? "cell" : "struct",
                                cell ? "{}" : "()");
            if (k < 0)
                return syn_fail(SYN_ERR_INPUT, "%s: '%s' has an index outside '%.*s', which is %s %s", file, path,
                                so_far, path, syn_mat_class(*node), shape_of(*node));
            if (cell) *node = syn_mat_cell(*node, k);
            element = cell ? 0 : k;
            chosen = !cell;
            continue;
        }
        if (*at != '.' && *at != '/')
            return syn_fail(SYN_ERR_INPUT, "%s: '%s' is no MATLAB path; expected D.x{2}", file, path);
        const size_t n = strcspn(++at, ".{(/");
        snprintf(name, sizeof name, "%.*s", n < sizeof name ? (int)n : (int)sizeof name - 1, at);
        at += n;
        if (syn_mat_is_struct(*node) && !chosen && syn_mat_count(*node) != 1)
            return syn_fail(SYN_ERR_INPUT, "%s: '%.*s' is struct %s; say which element, as %.*s(1).%s", file, so_far,
                            path, shape_of(*node), so_far, path, name);
        matvar_t *field = syn_mat_field(*node, element, name);
        if (!field) {
            list_fields(*node, fields, sizeof fields);
            return syn_fail(SYN_ERR_INPUT, "%s: '%.*s' is %s and has no field '%s'%s%s", file, so_far, path,
                            syn_mat_class(*node), name, *fields ? "; it has " : "", fields);
        }
        *node = field;
        element = 0;
        chosen = false;
    }
    if (!*node) return syn_fail(SYN_ERR_INPUT, "%s: '%s' is empty", file, path);
    return SYN_OK;
}

syn_status syn_mat_read(matvar_t **root, matvar_t **node, const char *file, const char *path) {
    mat_t *mat;
    char name[256];
    *root = *node = NULL;
    while (*path == '/') path++;
    const size_t n = strcspn(path, ".{(/");
    snprintf(name, sizeof name, "%.*s", n < sizeof name ? (int)n : (int)sizeof name - 1, path);
    SYN_TRY(open_file(&mat, file));
    *root = Mat_VarRead(mat, name);
    Mat_Close(mat);
    if (!*root) return syn_no_array(file, "variable", name, "holds");
    *node = *root;
    syn_status status = follow(node, file, path, path + n);
    if (status == SYN_OK) return SYN_OK;
    Mat_VarFree(*root);
    *root = *node = NULL;
    return status;
}

/* ---- arrays ---- */

typedef struct mat_source {
    matvar_t *root, *node;
} mat_source;

/* Columns, or parts of one long column. */
static syn_status mat_visit(syn_array *a, syn_tile_fn fn, void *user) {
    const mat_source *s = a->source;
    syn_status status = SYN_OK;
    double *value;
    const int64_t rows = a->rows < SYN_TILE_VALUES ? a->rows : SYN_TILE_VALUES;
    const int64_t cols = rows == a->rows ? SYN_TILE_VALUES / rows : 1;
    if (a->rank > (a->cube ? 3 : 2))
        return syn_fail(SYN_ERR_INPUT, "%s: has %d axes, shape %s; expected 1 or 2", a->label, a->rank,
                        syn_shape_text(a->rank, a->shape));
    SYN_TRY(syn_alloc(&value, (size_t)(rows * (cols < a->cols ? cols : a->cols)), sizeof *value, a->label));
    for (int64_t c = 0; c < a->cols; c += cols)
        for (int64_t r = 0; r < a->rows; r += rows) {
            const int64_t height = a->rows - r < rows ? a->rows - r : rows,
                          width = a->cols - c < cols ? a->cols - c : cols;
            SYN_CHECK(syn_mat_numbers(s->node, a->label, c * a->rows + r, height * width, value));
            syn_tile tile = {r, c, height, width, value, NULL, 1, height};
            SYN_CHECK(fn(user, &tile));
        }
done:
    free(value);
    return status;
}

/* One row of a char array as text, without the blanks at its end; what is not ASCII becomes '?'. */
static syn_status char_row(const matvar_t *node, int64_t row, char **text) {
    const int64_t rows = syn_mat_axis(node, 0), cols = syn_mat_axis(node, 1);
    const int64_t size = node->data && syn_mat_count(node) > 0 ? (int64_t)node->nbytes / syn_mat_count(node) : 0;
    SYN_TRY(syn_alloc(text, (size_t)cols + 1, 1, "text"));
    int64_t n = 0;
    for (int64_t c = 0; c < cols && size > 0; c++) {
        const unsigned char *p = (const unsigned char *)node->data + (c * rows + row) * size;
        bool high = *p >= 0x7f;
        for (int64_t k = 1; k < size; k++) high = high || p[k];
        (*text)[n++] = high ? '?' : *p < 0x20 ? ' ' : (char)*p;
    }
    while (n > 0 && (*text)[n - 1] == ' ') n--;
    (*text)[n] = 0;
    return SYN_OK;
}

static bool is_char(const matvar_t *node) { return node && node->class_type == MAT_C_CHAR && node->rank == 2; }

/* Whether it is a cell of one-line texts. */
static bool is_text_cell(const matvar_t *node) {
    if (!syn_mat_is_cell(node) || syn_mat_count(node) == 0) return false;
    for (int64_t k = 0; k < syn_mat_count(node); k++) {
        const matvar_t *item = syn_mat_cell(node, k);
        if (!is_char(item) || syn_mat_axis(item, 0) > 1) return false;
    }
    return true;
}

static syn_status mat_texts(syn_array *a, char **text) {
    const matvar_t *node = ((const mat_source *)a->source)->node;
    for (int64_t k = 0; k < a->rows * a->cols; k++) {
        const matvar_t *item = is_char(node) ? node : syn_mat_cell(node, k);
        if (is_char(item) && syn_mat_axis(item, 0) > 0)
            SYN_TRY(char_row(item, is_char(node) ? k : 0, &text[k]));
        else
            SYN_TRY(syn_copy_text(&text[k], ""));
    }
    return SYN_OK;
}

static void mat_close(syn_array *a) {
    mat_source *s = a->source;
    Mat_VarFree(s->root);
    free(s);
    a->source = NULL;
}

static const syn_array_operations mat_operations = {mat_visit, mat_texts, NULL, mat_close};

/* "of double (49, 1)" where all elements are alike, "of double", or "". */
static void describe_elements(const matvar_t *node, char *text, size_t size) {
    const matvar_t *first = syn_mat_cell(node, 0);
    bool same_class = first != NULL, same_shape = first != NULL;
    for (int64_t k = 1; k < syn_mat_count(node) && same_class; k++) {
        const matvar_t *item = syn_mat_cell(node, k);
        same_class = item && !strcmp(syn_mat_class(item), syn_mat_class(first));
        same_shape = same_shape && same_class && !strcmp(shape_of(item), shape_of(first));
    }
    if (same_class)
        snprintf(text, size, "of %s%s%s", syn_mat_class(first), same_shape ? " " : "",
                 same_shape ? shape_of(first) : "");
}

static void describe(syn_array *a, const matvar_t *node) {
    a->numeric = syn_mat_is_numeric(node);
    a->integer = a->numeric && node->class_type > MAT_C_SINGLE;
    a->text = is_char(node) || is_text_cell(node);
    snprintf(a->type, sizeof a->type, "%s", is_char(node) ? "text" : syn_mat_class(node));
    a->rank = node && node->rank < SYN_MAX_RANK ? node->rank : node ? SYN_MAX_RANK : 0;
    for (int k = 0; k < a->rank; k++) a->shape[k] = syn_mat_axis(node, k);
    if (is_char(node)) a->rank = 1; /* one text a row */
}

syn_status syn_mat_open(syn_array *a, const char *file, const char *name) {
    mat_source *s;
    SYN_TRY(syn_alloc(&s, 1, sizeof *s, a->label));
    a->source = s;
    a->ops = &mat_operations;
    SYN_TRY(syn_mat_read(&s->root, &s->node, file, name));
    describe(a, s->node);
    /* before memory is taken for them */
    return a->numeric && !is_held(s->node) ? damaged(a->label) : SYN_OK;
}

/* ---- listing ---- */

enum { MOST_ENTRIES = 4096, MOST_DEPTH = 16, MOST_ELEMENTS = 64, PATH_SIZE = 512 };

static syn_status list_node(syn_listing *listing, const char *path, const matvar_t *node, int depth);

static syn_status list_struct(syn_listing *listing, const char *path, const matvar_t *node, int depth) {
    char inner[PATH_SIZE];
    int64_t n, elements = syn_mat_count(node);
    char *const *names = syn_mat_fields(node, &n);
    for (int64_t k = 0; k < elements && k < MOST_ELEMENTS; k++)
        for (int64_t f = 0; f < n; f++) {
            if (!names[f]) continue;
            if (elements > 1)
                snprintf(inner, sizeof inner, "%.400s(%lld).%.64s", path, (long long)k + 1, names[f]);
            else
                snprintf(inner, sizeof inner, "%.400s.%.64s", path, names[f]);
            SYN_TRY(list_node(listing, inner, syn_mat_field(node, k, names[f]), depth + 1));
        }
    return SYN_OK;
}

/* Whether a cell holds structs or cells, whose contents are worth listing. */
static bool is_nested(const matvar_t *node) {
    for (int64_t k = 0; k < syn_mat_count(node); k++) {
        const matvar_t *item = syn_mat_cell(node, k);
        if (syn_mat_is_cell(item) || syn_mat_is_struct(item)) return true;
    }
    return false;
}

static syn_status list_node(syn_listing *listing, const char *path, const matvar_t *node, int depth) {
    char inner[PATH_SIZE];
    if (listing->n >= MOST_ENTRIES || depth > MOST_DEPTH || !node) return SYN_OK;
    if (syn_mat_is_struct(node) && syn_mat_count(node) > 0) return list_struct(listing, path, node, depth);
    if (!syn_mat_is_cell(node) || !is_nested(node)) {
        syn_array a = {0};
        describe(&a, node);
        SYN_TRY(syn_listing_add(listing, path, a.type, a.numeric, a.rank, a.shape));
        syn_entry *e = &listing->entry[listing->n - 1];
        describe_elements(node, e->detail, sizeof e->detail);
        return SYN_OK;
    }
    for (int64_t k = 0; k < syn_mat_count(node) && k < MOST_ELEMENTS; k++) {
        snprintf(inner, sizeof inner, "%.450s{%lld}", path, (long long)k + 1);
        SYN_TRY(list_node(listing, inner, syn_mat_cell(node, k), depth + 1));
    }
    return SYN_OK;
}

syn_status syn_mat_list(syn_listing *listing, const char *file) {
    mat_t *mat;
    syn_status status = SYN_OK;
    SYN_TRY(open_file(&mat, file));
    for (matvar_t *v; status == SYN_OK && listing->n < MOST_ENTRIES && (v = Mat_VarReadNextInfo(mat)); Mat_VarFree(v))
        if (v->name) status = list_node(listing, v->name, v, 0);
    Mat_Close(mat);
    if (status == SYN_OK && listing->n == 0)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: no variable of the MATLAB file can be read: it is empty, damaged or cut short", file);
    return status;
}
