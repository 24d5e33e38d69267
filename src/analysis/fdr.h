/* From a test statistic to a p-value, and from many p-values to a false discovery rate. */
#ifndef SYN_ANALYSIS_FDR_H
#define SYN_ANALYSIS_FDR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* P(|t| >= |statistic|) of Student's t with `freedom` degrees of freedom. */
double syn_two_sided_p(double statistic, double freedom);
/* The statistic that |t| exceeds with probability p. */
double syn_two_sided_quantile(double p, double freedom);
/* q[n]: the smallest false discovery rate at which each is a discovery, by Benjamini and Hochberg (1995), or by
 * Benjamini and Yekutieli (2001), which holds under any dependence between the tests. NaN in p: not a test, q is NaN.
 */
syn_status syn_false_discovery(const double *p, int64_t n, bool any_dependence, double *q);
/* Standard deviation of the statistics of what is not there, from the middle of all z[n] (Efron 2004): a normal
 * distribution with mean 0 is fitted to those within 2 of its standard deviations: where discoveries are few, and wide
 * enough for the spread of some thousand to be known to a hundredth. 1 for fewer than 200. */
syn_status syn_empirical_null(const double *z, int64_t n, double *deviation);

#endif
