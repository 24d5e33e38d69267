/* How many threads may run. */
#ifndef SYN_BASE_THREADS_H
#define SYN_BASE_THREADS_H

/* `wanted`, or 1 in a process that was forked from one that had run several: GNU OpenMP would wait for threads that the
 * fork did not copy. No result depends on the number. */
int syn_usable_threads(int wanted);

#endif
