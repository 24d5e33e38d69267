#include "report/axes.h"

#include <math.h>
#include <stdio.h>

static const double tick = 3, line_width = 0.6, share_of_ink = 0.25; /* of a band */

static const double inks[][3] = {{0.1, 0.1, 0.1},  {0.48, 0.52, 0.56}, {0, 0.447, 0.698},  {0.902, 0.624, 0},
                                 {0, 0.62, 0.451}, {0.835, 0.369, 0},  {0.8, 0.475, 0.655}};

void syn_set_ink(cairo_t *cr, syn_ink ink) { cairo_set_source_rgb(cr, inks[ink][0], inks[ink][1], inks[ink][2]); }

void syn_signed_colour(double value, double rgb[3]) {
    static const double middle[3] = {0.97, 0.97, 0.97}, blue[3] = {0, 0.447, 0.698}, vermilion[3] = {0.835, 0.369, 0};
    const double *end = value < 0 ? blue : vermilion, share = fmin(fabs(value), 1);
    for (int k = 0; k < 3; k++) rgb[k] = middle[k] + share * (end[k] - middle[k]);
}

double syn_axes_x(const syn_axes *a, double x) { return a->left + a->width * (x - a->x_low) / (a->x_high - a->x_low); }
double syn_axes_y(const syn_axes *a, double y) {
    return a->top + a->height * (1 - (y - a->y_low) / (a->y_high - a->y_low));
}

void syn_axes_pad(double *low, double *high, double share) {
    double room = (*high - *low) * share;
    if (!(*high > *low)) room = fmax(fabs(*low), 1) * 0.1;
    *low -= room, *high += room;
}

void syn_text(cairo_t *cr, double x, double y, syn_align align, const char *text) {
    cairo_text_extents_t extents;
    cairo_font_extents_t font;
    cairo_text_extents(cr, text, &extents);
    cairo_font_extents(cr, &font);
    const double shift = align == SYN_LEFT ? 0 : align == SYN_RIGHT ? extents.x_advance : extents.x_advance / 2;
    cairo_move_to(cr, x - shift, y + (font.ascent - font.descent) / 2);
    cairo_show_text(cr, text);
}

void syn_text_upright(cairo_t *cr, double x, double y, const char *text) {
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_rotate(cr, -M_PI / 2);
    syn_text(cr, 0, 0, SYN_CENTRE, text);
    cairo_restore(cr);
}

/* 1, 2 or 5 times a power of ten, of which about `count` fit into the range. */
static double round_step(double range, int count) {
    const double rough = range / count, power = pow(10, floor(log10(rough))), share = rough / power;
    return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
}

double syn_round_below(double most) {
    const double power = pow(10, floor(log10(most))), share = most / power;
    return power * (share >= 5 ? 5 : share >= 2 ? 2 : 1);
}

/* With a minus sign in the exponent as well. */
void syn_number(char *text, size_t size, int digits, double value) {
    char plain[32];
    size_t n = 0;
    snprintf(plain, sizeof plain, "%.*g", digits, value);
    for (const char *at = plain; *at && n + 4 < size; at++) {
        const char *sign = *at == '-' ? "\u2212" : (char[]){*at, 0};
        n += (size_t)snprintf(text + n, size - n, "%s", sign);
    }
}

static void number(char *text, size_t size, double value, double step) {
    const int decimals = step >= 1 ? 0 : (int)ceil(-log10(step) - 1e-9);
    if (fabs(value) < step / 2) value = 0;
    if (decimals > 4)
        syn_number(text, size, 2, value);
    else
        snprintf(text, size, "%s%.*f", value < 0 ? "\u2212" : "", decimals, fabs(value));
}

static void stroke(cairo_t *cr, double x0, double y0, double x1, double y1) {
    cairo_move_to(cr, x0, y0);
    cairo_line_to(cr, x1, y1);
    cairo_stroke(cr);
}

/* A round step whose numbers stand apart. */
static double step_of_x(const syn_axes *a) {
    const double range = a->x_high - a->x_low;
    for (int count = a->width > 150 ? 6 : 3;; count--) {
        const double step = round_step(range, count);
        cairo_text_extents_t extents;
        char text[32];
        number(text, sizeof text, fmax(fabs(a->x_low), fabs(a->x_high)), step);
        cairo_text_extents(a->cr, text, &extents);
        if (count == 1 || extents.x_advance + 5 < a->width * step / range) return step;
    }
}

