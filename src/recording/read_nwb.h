/* The two kinds of activity in an NWB file. */
#ifndef SYN_RECORDING_READ_NWB_H
#define SYN_RECORDING_READ_NWB_H

#include "recording/nwb.h"
#include "recording/reader.h"

/* Traces of a RoiResponseSeries, or of any series (time, neuron). */
syn_status syn_nwb_open_rois(syn_recording **recording, const syn_nwb *nwb, const char *path,
                             const syn_options *options);
/* Whether series [n] are planes: each of ROIs of its own. */
bool syn_nwb_are_planes(const syn_nwb *nwb, const char *const *series, size_t n);
/* Their traces side by side. Error: frames, times or kinds that differ. */
syn_status syn_nwb_open_planes(syn_recording **recording, const syn_nwb *nwb, const char *const *series, size_t n,
                               const syn_options *options);
/* Spike counts of a table of units. label: FILE:NAME, for messages. */
syn_status syn_nwb_open_units(syn_recording **recording, const syn_nwb *nwb, const char *path, const char *label,
                              const syn_options *options);

#endif
