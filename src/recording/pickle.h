/* One number from a pickled Python dictionary, without running the pickle: it is only searched for the key. */
#ifndef SYN_RECORDING_PICKLE_H
#define SYN_RECORDING_PICKLE_H

#include <stdbool.h>

/* The int or float under `key` in the file (a .npy of objects, for example suite2p's ops.npy). false: not found, of
 * another type, or found with different values. */
bool syn_pickle_number(const char *path, const char *key, double *number);

#endif
