/* How far off a forecast may be: intervals for every neuron and step.
 *
 * They come from the errors of the same model in the validation split, which had no part in its gradients (split
 * conformal prediction: Lei et al., JASA 2018). One step ahead they are the quantiles of each neuron's own errors,
 * where these are enough. Otherwise errors are divided by their neuron's root mean squared error at that step;
 * quantiles of what that gives, over all neurons together, times the neuron's error are the bounds. Few rollouts say
 * little about one neuron, so its squared error at a step is shrunk to its error one step ahead times what errors of
 * all neurons have grown by. Errors of spike counts lie around few values, which differ between neurons: their bounds
 * are the wider of both. Where too few errors are known for a quantile, bounds are NaN. What share of the test split
 * lies inside is counted and told.
 */
#ifndef SYN_ANALYSIS_FORECAST_INTERVAL_H
#define SYN_ANALYSIS_FORECAST_INTERVAL_H

#include "analysis/forecast.h"

/* Share of the recorded values that an interval should hold. */
static const double syn_interval_level = 0.95;

/* Fills the intervals of a forecast and their coverage from a forecast of the validation split, of as many steps or
 * fewer; NULL: there is none, and all are NaN. */
syn_status syn_forecast_intervals(syn_forecast *forecast, const syn_forecast *validation);

#endif
