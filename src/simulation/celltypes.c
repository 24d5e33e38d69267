/* Cortical cell types: x[t+1] = tanh(W x[t] + b) + 3.5 n, with connection probabilities and strengths by type. The
 * connectivity-constrained simulation of NetFormer (Lu et al., ICLR 2025), from the paired recordings of Campagnola et
 * al., Science 375, eabj5861 (2022): pairs connected / pairs probed. */
#include <math.h>

#include "base/memory.h"
#include "simulation/simulate.h"

enum { N_TYPES = 4 };
static const char *const TYPE_NAME[N_TYPES] = {"EC", "Pvalb", "Sst", "Vip"};
static const double TYPE_SHARE[N_TYPES] = {0.76, 0.08, 0.08, 0.08};
/* Row = receiver, column = sender. */
static const double EDGE_PROBABILITY[N_TYPES][N_TYPES] = {
    {13.0 / 229, 18.0 / 52, 13.0 / 56, 3.0 / 62},
    {22.0 / 53, 45.0 / 114, 15.0 / 84, 1.0 / 54},
    {20.0 / 67, 8.0 / 88, 8.0 / 154, 12.0 / 87},
    {11.0 / 68, 0, 25.0 / 84, 2.0 / 209},
};
static const double MEAN_STRENGTH[N_TYPES][N_TYPES] = {
    {0.11, -0.44, -0.16, -0.06},
    {0.27, -0.47, -0.18, -0.10},
    {0.10, -0.44, -0.19, -0.17},
    {0.45, -0.23, -0.17, -0.10},
};
static const double STRENGTH_SD = 0.1;
static const double NOISE_SD = 3.5;

static void connect(syn_simulation *sim) {
    syn_random edge = syn_simulation_random(sim, SYN_STREAM_SIM_EDGES);
    syn_random strength = syn_simulation_random(sim, SYN_STREAM_SIM_WEIGHTS);
    for (int64_t i = 0; i < sim->N; i++)
        for (int64_t j = 0; j < sim->N; j++) {
            int64_t k = i * sim->N + j;
            uint8_t receiver = sim->type[i], sender = sim->type[j];
            if (i == j || syn_random_uniform(edge, (uint64_t)k) >= EDGE_PROBABILITY[receiver][sender]) continue;
            sim->weight[k] = MEAN_STRENGTH[receiver][sender] + STRENGTH_SD * syn_random_normal(strength, (uint64_t)k);
        }
}

static double update(const void *network, int64_t i, double x, double input, double noise) {
    (void)x;
    const double *bias = network;
    return tanh(input + bias[i]) + NOISE_SD * noise;
}

static json_t *table(const double values[N_TYPES][N_TYPES]) {
    json_t *rows = json_array();
    for (int k = 0; k < N_TYPES; k++)
        if (json_array_append_new(rows, syn_json_reals(values[k], N_TYPES))) {
            json_decref(rows);
            return NULL;
        }
    return rows;
}

syn_status syn_simulate_celltypes(syn_simulation *sim) {
    syn_status status;
    double *bias = NULL;
    syn_assign_types(sim, TYPE_NAME, TYPE_SHARE, N_TYPES);
    connect(sim);
    SYN_CHECK(syn_alloc(&bias, (size_t)sim->N, sizeof *bias, "bias"));
    syn_random random = syn_simulation_random(sim, SYN_STREAM_SIM_BIAS);
    for (int64_t i = 0; i < sim->N; i++) bias[i] = syn_random_normal(random, (uint64_t)i);
    SYN_CHECK(syn_iterate(sim, update, bias));
    SYN_CHECK(syn_add_parameters(
        sim, json_pack("{s:[s,s,s,s], s:o, s:o, s:o, s:f, s:f, s:o}", "types", TYPE_NAME[0], TYPE_NAME[1], TYPE_NAME[2],
                       TYPE_NAME[3], "type_share", syn_json_reals(TYPE_SHARE, N_TYPES), "edge_probability",
                       table(EDGE_PROBABILITY), "mean_strength", table(MEAN_STRENGTH), "strength_sd", STRENGTH_SD,
                       "noise_sd", NOISE_SD, "bias", syn_json_reals(bias, sim->N))));
done:
    free(bias);
    return status;
}
