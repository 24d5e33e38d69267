/* Traces of a few neurons, and the error by horizon. */
#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/text.h"
#include "report/axes.h"
#include "report/figures.h"

enum { TRACES = 5, MOST_FRAMES = 400, ARRAYS = 5 };

/* ---- traces ---- */

static bool has_traces(const syn_report *report, const syn_report_session *r) {
    (void)report;
    return r->forecast->F > 1;
}

/* The neurons in the middle of the ranking by correlation: typical ones. */
static int64_t typical_neurons(const syn_report_session *r, int64_t found[TRACES]) {
    const int64_t n = r->n, count = n < TRACES ? n : TRACES, first = (n - count) / 2;
    for (int64_t a = 0; a < n; a++) {
        int64_t rank = 0;
        const double own = isfinite(r->neuron_r[r->shown[a]]) ? r->neuron_r[r->shown[a]] : -2;
        for (int64_t b = 0; b < n; b++) {
            const double other = isfinite(r->neuron_r[r->shown[b]]) ? r->neuron_r[r->shown[b]] : -2;
            rank += other > own || (other == own && b < a);
        }
        if (rank >= first && rank < first + count) found[rank - first] = r->shown[a];
    }
    return count;
}

static bool has_interval(const syn_forecast *f, int64_t i) {
    return f->lower && f->upper && isfinite(f->lower[i]) && isfinite(f->upper[i]);
}

/* A vertical bar of a round height right of a row, and how much it is. */
static void draw_scale_bar(const syn_axes *a) {
    const double value = syn_round_below(0.7 * (a->y_high - a->y_low)), middle = (a->y_low + a->y_high) / 2;
    const double x = a->left + a->width + 5, low = syn_axes_y(a, middle - value / 2),
                 high = syn_axes_y(a, middle + value / 2);
    char text[32];
    syn_set_ink(a->cr, SYN_INK_BLACK);
    cairo_set_line_width(a->cr, 1);
    cairo_move_to(a->cr, x, low);
    cairo_line_to(a->cr, x, high);
    cairo_stroke(a->cr);
    syn_number(text, sizeof text, 3, value);
    syn_text(a->cr, x + 4, (low + high) / 2, SYN_LEFT, text);
}

/* One row of the figure; work: [ARRAYS][frames]. A line breaks where a frame is missing. Counts have no negative
 * values. */
static void draw_trace(const syn_axes *row, const syn_report_session *r, int64_t i, int64_t frames, double *work) {
    const syn_forecast *f = r->forecast;
    double *time = work, *truth = work + frames, *predicted = work + 2 * frames, *low = work + 3 * frames,
           *high = work + 4 * frames;
    const double least = f->signal == SYN_SIGNAL_COUNTS ? 0 : -INFINITY;
    syn_axes a = *row;
    a.y_low = INFINITY, a.y_high = -INFINITY;
    for (int64_t t = 0; t < frames; t++) {
        const bool gap = t > 0 && f->frame[t] != f->frame[t - 1] + 1;
        time[t] = gap ? NAN : f->time_s[t] - syn_report_start(r);
        truth[t] = (double)f->truth[t * f->N + i];
        predicted[t] = (double)f->prediction[t * f->N + i];
        if (isfinite(truth[t])) a.y_low = fmin(a.y_low, truth[t]), a.y_high = fmax(a.y_high, truth[t]);
        low[t] = fmax(least, predicted[t] + (double)f->lower[i]);
        high[t] = fmax(least, predicted[t] + (double)f->upper[i]);
        if (!has_interval(f, i)) low[t] = high[t] = NAN;
        a.y_low = fmin(fmin(a.y_low, predicted[t]), low[t]), a.y_high = fmax(fmax(a.y_high, predicted[t]), high[t]);
    }
    syn_axes_pad(&a.y_low, &a.y_high, 0.02);
    syn_axes_band(&a, time, low, high, frames, SYN_INK_VERMILION);
    syn_axes_line(&a, time, truth, frames, SYN_INK_BLACK, 0.6, false);
    syn_axes_line(&a, time, predicted, frames, SYN_INK_VERMILION, 0.8, false);
    draw_scale_bar(&a);
    char label[160];
    const char *id = r->fitted->neuron_id[i];
    snprintf(label, sizeof label, "%.*s", syn_cut(id, 60), id);
    syn_set_ink(a.cr, SYN_INK_BLACK);
    syn_text(a.cr, a.left - 5, a.top + a.height / 2 - 4, SYN_RIGHT, label);
    syn_set_ink(a.cr, SYN_INK_GREY);
    snprintf(label, sizeof label, "r = %s%.2f", r->neuron_r[i] < 0 ? "\u2212" : "", fabs(r->neuron_r[i]));
    syn_text(a.cr, a.left - 5, a.top + a.height / 2 + 5, SYN_RIGHT, isfinite(r->neuron_r[i]) ? label : "");
}

