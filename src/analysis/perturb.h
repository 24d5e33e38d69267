/* Virtual stimulation: the mean response of all neurons to a pulse in one of them, over states of the test split.
 *
 * From each state the network runs on twice, with and without the pulse. Both runs meet the same noise, so what differs
 * is the pulse's effect: either what the recording held beyond the prediction at each frame (then the run without the
 * pulse is the recording), or none. The network sees activity less the slow baseline (baseline.h), x~; a pulse of p in
 * x_j is (1 - alpha) p in x~_j, and lifts the baseline of later frames.
 *
 * Letters: N neurons, K steps, S states, M stimulated neurons (1 or N).
 */
#ifndef SYN_ANALYSIS_PERTURB_H
#define SYN_ANALYSIS_PERTURB_H

#include "base/options.h"
#include "model/fitted.h"

/* A mean over states with its 95 % interval. low, high: NaN where there are too few states. */
typedef struct syn_means {
    float *mean, *low, *high;
} syn_means;

struct syn_perturbation {
    int64_t N, K, S, M;
    int64_t stimulated; /* place of the neuron; -1: every one in turn */
    double amplitude, rate_hz;
    bool raw, residuals, counts;
    int64_t block;        /* states of one block of the interval */
    char *name;           /* of the recording */
    char **id;            /* [N] */
    int64_t *start;       /* [S] first frame after the pulse */
    float *pulse;         /* [M] z-scored, */
    float *pulse_raw;     /* [M] and in raw units */
    syn_means by_step;    /* [K][N], with one stimulated neuron only */
    syn_means over_steps; /* mean over steps 1..K: [N], or [N][N] row = receiver, column = stimulated */
};

/* As syn_perturb(), over recordings that are prepared already (prepare.h): of session `session`. */
syn_status syn_perturb_run(syn_perturbation **perturbation, const syn_model *model, const syn_dataset *data,
                           const syn_options *options, const syn_kernels *kernels, int threads);
const char *syn_perturbation_unit(const syn_perturbation *perturbation);

#endif
