/* The effective connectivity as a map, and its strongest edges as a graph. */
#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/axes.h"
#include "report/figures.h"

enum { MOST_EDGES = 50, MOST_LABELS = 40, MOST_NAMES = 40 };

static bool has_edges(const syn_report *report, const syn_report_session *r) {
    (void)report;
    for (int64_t k = 0; k < r->n * r->n; k++)
        if (r->c[k] != 0) return true;
    return false;
}

/* C(0) between the a-th and b-th neuron shown. */
static double value_of(const syn_report_session *r, int64_t a, int64_t b) {
    return (double)r->c[a * r->n + b] * r->row_gain[a];
}

/* What an edge of the graph is drawn by. */
static double strength(const syn_report_session *r, int64_t a, int64_t b) {
    return r->estimate ? (double)r->estimate[a * r->n + b] : value_of(r, a, b);
}

typedef struct edge {
    int64_t from, to;
    double value;
} edge;

static int stronger_first(const void *a, const void *b) {
    const edge *p = a, *q = b;
    if (fabs(p->value) != fabs(q->value)) return fabs(p->value) < fabs(q->value) ? 1 : -1;
    return p->to != q->to ? (p->to < q->to ? -1 : 1) : p->from < q->from ? -1 : 1;
}

/* Edges other than 0, strongest first; *count of them, to be freed. believed: those alone that are significant. */
static syn_status sort_edges(const syn_report_session *r, bool believed, edge **edges, int64_t *count) {
    SYN_TRY(syn_alloc(edges, (size_t)(r->n * r->n), sizeof **edges, "edges"));
    *count = 0;
    for (int64_t a = 0; a < r->n; a++)
        for (int64_t b = 0; b < r->n; b++) {
            const double value = believed ? strength(r, a, b) : value_of(r, a, b);
            if (a != b && value != 0 && (!believed || syn_report_believed(r, a, b)))
                (*edges)[(*count)++] = (edge){b, a, value};
        }
    qsort(*edges, (size_t)*count, sizeof **edges, stronger_first);
    return SYN_OK;
}

/* ---- map ---- */

static void paint_map(cairo_t *cr, cairo_surface_t *image, double left, double top, double size) {
    const double scale = size / cairo_image_surface_get_width(image);
    cairo_save(cr);
    cairo_translate(cr, left, top);
    cairo_scale(cr, scale, scale);
    cairo_set_source_surface(cr, image, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
    cairo_paint(cr);
    cairo_restore(cr);
}

static cairo_surface_t *map_image(const syn_report_session *r, double limit) {
    const int n = (int)r->n;
    cairo_surface_t *image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, n, n);
    unsigned char *data = cairo_image_surface_get_data(image);
    cairo_surface_flush(image);
    for (int64_t y = 0; data && y < n; y++)
        for (int64_t x = 0; x < n; x++) {
            double rgb[3];
            syn_signed_colour(value_of(r, r->cluster[y], r->cluster[x]) / limit, rgb);
            uint32_t pixel = 0;
            for (int k = 0; k < 3; k++) pixel = pixel << 8 | (uint32_t)(rgb[k] * 255 + 0.5);
            *(uint32_t *)(void *)(data + y * cairo_image_surface_get_stride(image) + 4 * x) = pixel;
        }
    cairo_surface_mark_dirty(image);
    return image;
}

static void draw_colour_bar(cairo_t *cr, double left, double top, double height, double limit) {
    cairo_pattern_t *pattern = cairo_pattern_create_linear(0, top + height, 0, top);
    for (int k = 0; k <= 2; k++) {
        double rgb[3];
        syn_signed_colour(k - 1, rgb);
        cairo_pattern_add_color_stop_rgb(pattern, 0.5 * k, rgb[0], rgb[1], rgb[2]);
    }
    cairo_rectangle(cr, left, top, 7, height);
    cairo_set_source(cr, pattern);
    cairo_fill(cr);
    cairo_pattern_destroy(pattern);
    syn_set_ink(cr, SYN_INK_BLACK);
    for (int k = -1; k <= 1; k++) {
        char text[32];
        snprintf(text, sizeof text, "%s%.2g", k < 0 ? "\u2212" : "", fabs(k * limit));
        syn_text(cr, left + 10, top + height * (0.5 - 0.5 * k), SYN_LEFT, text);
    }
    syn_text_upright(cr, left + 36, top + height / 2, "C (s.d. of the receiver per s.d. of the sender)");
}