/* What the lines are, above them. row: of which only its width is used, and y = 0. */
static void draw_key(const syn_axes *row, bool with_interval) {
    static const char *const words[] = {"recorded", "predicted one frame ahead", "its 95 % interval"};
    static const double place[] = {0, 0.2, 0.56};
    const double range = row->x_high - row->x_low;
    for (int k = 0; k < (with_interval ? 3 : 2); k++) {
        const double x[] = {row->x_low + place[k] * range, row->x_low + (place[k] + 0.04) * range}, y[] = {0, 0};
        const double half = 2.5 / row->height, low[] = {-half, -half}, high[] = {half, half};
        if (k == 2)
            syn_axes_band(row, x, low, high, 2, SYN_INK_VERMILION);
        else
            syn_axes_line(row, x, y, 2, k ? SYN_INK_VERMILION : SYN_INK_BLACK, k ? 1 : 0.8, false);
        syn_set_ink(row->cr, SYN_INK_BLACK);
        syn_text(row->cr, syn_axes_x(row, x[1]) + 4, syn_axes_y(row, 0), SYN_LEFT, words[k]);
    }
}

static syn_status draw_traces(cairo_t *cr, const syn_report *report, const syn_report_session *r) {
    const syn_forecast *f = r->forecast;
    const int64_t frames = f->F < MOST_FRAMES ? f->F : MOST_FRAMES;
    int64_t neuron[TRACES] = {0};
    char unit[64];
    double *work;
    (void)report;
    SYN_TRY(syn_alloc(&work, ARRAYS * (size_t)frames, sizeof *work, "traces"));
    const int64_t count = typical_neurons(r, neuron);
    syn_axes row = {.cr = cr, .left = 62, .width = 370, .height = 34};
    row.x_low = f->time_s[0] - syn_report_start(r), row.x_high = f->time_s[frames - 1] - syn_report_start(r);
    for (int64_t k = 0; k < count; k++) {
        row.top = 20 + 38 * (double)k;
        draw_trace(&row, r, neuron[k], frames, work);
    }
    free(work);
    row.y_low = 0, row.y_high = 1;
    syn_axes_draw(&row, "seconds from the start of the recording", NULL);
    bool any = false;
    for (int64_t k = 0; k < count; k++) any = any || has_interval(f, neuron[k]);
    row.top = 8 - row.height;
    draw_key(&row, any);
    syn_activity_unit(r->session->recording, unit, sizeof unit);
    syn_text(cr, row.left + row.width + 36, 8, SYN_RIGHT, unit);
    return SYN_OK;
}

const syn_figure syn_figure_traces = {"traces", 470, 250, true, has_traces, draw_traces};

/* ---- horizon ---- */

static bool has_horizon(const syn_report *report, const syn_report_session *r) {
    (void)report;
    return r->forecast->K > 1;
}

/* Moves labels, at most a few, until none is nearer to another than `least`. */
static void set_apart(double *y, int n, double least) {
    for (int round = 0; round < n * n; round++)
        for (int a = 0; a < n; a++)
            for (int b = 0; b < a; b++) {
                const double near = least - fabs(y[a] - y[b]), up = y[a] < y[b] ? -0.5 : 0.5;
                if (near > 0) y[a] += up * near, y[b] -= up * near;
            }
}

static syn_status draw_horizon(cairo_t *cr, const syn_report *report, const syn_report_session *r) {
    const syn_forecast *f = r->forecast;
    const struct {
        const char *name;
        const double *mse;
        syn_ink ink;
        bool dashed;
    } lines[] = {{"SynapsNet", f->mse, SYN_INK_BLUE, false},
                 {"copy-last", f->mse_copy_last, SYN_INK_ORANGE, true},
                 {"mean", f->mse_mean, SYN_INK_GREY, true}};
    syn_axes a = {.cr = cr, .left = 40, .top = 10, .width = 155, .height = 110, .x_high = (double)f->K};
    double *ahead;
    char title[80];
    (void)report;
    SYN_TRY(syn_alloc(&ahead, (size_t)f->K, sizeof *ahead, "horizon"));
    for (int64_t k = 0; k < f->K; k++) {
        ahead[k] = (double)(k + 1);
        for (int l = 0; l < 3; l++)
            if (isfinite(lines[l].mse[k])) a.y_high = fmax(a.y_high, 1.05 * lines[l].mse[k]);
    }
    if (!(a.y_high > 0)) a.y_high = 1;
    snprintf(title, sizeof title, "frames ahead (1 frame = %.3g s)", 1 / f->rate_hz);
    syn_axes_draw(&a, title, "mean squared error");
    double label[3];
    for (int l = 0; l < 3; l++) {
        syn_axes_line(&a, ahead, lines[l].mse, f->K, lines[l].ink, 1.2, lines[l].dashed);
        label[l] = syn_axes_y(&a, isfinite(lines[l].mse[f->K - 1]) ? lines[l].mse[f->K - 1] : 0);
    }
    set_apart(label, 3, 9);
    for (int l = 0; l < 3; l++) {
        syn_set_ink(cr, lines[l].ink);
        syn_text(cr, a.left + a.width + 4, label[l], SYN_LEFT, lines[l].name);
    }
    free(ahead);
    return SYN_OK;
}

const syn_figure syn_figure_horizon = {"horizon", 250, 155, true, has_horizon, draw_horizon};
