/* A fit from inside, for the files that share the work: fit_settings.c (what is chosen from options and recordings
 * before the search), fit.c (the search and what is kept of it) and fit_description.c (what the fit says about itself).
 */
#ifndef SYN_ANALYSIS_FIT_INSIDE_H
#define SYN_ANALYSIS_FIT_INSIDE_H

#include <jansson.h>

#include "analysis/fit.h"
#include "training/repeats.h"

typedef struct syn_fitting {
    const syn_options *options;
    const syn_model *source; /* whose decoder is adapted, or NULL */
    syn_dataset *data;
    const syn_kernels *kernels;
    syn_settings settings;
    syn_search *search;
    syn_repeats *repeats;
    uint64_t *fingerprint; /* [sessions] of the recordings, before their activity is normalised */
    uint8_t **support;     /* [sessions] of --connectivity masked */
    char *checkpoint;      /* path, or NULL: not kept */
    syn_progress_fn progress;
    void *user;
    double start_s, last_progress_s, next_checkpoint_s;
    double epoch_s, epoch_start_s; /* time of an epoch of late, NAN before the first is over; when this one began */
    int stages;                    /* that were expected when progress was last reported */
    int asked;                     /* what the progress function returned last: SYN_GO_ON, SYN_STOP or SYN_FINISH */
    bool search_cut, repeats_cut;  /* ended on request before they were done */
    bool repeat_diverged;          /* no further one is tried: it would again */
} syn_fitting;

/* f->settings and f->kernels. */
syn_status syn_fit_choose_settings(syn_fitting *f);
/* What the user fixed of the search. Errors: options that contradict each other. */
syn_status syn_fit_choose_limits(const syn_fitting *f, syn_search_limits *limits);
/* f->support, from --mask. */
syn_status syn_fit_read_support(syn_fitting *f);

/* Sets model->description: what `fit --json` prints, without times. */
syn_status syn_fit_describe(const syn_fitting *f, const syn_parameters *winner, int winning_stage, syn_model *model);
/* The options that were given, as JSON; lists as arrays. */
json_t *syn_fit_given_options(const syn_options *options);

#endif
