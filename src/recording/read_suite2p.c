/* suite2p folders: planes plane0, plane1, ... with F.npy, Fneu.npy, spks.npy (neurons, frames), iscell.npy, ops.npy and
 * stat.npy.
 * https://suite2p.readthedocs.io/en/latest/outputs.html */
#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "recording/pickle.h"
#include "recording/reader.h"

const float syn_neuropil = -0.7f; /* suite2p's own default */

enum { MAX_PLANES = 256, FOLDER_SIZE = PATH_MAX - 32 };

typedef struct plane {
    char folder[FOLDER_SIZE];
    int number;
    int64_t rois, frames;
    int64_t *to; /* [rois] neuron of the recording, -1 if not a cell */
    bool has_iscell;
} plane;

typedef struct planes {
    plane *item;
    int n;
    int64_t neurons, frames;
    double rate_hz;
} planes;

static bool is_plane(const char *folder) {
    char path[PATH_MAX];
    return syn_file_in(path, sizeof path, folder, "F.npy") || syn_file_in(path, sizeof path, folder, "spks.npy");
}

static int plane_order(const void *a, const void *b) { return ((const plane *)a)->number - ((const plane *)b)->number; }

/* Adds every plane<k> of the folder. */
static void find_in(planes *p, const char *folder) {
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir)) && p->n < MAX_PLANES) {
        plane *next = &p->item[p->n];
        int number, length = 0;
        if (sscanf(entry->d_name, "plane%d%n", &number, &length) != 1 || entry->d_name[length]) continue;
        int n = snprintf(next->folder, sizeof next->folder, "%s/%s", folder, entry->d_name);
        if (n < 0 || (size_t)n >= sizeof next->folder || !is_plane(next->folder)) continue;
        next->number = number;
        p->n++;
    }
    if (dir) closedir(dir);
    qsort(p->item, (size_t)p->n, sizeof *p->item, plane_order);
}

/* The folder itself, the planes in it, or those in its suite2p folder. */
static void find_planes(planes *p, const char *folder) {
    char inner[PATH_MAX];
    if (is_plane(folder) && strlen(folder) < FOLDER_SIZE) {
        snprintf(p->item[0].folder, FOLDER_SIZE, "%s", folder);
        p->n = 1;
        return;
    }
    find_in(p, folder);
    if (p->n == 0 && syn_file_in(inner, sizeof inner, folder, "suite2p")) find_in(p, inner);
}

bool syn_suite2p_probe(const syn_input *input) {
    if (input->address.content != SYN_CONTENT_FOLDER) return false;
    planes p = {0};
    if (syn_alloc(&p.item, MAX_PLANES, sizeof *p.item, "planes") != SYN_OK) return false;
    find_planes(&p, input->address.file);
    free(p.item);
    return p.n > 0;
}

static syn_status open_matrix(syn_array **a, const plane *p, const char *name) {
    char path[PATH_MAX];
    *a = NULL;
    if (!syn_file_in(path, sizeof path, p->folder, name))
        return syn_fail(SYN_ERR_INPUT, "%s: has no %s%s", p->folder, name,
                        syn_file_in(path, sizeof path, p->folder, "spks.npy") ? "; --signal deconvolved takes spks.npy"
                                                                              : "; expected a suite2p plane");
    SYN_TRY(syn_array_open(a, path, NULL));
    if ((*a)->rank == 2) return SYN_OK;
    syn_status status =
        syn_fail(SYN_ERR_INPUT, "%s: is %s; expected (neurons, frames)", path, syn_shape_text((*a)->rank, (*a)->shape));
    syn_array_close(*a);
    *a = NULL;
    return status;
}

/* Numbers the cells of a plane from `next` on; without iscell.npy every ROI is one. */
static syn_status number_cells(plane *p, int64_t *next) {
    char path[PATH_MAX];
    syn_array *a = NULL;
    double *iscell = NULL;
    syn_status status = SYN_OK;
    int64_t cols = 1;
    SYN_TRY(syn_alloc(&p->to, (size_t)p->rois, sizeof *p->to, "ROIs"));
    p->has_iscell = syn_file_in(path, sizeof path, p->folder, "iscell.npy");
    if (p->has_iscell) {
        SYN_TRY(syn_array_open(&a, path, NULL));
        cols = a->cols;
        if (a->rows != p->rois || a->rank > 2)
            status = syn_fail(SYN_ERR_INPUT, "%s: is %s; expected %lld rows, one for every ROI of the activity", path,
                              syn_shape_text(a->rank, a->shape), (long long)p->rois);
        if (status == SYN_OK) status = syn_array_values(a, &iscell);
        syn_array_close(a);
        SYN_TRY(status);
    }
    for (int64_t k = 0; k < p->rois; k++) p->to[k] = !iscell || iscell[k * cols] > 0 ? (*next)++ : -1;
    free(iscell);
    return SYN_OK;
}

