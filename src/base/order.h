/* Order of numbers. */
#ifndef SYN_BASE_ORDER_H
#define SYN_BASE_ORDER_H

#include <stdint.h>

/* values[n] ascending. No NaN among them. */
void syn_sort(double *values, int64_t n);

#endif