/* Names left of the rows and, upright, below the columns, as long as there is room for. Returns the longest. */
static double name_neurons(cairo_t *cr, const syn_report_session *r, double left, double top, double size) {
    const double cell = size / (double)r->n, room = 26;
    double longest = 0;
    cairo_save(cr);
    cairo_set_font_size(cr, fmin(6, 0.95 * cell));
    for (int64_t k = 0; k < r->n; k++) {
        const double middle = (0.5 + (double)k) * cell;
        char name[64];
        const char *id = r->fitted->neuron_id[r->shown[r->cluster[k]]];
        cairo_text_extents_t extents;
        int bytes = syn_cut(id, sizeof name - 1);
        do {
            snprintf(name, sizeof name, "%.*s", bytes, id);
            cairo_text_extents(cr, name, &extents);
        } while (extents.x_advance > room && (bytes = syn_cut(id, (size_t)bytes - 1)) > 0);
        longest = fmax(longest, extents.x_advance);
        syn_text(cr, left - 3, top + middle, SYN_RIGHT, name);
        syn_text_upright(cr, left + middle, top + size + 3 + extents.x_advance / 2, name);
    }
    cairo_restore(cr);
    return longest;
}

static syn_status draw_map(cairo_t *cr, const syn_report *report, const syn_report_session *r) {
    const bool named = r->n <= MOST_NAMES;
    const double left = named ? 46 : 22, top = 8, size = named ? 170 : 190;
    edge *edges;
    int64_t count;
    (void)report;
    SYN_TRY(sort_edges(r, false, &edges, &count));
    /* a few of the strongest edges are cut off, so that they do not decide how all others look */
    const double limit = count ? fabs(edges[r->n * (r->n - 1) / 500 < count ? r->n * (r->n - 1) / 500 : 0].value) : 1;
    free(edges);
    cairo_surface_t *image = map_image(r, limit);
    paint_map(cr, image, left, top, size);
    cairo_surface_destroy(image);
    syn_set_ink(cr, SYN_INK_BLACK);
    cairo_set_line_width(cr, 0.6);
    cairo_rectangle(cr, left, top, size, size);
    cairo_stroke(cr);
    char text[64];
    snprintf(text, sizeof text, "sender (%lld neurons)", (long long)r->n);
    const double beside = 10 + (named ? name_neurons(cr, r, left, top, size) : 0);
    syn_text(cr, left + size / 2, top + size + beside, SYN_CENTRE, text);
    syn_text_upright(cr, left - beside, top + size / 2, "receiver");
    draw_colour_bar(cr, left + size + 10, top, size, limit);
    return SYN_OK;
}

const syn_figure syn_figure_connectivity = {"connectivity", 272, 222, true, has_edges, draw_map};

/* ---- graph ---- */

static bool has_believed_edges(const syn_report *report, const syn_report_session *r) {
    (void)report;
    for (int64_t a = 0; a < r->n; a++)
        for (int64_t b = 0; b < r->n; b++)
            if (a != b && strength(r, a, b) != 0 && syn_report_believed(r, a, b)) return true;
    return false;
}

typedef struct places {
    double *x, *y; /* [n] in points */
    bool *used;    /* [n] */
} places;

/* A ring on which neurons with like connections are neighbours. */
static void place_on_ring(const syn_report_session *r, places *p, double middle, double radius) {
    int64_t used = 0, k = 0;
    for (int64_t a = 0; a < r->n; a++) used += p->used[a];
    for (int64_t c = 0; c < r->n; c++) {
        const int64_t a = r->cluster[c];
        if (!p->used[a]) continue;
        const double angle = 2 * M_PI * (double)k++ / (double)used;
        p->x[a] = middle + radius * sin(angle), p->y[a] = middle - radius * cos(angle);
    }
}

static void draw_arrow(cairo_t *cr, double x0, double y0, double x1, double y1, double width) {
    const double dx = x1 - x0, dy = y1 - y0, length = hypot(dx, dy);
    if (!(length > 10)) return;
    const double ux = dx / length, uy = dy / length, head = 3 + 1.5 * width;
    const double x = x1 - 4 * ux, y = y1 - 4 * uy, back_x = x - head * ux, back_y = y - head * uy;
    cairo_set_line_width(cr, width);
    cairo_move_to(cr, x0, y0);
    cairo_line_to(cr, back_x, back_y);
    cairo_stroke(cr);
    cairo_save(cr);
    cairo_set_dash(cr, NULL, 0, 0);
    cairo_move_to(cr, x, y);
    cairo_line_to(cr, back_x - 0.45 * head * uy, back_y + 0.45 * head * ux);
    cairo_line_to(cr, back_x + 0.45 * head * uy, back_y - 0.45 * head * ux);
    cairo_close_path(cr);
    cairo_fill(cr);
    cairo_restore(cr);
}

