/* What a fit chooses from its options and recordings before the search. */
#include <math.h>
#include <string.h>

#include "analysis/fit_inside.h"
#include "analysis/prepare.h"
#include "base/memory.h"
#include "recording/array.h"

static double clamp(double value, double low, double high) { return fmin(fmax(value, low), high); }

static syn_status choose_loss(const syn_fitting *f, syn_loss *loss) {
    const char *asked = f->source ? syn_loss_name[f->source->loss] : syn_option_text(f->options, SYN_OPT_LOSS);
    const syn_recording *other = NULL; /* the first that holds no counts */
    size_t counts = 0;
    for (size_t s = 0; s < f->data->n; s++) {
        const syn_recording *recording = f->data->session[s].recording;
        counts += recording->signal == SYN_SIGNAL_COUNTS;
        if (recording->signal != SYN_SIGNAL_COUNTS && !other) other = recording;
    }
    *loss = SYN_LOSS_GAUSSIAN;
    if (!strcmp(asked, "gaussian") || (!strcmp(asked, "auto") && counts < f->data->n)) return SYN_OK;
    if (other && f->source)
        return syn_fail(SYN_ERR_INPUT,
                        "%s: holds %s; the model predicts spike counts; expected them in every new recording",
                        other->name, syn_signal_name(other->signal));
    if (counts < f->data->n)
        return syn_fail(SYN_ERR_OPTION,
                        "loss: poisson needs spike counts in every recording; %zu of %zu hold them; use "
                        "--loss gaussian",
                        counts, f->data->n);
    *loss = SYN_LOSS_POISSON;
    return SYN_OK;
}

static syn_status check_events(const syn_fitting *f) {
    for (size_t s = 0; s < f->data->n; s++)
        if (!strcmp(syn_option_text(f->options, SYN_OPT_EVENTS), "yes") &&
            f->data->session[s].recording->signal == SYN_SIGNAL_COUNTS)
            return syn_fail(SYN_ERR_OPTION,
                            "events: yes needs fluorescence in every recording; %s holds spike counts; use "
                            "--events auto",
                            f->data->session[s].recording->name);
    return SYN_OK;
}

/* What is left to us is scaled to the amount of data: about 3,000 steps a candidate, on batches of an eighth of the
 * train split (docs/decisions/connectivity.md). */
syn_status syn_fit_choose_settings(syn_fitting *f) {
    const syn_options *o = f->options;
    double frames = 0;
    for (size_t s = 0; s < f->data->n; s++) frames += (double)syn_session_frames(&f->data->session[s], SYN_TRAIN);
    syn_settings *t = &f->settings;
    *t = (syn_settings){.support = f->support,
                        .hidden = syn_option_auto(o, SYN_OPT_HIDDEN) ? 16 : (int)syn_option_int(o, SYN_OPT_HIDDEN),
                        .embedding = (int)syn_option_int(o, SYN_OPT_EMBEDDING),
                        .behavior_inputs = (int)syn_option_int(o, SYN_OPT_BEHAVIOR_INPUTS),
                        .seed = (uint64_t)syn_option_int(o, SYN_OPT_SEED),
                        .decoder_rate = 0.01,
                        .connectivity_rate = 0.01};
    if (f->source) t->source = f->source, t->hidden = f->source->p->H, t->embedding = f->source->p->d;
    SYN_TRY(syn_choose_kernels(o, &f->kernels, &t->threads));
    SYN_TRY(choose_loss(f, &t->loss));
    SYN_TRY(check_events(f));
    if (!syn_option_auto(o, SYN_OPT_LEARNING_RATE)) t->decoder_rate = syn_option_real(o, SYN_OPT_LEARNING_RATE);
    t->batch_frames =
        syn_option_auto(o, SYN_OPT_BATCH) ? (int64_t)clamp(frames / 8, 256, 512) : syn_option_int(o, SYN_OPT_BATCH);
    const double steps = (double)syn_trainer_steps(f->data, t->batch_frames);
    t->max_epochs =
        syn_option_auto(o, SYN_OPT_EPOCHS) ? (int)clamp(3000 / steps, 20, 300) : (int)syn_option_int(o, SYN_OPT_EPOCHS);
    t->patience = syn_option_auto(o, SYN_OPT_PATIENCE) ? (int)clamp(0.15 * t->max_epochs, 5, 300)
                                                       : (int)syn_option_int(o, SYN_OPT_PATIENCE);
    return SYN_OK;
}

/* An option that the form of the connectivity would ignore is refused. low_rank, free_weights: it belongs to S R^T, to
 * weights of their own. */
static syn_status check_applies(const syn_search_limits *limits, const char *option, bool given, bool low_rank,
                                bool free_weights, bool automatic) {
    const syn_form form = limits->form;
    bool used = limits->any_form
                    ? automatic
                    : (low_rank && syn_form_has_factors(form)) || (free_weights && syn_form_has_weights(form));
    if (!given || used) return SYN_OK;
    return syn_fail(SYN_ERR_OPTION, "%s: is not used by --connectivity %s; name a form that has it%s", option,
                    limits->any_form ? "auto" : syn_form_name[form], low_rank ? " (lowrank)" : " (dense)");
}

