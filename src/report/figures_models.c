/* Test error of SynapsNet and of simpler models, and by how much theirs is larger. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/axes.h"
#include "report/figures.h"

enum { MOST_MODELS = 12, FAR = 12 };

typedef struct row {
    const char *name;
    double mse, mean, low, high; /* of the difference; NaN: none */
} row;

static double field(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static int best_first(const void *a, const void *b) {
    const row *p = a, *q = b;
    return p->mse < q->mse ? -1 : p->mse > q->mse;
}

static row row_of(const char *name, const json_t *metrics, const json_t *interval) {
    return (row){name, field(metrics, "mse"), field(interval, "mean"), field(interval, "low"), field(interval, "high")};
}

/* The fit alone knows its model without connectivity, on the same test frames unless another recording was given. */
static int gather_rows(const syn_report *report, row rows[MOST_MODELS]) {
    json_t *baselines = json_object_get(report->evaluation, "baselines"), *metrics;
    const json_t *test = json_object_get(report->evaluation, "test");
    const json_t *without = json_object_get(json_object_get(report->fit, "baselines"), "no connectivity");
    const double fitted = field(json_object_get(report->fit, "test"), "mse"), found = field(test, "mse");
    const char *name;
    int n = 0;
    rows[n++] = row_of("SynapsNet", test, NULL);
    json_object_foreach(baselines, name, metrics) {
        char title[128];
        snprintf(title, sizeof title, "mse %s - synapsnet", name);
        if (n < MOST_MODELS - 1)
            rows[n++] = row_of(name, metrics, json_object_get(json_object_get(report->evaluation, "intervals"), title));
    }
    if (without && !json_object_get(baselines, "no connectivity") && fabs(fitted - found) <= 1e-6 * found)
        rows[n++] = row_of("no connectivity", without,
                           json_object_get(json_object_get(report->fit, "connectivity"), "mse_without_minus_with"));
    qsort(rows, (size_t)n, sizeof *rows, best_first);
    return n;
}

static syn_ink ink_of(const char *name) {
    return !strcmp(name, "SynapsNet")         ? SYN_INK_BLUE
           : !strcmp(name, "copy-last")       ? SYN_INK_ORANGE
           : !strcmp(name, "mean")            ? SYN_INK_GREY
           : !strcmp(name, "no connectivity") ? SYN_INK_PURPLE
                                              : SYN_INK_GREEN;
}

static double extent(const row *r) {
    const double low = isfinite(r->low) ? r->low : r->mean, high = isfinite(r->high) ? r->high : r->mean;
    return fmax(fabs(r->mean), fmax(fabs(low), fabs(high)));
}

/* Differences that far exceed the least would press it into a dot: the scale is of those up to this. */
static double largest_in_scale(const row *rows, int n) {
    double least = INFINITY, error = 0;
    for (int k = 0; k < n; k++) {
        if (isfinite(rows[k].mean)) least = fmin(least, extent(&rows[k]));
        if (!strcmp(rows[k].name, "SynapsNet")) error = rows[k].mse;
    }
    return FAR * fmax(least, 1e-3 * error);
}

/* An arrow and the number. */
static void draw_beyond(const syn_axes *a, const row *r, double y) {
    const bool right = r->mean > 0;
    char text[32];
    syn_number(text, sizeof text, 3, r->mean);
    syn_axes_beyond(a, right, y, ink_of(r->name));
    syn_set_ink(a->cr, SYN_INK_BLACK);
    syn_text(a->cr, right ? a->left + a->width - 6 : a->left + 6, syn_axes_y(a, y), right ? SYN_RIGHT : SYN_LEFT, text);
}

static void draw_interval(const syn_axes *a, const row *r, double y) {
    if (isfinite(r->low) && isfinite(r->high)) {
        const double x[] = {r->low, r->high}, ys[] = {y, y};
        syn_axes_line(a, x, ys, 2, SYN_INK_BLACK, 0.8, false);
    }
    syn_axes_dot(a, r->mean, y, ink_of(r->name), 2);
}

static bool has(const syn_report *report, const syn_report_session *r) {
    (void)r;
    return json_object_get(report->evaluation, "test") != NULL;
}

static syn_status draw(cairo_t *cr, const syn_report *report, const syn_report_session *r) {
    row rows[MOST_MODELS];
    const int n = gather_rows(report, rows);
    syn_axes error = {.cr = cr, .left = 72, .top = 10, .width = 80, .height = 80, .y_low = n - 0.5, .y_high = -0.5};
    syn_axes gain = error;
    const double most = largest_in_scale(rows, n);
    (void)r;
    gain.left = 172;
    for (int k = 0; k < n; k++) {
        if (isfinite(rows[k].mse)) error.x_high = fmax(error.x_high, rows[k].mse * 1.08);
        if (!isfinite(rows[k].mean) || extent(&rows[k]) > most) continue;
        gain.x_low = fmin(gain.x_low, fmin(rows[k].mean, isfinite(rows[k].low) ? rows[k].low : 0));
        gain.x_high = fmax(gain.x_high, fmax(rows[k].mean, isfinite(rows[k].high) ? rows[k].high : 0));
    }
    if (!(error.x_high > 0)) error.x_high = 1;
    syn_axes_pad(&gain.x_low, &gain.x_high, 0.06);
    syn_axes_draw(&error, "mean squared error", NULL);
    syn_axes_draw(&gain, "excess over SynapsNet", NULL);
    const double zero[] = {0, 0}, all[] = {-0.5, n - 0.5};
    syn_axes_line(&gain, zero, all, 2, SYN_INK_GREY, 0.6, true);
    for (int k = 0; k < n; k++) {
        syn_set_ink(cr, SYN_INK_BLACK);
        syn_text(cr, error.left - 6, syn_axes_y(&error, k), SYN_RIGHT, rows[k].name);
        if (isfinite(rows[k].mse)) syn_axes_dot(&error, rows[k].mse, k, ink_of(rows[k].name), 2.8);
        if (isfinite(rows[k].mean)) (extent(&rows[k]) > most ? draw_beyond : draw_interval)(&gain, &rows[k], k);
    }
    return SYN_OK;
}

const syn_figure syn_figure_models = {"models", 262, 122, false, has, draw};