/* How far an arrow keeps right of the line between its dots: an edge the other way has its own arrow. */
static double aside_of(const edge *edges, int64_t count, const edge *e) {
    for (int64_t k = 0; k < count; k++)
        if (edges[k].from == e->to && edges[k].to == e->from) return 1.8;
    return 0;
}

static void draw_edges(cairo_t *cr, const edge *edges, int64_t count, const places *p) {
    static const double dash[] = {3, 2};
    for (int64_t k = count - 1; k >= 0; k--) { /* the strongest on top */
        const edge *e = &edges[k];
        syn_set_ink(cr, e->value > 0 ? SYN_INK_VERMILION : SYN_INK_BLUE);
        cairo_set_dash(cr, dash, e->value > 0 ? 0 : 2, 0);
        const double dx = p->x[e->to] - p->x[e->from], dy = p->y[e->to] - p->y[e->from];
        const double aside = aside_of(edges, count, e) / hypot(dx, dy), x = -aside * dy, y = aside * dx;
        draw_arrow(cr, p->x[e->from] + x, p->y[e->from] + y, p->x[e->to] + x, p->y[e->to] + y,
                   0.5 + 1.5 * fabs(e->value / edges[0].value));
    }
    cairo_set_dash(cr, NULL, 0, 0);
}

static void draw_nodes(cairo_t *cr, const syn_report_session *r, const places *p, double middle) {
    int64_t used = 0;
    for (int64_t a = 0; a < r->n; a++) used += p->used[a];
    for (int64_t a = 0; a < r->n; a++) {
        if (!p->used[a]) continue;
        syn_set_ink(cr, SYN_INK_BLACK);
        cairo_arc(cr, p->x[a], p->y[a], 2.6, 0, 2 * M_PI);
        cairo_fill(cr);
        if (used > MOST_LABELS) continue;
        const double dx = p->x[a] - middle, dy = p->y[a] - middle, d = hypot(dx, dy);
        syn_text(cr, p->x[a] + 6 * dx / d, p->y[a] + 8 * dy / d,
                 dx > 0.3 * d    ? SYN_LEFT
                 : dx < -0.3 * d ? SYN_RIGHT
                                 : SYN_CENTRE,
                 r->fitted->neuron_id[r->shown[a]]);
    }
}

static syn_status draw_graph(cairo_t *cr, const syn_report *report, const syn_report_session *r) {
    const double middle = 118, radius = 88;
    edge *edges = NULL;
    places p = {0};
    int64_t count = 0;
    syn_status status;
    (void)report;
    SYN_CHECK(sort_edges(r, true, &edges, &count));
    const int64_t all = count;
    if (count > MOST_EDGES) count = MOST_EDGES;
    SYN_CHECK(syn_alloc(&p.x, (size_t)r->n, sizeof *p.x, "graph"));
    SYN_CHECK(syn_alloc(&p.y, (size_t)r->n, sizeof *p.y, "graph"));
    SYN_CHECK(syn_alloc(&p.used, (size_t)r->n, sizeof *p.used, "graph"));
    for (int64_t k = 0; k < count; k++) p.used[edges[k].from] = p.used[edges[k].to] = true;
    place_on_ring(r, &p, middle, radius);
    draw_edges(cr, edges, count, &p);
    draw_nodes(cr, r, &p, middle);
    bool rises = false, falls = false;
    for (int64_t k = 0; k < count; k++) {
        rises |= edges[k].value > 0;
        falls |= edges[k].value < 0;
    }
    char text[96];
    snprintf(text, sizeof text, "%lld %s%sedge%s: %s%s%s", (long long)count, count < all ? "strongest " : "",
             r->level ? "significant " : "", count == 1 ? "" : "s", rises ? "vermilion, rises" : "",
             rises && falls ? "; " : "", falls ? "blue dashed, falls" : "");
    syn_text(cr, middle, 2 * middle + 2, SYN_CENTRE, text);
done:
    free(edges), free(p.x), free(p.y), free(p.used);
    return status;
}

const syn_figure syn_figure_graph = {"graph", 236, 248, true, has_believed_edges, draw_graph};
