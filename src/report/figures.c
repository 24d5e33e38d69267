#include "report/figures.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/plain.h"

static const double dots_per_inch = 300, font_size = 7;

/* Files are opened and closed here: cairo takes no notice of a disk that fills up. */
static cairo_status_t write_bytes(void *file, const unsigned char *bytes, unsigned length) {
    return fwrite(bytes, 1, length, file) == length ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static cairo_surface_t *open_surface(const char *extension, FILE *file, const syn_figure *figure) {
    if (!strcmp(extension, "pdf"))
        return cairo_pdf_surface_create_for_stream(write_bytes, file, figure->width, figure->height);
    if (!strcmp(extension, "svg")) {
        cairo_surface_t *surface =
            cairo_svg_surface_create_for_stream(write_bytes, file, figure->width, figure->height);
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
    FILE *file = fopen(path, "wb");
    if (!file) return syn_plain_failed(path);
    cairo_surface_t *surface = open_surface(extension, file, figure);
    cairo_t *cr = cairo_create(surface);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_select_font_face(cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, font_size);
    syn_status status = figure->draw(cr, report, r);
    cairo_status_t drawn = cairo_status(cr);
    cairo_destroy(cr);
    if (!strcmp(extension, "png") && drawn == CAIRO_STATUS_SUCCESS)
        drawn = cairo_surface_write_to_png_stream(surface, write_bytes, file);
    cairo_surface_finish(surface);
    if (drawn == CAIRO_STATUS_SUCCESS) drawn = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    const syn_status closed = syn_plain_close(file, path);
    if (status != SYN_OK || closed != SYN_OK) return status != SYN_OK ? status : closed;
    if (drawn == CAIRO_STATUS_SUCCESS) return SYN_OK;
    return syn_fail(SYN_ERR_IO, "%.*s: the figure could not be written: %s", syn_file_shown(path), path,
                    cairo_status_to_string(drawn));
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

/* A set of figures is there as a whole or not at all. */
static void remove_all(const syn_report_files *files) {
    size_t k;
    json_t *name;
    json_array_foreach(files->names, k, name) unlink(json_string_value(name));
}

syn_status syn_figures_write(const syn_report *report, const char *path, const char *extension,
                             syn_report_files *files) {
    static const syn_figure *const figures[] = {&syn_figure_models, &syn_figure_traces, &syn_figure_horizon,
                                                &syn_figure_connectivity, &syn_figure_graph};
    syn_status status = SYN_OK;
    for (size_t k = 0; k < sizeof figures / sizeof *figures && status == SYN_OK; k++)
        for (size_t s = 0; s < (figures[k]->per_session ? report->n : 1) && status == SYN_OK; s++) {
            const syn_report_session *r = figures[k]->per_session ? &report->session[s] : NULL;
            if (figures[k]->has(report, r)) status = write_figure(figures[k], report, r, path, extension, files);
        }
    if (status != SYN_OK) remove_all(files);
    return status;
}
