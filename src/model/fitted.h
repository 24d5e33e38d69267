/* A fitted model: all that evaluation, forecast and connectivity need besides the recording. */
#ifndef SYN_FITTED_H
#define SYN_FITTED_H

#include "model/model.h"

/* One recording of the model. N: neurons kept. */
typedef struct syn_fitted_session {
    char *name, *path; /* path as the user gave it; NULL: from memory */
    char *folder;      /* where the fit ran, from which path was found; NULL: not known */
    syn_signal signal;
    double rate_hz;
    syn_normalisation norm;
    char **neuron_id;     /* [N] */
    float *embedding;     /* [N][d] where the neurons are not in their population's order, else NULL */
    char **region;        /* [N] or NULL */
    char **cell_type;     /* [N] or NULL */
    float *position;      /* [N][3] or NULL */
    char **behavior_name; /* [norm.B] or NULL */
    int lags;             /* lags of gain */
    double *gain; /* [lags + 1][N] mean d xhat_i[t+1] / d I_i[t - tau] over train frames, of filtered activity */
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
    double seconds; /* of the fit; not part of the file, which is the same for the same seed; < 0: not known */
};

/* An empty model with n sessions. */
syn_status syn_model_alloc(syn_model **model, size_t n);
/* Once p is there: what sessions need of it that it has in another order. */
syn_status syn_model_finish(syn_model *model);
/* Takes names, ids, positions, ... of the kept neurons from a prepared recording. */
syn_status syn_fitted_session_fill(syn_fitted_session *to, const syn_session *from);

#endif
