/* Drawing for print: a pair of axes in points of 1/72 inch, lines and dots in the units of the data, text. */
#ifndef SYN_REPORT_AXES_H
#define SYN_REPORT_AXES_H

#include <cairo.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Okabe and Ito's colours, told apart with every common kind of colour vision. */
typedef enum syn_ink {
    SYN_INK_BLACK,
    SYN_INK_GREY,
    SYN_INK_BLUE,
    SYN_INK_ORANGE,
    SYN_INK_GREEN,
    SYN_INK_VERMILION,
    SYN_INK_PURPLE
} syn_ink;

typedef enum syn_align { SYN_LEFT, SYN_CENTRE, SYN_RIGHT } syn_align;

typedef struct syn_axes {
    cairo_t *cr;
    double left, top, width, height; /* of the area of the data */
    double x_low, x_high, y_low, y_high;
} syn_axes;

double syn_axes_x(const syn_axes *a, double x);
double syn_axes_y(const syn_axes *a, double y);
/* Widens [low, high] by a share on each side; an empty range becomes one about its value. */
void syn_axes_pad(double *low, double *high, double share);
/* Lines left and below, ticks at round numbers, titles. A title of NULL: no such axis. */
void syn_axes_draw(const syn_axes *a, const char *x_title, const char *y_title);
/* y NaN: a gap. */
void syn_axes_line(const syn_axes *a, const double *x, const double *y, int64_t n, syn_ink ink, double width,
                   bool dashed);
/* Between two lines, in a light shade of the ink that needs no transparency. NaN: a gap. */
void syn_axes_band(const syn_axes *a, const double *x, const double *low, const double *high, int64_t n, syn_ink ink);
/* Left or right end of the area: an arrow for what lies beyond it. */
void syn_axes_beyond(const syn_axes *a, bool right, double y, syn_ink ink);
/* A number of so many significant digits, with a minus sign. */
void syn_number(char *text, size_t size, int digits, double value);
/* The largest of 1, 2 or 5 times a power of ten that is not above `most`. */
double syn_round_below(double most);
void syn_axes_dot(const syn_axes *a, double x, double y, syn_ink ink, double radius);

void syn_set_ink(cairo_t *cr, syn_ink ink);
/* The middle of the text's height stands at y. */
void syn_text(cairo_t *cr, double x, double y, syn_align align, const char *text);
void syn_text_upright(cairo_t *cr, double x, double y, const char *text);
/* Signed value in [-1, 1] as red, green, blue: blue below 0, nearly white at 0, vermilion above. */
void syn_signed_colour(double value, double rgb[3]);

#endif
