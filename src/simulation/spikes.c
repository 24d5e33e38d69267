/* Current-based leaky integrate-and-fire neurons with exponential synapses and delays, an excitatory and an inhibitory
 * population, kept asynchronous and irregular by a Poisson background (Brunel, J Comput Neurosci 8, 183, 2000).
 * Between spikes the equations are linear and advanced exactly (Rotter and Diesmann, Biol Cybern 81, 381, 1999).
 * The network does not depend on the view: counts and fluorescence of one seed show the same spikes. */
#include "simulation/spikes.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/watch.h"

enum { EXCITATORY, INHIBITORY, N_TYPES };
static const char *const TYPE_NAME[N_TYPES] = {"E", "I"};
static const double TYPE_SHARE[N_TYPES] = {0.8, 0.2};

enum { MAX_DELAY_STEPS = 5, DELAY_SLOTS = MAX_DELAY_STEPS + 1, MAX_BACKGROUND = 12 };
static const double STEP_MS = 1;
static const double TRANSIENT_S = 2;
static const double FLUORESCENCE_RATE_HZ = 30;

static const double PSP_MV = 1; /* peak of an excitatory potential with 10 inputs a neuron; less with more */
static const double PSP_CV = 0.2;
static const double INHIBITION = -4; /* relative to excitation */
static const double MEMBRANE_MS = 20, SYNAPSE_MS = 5, REFRACTORY_MS = 2;
static const double THRESHOLD_MV = 20, RESET_MV = 10; /* above rest */
static const double BACKGROUND_HZ = 900, BACKGROUND_MV = 0.8;
static const double TYPICAL_RATE_HZ = 5; /* rate at which a neuron's bias cancels its mean recurrent input */
static const double BIAS_SD_MV = 0.6;    /* differences between neurons beside that */
static const double DRIVE_MV = 2;        /* potential per unit of drive */
static const double DRIVE_TIME_MS = 500; /* its correlation time */

/* Shapes: N neurons, E edges. Potentials in mV, currents in mV/ms. */
typedef struct spiking_network {
    syn_edges edges;                     /* by sender; weights as the current that a spike adds */
    uint8_t *delay;                      /* [E] steps */
    uint32_t background[MAX_BACKGROUND]; /* k background spikes in a step where background[k-1] <= word < ..[k] */
    double *bias;                        /* [N] */
    double *potential, *current;         /* [N] */
    double *arriving;                    /* [DELAY_SLOTS][N] current due at a later step */
    int64_t *silent_until;               /* [N] end of the refractory period, step */
} spiking_network;

/* Peak potential after a synaptic current of 1 mV/ms. */
static double unit_psp_mv(void) {
    double rate = 1 / SYNAPSE_MS - 1 / MEMBRANE_MS, peak_ms = log(MEMBRANE_MS / SYNAPSE_MS) / rate;
    return (exp(-peak_ms / MEMBRANE_MS) - exp(-peak_ms / SYNAPSE_MS)) / rate;
}

/* sim->weight: peak of the postsynaptic potential in mV. */
static void connect(syn_simulation *sim) {
    syn_random edge = syn_simulation_random(sim, SYN_STREAM_SIM_EDGES);
    syn_random strength = syn_simulation_random(sim, SYN_STREAM_SIM_WEIGHTS);
    double psp_mv = PSP_MV * fmin(1, sqrt(10 / (sim->density * (double)sim->N)));
    for (int64_t i = 0; i < sim->N; i++)
        for (int64_t j = 0; j < sim->N; j++) {
            int64_t k = i * sim->N + j;
            if (i == j || syn_random_uniform(edge, (uint64_t)k) >= sim->density) continue;
            double weight = psp_mv * fabs(1 + PSP_CV * syn_random_normal(strength, (uint64_t)k));
            sim->weight[k] = sim->type[j] == INHIBITORY ? INHIBITION * weight : weight;
        }
}

