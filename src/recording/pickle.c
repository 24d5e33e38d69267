#include "recording/pickle.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* DICT: its children are key, value, key, value. CALL: its children are a function, its arguments and, from BUILD, a
 * state. */
typedef enum item_kind { OTHER, NUMBER, TEXT, LIST, DICT, CALL } item_kind;

typedef struct item {
    item_kind kind;
    uint32_t n, room; /* children */
    int32_t *child;
    double number;
    const unsigned char *text; /* in the file; of bytes too */
    size_t length;
} item;

struct syn_pickle {
    void *map;
    size_t size;
    const unsigned char *p, *end;
    item *item;
    int32_t n_items, item_room;
    int32_t *stack, *memo;
    int32_t n_stack, stack_room, n_memo, memo_room;
    bool failed;
};

enum { MOST_ITEMS = 1 << 24, MARK = -1 };

/* ---- memory ---- */

/* Makes room for one more entry of an array; false, and the pickle has failed, where there is none. */
static bool grow(syn_pickle *s, void **array, int32_t n, int32_t *room, size_t size) {
    if (n < *room) return true;
    const int32_t wanted = *room ? 2 * *room : 256;
    void *grown = n < MOST_ITEMS ? realloc(*array, (size_t)wanted * size) : NULL;
    if (!grown) return s->failed = true, false;
    *array = grown;
    *room = wanted;
    return true;
}

static void push(syn_pickle *s, int32_t value) {
    void *stack = s->stack;
    if (grow(s, &stack, s->n_stack, &s->stack_room, sizeof *s->stack)) s->stack = stack, s->stack[s->n_stack++] = value;
}

/* An item on top of the stack. */
static item *push_new(syn_pickle *s, item_kind kind) {
    void *items = s->item;
    if (!grow(s, &items, s->n_items, &s->item_room, sizeof *s->item)) return NULL;
    s->item = items;
    s->item[s->n_items] = (item){.kind = kind};
    push(s, s->n_items++);
    return s->failed ? NULL : &s->item[s->n_items - 1];
}

static int32_t pop(syn_pickle *s) {
    if (s->n_stack == 0 || s->stack[s->n_stack - 1] == MARK) return s->failed = true, MARK;
    return s->stack[--s->n_stack];
}

/* The item on top, which must be one. */
static item *top(syn_pickle *s) {
    if (s->n_stack == 0 || s->stack[s->n_stack - 1] == MARK) return s->failed = true, NULL;
    return &s->item[s->stack[s->n_stack - 1]];
}

static void add_child(syn_pickle *s, item *parent, int32_t child) {
    if (parent->n == parent->room) {
        const uint32_t room = parent->room ? 2 * parent->room : 4;
        int32_t *grown = realloc(parent->child, (size_t)room * sizeof *grown);
        if (!grown) {
            s->failed = true;
            return;
        }
        parent->child = grown;
        parent->room = room;
    }
    parent->child[parent->n++] = child;
}

/* ---- what stands in the file ---- */

/* The next n bytes, or NULL. */
static const unsigned char *take(syn_pickle *s, size_t n) {
    if (s->failed || (size_t)(s->end - s->p) < n) return s->failed = true, NULL;
    s->p += n;
    return s->p - n;
}

static uint64_t little_endian(const unsigned char *p, int size) {
    uint64_t value = 0;
    for (int k = size; p && k-- > 0;) value = value << 8 | p[k];
    return value;
}

static uint64_t take_integer(syn_pickle *s, int size) { return little_endian(take(s, (size_t)size), size); }

static void push_number(syn_pickle *s, double number) {
    item *made = push_new(s, NUMBER);
    if (made) made->number = number;
}

static double big_endian_double(const unsigned char *p) {
    uint64_t bits = 0;
    double number;
    for (int k = 0; k < 8; k++) bits = bits << 8 | p[k];
    memcpy(&number, &bits, sizeof number);
    return number;
}

/* A whole number of `size` bytes; of more than 8, of which no count or size here is, as nothing. */
static void push_long(syn_pickle *s, uint64_t size) {
    const unsigned char *p = take(s, (size_t)size);
    if (!p) return;
    if (size > 8) {
        push_new(s, OTHER);
        return;
    }
    uint64_t bits = little_endian(p, (int)size);
    if (size > 0 && size < 8 && p[size - 1] & 0x80) bits |= UINT64_MAX << (8 * size);
    push_number(s, (double)(int64_t)bits);
}

