#include "base/nearest.h"

#include <ctype.h>
#include <string.h>

/* Damerau-free Levenshtein distance. */
int syn_edit_distance(const char *a, const char *b) {
    size_t n = strlen(b);
    int row[64];
    if (n >= 63) return 99;
    for (size_t j = 0; j <= n; j++) row[j] = (int)j;
    for (int i = 1; *a; a++, i++) {
        int diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            int best = diagonal + (tolower((unsigned char)*a) != tolower((unsigned char)b[j - 1]));
            diagonal = row[j];
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            if (row[j] + 1 < best) best = row[j] + 1;
            row[j] = best;
        }
    }
    return row[n];
}

const char *syn_nearest(const char *word, const char *const *words, size_t n) {
    int best = 99;
    const char *nearest = NULL;
    for (size_t k = 0; k < n; k++) {
        const int distance = syn_edit_distance(word, words[k]);
        if (distance < best) best = distance, nearest = words[k];
    }
    return best <= 3 && best < (int)strlen(word) ? nearest : NULL;
}
