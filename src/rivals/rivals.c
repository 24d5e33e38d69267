#include "rivals/rivals.h"

extern const syn_rival syn_rival_copy_last, syn_rival_mean, syn_rival_ar, syn_rival_linear, syn_rival_linear_change,
    syn_rival_linear_residual, syn_rival_reduced_rank, syn_rival_glm, syn_rival_gru, syn_rival_lstm;

const syn_rival *const syn_rivals[] = {
    &syn_rival_copy_last,
    &syn_rival_mean,
    &syn_rival_ar,
    &syn_rival_linear,
    &syn_rival_linear_change,
    &syn_rival_linear_residual,
    &syn_rival_reduced_rank,
    &syn_rival_glm,
    &syn_rival_gru,
    &syn_rival_lstm,
    NULL,
};

syn_status syn_rival_go_on(const syn_rival_settings *settings) {
    if (!settings->keep_going || settings->keep_going(settings->user)) return SYN_OK;
    return syn_fail(SYN_ERR_INTERRUPTED, "stopped on request");
}