static syn_status read_rate(planes *p, const plane *q) {
    char path[PATH_MAX];
    double fs;
    syn_pickle *ops = syn_file_in(path, sizeof path, q->folder, "ops.npy") ? syn_pickle_open(path) : NULL;
    if (!ops) return SYN_OK;
    const syn_pickled dict = syn_pickle_element(ops, syn_pickle_root(ops), 0);
    const bool found = syn_pickle_number(ops, syn_pickle_find(ops, dict, "fs"), &fs);
    syn_pickle_close(ops);
    if (!found) return SYN_OK;
    if (!(isfinite(fs) && fs > 0))
        return syn_fail(SYN_ERR_INPUT, "%s: fs is %g; expected the frame rate of a plane in Hz", path, fs);
    p->rate_hz = fs;
    return SYN_OK;
}

static syn_status measure(planes *p, const char *name) {
    int64_t longest = 0;
    for (int k = 0; k < p->n; k++) {
        plane *q = &p->item[k];
        syn_array *a;
        SYN_TRY(open_matrix(&a, q, name));
        q->rois = a->rows;
        q->frames = a->cols;
        syn_array_close(a);
        SYN_TRY(number_cells(q, &p->neurons));
        SYN_TRY(read_rate(p, q));
        if (k == 0 || q->frames < p->frames) p->frames = q->frames;
        if (q->frames > longest) longest = q->frames;
    }
    /* The last volume of a recording may be cut, which leaves the later planes one frame short. */
    if (longest - p->frames > p->frames / 100 + 1)
        return syn_fail(SYN_ERR_INPUT, "%s/..: its planes have %lld to %lld frames; expected the same number",
                        p->item[0].folder, (long long)p->frames, (long long)longest);
    if (p->neurons == 0)
        return syn_fail(SYN_ERR_INPUT, "%s/iscell.npy: marks no ROI as a cell; sort them in suite2p or delete the file",
                        p->item[0].folder);
    return SYN_OK;
}

static syn_status add_matrix(syn_recording *r, const plane *p, const char *name, float scale) {
    syn_array *a;
    SYN_TRY(open_matrix(&a, p, name));
    syn_placement placement = {.recording = r, .to = p->to, .scale = scale};
    syn_status status = SYN_OK;
    if (a->rows != p->rois || a->cols != p->frames)
        status = syn_fail(SYN_ERR_INPUT, "%s/%s: is %s; expected (%lld, %lld) as the activity", p->folder, name,
                          syn_shape_text(a->rank, a->shape), (long long)p->rois, (long long)p->frames);
    if (status == SYN_OK) status = syn_place(a, &placement);
    syn_array_close(a);
    return status;
}

static syn_status name_cells(syn_recording *r, const planes *p) {
    for (int k = 0; k < p->n; k++)
        for (int64_t i = 0; i < p->item[k].rois; i++) {
            int64_t j = p->item[k].to[i];
            char id[64];
            if (j < 0) continue;
            if (p->n > 1)
                snprintf(id, sizeof id, "plane%d/%lld", p->item[k].number, (long long)i);
            else
                snprintf(id, sizeof id, "%lld", (long long)i);
            SYN_TRY(syn_recording_name_neuron(r, j, id));
        }
    return SYN_OK;
}

/* Where the cells of a plane are, by `med` (y, x) of each ROI in stat.npy; *why: why not, "" where all is well. */
static void read_places(const plane *q, const syn_pickle *stat, float *position, char *why, size_t size) {
    const syn_pickled rois = syn_pickle_root(stat);
    *why = 0;
    if (syn_pickle_length(stat, rois) != q->rois) {
        snprintf(why, size, "stat.npy has %lld ROIs; expected %lld as the activity",
                 (long long)syn_pickle_length(stat, rois), (long long)q->rois);
        return;
    }
    for (int64_t i = 0; i < q->rois; i++) {
        const syn_pickled med = syn_pickle_find(stat, syn_pickle_element(stat, rois, i), "med");
        double place[2];
        if (q->to[i] < 0) continue;
        for (int axis = 0; axis < 2; axis++) /* x is the second */
            if (!syn_pickle_number(stat, syn_pickle_element(stat, med, 1 - axis), &place[axis])) place[axis] = NAN;
        if (!isfinite(place[0]) || !isfinite(place[1])) {
            snprintf(why, size, "stat.npy does not say where ROI %lld is (med)", (long long)i);
            return;
        }
        position[q->to[i] * 3] = (float)place[0];
        position[q->to[i] * 3 + 1] = (float)place[1];
    }
}

