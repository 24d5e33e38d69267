/* The main figures for a paper. Each draws on a page of its own size, in points of 1/72 inch. */
#ifndef SYN_REPORT_FIGURES_H
#define SYN_REPORT_FIGURES_H

#include <cairo.h>

#include "report/report.h"

typedef struct syn_figure {
    const char *name; /* part of the file's name */
    double width, height;
    bool per_session;
    /* Whether there is anything to draw. r: NULL unless per_session. */
    bool (*has)(const syn_report *report, const syn_report_session *r);
    syn_status (*draw)(cairo_t *cr, const syn_report *report, const syn_report_session *r);
} syn_figure;

extern const syn_figure syn_figure_models, syn_figure_traces, syn_figure_horizon, syn_figure_connectivity,
    syn_figure_graph;

/* Writes every figure that has data to BASE-NAME.EXTENSION (BASE-NAME-2.EXTENSION for the second recording, ...), where
 * path is BASE.EXTENSION. Adds the names to files. extension: "png", "svg" or "pdf". */
syn_status syn_figures_write(const syn_report *report, const char *path, const char *extension,
                             syn_report_files *files);

#endif
