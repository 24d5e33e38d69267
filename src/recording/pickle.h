/* What a pickled NumPy array of Python objects holds (suite2p's ops.npy and stat.npy). The pickle is read, not run: a
 * call that stands in it is kept as a call, of which only NumPy's own arrays and scalars are understood. Opcodes:
 * https://github.com/python/cpython/blob/main/Lib/pickletools.py */
#ifndef SYN_RECORDING_PICKLE_H
#define SYN_RECORDING_PICKLE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct syn_pickle syn_pickle;
/* A value in a pickle; negative: none, of which all functions below say that it holds nothing. */
typedef int32_t syn_pickled;

/* NULL where the file is no .npy of objects, or is damaged. */
syn_pickle *syn_pickle_open(const char *path);
void syn_pickle_close(syn_pickle *pickle);

/* The array. */
syn_pickled syn_pickle_root(const syn_pickle *pickle);
/* Elements of a list, a tuple or an array of objects. */
int64_t syn_pickle_length(const syn_pickle *pickle, syn_pickled list);
syn_pickled syn_pickle_element(const syn_pickle *pickle, syn_pickled list, int64_t k);
/* The value under a key of a dict. */
syn_pickled syn_pickle_find(const syn_pickle *pickle, syn_pickled dict, const char *key);
/* An int, a float or a scalar of NumPy. */
bool syn_pickle_number(const syn_pickle *pickle, syn_pickled value, double *number);

#endif