static void draw_x(const syn_axes *a, const char *title) {
    const double step = step_of_x(a), bottom = a->top + a->height;
    char text[32];
    stroke(a->cr, a->left, bottom, a->left + a->width, bottom);
    for (double k = ceil(a->x_low / step - 1e-9); k * step <= a->x_high + 1e-9 * step; k++) {
        const double x = syn_axes_x(a, k * step);
        stroke(a->cr, x, bottom, x, bottom + tick);
        number(text, sizeof text, k * step, step);
        syn_text(a->cr, x, bottom + tick + 6, SYN_CENTRE, text);
    }
    syn_text(a->cr, a->left + a->width / 2, bottom + tick + 17, SYN_CENTRE, title);
}

static void draw_y(const syn_axes *a, const char *title) {
    const double step = round_step(a->y_high - a->y_low, 4);
    double widest = 0;
    char text[32];
    stroke(a->cr, a->left, a->top, a->left, a->top + a->height);
    for (double k = ceil(a->y_low / step - 1e-9); k * step <= a->y_high + 1e-9 * step; k++) {
        const double y = syn_axes_y(a, k * step);
        cairo_text_extents_t extents;
        stroke(a->cr, a->left - tick, y, a->left, y);
        number(text, sizeof text, k * step, step);
        syn_text(a->cr, a->left - tick - 2, y, SYN_RIGHT, text);
        cairo_text_extents(a->cr, text, &extents);
        widest = fmax(widest, extents.x_advance);
    }
    syn_text_upright(a->cr, a->left - tick - widest - 10, a->top + a->height / 2, title);
}

void syn_axes_draw(const syn_axes *a, const char *x_title, const char *y_title) {
    syn_set_ink(a->cr, SYN_INK_BLACK);
    cairo_set_line_width(a->cr, line_width);
    if (x_title) draw_x(a, x_title);
    if (y_title) draw_y(a, y_title);
}

void syn_axes_line(const syn_axes *a, const double *x, const double *y, int64_t n, syn_ink ink, double width,
                   bool dashed) {
    static const double dash[] = {4, 2};
    bool pen_down = false;
    cairo_save(a->cr);
    syn_set_ink(a->cr, ink);
    cairo_set_line_width(a->cr, width);
    cairo_set_line_join(a->cr, CAIRO_LINE_JOIN_ROUND);
    if (dashed) cairo_set_dash(a->cr, dash, 2, 0);
    for (int64_t k = 0; k < n; k++) {
        const bool known = isfinite(x[k]) && isfinite(y[k]);
        if (known) (pen_down ? cairo_line_to : cairo_move_to)(a->cr, syn_axes_x(a, x[k]), syn_axes_y(a, y[k]));
        pen_down = known;
    }
    cairo_stroke(a->cr);
    cairo_restore(a->cr);
}

void syn_axes_band(const syn_axes *a, const double *x, const double *low, const double *high, int64_t n, syn_ink ink) {
    double shade[3];
    for (int c = 0; c < 3; c++) shade[c] = 1 - share_of_ink * (1 - inks[ink][c]);
    cairo_set_source_rgb(a->cr, shade[0], shade[1], shade[2]);
    cairo_new_path(a->cr);
    for (int64_t start = 0, k = 0; k <= n; k++) {
        if (k < n && isfinite(x[k]) && isfinite(low[k]) && isfinite(high[k])) continue;
        for (int64_t t = start; t < k; t++) cairo_line_to(a->cr, syn_axes_x(a, x[t]), syn_axes_y(a, high[t]));
        for (int64_t t = k - 1; t >= start; t--) cairo_line_to(a->cr, syn_axes_x(a, x[t]), syn_axes_y(a, low[t]));
        if (k > start) cairo_close_path(a->cr);
        cairo_new_sub_path(a->cr);
        start = k + 1;
    }
    cairo_fill(a->cr);
}

void syn_axes_beyond(const syn_axes *a, bool right, double y, syn_ink ink) {
    const double x = right ? a->left + a->width : a->left, middle = syn_axes_y(a, y), way = right ? 3 : -3;
    syn_set_ink(a->cr, ink);
    cairo_move_to(a->cr, x + way, middle);
    cairo_line_to(a->cr, x - way, middle - 3);
    cairo_line_to(a->cr, x - way, middle + 3);
    cairo_close_path(a->cr);
    cairo_fill(a->cr);
}

void syn_axes_dot(const syn_axes *a, double x, double y, syn_ink ink, double radius) {
    syn_set_ink(a->cr, ink);
    cairo_arc(a->cr, syn_axes_x(a, x), syn_axes_y(a, y), radius, 0, 2 * M_PI);
    cairo_fill(a->cr);
}
