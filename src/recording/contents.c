/* What a file holds, as a tree of names, types and shapes. Text and JSON are made from one listing. */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recording/array.h"

static const char *kind_of(syn_content content) {
    return content == SYN_CONTENT_HDF5     ? "HDF5"
           : content == SYN_CONTENT_MATLAB ? "MATLAB"
           : content == SYN_CONTENT_NPZ    ? "npz"
           : content == SYN_CONTENT_NPY    ? "npy"
           : content == SYN_CONTENT_TRODES ? "Trodes"
                                           : "table";
}

static char *as_json(const char *file, syn_content content, const syn_listing *listing) {
    json_t *entries = json_array();
    for (size_t k = 0; k < listing->n; k++) {
        const syn_entry *e = &listing->entry[k];
        json_t *shape = json_array();
        for (int i = 0; i < e->rank; i++) json_array_append_new(shape, json_integer(e->shape[i]));
        json_t *entry = json_pack("{s:o,s:s,s:o}", "name", syn_text_json(e->name), "type", e->type, "shape", shape);
        if (entry && *e->detail) json_object_set_new(entry, "elements", json_string(e->detail));
        if (entry) json_array_append_new(entries, entry);
    }
    json_t *o = json_pack("{s:o,s:s,s:o}", "path", syn_text_json(file), "kind", kind_of(content), "contents", entries);
    char *text = o ? json_dumps(o, JSON_INDENT(2)) : NULL;
    json_decref(o);
    return text;
}

/* Length of the first part of a name, with its separator: "behavior/" of behavior/speed, "D." of D.x; 0 if it is the
 * last. */
static size_t part_of(const char *name, syn_content content) {
    const size_t n = strcspn(name, content == SYN_CONTENT_MATLAB ? "." : "/");
    return name[n] ? n + 1 : 0;
}

static void print_entry(FILE *out, const syn_entry *e, const char *last, int depth) {
    const int width = 32 - 2 * depth;
    fprintf(out, "%*s%-*s %s %s%s%s\n", 2 * depth + 2, "", width > 0 ? width : 0, last, e->type,
            syn_shape_text(e->rank, e->shape), *e->detail ? " " : "", e->detail);
}

/* What every NWB file carries of its own format. */
static bool is_schema(const char *name) {
    static const char *const places[] = {"specifications/core/", "specifications/hdmf-"};
    return !strncmp(name, places[0], strlen(places[0])) || !strncmp(name, places[1], strlen(places[1]));
}

/* One line an array, and one for every group that was not open already. */
static void print_tree(FILE *out, const syn_listing *listing, syn_content content) {
    const char *open = "";
    for (size_t k = 0; k < listing->n; k++) {
        const syn_entry *e = &listing->entry[k];
        const char *name = e->name;
        bool same = true;
        int depth = 0;
        if (is_schema(name)) continue;
        for (size_t n; (n = part_of(name, content)) > 0; name += n, depth++) {
            const size_t before = (size_t)(name - e->name);
            same = same && strlen(open) >= before + n && !strncmp(open + before, name, n);
            if (!same) fprintf(out, "%*s%.*s\n", 2 * depth + 2, "", (int)n, name);
        }
        open = e->name;
        print_entry(out, e, *name ? name : "(array)", depth);
    }
}

static char *as_text(const char *file, syn_content content, const syn_listing *listing) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) return NULL;
    fprintf(out, "%s (%s) holds\n", file, kind_of(content));
    print_tree(out, listing, content);
    if (fclose(out) == 0) return text;
    free(text);
    return NULL;
}

syn_status syn_contents_describe(const char *path, int json, const char **kind, char **text) {
    syn_address address;
    syn_listing listing = {0};
    *text = NULL;
    SYN_TRY(syn_address_parse(&address, path));
    syn_status status = syn_listing_read(&listing, address.file);
    if (status == SYN_OK && listing.n == 0)
        status = syn_fail(SYN_ERR_INPUT, "%s: holds no arrays; expected an HDF5, MATLAB, npz, npy or CSV file",
                          address.file);
    if (status == SYN_OK) {
        if (kind) *kind = kind_of(address.content);
        *text =
            json ? as_json(address.file, address.content, &listing) : as_text(address.file, address.content, &listing);
        if (!*text) status = syn_fail(SYN_ERR_MEMORY, "could not allocate the list of arrays");
    }
    syn_listing_free(&listing);
    syn_address_free(&address);
    return status;
}