/* Mean potential of neuron i if all others fired at the typical rate. Its bias takes this away, as homeostasis does:
 * without it, chance differences in the number of inputs leave a part of a small network silent and a part saturated.
 */
static double mean_recurrent_mv(const syn_simulation *sim, int64_t i) {
    double psp_sum_mv = 0;
    for (int64_t j = 0; j < sim->N; j++) psp_sum_mv += sim->weight[i * sim->N + j];
    double psp_area_ms = SYNAPSE_MS * MEMBRANE_MS / unit_psp_mv(); /* of a potential with a peak of 1 mV */
    return psp_sum_mv * psp_area_ms * TYPICAL_RATE_HZ / 1000;
}

/* Cumulative Poisson distribution of background spikes in a step, scaled to 32-bit words. */
static void tabulate_background(uint32_t table[MAX_BACKGROUND]) {
    double mean = BACKGROUND_HZ * STEP_MS / 1000, probability = exp(-mean), below = 0;
    for (int k = 0; k < MAX_BACKGROUND; k++) {
        below += probability;
        table[k] = (uint32_t)fmin(below * 0x1p32, 0x1p32 - 1);
        probability *= mean / (k + 1);
    }
}

static int background_spikes(const spiking_network *net, uint32_t word) {
    int k = 0;
    while (k < MAX_BACKGROUND - 1 && word >= net->background[k]) k++;
    return k;
}

static syn_status create_network(spiking_network *net, const syn_simulation *sim) {
    size_t N = (size_t)sim->N;
    SYN_TRY(syn_edges_create(&net->edges, sim->weight, sim->N, SYN_BY_SENDER));
    SYN_TRY(syn_alloc(&net->delay, (size_t)net->edges.n_edges, sizeof *net->delay, "delays"));
    SYN_TRY(syn_alloc(&net->bias, N, sizeof *net->bias, "bias"));
    SYN_TRY(syn_alloc(&net->potential, N, sizeof *net->potential, "potentials"));
    SYN_TRY(syn_alloc(&net->current, N, sizeof *net->current, "currents"));
    SYN_TRY(syn_alloc(&net->arriving, DELAY_SLOTS * N, sizeof *net->arriving, "delayed currents"));
    SYN_TRY(syn_alloc(&net->silent_until, N, sizeof *net->silent_until, "refractory periods"));
    syn_random delay = {sim->seed, SYN_STREAM_SIM_EDGES, 1}, bias = syn_simulation_random(sim, SYN_STREAM_SIM_BIAS);
    for (int64_t k = 0; k < net->edges.n_edges; k++) {
        net->edges.weight[k] /= unit_psp_mv();
        net->delay[k] = (uint8_t)(1 + (int)(MAX_DELAY_STEPS * syn_random_uniform(delay, (uint64_t)k)));
    }
    for (int64_t i = 0; i < sim->N; i++)
        net->bias[i] = BIAS_SD_MV * syn_random_normal(bias, (uint64_t)i) - mean_recurrent_mv(sim, i);
    tabulate_background(net->background);
    return SYN_OK;
}

static void free_network(spiking_network *net) {
    syn_edges_free(&net->edges);
    free(net->delay);
    free(net->bias);
    free(net->potential);
    free(net->current);
    free(net->arriving);
    free(net->silent_until);
}

static syn_status grow(syn_spikes *spikes) {
    int64_t capacity = spikes->capacity ? 2 * spikes->capacity : 4096;
    double *time_s = realloc(spikes->time_s, (size_t)capacity * sizeof *time_s);
    if (time_s) spikes->time_s = time_s;
    int32_t *neuron = realloc(spikes->neuron, (size_t)capacity * sizeof *neuron);
    if (neuron) spikes->neuron = neuron;
    if (!time_s || !neuron) return syn_fail(SYN_ERR_MEMORY, "spikes: could not allocate %lld", (long long)capacity);
    spikes->capacity = capacity;
    return SYN_OK;
}

