/* A fitted model: all that evaluation, forecast and connectivity need besides the recording. */
#ifndef SYN_FITTED_H
#define SYN_FITTED_H

#include "model/model.h"

/* What the train and validation splits say about every C_ij(0), z-scored (analysis/edge_test.h). */
typedef struct syn_edge_estimates {
    float *estimate;  /* [N][N] what was tested: of activity C without the shrinkage of the fit */
    float *error;     /* [N][N] standard error; 0: not tested */
    float *half[2];   /* [N][N] estimates of the first and the second half; NULL: of a version that did not keep them */
    bool of_events;   /* estimates are of events (analysis/edge_events.h), not of activity */
    double bin_s;     /* bins in which counts were tested, and ... */
    double window;    /* ... how many of them a spike of a sender counts; 0: not of counts */
    double freedom;   /* degrees of freedom of estimate / error */
    double inflation; /* of the standard errors, included in them: root mean square over pairs */
    double coactivity;            /* taken off statistics (analysis/edge_coactivity.h), root mean square */
    double lags;                  /* frames over which autocorrelation was counted */
    double correlation_of_halves; /* of their estimates, over all pairs */
    double residual_correlation, residual_correlation_by_chance; /* of two neurons in one frame, root mean square */
    double decay, crosstalk;                                     /* of events */
    double overlapping; /* edges not tested: of cells that share too much of their light */
} syn_edge_estimates;

void syn_edge_estimates_free(syn_edge_estimates *edges);

/* How stable every C_ij(0), z-scored, is over fits from other seeds (analysis/seed_stability.h). */
typedef struct syn_seed_estimates {
    int fits;         /* the model itself and its repeats */
    int64_t *seed;    /* [fits] that of the model first */
    float *mean, *sd; /* [N][N] over the fits; sd: with fits - 1 */
    float *same_sign; /* [N][N] share of the repeats whose C has the sign of the model's; 0: the model's C is 0 */
    double median_correlation; /* of C, off-diagonal, over pairs of fits */
} syn_seed_estimates;

syn_status syn_seed_estimates_create(syn_seed_estimates **seeds, int fits, int64_t N);
void syn_seed_estimates_free(syn_seed_estimates *seeds);

/* One recording of the model. N: neurons kept. */
typedef struct syn_fitted_session {
    char *name, *path; /* path as the user gave it; NULL: from memory */
    char *folder;      /* where the fit ran, from which path was found; NULL: not known */
    syn_signal signal;
    double rate_hz;
    uint64_t fingerprint; /* of the recording (recording.h); 0: fitted by a version that did not keep it */
    int64_t S;
    syn_segment *segment; /* [S] of the recording; NULL: fitted by a version that did not keep them */
    syn_normalisation norm;
    char **neuron_id;     /* [N] */
    float *embedding;     /* [N][d] where the neurons are not in their population's order, else NULL */
    char **region;        /* [N] or NULL */
    char **cell_type;     /* [N] or NULL */
    float *position;      /* [N][3] or NULL */
    char **behavior_name; /* [norm.B] or NULL */
    int lags;             /* lags of gain */
    double *gain; /* [lags + 1][N] mean d xhat_i[t+1] / d I_i[t - tau] over train frames, of filtered activity */
    syn_edge_estimates *edges; /* NULL: fitted by a version that did not test edges */
    syn_seed_estimates *seeds; /* NULL: without repeats */
} syn_fitted_session;

struct syn_model {
    syn_parameters *p;
    syn_loss loss;
    double train, validation; /* shares of the split */
    int64_t window;
    size_t n;
    syn_fitted_session *session; /* [n] */
    char *options;               /* JSON object: the options that were given, by name */
    char *description;           /* JSON object of syn_model_describe(), without times */
    /* not part of the file, which is the same for the same seed */
    double seconds;   /* of the fit; < 0: not known */
    char *checkpoint; /* path of the fit's checkpoint, not needed any more once the model is in a file, and then ""; or
                         NULL */
};

/* An empty model with n sessions. */
syn_status syn_model_alloc(syn_model **model, size_t n);
/* Error: the model has no session s. */
syn_status syn_model_check_session(const syn_model *model, size_t s);
/* Once p is there: what sessions need of it that it has in another order. */
syn_status syn_model_finish(syn_model *model);
/* Takes names, ids, positions, ... of the kept neurons from a prepared recording. */
syn_status syn_fitted_session_fill(syn_fitted_session *to, const syn_session *from);

#endif