/* Of one plane: how far planes are apart is not known. */
static syn_status take_places(syn_recording *r, const planes *p) {
    char path[PATH_MAX], why[128] = "stat.npy is damaged";
    float *position = NULL;
    syn_pickle *stat;
    if (!syn_file_in(path, sizeof path, p->item[0].folder, "stat.npy")) return SYN_OK;
    if (p->n > 1) return syn_recording_warn(r, "positions not taken: stat.npy does not say how far planes are apart");
    SYN_TRY(syn_alloc(&position, (size_t)r->N * 3, sizeof *position, "positions"));
    stat = syn_pickle_open(path);
    if (stat) read_places(&p->item[0], stat, position, why, sizeof why);
    syn_pickle_close(stat);
    if (*why) {
        free(position);
        return syn_recording_warn(r, "positions not taken: %s", why);
    }
    r->position = position;
    return syn_recording_warn(r, "positions are in pixels: stat.npy does not say their size");
}

static syn_status read_planes(syn_recording *r, const planes *p, const char *name) {
    for (int k = 0; k < p->n; k++) {
        const plane *q = &p->item[k];
        char path[PATH_MAX];
        SYN_TRY(add_matrix(r, q, name, 1));
        if (!q->has_iscell)
            SYN_TRY(
                syn_recording_warn(r, "%s has no iscell.npy: all %lld ROIs are taken", q->folder, (long long)q->rois));
        if (strcmp(name, "F.npy") != 0) continue;
        if (syn_file_in(path, sizeof path, q->folder, "Fneu.npy"))
            SYN_TRY(add_matrix(r, q, "Fneu.npy", syn_neuropil));
        else
            SYN_TRY(syn_recording_warn(r, "%s has no Fneu.npy: F is taken without neuropil correction", q->folder));
    }
    return SYN_OK;
}

static void free_planes(planes *p) {
    for (int k = 0; p->item && k < p->n; k++) free(p->item[k].to);
    free(p->item);
}

syn_status syn_suite2p_open(syn_recording **recording, const syn_input *input) {
    syn_status status;
    planes p = {0};
    const char *signal = syn_option_text(input->options, SYN_OPT_SIGNAL);
    const bool deconvolved = !strcmp(signal, "deconvolved");
    const char *name = deconvolved ? "spks.npy" : "F.npy";
    if (!strcmp(signal, "counts"))
        return syn_fail(SYN_ERR_OPTION,
                        "%s: a suite2p folder holds no spike counts; expected --signal fluorescence or "
                        "deconvolved",
                        input->address.file);
    SYN_CHECK(syn_alloc(&p.item, MAX_PLANES, sizeof *p.item, "planes"));
    find_planes(&p, input->address.file);
    SYN_CHECK(measure(&p, name));
    SYN_CHECK(syn_recording_alloc(recording, p.frames, p.neurons));
    SYN_CHECK(read_planes(*recording, &p, name));
    SYN_CHECK(name_cells(*recording, &p));
    SYN_CHECK(take_places(*recording, &p));
    for (int k = 0; k < p.n; k++)
        if (p.item[k].frames > p.frames)
            SYN_CHECK(syn_recording_warn(*recording, "plane %d has %lld frames: cut to the %lld of the shortest plane",
                                         p.item[k].number, (long long)p.item[k].frames, (long long)p.frames));
    (*recording)->rate_hz = p.rate_hz;
    (*recording)->signal = deconvolved ? SYN_SIGNAL_DECONVOLVED : SYN_SIGNAL_FLUORESCENCE;
    int64_t rois = 0;
    for (int k = 0; k < p.n; k++) rois += p.item[k].rois;
    if (rois > p.neurons)
        SYN_CHECK(syn_recording_warn(*recording, "%lld of %lld ROIs are cells by iscell.npy", (long long)p.neurons,
                                     (long long)rois));
done:
    free_planes(&p);
    return status;
}