/* Text or bytes behind their length. */
static void push_text(syn_pickle *s, int size_of_length) {
    const uint64_t length = take_integer(s, size_of_length);
    const unsigned char *p = take(s, (size_t)length);
    item *made = p ? push_new(s, TEXT) : NULL;
    if (made) made->text = p, made->length = (size_t)length;
}

static const unsigned char *take_line(syn_pickle *s, size_t *length) {
    const unsigned char *end = s->failed ? NULL : memchr(s->p, '\n', (size_t)(s->end - s->p));
    if (!end) return s->failed = true, NULL;
    *length = (size_t)(end - s->p);
    return take(s, *length + 1) ? end - *length : NULL;
}

/* "module\nname\n", of which the name tells enough. */
static void push_global(syn_pickle *s) {
    size_t length = 0;
    take_line(s, &length);
    const unsigned char *name = take_line(s, &length);
    item *made = name ? push_new(s, TEXT) : NULL;
    if (made) made->text = name, made->length = length;
}

/* ---- the stack ---- */

/* Where what lies above the last mark begins. */
static int32_t above_mark(syn_pickle *s) {
    int32_t k = s->n_stack;
    while (k > 0 && s->stack[k - 1] != MARK) k--;
    if (k == 0) s->failed = true;
    return k;
}

/* Takes the entries from `first` on, and a mark below them, off the stack and into an item. */
static void move_into(syn_pickle *s, int32_t parent, int32_t first, bool marked) {
    const int32_t stop = s->n_stack;
    s->n_stack = first - marked;
    for (int32_t k = first; k < stop && !s->failed; k++)
        if (s->stack[k] != MARK)
            add_child(s, &s->item[parent], s->stack[k]);
        else
            s->failed = true;
}

/* A new item of the n entries on top, or, where n is negative, of all above the mark. */
static void gather(syn_pickle *s, item_kind kind, int32_t n) {
    const int32_t first = n < 0 ? above_mark(s) : s->n_stack - n;
    if (s->failed || first < 0) {
        s->failed = true;
        return;
    }
    if (!push_new(s, kind)) return;
    s->n_stack--;
    const int32_t made = s->n_items - 1;
    move_into(s, made, first, n < 0);
    push(s, made);
}

/* The same into the item below them. */
static void extend(syn_pickle *s, int32_t n) {
    const int32_t first = n < 0 ? above_mark(s) : s->n_stack - n, below = first - 1 - (n < 0);
    if (s->failed || below < 0 || s->stack[below] == MARK)
        s->failed = true;
    else
        move_into(s, s->stack[below], first, n < 0);
}

/* Memo keys are given in turn; some start from 1. */
static void put(syn_pickle *s, uint64_t key) {
    void *memo = s->memo;
    if (!top(s) || key > (uint64_t)s->n_memo + 1) {
        s->failed = true;
        return;
    }
    while (!s->failed && (uint64_t)s->n_memo <= key)
        if (grow(s, &memo, s->n_memo, &s->memo_room, sizeof *s->memo)) s->memo = memo, s->memo[s->n_memo++] = MARK;
    if (!s->failed) s->memo[key] = s->stack[s->n_stack - 1];
}

static void get(syn_pickle *s, uint64_t key) {
    if (s->failed || key >= (uint64_t)s->n_memo || s->memo[key] == MARK)
        s->failed = true;
    else
        push(s, s->memo[key]);
}

/* ---- opcodes ---- */

/* Constants; false where the opcode is another. */
static bool read_constant(syn_pickle *s, unsigned char opcode) {
    const unsigned char *p;
    switch (opcode) {
    case 'N': /* NONE */
        push_new(s, OTHER);
        return true;
    case 0x88: /* NEWTRUE */
    case 0x89: /* NEWFALSE */
        push_number(s, opcode == 0x88);
        return true;
    case 'K': /* BININT1 */
    case 'M': /* BININT2 */
        push_number(s, (double)take_integer(s, opcode == 'K' ? 1 : 2));
        return true;
    case 'J': /* BININT */
        push_number(s, (int32_t)take_integer(s, 4));
        return true;
    case 'G': /* BINFLOAT */
        if ((p = take(s, 8))) push_number(s, big_endian_double(p));
        return true;
    case 0x8a: /* LONG1 */
    case 0x8b: /* LONG4 */
        push_long(s, take_integer(s, opcode == 0x8a ? 1 : 4));
        return true;
    case 'U':  /* SHORT_BINSTRING */
    case 'C':  /* SHORT_BINBYTES */
    case 0x8c: /* SHORT_BINUNICODE */
        push_text(s, 1);
        return true;
    case 'T': /* BINSTRING */
    case 'B': /* BINBYTES */
    case 'X': /* BINUNICODE */
        push_text(s, 4);
        return true;
    case 0x8d: /* BINUNICODE8 */
    case 0x8e: /* BINBYTES8 */
    case 0x96: /* BYTEARRAY8 */
        push_text(s, 8);
        return true;
    case 'c': /* GLOBAL */
        push_global(s);
        return true;
    default:
        return false;
    }
}