static bool mask_given(const syn_options *o) {
    int64_t rows, columns;
    return syn_option_mask(o, &rows, &columns) || syn_option_given(o, SYN_OPT_MASK);
}

syn_status syn_fit_choose_limits(const syn_fitting *f, syn_search_limits *limits) {
    const syn_options *o = f->options;
    const char *form = syn_option_text(o, SYN_OPT_CONNECTIVITY);
    *limits = (syn_search_limits){.any_form = !strcmp(form, "auto"),
                                  .any_hidden = !f->source && syn_option_auto(o, SYN_OPT_HIDDEN),
                                  .any_rate = syn_option_auto(o, SYN_OPT_LEARNING_RATE)};
    for (int k = SYN_FORM_NONE; k < SYN_FORMS; k++)
        if (!strcmp(form, syn_form_name[k])) limits->form = (syn_form)k;
    limits->rank = syn_option_auto(o, SYN_OPT_RANK) ? 0 : (int)syn_option_int(o, SYN_OPT_RANK);
    limits->ridge = syn_option_auto(o, SYN_OPT_STRENGTH) ? -1 : syn_option_real(o, SYN_OPT_STRENGTH);
    limits->l1 = syn_option_auto(o, SYN_OPT_L1) ? -1 : syn_option_real(o, SYN_OPT_L1);
    limits->innovation = syn_option_auto(o, SYN_OPT_INNOVATION) ? -1 : syn_option_real(o, SYN_OPT_INNOVATION);
    if (limits->innovation >= 0 && !limits->any_form && limits->form == SYN_FORM_NONE)
        return syn_fail(SYN_ERR_OPTION,
                        "innovation: is not used by --connectivity none; name a form that has it (dense)");
    if (syn_option_int(o, SYN_OPT_REPEATS) > 0 && !limits->any_form && limits->form == SYN_FORM_NONE)
        return syn_fail(SYN_ERR_OPTION, "repeats: is not used by --connectivity none, which has no edge to repeat");
    SYN_TRY(check_applies(limits, "rank", limits->rank > 0, true, false, limits->any_form));
    SYN_TRY(check_applies(limits, "strength", limits->ridge >= 0, false, true, false));
    SYN_TRY(check_applies(limits, "l1", limits->l1 >= 0, false, true, false));
    const bool masked = mask_given(o);
    if (limits->form == SYN_FORM_MASKED && !masked)
        return syn_fail(SYN_ERR_OPTION, "connectivity: masked needs --mask FILE:NAME, an (N, N) array, row = receiver");
    if (limits->form != SYN_FORM_MASKED && masked)
        return syn_fail(SYN_ERR_OPTION, "mask: is used by --connectivity masked only");
    return SYN_OK;
}

/* The mask among the kept neurons of every recording. */
syn_status syn_fit_read_support(syn_fitting *f) {
    int64_t rows, columns;
    const double *mask = syn_option_mask(f->options, &rows, &columns);
    const char *path = mask ? "mask" : syn_option_text(f->options, SYN_OPT_MASK);
    double *of_file = NULL;
    syn_status status = SYN_OK;
    if (!mask_given(f->options)) return SYN_OK;
    if (!mask) {
        SYN_CHECK(syn_matrix_read(path, &of_file, &rows, &columns));
        mask = of_file;
    }
    SYN_CHECK(syn_alloc(&f->support, f->data->n, sizeof *f->support, "mask"));
    for (size_t s = 0; s < f->data->n; s++) {
        const syn_normalisation *norm = &f->data->session[s].norm;
        if (rows != norm->N_recorded || columns != rows) {
            status = syn_fail(SYN_ERR_INPUT, "%s: is (%lld, %lld); expected (%lld, %lld), the neurons of %s", path,
                              (long long)rows, (long long)columns, (long long)norm->N_recorded,
                              (long long)norm->N_recorded, f->data->session[s].recording->name);
            goto done;
        }
        SYN_CHECK(syn_alloc(&f->support[s], (size_t)(norm->N * norm->N), 1, "mask"));
        for (int64_t i = 0; i < norm->N; i++)
            for (int64_t j = 0; j < norm->N; j++) {
                const double value = mask[norm->kept[i] * columns + norm->kept[j]];
                if (i != j && isnan(value)) {
                    status = syn_fail(
                        SYN_ERR_INPUT,
                        "%s: row %lld, column %lld is not a number; expected 0 where there may be no edge, and "
                        "another number where there may be one",
                        path, (long long)norm->kept[i], (long long)norm->kept[j]);
                    goto done;
                }
                f->support[s][i * norm->N + j] = i != j && value != 0;
            }
    }
done:
    free(of_file);
    return status;
}
