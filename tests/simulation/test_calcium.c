/* The indicator on hand-made spikes: shape of a transient, saturation, shot noise, light scatter. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "simulation/spikes.h"

static const double FRAME_S = 0.01;

/* A simulation without a network: N neurons, T frames of fluorescence of these spikes. */
static syn_simulation observe(int64_t N, int64_t T, double *time_s, int32_t *neuron, int64_t n) {
    syn_simulation sim = {.N = N, .M = N, .T = T, .seed = 1, .parameters = json_object()};
    assert_int_equal(syn_recording_alloc(&sim.recording, T, N), SYN_OK);
    assert_int_equal(syn_alloc(&sim.observed, (size_t)N, sizeof *sim.observed, "observed"), SYN_OK);
    for (int64_t i = 0; i < N; i++) sim.observed[i] = i;
    const syn_spikes spikes = {.n = n, .time_s = time_s, .neuron = neuron};
    assert_int_equal(syn_calcium_record(&sim, &spikes, FRAME_S), SYN_OK);
    return sim;
}

static void release(syn_simulation *sim) {
    syn_recording_free(sim->recording);
    json_decref(sim->parameters);
    free(sim->observed);
}

static double parameter(const syn_simulation *sim, const char *name) {
    json_t *value = json_object_get(sim->parameters, name);
    assert_non_null(value);
    return json_number_value(value);
}

/* dF/F at a calcium of c times the peak after one spike. */
static double saturated(const syn_simulation *sim, double c) {
    double h = parameter(sim, "hill"), up = pow(fmax(c, 0), h);
    return parameter(sim, "max_dff") * up / (up + pow(parameter(sim, "half_spikes"), h));
}

static void a_spike_rises_and_decays(void **state) {
    (void)state;
    enum { REPEATS = 400, PERIOD = 400, SPIKE_FRAME = 20 };
    static double time_s[REPEATS];
    static int32_t neuron[REPEATS];
    for (int k = 0; k < REPEATS; k++) time_s[k] = (k * PERIOD + SPIKE_FRAME) * FRAME_S;
    syn_simulation sim = observe(1, REPEATS * PERIOD, time_s, neuron, REPEATS);
    double rise = parameter(&sim, "rise_s"), decay = parameter(&sim, "decay_s");
    double peak_s = log(decay / rise) / (1 / rise - 1 / decay), peak = exp(-peak_s / decay) - exp(-peak_s / rise);
    double before = 0, at_peak = 0, late = 0;
    for (int f = 0; f < PERIOD; f++) {
        double mean = 0;
        for (int k = 0; k < REPEATS; k++) mean += sim.recording->x[k * PERIOD + f] / REPEATS;
        double since_s = fmax((f + 1 - SPIKE_FRAME) * FRAME_S, 0); /* at the end of the frame */
        double expected = saturated(&sim, (exp(-since_s / decay) - exp(-since_s / rise)) / peak);
        assert_true(fabs(mean - expected) < 5 * sqrt((1 + expected) / parameter(&sim, "photons") / REPEATS));
        if (f == SPIKE_FRAME - 1) before = mean;
        if (f == SPIKE_FRAME - 1 + (int)(peak_s / FRAME_S)) at_peak = mean;
        if (f == SPIKE_FRAME - 1 + (int)((peak_s + 2 * decay) / FRAME_S)) late = mean;
    }
    assert_true(fabs(before) < 0.02 && at_peak > 0.2 && late < 0.2 * at_peak && late > 0);
    release(&sim);
}

static void bursts_saturate(void **state) {
    (void)state;
    enum { BURST = 400 };
    static double time_s[BURST];
    static int32_t neuron[BURST];
    for (int k = 0; k < BURST; k++) time_s[k] = 0.1 + 0.002 * k;
    syn_simulation sim = observe(1, 120, time_s, neuron, BURST);
    double max_dff = parameter(&sim, "max_dff"), highest = 0;
    for (int t = 0; t < 120; t++) highest = fmax(highest, sim.recording->x[t]);
    assert_true(highest > 0.9 * max_dff && highest < 1.2 * max_dff);
    release(&sim);
}

static void shot_noise_at_rest(void **state) {
    (void)state;
    enum { T = 20000 };
    syn_simulation sim = observe(1, T, NULL, NULL, 0);
    double sum = 0, squares = 0, expected = 1 / parameter(&sim, "photons");
    for (int t = 0; t < T; t++) {
        sum += sim.recording->x[t];
        squares += pow(sim.recording->x[t], 2);
    }
    assert_true(fabs(sum / T) < 5 * sqrt(expected / T));
    assert_true(fabs(squares / T / expected - 1) < 5 * sqrt(2.0 / T));
    release(&sim);
}

/* One cell is active; the others see its light by their distance. */
static void light_scatters_by_distance(void **state) {
    (void)state;
    enum { N = 25, T = 20000 };
    static double time_s[T / 10];
    static int32_t neuron[T / 10];
    for (int k = 0; k < T / 10; k++) time_s[k] = 10 * k * FRAME_S;
    syn_simulation sim = observe(N, T, time_s, neuron, T / 10);
    const float *position = sim.recording->position;
    double light[N] = {0}, nearest = 0;
    for (int t = 0; t < T; t++)
        for (int i = 0; i < N; i++) light[i] += sim.recording->x[t * N + i] / (double)T;
    for (int i = 1; i < N; i++) {
        double dx = position[3 * i] - position[0], dy = position[3 * i + 1] - position[1];
        double length = parameter(&sim, "scatter_um");
        double share = parameter(&sim, "scatter") * exp(-(dx * dx + dy * dy) / (length * length));
        assert_true(fabs(light[i] / light[0] - share) < 0.005);
        nearest = fmax(nearest, share);
    }
    assert_true(nearest > 0.05);
    release(&sim);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_spike_rises_and_decays),
        cmocka_unit_test(bursts_saturate),
        cmocka_unit_test(shot_noise_at_rest),
        cmocka_unit_test(light_scatters_by_distance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
