/* MATLAB files, v5 to v7.3, through matio: variables, and what structs and cells in them hold. A place in a file is
 * written as in MATLAB: D.neuron1{3}, trials(2).dff, cells{4}{1}(2).time. */
#ifndef SYN_RECORDING_MAT_H
#define SYN_RECORDING_MAT_H

#include <matio.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* Reads the variable that `path` starts with and finds the rest of the path in it. *root is to be freed with
 * Mat_VarFree(); *node lies within it. Errors: no such variable, field or element, with what there is. */
syn_status syn_mat_read(matvar_t **root, matvar_t **node, const char *file, const char *path);

/* Whether every variable of a v5 file is whole: it ends within the file, can be unpacked, and claims no more elements
 * than there are bytes. */
syn_status syn_mat_check(const char *file);
/* mat73_check.c: the same of a v7.3 file. */
bool syn_mat73_is_whole(const char *file);

/* All of these are safe for NULL, which matio gives for elements that were never set. */
bool syn_mat_is_cell(const matvar_t *node);
bool syn_mat_is_struct(const matvar_t *node);
/* Real numbers or logicals, full or sparse. */
bool syn_mat_is_numeric(const matvar_t *node);
/* Elements; 0 for NULL and for what has an impossible shape. */
int64_t syn_mat_count(const matvar_t *node);
/* Length of axis 0 or 1. */
int64_t syn_mat_axis(const matvar_t *node, int axis);
/* At most one axis is longer than 1, and none is empty. */
bool syn_mat_is_vector(const matvar_t *node);
/* Element k of a cell, field f of element k of a struct; NULL if it was never set. */
matvar_t *syn_mat_cell(const matvar_t *node, int64_t k);
matvar_t *syn_mat_field(const matvar_t *node, int64_t k, const char *name);
/* Names of the fields of a struct. */
char *const *syn_mat_fields(const matvar_t *node, int64_t *n);
/* "double", "cell", ... */
const char *syn_mat_class(const matvar_t *node);
/* n numbers from entry `from` on, in MATLAB's order (first axis fastest). label: named in the error message. */
syn_status syn_mat_numbers(const matvar_t *node, const char *label, int64_t from, int64_t n, double *out);

#endif
