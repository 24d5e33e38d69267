/* The nearest of some words to a mistyped one. */
#ifndef SYN_BASE_NEAREST_H
#define SYN_BASE_NEAREST_H

#include <stddef.h>

/* Letters to insert, delete or replace, capitals counting as small ones; 99 if b has 63 letters or more. */
int syn_edit_distance(const char *a, const char *b);
/* The first nearest of words[n], or NULL if none is within 3 changes and nearer than a word of its own. */
const char *syn_nearest(const char *word, const char *const *words, size_t n);

#endif