/* Lists, tuples, dicts and sets; false where the opcode is another. */
static bool read_container(syn_pickle *s, unsigned char opcode) {
    switch (opcode) {
    case '(': /* MARK */
        push(s, MARK);
        return true;
    case ']':  /* EMPTY_LIST */
    case ')':  /* EMPTY_TUPLE */
    case 0x8f: /* EMPTY_SET */
        gather(s, LIST, 0);
        return true;
    case '}': /* EMPTY_DICT */
        gather(s, DICT, 0);
        return true;
    case 0x85: /* TUPLE1 */
    case 0x86: /* TUPLE2 */
    case 0x87: /* TUPLE3 */
        gather(s, LIST, opcode - 0x84);
        return true;
    case 't':  /* TUPLE */
    case 'l':  /* LIST */
    case 0x91: /* FROZENSET */
        gather(s, LIST, -1);
        return true;
    case 'd': /* DICT */
        gather(s, DICT, -1);
        return true;
    case 'a': /* APPEND */
        extend(s, 1);
        return true;
    case 's': /* SETITEM */
        extend(s, 2);
        return true;
    case 'e':  /* APPENDS */
    case 'u':  /* SETITEMS */
    case 0x90: /* ADDITEMS */
        extend(s, -1);
        return true;
    default:
        return false;
    }
}

/* Everything else, of which nothing is done but to keep it in order; an opcode that is not known fails. */
static void read_rest(syn_pickle *s, unsigned char opcode) {
    switch (opcode) {
    case 0x80: /* PROTO */
        take(s, 1);
        return;
    case 0x95: /* FRAME */
        take(s, 8);
        return;
    case '0': /* POP */
        pop(s);
        return;
    case 'q': /* BINPUT */
    case 'r': /* LONG_BINPUT */
        put(s, take_integer(s, opcode == 'q' ? 1 : 4));
        return;
    case 0x94: /* MEMOIZE */
        put(s, (uint64_t)s->n_memo);
        return;
    case 'h': /* BINGET */
    case 'j': /* LONG_BINGET */
        get(s, take_integer(s, opcode == 'h' ? 1 : 4));
        return;
    case 0x93: { /* STACK_GLOBAL: module and name */
        const int32_t name = pop(s);
        pop(s);
        push(s, name);
        return;
    }
    case 'R':  /* REDUCE */
    case 0x81: /* NEWOBJ */
        gather(s, CALL, 2);
        return;
    case 0x92: /* NEWOBJ_EX */
        gather(s, CALL, 3);
        return;
    case 'b': /* BUILD */
        extend(s, 1);
        return;
    default:
        s->failed = true;
    }
}

/* Reads all, and leaves one value on the stack. */
static void read_all(syn_pickle *s) {
    while (!s->failed) {
        const unsigned char *opcode = take(s, 1);
        if (!opcode) return;
        if (*opcode == '.') break; /* STOP */
        if (!read_constant(s, *opcode) && !read_container(s, *opcode)) read_rest(s, *opcode);
    }
    if (s->n_stack != 1 || !top(s)) s->failed = true;
}

/* ---- opening ---- */

static bool map_file(syn_pickle *s, const char *path) {
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        s->size = (size_t)st.st_size;
        s->map = mmap(NULL, s->size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (s->map == MAP_FAILED) s->map = NULL;
    }
    close(fd);
    s->p = s->map;
    s->end = s->p ? s->p + s->size : NULL;
    return s->map;
}

