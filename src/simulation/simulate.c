#include "simulation/simulate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/watch.h"

enum { TRANSIENT_FRAMES = 200 };
static const double DRIVEN_SHARE = 0.3;     /* of the neurons */
static const double DRIVE_TIME_FRAMES = 20; /* correlation time of the drive in syn_iterate */
static const double NOMINAL_RATE_HZ = 30;   /* of networks whose time has no unit */

static const struct {
    const char *name;
    int64_t neurons, frames; /* defaults */
    syn_status (*run)(syn_simulation *sim);
} kinds[] = {
    {"celltypes", 200, 30000, syn_simulate_celltypes},
    {"rates", 60, 6000, syn_simulate_rates},
    {"spikes", 100, 50000, syn_simulate_spikes},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

syn_random syn_simulation_random(const syn_simulation *sim, syn_stream stream) {
    return (syn_random){sim->seed, (uint32_t)stream, 0};
}

void syn_assign_types(syn_simulation *sim, const char *const *names, const double *share, int n_types) {
    sim->type_name = names;
    double below = 0;
    int64_t i = 0;
    for (int k = 0; k < n_types; k++) {
        below += share[k];
        int64_t end = k == n_types - 1 ? sim->N : llround(below * (double)sim->N);
        for (; i < end; i++) sim->type[i] = (uint8_t)k;
    }
}

syn_status syn_add_parameters(syn_simulation *sim, json_t *object) {
    int failed = json_object_update_new(sim->parameters, object);
    return failed ? syn_fail(SYN_ERR_MEMORY, "simulation parameters: not enough memory") : SYN_OK;
}

json_t *syn_json_reals(const double *values, int64_t n) {
    json_t *array = json_array();
    for (int64_t i = 0; i < n; i++)
        if (json_array_append_new(array, json_real(values[i]))) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *json_integers(const int64_t *values, int64_t n) {
    json_t *array = json_array();
    for (int64_t i = 0; i < n; i++)
        if (json_array_append_new(array, json_integer(values[i]))) {
            json_decref(array);
            return NULL;
        }
    return array;
}

double syn_drive_next(const syn_simulation *sim, double drive, double correlation, uint64_t step) {
    double noise = syn_random_normal(syn_simulation_random(sim, SYN_STREAM_SIM_DRIVE), step);
    return correlation * drive + sqrt(1 - correlation * correlation) * noise;
}

syn_status syn_edges_create(syn_edges *edges, const double *weight, int64_t N, syn_grouping grouping) {
    *edges = (syn_edges){0};
    int64_t own = grouping == SYN_BY_RECEIVER ? N : 1, other = grouping == SYN_BY_RECEIVER ? 1 : N;
    for (int64_t k = 0; k < N * N; k++) edges->n_edges += weight[k] != 0;
    SYN_TRY(syn_alloc(&edges->start, (size_t)N + 1, sizeof *edges->start, "edges"));
    SYN_TRY(syn_alloc(&edges->other, (size_t)edges->n_edges, sizeof *edges->other, "edges"));
    SYN_TRY(syn_alloc(&edges->weight, (size_t)edges->n_edges, sizeof *edges->weight, "edges"));
    int64_t k = 0;
    for (int64_t i = 0; i < N; i++) {
        for (int64_t j = 0; j < N; j++) {
            double w = weight[i * own + j * other];
            if (w == 0) continue;
            edges->other[k] = (int32_t)j;
            edges->weight[k++] = w;
        }
        edges->start[i + 1] = k;
    }
    return SYN_OK;
}

void syn_edges_free(syn_edges *edges) {
    free(edges->start);
    free(edges->other);
    free(edges->weight);
}

static double input_of(const syn_edges *edges, int64_t i, const double *x) {
    double sum = 0;
    for (int64_t k = edges->start[i]; k < edges->start[i + 1]; k++) sum += edges->weight[k] * x[edges->other[k]];
    return sum;
}

static void record_frame(syn_simulation *sim, int64_t t, const double *x, double drive) {
    for (int64_t k = 0; k < sim->M; k++) sim->recording->x[t * sim->M + k] = (float)x[sim->observed[k]];
    if (sim->recording->u) sim->recording->u[t] = (float)drive;
}

syn_status syn_iterate(syn_simulation *sim, syn_update_fn update, const void *network) {
    syn_status status;
    syn_edges edges = {0};
    double *x = NULL, *next = NULL, drive = 0;
    double correlation = exp(-1 / DRIVE_TIME_FRAMES);
    syn_random noise = syn_simulation_random(sim, SYN_STREAM_SIM_NOISE);
    SYN_CHECK(syn_edges_create(&edges, sim->weight, sim->N, SYN_BY_RECEIVER));
    SYN_CHECK(syn_alloc(&x, (size_t)sim->N, sizeof *x, "simulated activity"));
    SYN_CHECK(syn_alloc(&next, (size_t)sim->N, sizeof *next, "simulated activity"));
    sim->recording->rate_hz = NOMINAL_RATE_HZ;
    sim->recording->signal = SYN_SIGNAL_FLUORESCENCE;
    for (int64_t step = 0; step < TRANSIENT_FRAMES + sim->T; step++) {
        SYN_CHECK(syn_watched());
        if (step >= TRANSIENT_FRAMES) record_frame(sim, step - TRANSIENT_FRAMES, x, drive);
        for (int64_t i = 0; i < sim->N; i++) {
            double input = input_of(&edges, i, x) + sim->drive_gain[i] * drive;
            next[i] = update(network, i, x[i], input, syn_random_normal(noise, (uint64_t)(step * sim->N + i)));
        }
        double *swap = x;
        x = next;
        next = swap;
        if (sim->drive > 0) drive = syn_drive_next(sim, drive, correlation, (uint64_t)step);
    }
    SYN_CHECK(syn_add_parameters(
        sim, json_pack("{s:i, s:f}", "transient_frames", TRANSIENT_FRAMES, "drive_time_frames", DRIVE_TIME_FRAMES)));
done:
    syn_edges_free(&edges);
    free(x);
    free(next);
    return status;
}

/* Which neurons are recorded: a random choice, kept in order. */
static syn_status choose_observed(syn_simulation *sim) {
    SYN_TRY(syn_alloc(&sim->observed, (size_t)sim->N, sizeof *sim->observed, "observed neurons"));
    int64_t *rank;
    SYN_TRY(syn_alloc(&rank, (size_t)sim->N, sizeof *rank, "observed neurons"));
    syn_random_permutation(syn_simulation_random(sim, SYN_STREAM_SIM_OTHER), rank, sim->N);
    int64_t k = 0;
    for (int64_t i = 0; i < sim->N; i++)
        if (rank[i] < sim->M) sim->observed[k++] = i;
    free(rank);
    return SYN_OK;
}

/* The drive excites or inhibits a random part of the neurons. */
static void choose_driven(syn_simulation *sim) {
    if (sim->drive <= 0) return;
    syn_random random = {sim->seed, SYN_STREAM_SIM_DRIVE, 1};
    for (int64_t i = 0; i < sim->N; i++) {
        bool driven = syn_random_uniform(random, 2 * (uint64_t)i) < DRIVEN_SHARE;
        bool excited = syn_random_uniform(random, 2 * (uint64_t)i + 1) < 0.5;
        sim->drive_gain[i] = driven ? (excited ? sim->drive : -sim->drive) : 0;
    }
}

static syn_status add_drive_behavior(syn_simulation *sim) {
    if (sim->drive <= 0) return SYN_OK;
    syn_recording *r = sim->recording;
    SYN_TRY(syn_alloc(&r->u, (size_t)sim->T, sizeof *r->u, "drive"));
    SYN_TRY(syn_alloc(&r->behavior_name, 1, sizeof *r->behavior_name, "drive"));
    SYN_TRY(syn_alloc(&r->behavior_unit, 1, sizeof *r->behavior_unit, "drive"));
    r->B = 1;
    SYN_TRY(syn_copy_text(&r->behavior_name[0], "drive"));
    return syn_copy_text(&r->behavior_unit[0], "");
}

static syn_status prepare(syn_simulation *sim, const char *kind) {
    size_t N = (size_t)sim->N;
    SYN_TRY(choose_observed(sim));
    SYN_TRY(syn_alloc(&sim->weight, N * N, sizeof *sim->weight, "simulated weights"));
    SYN_TRY(syn_alloc(&sim->type, N, sizeof *sim->type, "cell types"));
    SYN_TRY(syn_alloc(&sim->drive_gain, N, sizeof *sim->drive_gain, "drive"));
    choose_driven(sim);
    SYN_TRY(syn_recording_alloc(&sim->recording, sim->T, sim->M));
    SYN_TRY(add_drive_behavior(sim));
    sim->parameters = json_object();
    double unobserved = syn_option_real(sim->options, SYN_OPT_HIDDEN_FRACTION);
    return syn_add_parameters(sim, json_pack("{s:s, s:I, s:I, s:I, s:f, s:f}", "kind", kind, "seed",
                                             (json_int_t)sim->seed, "neurons", (json_int_t)sim->N, "frames",
                                             (json_int_t)sim->T, "unobserved", unobserved, "drive", sim->drive));
}

/* Identity, type and true weights of the recorded neurons. */
static syn_status describe_neurons(syn_simulation *sim) {
    syn_recording *r = sim->recording;
    size_t M = (size_t)sim->M;
    SYN_TRY(syn_alloc(&r->cell_type, M, sizeof *r->cell_type, "cell types"));
    SYN_TRY(syn_alloc(&r->truth, M * M, sizeof *r->truth, "true weights"));
    for (int64_t k = 0; k < sim->M; k++) {
        int64_t i = sim->observed[k];
        char id[24];
        snprintf(id, sizeof id, "%lld", (long long)i);
        SYN_TRY(syn_recording_name_neuron(r, k, id));
        SYN_TRY(syn_copy_text(&r->cell_type[k], sim->type_name[sim->type[i]]));
        for (int64_t l = 0; l < sim->M; l++) r->truth[k * sim->M + l] = sim->weight[i * sim->N + sim->observed[l]];
    }
    return SYN_OK;
}

static syn_status describe(syn_simulation *sim, const char *kind) {
    syn_recording *r = sim->recording;
    SYN_TRY(describe_neurons(sim));
    SYN_TRY(syn_add_parameters(
        sim, json_pack("{s:f, s:o}", "rate_hz", r->rate_hz, "observed", json_integers(sim->observed, sim->M))));
    if (sim->drive > 0)
        SYN_TRY(syn_add_parameters(sim, json_pack("{s:f, s:o}", "driven_share", DRIVEN_SHARE, "drive_gain",
                                                  syn_json_reals(sim->drive_gain, sim->N))));
    r->parameters = json_dumps(sim->parameters, JSON_COMPACT);
    if (!r->parameters) return syn_fail(SYN_ERR_MEMORY, "simulation parameters: not enough memory");
    free(r->name);
    free(r->format);
    SYN_TRY(syn_copy_text(&r->name, kind));
    SYN_TRY(syn_copy_text(&r->format, "simulation"));
    return syn_recording_finish(r);
}

static int64_t option_or(const syn_options *options, syn_option_id id, int64_t otherwise) {
    return syn_option_auto(options, id) ? otherwise : syn_option_int(options, id);
}

/* Options that the kind, or what is recorded of it, does not have. */
static syn_status check_options(const char *kind, const syn_options *options) {
    static const syn_option_id of_light[] = {SYN_OPT_DECAY, SYN_OPT_CROSSTALK, SYN_OPT_PHOTONS};
    const bool light = !strcmp(kind, "spikes") && !strcmp(syn_option_text(options, SYN_OPT_VIEW), "fluorescence");
    if (!strcmp(kind, "celltypes") && syn_option_given(options, SYN_OPT_DENSITY))
        return syn_fail(SYN_ERR_OPTION, "density: celltypes has densities of its own; expected rates or spikes");
    for (size_t k = 0; k < sizeof of_light / sizeof *of_light; k++)
        if (!light && syn_option_given(options, of_light[k]))
            return syn_fail(SYN_ERR_OPTION,
                            "%s: is of the fluorescence of spikes; expected simulate spikes without "
                            "--view counts",
                            syn_option_at((size_t)of_light[k])->name);
    return SYN_OK;
}

syn_status syn_simulate(syn_recording **recording, const char *kind, const syn_options *options) {
    *recording = NULL;
    int row = 0;
    while (row < N_KINDS && strcmp(kinds[row].name, kind)) row++;
    if (row == N_KINDS)
        return syn_fail(SYN_ERR_OPTION, "simulate: found '%s'; expected one of celltypes, rates, spikes", kind);
    syn_simulation sim = {.options = options,
                          .N = option_or(options, SYN_OPT_NEURONS, kinds[row].neurons),
                          .T = option_or(options, SYN_OPT_FRAMES, kinds[row].frames),
                          .seed = (uint64_t)syn_option_int(options, SYN_OPT_SEED),
                          .density = syn_option_real(options, SYN_OPT_DENSITY),
                          .drive = syn_option_real(options, SYN_OPT_DRIVE)};
    SYN_TRY(check_options(kind, options));
    double unobserved = syn_option_real(options, SYN_OPT_HIDDEN_FRACTION);
    sim.M = sim.N - (int64_t)(unobserved * (double)sim.N);
    syn_status status;
    SYN_CHECK(prepare(&sim, kind));
    SYN_CHECK(kinds[row].run(&sim));
    SYN_CHECK(describe(&sim, kind));
    *recording = sim.recording;
    sim.recording = NULL;
done:
    syn_recording_free(sim.recording);
    json_decref(sim.parameters);
    free(sim.observed);
    free(sim.weight);
    free(sim.type);
    free(sim.drive_gain);
    return status;
}
