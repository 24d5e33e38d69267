/* Where the units of a Kilosort/phy folder are: at the channel on which the template that most of their spikes have is
 * largest. templates.npy (templates, samples, channels), channel_positions.npy (channels, 2) in micrometres, and
 * templates_ind.npy (templates, channels) where each template has channels of its own. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "recording/reader.h"

typedef struct peaks {
    int64_t templates, channels; /* of templates.npy */
    double *largest;             /* [templates] */
    int64_t *channel;            /* [templates] */
} peaks;

static syn_status find_peaks(void *user, const syn_tile *tile) {
    peaks *p = user;
    for (int64_t i = 0; i < tile->rows; i++)
        for (int64_t k = 0; k < tile->cols; k++) {
            const double v = fabs(tile->value[i * tile->row_stride + k * tile->col_stride]);
            if (!(v > p->largest[tile->row + i])) continue;
            p->largest[tile->row + i] = v;
            p->channel[tile->row + i] = (tile->col + k) % p->channels;
        }
    return SYN_OK;
}

/* NULL where the file is not there. */
static syn_status open_in(const char *folder, const char *name, syn_array **a) {
    char path[PATH_MAX];
    *a = NULL;
    return syn_file_in(path, sizeof path, folder, name) ? syn_array_open(a, path, NULL) : SYN_OK;
}

/* The values of FOLDER/NAME [rows][*cols]; NULL where it is not there. */
static syn_status read_matrix(const char *folder, const char *name, double **values, int64_t *rows, int64_t *cols) {
    syn_array *a;
    *values = NULL;
    SYN_TRY(open_in(folder, name, &a));
    if (!a) return SYN_OK;
    *rows = a->rows;
    *cols = a->cols;
    syn_status status = syn_array_values(a, values);
    syn_array_close(a);
    return status;
}

static syn_status read_peaks(peaks *p, const char *folder) {
    syn_array *a;
    double *own = NULL;
    int64_t rows = 0, cols = 0;
    SYN_TRY(open_in(folder, "templates.npy", &a));
    if (!a) return SYN_OK;
    syn_status status = SYN_OK;
    if (a->rank == 3 && a->rows > 0 && a->cols > 0) { /* as many values as the file holds */
        p->templates = a->rows;
        p->channels = a->shape[2];
        status = syn_alloc(&p->largest, (size_t)a->rows, sizeof *p->largest, "templates");
        if (status == SYN_OK) status = syn_alloc(&p->channel, (size_t)a->rows, sizeof *p->channel, "templates");
        if (status == SYN_OK) status = syn_array_visit(a, find_peaks, p);
    } else {
        status = syn_fail(SYN_ERR_INPUT, "%s: is %s; expected (templates, samples, channels)", a->label,
                          syn_shape_text(a->rank, a->shape));
    }
    syn_array_close(a);
    if (status == SYN_OK) status = read_matrix(folder, "templates_ind.npy", &own, &rows, &cols);
    for (int64_t k = 0; own && k < p->templates && rows == p->templates && cols == p->channels; k++)
        p->channel[k] = own[k * cols + p->channel[k]] >= 0 ? (int64_t)own[k * cols + p->channel[k]] : -1;
    free(own);
    return status;
}

/* The template that most spikes of every unit have: template [n], neuron [n]. */
static syn_status common_templates(const double *template, const int32_t *neuron, int64_t n, const peaks *p, int64_t N,
                                   int64_t *common) {
    enum { MOST_PAIRS = 1 << 28 };
    int64_t *count;
    if (p->templates > MOST_PAIRS / N)
        return syn_fail(SYN_ERR_INPUT, "templates.npy has %lld templates for %lld units; expected about as many",
                        (long long)p->templates, (long long)N);
    SYN_TRY(syn_alloc(&count, (size_t)(N * p->templates), sizeof *count, "templates of units"));
    for (int64_t j = 0; j < N; j++) common[j] = -1;
    for (int64_t k = 0; k < n; k++) {
        if (!(template[k] >= 0 && template[k] < (double)p -> templates)) continue;
        const int64_t j = neuron[k], t = (int64_t) template[k];
        count[j * p->templates + t]++;
        if (common[j] < 0 || count[j * p->templates + t] > count[j * p->templates + common[j]]) common[j] = t;
    }
    free(count);
    return SYN_OK;
}

syn_status syn_phy_positions(syn_recording *r, const char *folder, const double *template, const int32_t *neuron,
                             int64_t n) {
    syn_status status;
    peaks p = {0};
    double *place = NULL;
    int64_t channels = 0, axes = 0, *common = NULL;
    float *position = NULL;
    SYN_CHECK(read_matrix(folder, "channel_positions.npy", &place, &channels, &axes));
    if (!place || axes != 2) goto done;
    SYN_CHECK(read_peaks(&p, folder));
    if (p.templates == 0) goto done;
    SYN_CHECK(syn_alloc(&common, (size_t)r->N, sizeof *common, "templates of units"));
    SYN_CHECK(common_templates(template, neuron, n, &p, r->N, common));
    SYN_CHECK(syn_alloc(&position, (size_t)r->N * 3, sizeof *position, "positions"));
    for (int64_t j = 0; j < r->N; j++) {
        const int64_t c = common[j] >= 0 ? p.channel[common[j]] : -1;
        if (c < 0 || c >= channels) goto done; /* one without a place leaves all without */
        for (int k = 0; k < 2; k++) position[j * 3 + k] = (float)place[c * 2 + k];
    }
    r->position = position;
    position = NULL;
done:
    free(place);
    free(p.largest);
    free(p.channel);
    free(common);
    free(position);
    return status;
}
