/* Parameters of a SynapsNet: one allocation, a table of named tensors in it, and the fitted model around it.
 *
 * Letters: H hidden units, d embedding, b behaviour inputs; of a session: N neurons, B behaviours, r rank.
 */
#ifndef SYN_MODEL_H
#define SYN_MODEL_H

#include "dataset/dataset.h"
#include "kernels/kernels.h"

typedef enum syn_form {
    SYN_FORM_NONE,
    SYN_FORM_DENSE,
    SYN_FORM_LOWRANK,
    SYN_FORM_LOWRANK_SPARSE,
    SYN_FORM_MASKED,
    SYN_FORM_DALE, /* dense, every sender either excitatory or inhibitory */
    SYN_FORMS
} syn_form;
typedef enum syn_loss { SYN_LOSS_GAUSSIAN, SYN_LOSS_POISSON } syn_loss;

extern const char *const syn_form_name[]; /* "none", "dense", ... */
bool syn_form_has_weights(syn_form form); /* free ones: z */
bool syn_form_has_factors(syn_form form); /* s, r */
extern const char *const syn_loss_name[];

/* What learns at which rate; what is fixed does not. */
typedef enum syn_group { SYN_GROUP_DECODER, SYN_GROUP_NEURON, SYN_GROUP_CONNECTIVITY, SYN_GROUP_FIXED } syn_group;

typedef struct syn_tensor {
    char name[32]; /* "wh", "e", ... */
    int session;   /* -1: shared by all; else the owner's (sharing.h) */
    size_t offset, count;
    int64_t rows, columns;
    syn_group group;
} syn_tensor;

/* Offsets in value[] of one session's tensors. Those of neurons and connections are of its population's M neurons, and
 * the same for all sessions of the population (dataset/sharing.h); most often that is the session alone, and M is N. */
typedef struct syn_session_layout {
    int64_t N, B, M;
    size_t owner;   /* first session of the population */
    int64_t *place; /* [N] of each neuron among the M, or NULL: in order */
    size_t e;       /* [M][d] embedding */
    size_t a, c;    /* [M] */
    size_t p;       /* [b][B] projection of the behaviour */
    size_t send; /* [N] of the session: share of a sender's last frame that is taken off: s[t] = x[t] - send x[t-1] */
    size_t z;    /* [M][M] free weights: dense, dale, masked, or the sparse part */
    size_t sign; /* [M] of every sender (dale): 1 excitatory, -1 inhibitory */
    size_t s, r; /* [M][rank] receivers, senders: W = S R^T */
    uint8_t *support; /* [M][M] 1 where an edge may be (masked), or NULL; the owner's alone */
} syn_session_layout;

/* Place of neuron i of a session in its population. */
static inline int64_t syn_place(const syn_session_layout *at, int64_t i) { return at->place ? at->place[i] : i; }

/* How the network's predictions are corrected (correction.h); all 0: not at all. */
typedef struct syn_correction {
    float share;  /* (Poisson) of the moving mean of the counts, from the train mean on, in a predicted rate; 0 to 1 */
    float alpha;  /* by which moving means go on each frame; 0: they stay where they start */
    float weight; /* of the moving mean of the errors (Gaussian), 0 to 1; 1: the rate is multiplied (Poisson) */
} syn_correction;

typedef struct syn_parameters {
    int H, d, b, rank;
    syn_form form;
    syn_correction correction;
    size_t n_sessions;
    syn_session_layout *session; /* [n_sessions] */
    size_t decoder;              /* [syn_decoder_layout.count] */
    size_t we;                   /* [3H][d] */
    size_t bias;                 /* [3H] */
    size_t wu;                   /* [3H][b] */
    size_t count;
    float *value;
    size_t n_tensors;
    syn_tensor *tensor;
} syn_parameters;

/* Lays out and zeroes. N, B: [n_sessions]. sharing: [n_sessions], copied, or NULL. */
syn_status syn_parameters_create(syn_parameters **parameters, int H, int d, int b, syn_form form, int rank,
                                 size_t n_sessions, const int64_t *N, const int64_t *B, const syn_sharing *sharing);
/* The same for the recordings of a data set. */
syn_status syn_parameters_create_for(syn_parameters **parameters, int H, int d, int b, syn_form form, int rank,
                                     const syn_dataset *data);
syn_status syn_parameters_copy(syn_parameters **parameters, const syn_parameters *from);
void syn_parameters_free(syn_parameters *parameters);

/* Rows to[N][columns] of a session's neurons from[M][columns]. */
void syn_gather_rows(const syn_session_layout *at, const float *from, int64_t columns, float *to);
/* W of session s into W[N][N], zero diagonal. */
syn_status syn_parameters_weights(const syn_parameters *p, size_t s, const syn_kernels *kernels, int threads, float *W);

#endif
