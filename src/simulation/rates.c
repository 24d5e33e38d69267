/* Leaky rate units that obey Dale's law, with heterogeneous time constants:
 * x_i[t+1] = a_i x_i[t] + (1 - a_i) tanh(sum_j W_ij x_j[t] + b_i) + 0.3 sqrt(1 - a_i^2) n. */
#include <math.h>

#include "base/memory.h"
#include "simulation/simulate.h"

enum { EXCITATORY, INHIBITORY, N_TYPES };
static const char *const TYPE_NAME[N_TYPES] = {"E", "I"};
static const double TYPE_SHARE[N_TYPES] = {0.8, 0.2};
static const double STRENGTH = 1.05; /* of an excitatory edge, over sqrt(p N) */
static const double STRENGTH_CV = 0.3;
static const double INHIBITION = -2; /* relative to excitation */
static const double LEAK_LOW = 0.4, LEAK_HIGH = 0.8;
static const double BIAS_SD = 0.3;
static const double NOISE_SD = 0.3;

typedef struct rate_network {
    double *leak; /* [N] a_i */
    double *bias; /* [N] b_i */
} rate_network;

static void connect(syn_simulation *sim) {
    syn_random edge = syn_simulation_random(sim, SYN_STREAM_SIM_EDGES);
    syn_random strength = syn_simulation_random(sim, SYN_STREAM_SIM_WEIGHTS);
    double scale = STRENGTH / sqrt(sim->density * (double)sim->N);
    for (int64_t i = 0; i < sim->N; i++)
        for (int64_t j = 0; j < sim->N; j++) {
            int64_t k = i * sim->N + j;
            if (i == j || syn_random_uniform(edge, (uint64_t)k) >= sim->density) continue;
            double weight = fabs(1 + STRENGTH_CV * syn_random_normal(strength, (uint64_t)k)) * scale;
            sim->weight[k] = sim->type[j] == INHIBITORY ? INHIBITION * weight : weight;
        }
}

static double update(const void *network, int64_t i, double x, double input, double noise) {
    const rate_network *net = network;
    double a = net->leak[i];
    return a * x + (1 - a) * tanh(input + net->bias[i]) + NOISE_SD * sqrt(1 - a * a) * noise;
}

syn_status syn_simulate_rates(syn_simulation *sim) {
    syn_status status;
    rate_network net = {0};
    syn_assign_types(sim, TYPE_NAME, TYPE_SHARE, N_TYPES);
    connect(sim);
    SYN_CHECK(syn_alloc(&net.leak, (size_t)sim->N, sizeof *net.leak, "leak"));
    SYN_CHECK(syn_alloc(&net.bias, (size_t)sim->N, sizeof *net.bias, "bias"));
    syn_random leak = {sim->seed, SYN_STREAM_SIM_BIAS, 1}, bias = syn_simulation_random(sim, SYN_STREAM_SIM_BIAS);
    for (int64_t i = 0; i < sim->N; i++) {
        net.leak[i] = LEAK_LOW + (LEAK_HIGH - LEAK_LOW) * syn_random_uniform(leak, (uint64_t)i);
        net.bias[i] = BIAS_SD * syn_random_normal(bias, (uint64_t)i);
    }
    SYN_CHECK(syn_iterate(sim, update, &net));
    SYN_CHECK(
        syn_add_parameters(sim, json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:o, s:o}", "edge_probability", sim->density,
                                          "strength", STRENGTH, "strength_cv", STRENGTH_CV, "inhibition", INHIBITION,
                                          "inhibitory_share", TYPE_SHARE[INHIBITORY], "noise_sd", NOISE_SD, "leak",
                                          syn_json_reals(net.leak, sim->N), "bias", syn_json_reals(net.bias, sim->N))));
done:
    free(net.leak);
    free(net.bias);
    return status;
}
