/* From spikes to fluorescence. A spike raises calcium with a rise and a decay time; a Hill curve saturates the
 * indicator; a part of the light of near neurons is scattered into each cell (Stetter et al., PLoS Comput Biol 8,
 * e1002653, 2012); photons are counted. Brightness is relative to a cell at rest, so the signal is dF/F. */
#include <math.h>

#include "base/memory.h"
#include "simulation/spikes.h"

static const double RISE_S = 0.05;
static const double MAX_DFF = 4, HALF_SPIKES = 5, HILL = 1.5; /* dF/F = max c^h / (c^h + half^h), c in spikes */
static const double SCATTER_UM = 25;                          /* light is scattered over exp(-(distance/length)^2) */
static const double SPACING_UM = 30;                          /* the field grows with the number of neurons */
static const double SCATTER_LEAST = 1e-4;                     /* less is left out */

static syn_status place_neurons(const syn_simulation *sim, double **position) {
    SYN_TRY(syn_alloc(position, 3 * (size_t)sim->N, sizeof **position, "positions"));
    syn_random random = {sim->seed, SYN_STREAM_SIM_OTHER, 1};
    double side_um = SPACING_UM * sqrt((double)sim->N);
    for (int64_t i = 0; i < sim->N; i++)
        for (int64_t axis = 0; axis < 2; axis++)
            (*position)[3 * i + axis] = side_um * syn_random_uniform(random, (uint64_t)(2 * i + axis));
    return SYN_OK;
}

/* Share of neuron j's light that reaches neuron i, as edges. crosstalk: at no distance. */
static syn_status scatter_edges(syn_edges *edges, const double *position, int64_t N, double crosstalk) {
    double *share;
    SYN_TRY(syn_alloc(&share, (size_t)N * (size_t)N, sizeof *share, "light scatter"));
    for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < N; j++) {
            double dx = position[3 * i] - position[3 * j], dy = position[3 * i + 1] - position[3 * j + 1];
            double weight = crosstalk * exp(-(dx * dx + dy * dy) / (SCATTER_UM * SCATTER_UM));
            share[i * N + j] = i == j || weight < SCATTER_LEAST ? 0 : weight;
        }
    syn_status status = syn_edges_create(edges, share, N, SYN_BY_RECEIVER);
    free(share);
    return status;
}

/* Peak of exp(-t/decay) - exp(-t/rise). */
static double transient_peak(double decay_s) {
    double peak_s = log(decay_s / RISE_S) / (1 / RISE_S - 1 / decay_s);
    return exp(-peak_s / decay_s) - exp(-peak_s / RISE_S);
}

static double saturate(double calcium) {
    double c = pow(fmax(calcium, 0), HILL);
    return MAX_DFF * c / (c + pow(HALF_SPIKES, HILL));
}

/* Calcium as the difference of a slow and a fast trace, both advanced exactly from frame end to frame end. */
typedef struct calcium {
    double *slow, *fast; /* [N] */
    double decay_s;
    double peak;  /* of slow - fast after one spike */
    int64_t next; /* first spike not yet seen */
} calcium;

static void advance_calcium(calcium *ca, const syn_spikes *spikes, int64_t N, double end_s, double frame_s) {
    double slow = exp(-frame_s / ca->decay_s), fast = exp(-frame_s / RISE_S);
    for (int64_t i = 0; i < N; i++) {
        ca->slow[i] *= slow;
        ca->fast[i] *= fast;
    }
    for (; ca->next < spikes->n && spikes->time_s[ca->next] < end_s; ca->next++) {
        double ago_s = end_s - spikes->time_s[ca->next];
        ca->slow[spikes->neuron[ca->next]] += exp(-ago_s / ca->decay_s);
        ca->fast[spikes->neuron[ca->next]] += exp(-ago_s / RISE_S);
    }
}

static void record_frame(syn_simulation *sim, int64_t t, const double *dff, const syn_edges *scatter) {
    const double photons = syn_option_real(sim->options, SYN_OPT_PHOTONS);
    syn_random random = syn_simulation_random(sim, SYN_STREAM_SIM_CALCIUM);
    for (int64_t k = 0; k < sim->M; k++) {
        int64_t i = sim->observed[k];
        double light = dff[i];
        for (int64_t e = scatter->start[i]; e < scatter->start[i + 1]; e++)
            light += scatter->weight[e] * dff[scatter->other[e]];
        double shot_noise = sqrt((1 + light) / photons) * syn_random_normal(random, (uint64_t)(t * sim->N + i));
        sim->recording->x[t * sim->M + k] = (float)(light + shot_noise);
    }
}

static syn_status record_positions(syn_simulation *sim, const double *position) {
    SYN_TRY(syn_alloc(&sim->recording->position, 3 * (size_t)sim->M, sizeof(float), "positions"));
    for (int64_t k = 0; k < sim->M; k++)
        for (int64_t axis = 0; axis < 3; axis++)
            sim->recording->position[3 * k + axis] = (float)position[3 * sim->observed[k] + axis];
    return SYN_OK;
}

syn_status syn_calcium_record(syn_simulation *sim, const syn_spikes *spikes, double frame_s) {
    syn_status status;
    int64_t N = sim->N;
    double *position = NULL, *dff = NULL;
    syn_edges scatter = {0};
    const double crosstalk = syn_option_real(sim->options, SYN_OPT_CROSSTALK);
    calcium ca = {.decay_s = syn_option_real(sim->options, SYN_OPT_DECAY)};
    ca.peak = transient_peak(ca.decay_s);
    SYN_CHECK(place_neurons(sim, &position));
    SYN_CHECK(scatter_edges(&scatter, position, N, crosstalk));
    SYN_CHECK(record_positions(sim, position));
    SYN_CHECK(syn_alloc(&dff, (size_t)N, sizeof *dff, "fluorescence"));
    SYN_CHECK(syn_alloc(&ca.slow, (size_t)N, sizeof *ca.slow, "calcium"));
    SYN_CHECK(syn_alloc(&ca.fast, (size_t)N, sizeof *ca.fast, "calcium"));
    for (int64_t t = 0; t < sim->T; t++) {
        advance_calcium(&ca, spikes, N, (double)(t + 1) * frame_s, frame_s);
        for (int64_t i = 0; i < N; i++) dff[i] = saturate((ca.slow[i] - ca.fast[i]) / ca.peak);
        record_frame(sim, t, dff, &scatter);
    }
    SYN_CHECK(syn_add_parameters(sim, json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "rise_s", RISE_S, "decay_s",
                                                ca.decay_s, "max_dff", MAX_DFF, "half_spikes", HALF_SPIKES, "hill",
                                                HILL, "photons", syn_option_real(sim->options, SYN_OPT_PHOTONS),
                                                "scatter", crosstalk, "scatter_um", SCATTER_UM)));
done:
    free(position);
    free(dff);
    syn_edges_free(&scatter);
    free(ca.slow);
    free(ca.fast);
    return status;
}
