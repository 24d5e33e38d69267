/* Which fields of MATLAB files hold times, and the frame rate by them. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "base/order.h"
#include "recording/read_mat.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const char *const time_fields[] = {
    "times", "time", "spike_times", "spiketimes", "spiketime", "spike_time", "spikes", "timestamps", "ts", "st", "t"};

/* With a unit after it, or without. */
static bool is_called(const char *name, const char *wanted) {
    size_t n;
    syn_unit_of_name(name, &n);
    return !strcasecmp(name, wanted) || (n == strlen(wanted) && !strncasecmp(name, wanted, n));
}

bool syn_mat_is_time_field(const char *name) {
    for (size_t k = 0; k < COUNT(time_fields); k++)
        if (is_called(name, time_fields[k])) return true;
    return false;
}

const char *syn_mat_time_field(const matvar_t *node) {
    int64_t n;
    char *const *names = syn_mat_fields(node, &n);
    for (size_t k = 0; k < COUNT(time_fields); k++)
        for (int64_t f = 0; f < n; f++)
            if (names[f] && is_called(names[f], time_fields[k])) return names[f];
    return NULL;
}

double syn_mat_rate_of(const double *time, int64_t n) {
    double *step;
    if (n < 2 || syn_alloc(&step, (size_t)n - 1, sizeof *step, "times") != SYN_OK) return 0;
    for (int64_t k = 1; k < n; k++) step[k - 1] = time[k] - time[k - 1];
    syn_sort(step, n - 1);
    const double least = step[0], median = step[(n - 1) / 2], most = step[n - 2];
    free(step);
    return least > 0.9 * median && most < 1.1 * median ? 1 / median : 0;
}

syn_status syn_mat_rate_from_times(syn_recording *r, const syn_input *input) {
    for (size_t k = 0; k < input->listing.n; k++) {
        const syn_entry *e = &input->listing.entry[k];
        syn_array *a;
        double *v;
        if (!e->numeric || e->rank != 2 || !syn_mat_is_time_field(syn_last_part(SYN_CONTENT_MATLAB, e->name))) continue;
        if (e->shape[0] * e->shape[1] != r->segment[0].stop || (e->shape[0] != 1 && e->shape[1] != 1)) continue;
        SYN_TRY(syn_array_open(&a, input->address.file, e->name));
        syn_status status = syn_array_values(a, &v);
        size_t stem;
        const double seconds = syn_unit_of_name(syn_last_part(SYN_CONTENT_MATLAB, e->name), &stem);
        const double rate = status == SYN_OK ? syn_mat_rate_of(v, a->rows * a->cols) / seconds : 0;
        syn_array_close(a);
        SYN_TRY(status);
        free(v);
        if (rate == 0) continue;
        r->rate_hz = rate;
        return syn_recording_warn(r, "frame rate %g Hz taken from the times in %s", rate, e->name);
    }
    return SYN_OK;
}
