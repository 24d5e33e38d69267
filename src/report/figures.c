#include "report/figures.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

static const double dots_per_inch = 300, font_size = 7;

static cairo_surface_t *open_surface(const char *extension, const char *path, const syn_figure *figure) {
    if (!strcmp(extension, "pdf")) return cairo_pdf_surface_create(path, figure->width, figure->height);
    if (!strcmp(extension, "svg")) {
        cairo_surface_t *surface = cairo_svg_surface_create(path, figure->width, figure->height);
        cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PT);
        return surface;
    }
    const double scale = dots_per_inch / 72;
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)(figure->width * scale + 0.5),
                                                          (int)(figure->height * scale + 0.5));
    cairo_surface_set_device_scale(surface, scale, scale);
    return surface;
}

static syn_status draw_file(const syn_figure *figure, const syn_report *report, const syn_report_session *r,
                            const char *extension, const char *path) {
    cairo_surface_t *surface = open_surface(extension, path, figure);
    cairo_t *cr = cairo_create(surface);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, font_size);
    syn_status status = figure->draw(cr, report, r);
    cairo_status_t drawn = cairo_status(cr);
    cairo_destroy(cr);
    if (!strcmp(extension, "png") && drawn == CAIRO_STATUS_SUCCESS) drawn = cairo_surface_write_to_png(surface, path);
    cairo_surface_finish(surface);
    if (drawn == CAIRO_STATUS_SUCCESS) drawn = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (status == SYN_OK && drawn != CAIRO_STATUS_SUCCESS)
        status = syn_fail(SYN_ERR_IO, "%s: the figure could not be written: %s", path, cairo_status_to_string(drawn));
    return status;
}

static syn_status write_figure(const syn_figure *figure, const syn_report *report, const syn_report_session *r,
                               const char *path, const char *extension, syn_report_files *files) {
    const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
    const int base = dot && (!slash || dot > slash) ? (int)(dot - path) : (int)strlen(path);
    const size_t size = strlen(path) + strlen(figure->name) + 48;
    char *name = NULL, *temporary = NULL;
    syn_status status;
    SYN_CHECK(syn_alloc(&name, size, 1, "file name"));
    if (r && r->s > 0)
        snprintf(name, size, "%.*s-%s-%zu.%s", base, path, figure->name, r->s + 1, extension);
    else
        snprintf(name, size, "%.*s-%s.%s", base, path, figure->name, extension);
    SYN_CHECK(syn_file_begin(&temporary, name));
    SYN_CHECK(draw_file(figure, report, r, extension, temporary));
    SYN_CHECK(syn_file_commit(temporary, name));
    syn_report_add_file(files, name);
done:
    syn_file_end(temporary);
    free(name);
    return status;
}

syn_status syn_figures_write(const syn_report *report, const char *path, const char *extension,
                             syn_report_files *files) {
    static const syn_figure *const figures[] = {&syn_figure_models, &syn_figure_traces, &syn_figure_horizon,
                                                &syn_figure_connectivity, &syn_figure_graph};
    for (size_t k = 0; k < sizeof figures / sizeof *figures; k++)
        for (size_t s = 0; s < (figures[k]->per_session ? report->n : 1); s++) {
            const syn_report_session *r = figures[k]->per_session ? &report->session[s] : NULL;
            if (figures[k]->has(report, r)) SYN_TRY(write_figure(figures[k], report, r, path, extension, files));
        }
    return SYN_OK;
}