/* Moves behind the header of a .npy file. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
static void skip_header(syn_pickle *s) {
    const unsigned char *magic = take(s, 8);
    if (!magic || memcmp(magic, "\x93NUMPY", 6) != 0) {
        s->failed = true;
        return;
    }
    take(s, (size_t)take_integer(s, magic[6] == 1 ? 2 : 4));
}

syn_pickle *syn_pickle_open(const char *path) {
    syn_pickle *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->failed = !map_file(s, path);
    if (!s->failed) skip_header(s);
    read_all(s);
    if (!s->failed) return s;
    syn_pickle_close(s);
    return NULL;
}

void syn_pickle_close(syn_pickle *s) {
    if (!s) return;
    for (int32_t k = 0; k < s->n_items; k++) free(s->item[k].child);
    free(s->item), free(s->stack), free(s->memo);
    if (s->map) munmap(s->map, s->size);
    free(s);
}

/* ---- looking ---- */

static const item *at(const syn_pickle *s, syn_pickled value) { return value < 0 ? NULL : &s->item[value]; }

static syn_pickled child(const syn_pickle *s, syn_pickled value, uint32_t k) {
    const item *i = at(s, value);
    return i && k < i->n ? i->child[k] : -1;
}

static bool is_text(const item *i, const char *text) {
    return i && i->kind == TEXT && i->length == strlen(text) && !memcmp(i->text, text, i->length);
}

static bool is_call_of(const syn_pickle *s, syn_pickled value, const char *function) {
    const item *i = at(s, value);
    return i && i->kind == CALL && is_text(at(s, child(s, value, 0)), function);
}

/* The list in a list, or in an array of objects, whose state is (version, shape, type, is Fortran, list). */
static syn_pickled list_in(const syn_pickle *s, syn_pickled value) {
    if (is_call_of(s, value, "_reconstruct")) value = child(s, child(s, value, 2), 4);
    return at(s, value) && at(s, value)->kind == LIST ? value : -1;
}

syn_pickled syn_pickle_root(const syn_pickle *s) { return s->stack[0]; }

int64_t syn_pickle_length(const syn_pickle *s, syn_pickled list) {
    const item *i = at(s, list_in(s, list));
    return i ? i->n : 0;
}

syn_pickled syn_pickle_element(const syn_pickle *s, syn_pickled list, int64_t k) {
    return k < 0 || k >= syn_pickle_length(s, list) ? -1 : child(s, list_in(s, list), (uint32_t)k);
}

syn_pickled syn_pickle_find(const syn_pickle *s, syn_pickled dict, const char *key) {
    const item *i = at(s, dict);
    for (uint32_t k = 0; i && i->kind == DICT && k + 1 < i->n; k += 2)
        if (is_text(at(s, i->child[k]), key)) return i->child[k + 1];
    return -1;
}

/* The number in the bytes of a type such as f4, i8 or u2. */
static bool number_of_bytes(const item *type, const item *bytes, double *number) {
    double wide;
    float narrow;
    if (!type || type->kind != TEXT || type->length != 2 || !bytes || bytes->kind != TEXT) return false;
    const char letter = (char)type->text[0];
    const int size = type->text[1] - '0';
    if (size < 1 || size > 8 || bytes->length != (size_t)size) return false;
    uint64_t bits = little_endian(bytes->text, size);
    if (letter == 'f' && size == 8) return memcpy(&wide, bytes->text, sizeof wide), *number = wide, true;
    if (letter == 'f' && size == 4) return memcpy(&narrow, bytes->text, sizeof narrow), *number = (double)narrow, true;
    if (letter == 'u') return *number = (double)bits, true;
    if (letter != 'i') return false;
    if (size < 8 && bits >> (8 * size - 1)) bits |= UINT64_MAX << (8 * size);
    return *number = (double)(int64_t)bits, true;
}

bool syn_pickle_number(const syn_pickle *s, syn_pickled value, double *number) {
    const item *i = at(s, value);
    if (i && i->kind == NUMBER) return *number = i->number, true;
    if (!is_call_of(s, value, "scalar")) return false;
    /* scalar(dtype("f8", ...), bytes); the state of dtype is (3, "<", ...) */
    const syn_pickled arguments = child(s, value, 1), type = child(s, arguments, 0);
    if (!is_call_of(s, type, "dtype") || is_text(at(s, child(s, child(s, type, 2), 1)), ">")) return false;
    return number_of_bytes(at(s, child(s, child(s, type, 1), 0)), at(s, child(s, arguments, 1)), number);
}