static syn_status add_spike(syn_spikes *spikes, double time_s, int64_t neuron) {
    if (spikes->n == spikes->capacity) SYN_TRY(grow(spikes));
    spikes->time_s[spikes->n] = time_s;
    spikes->neuron[spikes->n++] = (int32_t)neuron;
    return SYN_OK;
}

static void send_spike(spiking_network *net, int64_t N, int64_t sender, int64_t step) {
    for (int64_t k = net->edges.start[sender]; k < net->edges.start[sender + 1]; k++) {
        int64_t slot = (step + net->delay[k]) % DELAY_SLOTS;
        net->arriving[slot * N + net->edges.other[k]] += net->edges.weight[k];
    }
}

/* One step of all neurons. time_s: of spikes in this step. */
static syn_status advance(spiking_network *net, const syn_simulation *sim, int64_t step, double time_s, double drive,
                          syn_spikes *spikes) {
    const double membrane = exp(-STEP_MS / MEMBRANE_MS), synapse = exp(-STEP_MS / SYNAPSE_MS);
    const double charging = (membrane - synapse) / (1 / SYNAPSE_MS - 1 / MEMBRANE_MS);
    syn_random random = syn_simulation_random(sim, SYN_STREAM_SIM_SPIKES);
    int64_t N = sim->N, quads = (N + 3) / 4;
    double *arriving = net->arriving + step % DELAY_SLOTS * N;
    uint32_t word[4] = {0};
    for (int64_t i = 0; i < N; i++) {
        if (i % 4 == 0) syn_random_words(random, (uint64_t)(step * quads + i / 4), word);
        double current = net->current[i];
        net->current[i] = synapse * current + arriving[i];
        arriving[i] = 0;
        if (step < net->silent_until[i]) continue;
        double steady = net->bias[i] + DRIVE_MV * sim->drive_gain[i] * drive;
        net->potential[i] = membrane * net->potential[i] + charging * current + (1 - membrane) * steady +
                            BACKGROUND_MV * background_spikes(net, word[i % 4]);
        if (net->potential[i] < THRESHOLD_MV) continue;
        net->potential[i] = RESET_MV;
        net->silent_until[i] = step + 1 + (int64_t)(REFRACTORY_MS / STEP_MS);
        send_spike(net, N, i, step);
        SYN_TRY(add_spike(spikes, time_s, i));
    }
    return SYN_OK;
}

/* Runs the network through the transient and T frames; records the mean drive of each frame. */
static syn_status run_network(syn_simulation *sim, double frame_s, syn_spikes *spikes) {
    syn_status status;
    spiking_network net = {0};
    double step_s = STEP_MS / 1000, drive = 0, drive_sum = 0, correlation = exp(-STEP_MS / DRIVE_TIME_MS);
    int64_t transient = llround(TRANSIENT_S / step_s), frame = 0, frame_start = transient, step = 0;
    SYN_CHECK(create_network(&net, sim));
    while (frame < sim->T) {
        double time_s = ((double)(step - transient) + 0.5) * step_s;
        SYN_CHECK(syn_watched());
        SYN_CHECK(advance(&net, sim, step, time_s, drive, spikes));
        if (step >= transient) drive_sum += drive;
        step++;
        if (time_s + step_s >= (double)(frame + 1) * frame_s) {
            if (sim->recording->u) sim->recording->u[frame] = (float)(drive_sum / (double)(step - frame_start));
            drive_sum = 0;
            frame_start = step;
            frame++;
        }
        if (sim->drive > 0) drive = syn_drive_next(sim, drive, correlation, (uint64_t)step);
    }
done:
    free_network(&net);
    return status;
}

