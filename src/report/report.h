/* The report of a fitted model: what it holds is gathered once (gather.c); the page (page.c) and the figures for a
 * paper (figures.c) are made from that.
 *
 * Letters: N neurons of a session, n of them shown, K forecast steps, L lags beyond 0.
 */
#ifndef SYN_REPORT_H
#define SYN_REPORT_H

#include <jansson.h>

#include "analysis/forecast.h"
#include "analysis/perturb.h"
#include "analysis/prepare.h"

typedef struct syn_report_session {
    size_t s;
    const syn_fitted_session *fitted;
    const syn_session *session;
    int64_t N, n;
    int64_t *shown;         /* [n] ascending: all, or those with the strongest connections */
    syn_forecast *forecast; /* without its rollouts, of which the errors are kept */
    double *neuron_r;       /* [N] correlation over test frames of prediction and truth; NaN: not known */
    int L;
    float *c; /* [n][n] C(0) of the neurons shown, z-scored, row = receiver */
    double
        *row_gain; /* [L+1][n] C_ij(tau) = (row_gain[tau][i] - send[j] row_gain[tau-1][i]) c_ij, see connectivity.h */
    double *send;  /* [n] share of its last frame that is taken off what a neuron sends */
    json_t *evidence; /* of syn_edge_list_json(), and how many edges each rate finds; NULL: no tests were made */
    /* [n][n] z-scored, of pairs found at some rate, else 0. NULL: C is of what was tested, and not 0 throughout */
    float *estimate;
    uint8_t *level;   /* [n][n] how many of syn_report_fdr the edge's q is at or below; NULL: no tests were made */
    int64_t *cluster; /* [n] places in `shown`: neurons with like connections side by side */
    int components;   /* of the embedding, at most 3 */
    float *component; /* [n][components] */
    double explained[3];
    int64_t M;                   /* neurons stimulated; 0: there are no connections */
    int64_t *sender;             /* [M] places in `shown`, strongest first */
    syn_perturbation **response; /* [M] */
} syn_report_session;

typedef struct syn_report {
    const syn_model *model;
    const syn_options *options;
    json_t *fit, *fit_options, *evaluation;
    size_t n;
    syn_report_session *session; /* [n] */
} syn_report;

/* Runs the model over the test split of prepared recordings. Used options: comparison, steps, threads, isa. */
syn_status syn_report_gather(syn_report *report, const syn_model *model, const syn_prepared *prepared,
                             const syn_options *options);
void syn_report_free(syn_report *report);
/* The time of the first frame on the recording's own clock; what is shown counts from there. */
double syn_report_start(const syn_report_session *session);

/* False discovery rates that a reader can choose, falling. */
enum { SYN_REPORT_FDRS = 9, SYN_REPORT_BELIEVED = 3 };
extern const double syn_report_fdr[SYN_REPORT_FDRS]; /* [SYN_REPORT_BELIEVED - 1]: the default of option fdr */
/* Fills evidence and level once `shown` is chosen. */
syn_status syn_report_evidence(syn_report_session *session, const syn_model *model);
/* Whether the edge to the a-th from the b-th neuron shown is found at the default rate, or was not tested. */
bool syn_report_believed(const syn_report_session *session, int64_t a, int64_t b);

/* Puts the rivals of what `synapsnet compare --json` printed among the baselines of an evaluation. Error: no such file,
 * or one of other test frames or of another model. */
syn_status syn_add_rivals(json_t *evaluation, const char *path);

/* Files that were written, and their size together. */
typedef struct syn_report_files {
    json_t *names;
    json_int_t bytes;
} syn_report_files;
void syn_report_add_file(syn_report_files *files, const char *path);

/* "fluorescence (lumens)": what activity is, in the unit that the file gives. */
void syn_activity_unit(const syn_recording *recording, char *text, size_t size);
/* All of it as the one JSON object that docs/report.md describes. */
syn_status syn_report_json(const syn_report *report, json_t **json);
/* The page around that object: one file that needs no other. */
syn_status syn_report_write_page(const syn_report *report, const char *path);
syn_status syn_report_write_json(const syn_report *report, const char *path);

/* Order of n items by average-linkage clustering of the distances [n][n], which are overwritten. */
syn_status syn_cluster_order(float *distance, int64_t n, int64_t *order);
/* The first principal components of rows[n][d]: component[n][k], and the share of the variance that each explains. */
syn_status syn_principal_components(const float *rows, int64_t n, int d, int k, float *component, double *explained);

/* Bytes as base64 text. */
json_t *syn_base64_json(const void *bytes, size_t n);
/* Bytes as base64 text of a zlib stream. */
json_t *syn_packed_json(const void *bytes, size_t n);
/* x[rows][columns] as whole numbers of `bytes` (1 or 2), each row with a scale and, unless about 0, an offset of its
 * own; NaN is the least number. */
json_t *syn_rows_json(const float *x, int64_t rows, int64_t columns, int bytes, bool about_zero);

#endif
