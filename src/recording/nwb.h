/* What NWB 2 files have in common: which objects there are, their data with a clock, their tables.
 * https://nwb-schema.readthedocs.io */
#ifndef SYN_RECORDING_NWB_H
#define SYN_RECORDING_NWB_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

typedef enum syn_nwb_kind { SYN_NWB_ROIS, SYN_NWB_UNITS, SYN_NWB_SERIES } syn_nwb_kind;

/* An object that holds activity or behaviour. */
typedef struct syn_nwb_object {
    syn_nwb_kind kind;
    char *path; /* without a leading slash */
    char type[64];
} syn_nwb_object;

typedef struct syn_nwb {
    const char *path;
    hid_t file;
    syn_nwb_object *object;
    size_t n;
    char *broken; /* the first link that leads nowhere, with its target, or NULL */
} syn_nwb;

/* Whether it is an NWB file: 2 or later, 1, or 0 for none. */
int syn_nwb_version(const char *file);
/* Opens a file and lists its objects in acquisition, processing, analysis and units, each once, under the name that is
 * no link if it has one. */
syn_status syn_nwb_open(syn_nwb *nwb, const char *file);
void syn_nwb_close(syn_nwb *nwb);

/* A TimeSeries: data, what its numbers mean, and its clock. */
typedef struct syn_nwb_series {
    char data[1024]; /* path of the dataset */
    int rank;
    int64_t shape[8];
    double conversion, offset; /* value = conversion * data + offset */
    char unit[64];
    bool has_times;          /* timestamps, or start_s and rate_hz, or neither (rate_hz == 0) */
    char timestamps[1024];   /* path of the dataset */
    int64_t times;           /* entries of the timestamps */
    double start_s, rate_hz; /* regular clock */
} syn_nwb_series;
syn_status syn_nwb_read_series(const syn_nwb *nwb, const char *path, syn_nwb_series *series);
/* The time of every sample in s, [n]; NULL if the series has no clock. */
syn_status syn_nwb_series_times(const syn_nwb *nwb, const syn_nwb_series *series, int64_t n, double **time_s);

/* Whether the object PATH/NAME is there. */
bool syn_nwb_has(const syn_nwb *nwb, const char *path, const char *name);
bool syn_nwb_is_group(const syn_nwb *nwb, const char *path);
/* Numbers of PATH/NAME; *values is NULL where it is not there or not of numbers. Axes after the first are *cols. */
syn_status syn_nwb_numbers(const syn_nwb *nwb, const char *path, const char *name, double **values, int64_t *rows,
                           int64_t *cols);
/* Texts of PATH/NAME [n]; *texts is NULL where it is not there or not text. */
syn_status syn_nwb_texts(const syn_nwb *nwb, const char *path, const char *name, char ***texts, int64_t *n);
/* The path of the object that attribute NAME of PATH refers to; false if there is none. */
bool syn_nwb_reference(const syn_nwb *nwb, const char *path, const char *name, char *target, size_t size);
/* start_time and stop_time [n] of a TimeIntervals table, which may be empty. *unusable: rows that are left out, as one
 * of the two is not a number, or they are the wrong way round. */
syn_status syn_nwb_intervals(const syn_nwb *nwb, const char *path, double **start_s, double **stop_s, int64_t *n,
                             int64_t *unusable);
/* Frees texts [n] that all say nothing: "", "unknown", "nan". */
void syn_drop_blank(char ***texts, int64_t n);

#endif