/* The spikes of the recorded neurons after the transient, by their place in the recording. */
static syn_status record_spikes(syn_simulation *sim, const syn_spikes *spikes) {
    syn_recording *r = sim->recording;
    syn_status status;
    int32_t *place = NULL;
    SYN_CHECK(syn_alloc(&place, (size_t)sim->N, sizeof *place, "spikes"));
    memset(place, -1, (size_t)sim->N * sizeof *place);
    for (int64_t k = 0; k < sim->M; k++) place[sim->observed[k]] = (int32_t)k;
    SYN_CHECK(syn_alloc(&r->spike_time_s, (size_t)spikes->n, sizeof *r->spike_time_s, "spikes"));
    SYN_CHECK(syn_alloc(&r->spike_neuron, (size_t)spikes->n, sizeof *r->spike_neuron, "spikes"));
    for (int64_t k = 0; k < spikes->n; k++) {
        int32_t neuron = place[spikes->neuron[k]];
        if (spikes->time_s[k] < 0 || neuron < 0) continue;
        r->spike_time_s[r->n_spikes] = spikes->time_s[k];
        r->spike_neuron[r->n_spikes++] = neuron;
    }
done:
    free(place);
    return status;
}

static void record_counts(syn_simulation *sim, double bin_s) {
    syn_recording *r = sim->recording;
    for (int64_t k = 0; k < r->n_spikes; k++) {
        int64_t t = (int64_t)(r->spike_time_s[k] / bin_s);
        if (t < sim->T) r->x[t * sim->M + r->spike_neuron[k]] += 1;
    }
}

static syn_status add_network_parameters(syn_simulation *sim) {
    const struct {
        const char *name;
        double value;
    } parameters[] = {
        {"step_ms", STEP_MS},
        {"transient_s", TRANSIENT_S},
        {"max_delay_ms", MAX_DELAY_STEPS * STEP_MS},
        {"edge_probability", sim->density},
        {"psp_mv", PSP_MV},
        {"psp_cv", PSP_CV},
        {"inhibition", INHIBITION},
        {"inhibitory_share", TYPE_SHARE[INHIBITORY]},
        {"membrane_ms", MEMBRANE_MS},
        {"synapse_ms", SYNAPSE_MS},
        {"refractory_ms", REFRACTORY_MS},
        {"threshold_mv", THRESHOLD_MV},
        {"reset_mv", RESET_MV},
        {"background_hz", BACKGROUND_HZ},
        {"background_mv", BACKGROUND_MV},
        {"typical_rate_hz", TYPICAL_RATE_HZ},
        {"bias_sd_mv", BIAS_SD_MV},
        {"drive_mv", DRIVE_MV},
        {"drive_time_ms", DRIVE_TIME_MS},
    };
    for (size_t k = 0; k < sizeof parameters / sizeof *parameters; k++)
        SYN_TRY(syn_add_parameters(sim, json_pack("{s:f}", parameters[k].name, parameters[k].value)));
    return SYN_OK;
}

syn_status syn_simulate_spikes(syn_simulation *sim) {
    bool counts = !strcmp(syn_option_text(sim->options, SYN_OPT_VIEW), "counts");
    double frame_s = counts ? syn_option_real(sim->options, SYN_OPT_BIN) : 1 / FLUORESCENCE_RATE_HZ;
    if (frame_s < STEP_MS / 1000)
        return syn_fail(SYN_ERR_OPTION, "bin: found %g s; expected at least the simulation step of %g s", frame_s,
                        STEP_MS / 1000);
    syn_status status;
    syn_spikes spikes = {0};
    syn_recording *r = sim->recording;
    r->rate_hz = 1 / frame_s;
    r->signal = counts ? SYN_SIGNAL_COUNTS : SYN_SIGNAL_FLUORESCENCE;
    syn_assign_types(sim, TYPE_NAME, TYPE_SHARE, N_TYPES);
    connect(sim);
    SYN_CHECK(run_network(sim, frame_s, &spikes));
    SYN_CHECK(record_spikes(sim, &spikes));
    SYN_CHECK(add_network_parameters(sim));
    if (counts)
        record_counts(sim, frame_s);
    else
        SYN_CHECK(syn_calcium_record(sim, &spikes, frame_s));
done:
    free(spikes.time_s);
    free(spikes.neuron);
    return status;
}
