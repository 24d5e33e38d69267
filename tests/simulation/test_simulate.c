/* The simulated networks: what a seed fixes, and whether connectivity and activity have the statistics they claim. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/memory.h"
#include "recording/recording.h"

/* Options as name, value, ..., NULL. */
static syn_status try_simulate(syn_recording **recording, const char *kind, const char *const *options) {
    syn_options *set;
    assert_int_equal(syn_options_create(&set), SYN_OK);
    for (; *options; options += 2) assert_int_equal(syn_options_set(set, options[0], options[1]), SYN_OK);
    syn_status status = syn_simulate(recording, kind, set);
    syn_options_free(set);
    return status;
}

#define simulate(kind, ...) simulate_list(kind, (const char *const[]){__VA_ARGS__, NULL})
static syn_recording *simulate_list(const char *kind, const char *const *options) {
    syn_recording *recording;
    assert_int_equal(try_simulate(&recording, kind, options), SYN_OK);
    return recording;
}

/* The array `name` of the parameters, of n numbers. */
static double *parameter_array(const syn_recording *r, const char *name, int64_t n) {
    json_t *parameters = json_loads(r->parameters, 0, NULL), *array = json_object_get(parameters, name);
    assert_int_equal(json_array_size(array), n);
    double *values;
    assert_int_equal(syn_alloc(&values, (size_t)n, sizeof *values, name), SYN_OK);
    for (int64_t i = 0; i < n; i++) values[i] = json_number_value(json_array_get(array, (size_t)i));
    json_decref(parameters);
    return values;
}

static double correlation(const double *a, const double *b, int64_t n) {
    double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0, count = (double)n;
    for (int64_t k = 0; k < n; k++) {
        sa += a[k];
        sb += b[k];
        saa += a[k] * a[k];
        sbb += b[k] * b[k];
        sab += a[k] * b[k];
    }
    return (sab - sa * sb / count) / sqrt((saa - sa * sa / count) * (sbb - sb * sb / count));
}

static double input(const syn_recording *r, int64_t t, int64_t i) {
    double sum = 0;
    for (int64_t j = 0; j < r->N; j++) sum += r->truth[i * r->N + j] * r->x[t * r->N + j];
    return sum;
}

static bool same_activity(const syn_recording *a, const syn_recording *b) {
    return !memcmp(a->x, b->x, (size_t)(a->T * a->N) * sizeof *a->x) &&
           !memcmp(a->truth, b->truth, (size_t)(a->N * a->N) * sizeof *a->truth) &&
           !strcmp(a->parameters, b->parameters);
}

static void a_seed_fixes_everything(void **state) {
    (void)state;
    static const char *const kinds[] = {"celltypes", "rates", "spikes"};
    for (int k = 0; k < 3; k++) {
        syn_recording *a = simulate(kinds[k], "neurons", "30", "frames", "200", "drive", "1", "seed", "4");
        syn_recording *b = simulate(kinds[k], "neurons", "30", "frames", "200", "drive", "1", "seed", "4");
        syn_recording *c = simulate(kinds[k], "neurons", "30", "frames", "200", "drive", "1", "seed", "5");
        assert_true(same_activity(a, b));
        assert_memory_not_equal(a->x, c->x, (size_t)(a->T * a->N) * sizeof *a->x);
        assert_memory_not_equal(a->truth, c->truth, (size_t)(a->N * a->N) * sizeof *a->truth);
        assert_memory_not_equal(a->u, c->u, (size_t)a->T * sizeof *a->u);
        syn_recording_free(a);
        syn_recording_free(b);
        syn_recording_free(c);
    }
}

static void a_longer_run_begins_alike(void **state) {
    (void)state;
    static const char *const kinds[] = {"celltypes", "rates", "spikes"};
    for (int k = 0; k < 3; k++) {
        syn_recording *a = simulate(kinds[k], "neurons", "20", "frames", "100");
        syn_recording *b = simulate(kinds[k], "neurons", "20", "frames", "150");
        assert_memory_equal(a->x, b->x, (size_t)(a->T * a->N) * sizeof *a->x);
        syn_recording_free(a);
        syn_recording_free(b);
    }
}

static void defaults_and_description(void **state) {
    (void)state;
    syn_recording *r;
    assert_int_equal(syn_simulate(&r, "rates", NULL), SYN_OK);
    assert_true(r->T == 6000 && r->N == 60 && r->B == 0 && !r->u && r->S == 1);
    assert_true(r->segment[0].start == 0 && r->segment[0].stop == 6000 && r->rate_hz > 0);
    assert_string_equal(r->name, "rates");
    assert_string_equal(r->neuron_id[59], "59");
    assert_string_equal(r->cell_type[0], "E");
    assert_string_equal(r->cell_type[59], "I");
    json_t *parameters = json_loads(r->parameters, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(parameters, "kind")), "rates");
    assert_int_equal(json_integer_value(json_object_get(parameters, "seed")), 0);
    assert_int_equal(json_integer_value(json_object_get(parameters, "neurons")), 60);
    json_decref(parameters);
    syn_recording_free(r);
}

static void bad_requests_are_refused(void **state) {
    (void)state;
    syn_recording *r;
    assert_int_equal(syn_simulate(&r, "hopfield", NULL), SYN_ERR_OPTION);
    assert_non_null(strstr(syn_last_error(), "hopfield"));
    assert_non_null(strstr(syn_last_error(), "celltypes, rates, spikes"));
    assert_null(r);
    static const char *const fine_bin[] = {"view", "counts", "bin", "0.5ms", "frames", "20", NULL};
    assert_int_equal(try_simulate(&r, "spikes", fine_bin), SYN_ERR_OPTION);
    assert_non_null(strstr(syn_last_error(), "bin"));
}

/* ---- celltypes ---- */

static const char *const TYPES[] = {"EC", "Pvalb", "Sst", "Vip"};
static const double PROBABILITY[4][4] = {
    {13.0 / 229, 18.0 / 52, 13.0 / 56, 3.0 / 62},
    {22.0 / 53, 45.0 / 114, 15.0 / 84, 1.0 / 54},
    {20.0 / 67, 8.0 / 88, 8.0 / 154, 12.0 / 87},
    {11.0 / 68, 0, 25.0 / 84, 2.0 / 209},
};
static const double STRENGTH[4][4] = {
    {0.11, -0.44, -0.16, -0.06},
    {0.27, -0.47, -0.18, -0.10},
    {0.10, -0.44, -0.19, -0.17},
    {0.45, -0.23, -0.17, -0.10},
};

static int type_of(const syn_recording *r, int64_t i) {
    int k = 0;
    while (strcmp(r->cell_type[i], TYPES[k])) k++;
    return k;
}

static void celltypes_connect_by_type(void **state) {
    (void)state;
    syn_recording *r = simulate("celltypes", "neurons", "1000", "frames", "10", "seed", "3");
    double members[4] = {0}, pairs[4][4] = {{0}}, edges[4][4] = {{0}}, sum[4][4] = {{0}}, squares = 0, all = 0;
    for (int64_t i = 0; i < r->N; i++) {
        int receiver = type_of(r, i);
        members[receiver]++;
        assert_true(r->truth[i * r->N + i] == 0);
        for (int64_t j = 0; j < r->N; j++) {
            int sender = type_of(r, j);
            double w = r->truth[i * r->N + j];
            pairs[receiver][sender] += i != j;
            if (w == 0) continue;
            edges[receiver][sender]++;
            sum[receiver][sender] += w;
            squares += pow(w - STRENGTH[receiver][sender], 2);
            all++;
        }
    }
    assert_true(members[0] == 760 && members[1] == 80 && members[2] == 80 && members[3] == 80);
    for (int k = 0; k < 4; k++)
        for (int l = 0; l < 4; l++) {
            double p = PROBABILITY[k][l], error = sqrt(pairs[k][l] * p * (1 - p));
            assert_true(fabs(edges[k][l] - pairs[k][l] * p) <= 4.5 * error);
            if (edges[k][l] > 0)
                assert_true(fabs(sum[k][l] / edges[k][l] - STRENGTH[k][l]) < 4.5 * 0.1 / sqrt(edges[k][l]));
        }
    assert_true(fabs(sqrt(squares / all) - 0.1) < 0.002);
    syn_recording_free(r);
}

/* The best possible prediction, tanh(W x + b), explains 6.3 % of the variance of the last 15 % of the frames. */
static void celltypes_oracle_r2(void **state) {
    (void)state;
    syn_recording *r = simulate("celltypes", "seed", "1");
    assert_true(r->N == 200 && r->T == 30000);
    double *bias = parameter_array(r, "bias", r->N), mean_r2 = 0;
    int64_t start = r->T * 85 / 100;
    for (int64_t i = 0; i < r->N; i++) {
        double error = 0, sum = 0, squares = 0, n = (double)(r->T - start);
        for (int64_t t = start; t < r->T; t++) {
            double x = r->x[t * r->N + i];
            error += pow(x - tanh(input(r, t - 1, i) + bias[i]), 2);
            sum += x;
            squares += x * x;
        }
        assert_true(fabs(sqrt(error / n) - 3.5) < 6 * 3.5 / sqrt(2 * n));
        mean_r2 += (1 - error / (squares - sum * sum / n)) / (double)r->N;
    }
    print_message("oracle r2: %.4f\n", mean_r2);
    assert_true(mean_r2 > 0.059 && mean_r2 < 0.067);
    free(bias);
    syn_recording_free(r);
}

/* ---- rates ---- */

static void assert_dale(const syn_recording *r, double excitatory_share) {
    int64_t excitatory = 0;
    for (int64_t j = 0; j < r->N; j++) {
        bool excites = !strcmp(r->cell_type[j], "E");
        excitatory += excites;
        for (int64_t i = 0; i < r->N; i++) {
            double w = r->truth[i * r->N + j];
            assert_true(excites ? w >= 0 : w <= 0);
        }
    }
    assert_int_equal(excitatory, llround(excitatory_share * (double)r->N));
}

static double edge_share(const syn_recording *r) {
    double edges = 0;
    for (int64_t k = 0; k < r->N * r->N; k++) edges += r->truth[k] != 0;
    return edges / (double)(r->N * (r->N - 1));
}

static void rates_connectivity(void **state) {
    (void)state;
    syn_recording *r = simulate("rates", "neurons", "400", "frames", "10");
    double excitation = 0, inhibition = 0, n_excitation = 0, n_inhibition = 0, scale = 1.05 / sqrt(0.1 * 400);
    assert_dale(r, 0.8);
    assert_true(fabs(edge_share(r) - 0.1) < 4.5 * sqrt(0.09 / (400 * 399)));
    for (int64_t k = 0; k < r->N * r->N; k++) {
        excitation += fmax(r->truth[k], 0);
        inhibition += fmin(r->truth[k], 0);
        n_excitation += r->truth[k] > 0;
        n_inhibition += r->truth[k] < 0;
    }
    assert_true(fabs(excitation / n_excitation / scale - 1) < 0.02);
    assert_true(fabs(inhibition / n_inhibition / scale + 2) < 0.06);
    syn_recording_free(r);
}

/* What the formula leaves unexplained has the size of its noise and no memory. */
static void rates_follow_their_formula(void **state) {
    (void)state;
    syn_recording *r = simulate("rates", "seed", "2");
    double *leak = parameter_array(r, "leak", r->N), *bias = parameter_array(r, "bias", r->N);
    for (int64_t i = 0; i < r->N; i++) {
        double a = leak[i], n = (double)(r->T - 1), squares = 0, lagged = 0, last = 0;
        assert_true(a > 0.4 && a < 0.8);
        for (int64_t t = 0; t < r->T - 1; t++) {
            double x = r->x[t * r->N + i], next = r->x[(t + 1) * r->N + i];
            double residual = (next - a * x - (1 - a) * tanh(input(r, t, i) + bias[i])) / (0.3 * sqrt(1 - a * a));
            squares += residual * residual;
            lagged += residual * last;
            last = residual;
        }
        assert_true(fabs(squares / n - 1) < 5 * sqrt(2 / n));
        assert_true(fabs(lagged / n) < 5 / sqrt(n));
    }
    free(leak);
    free(bias);
    syn_recording_free(r);
}

/* ---- hidden neurons and drive ---- */

static void unobserved_neurons_are_only_not_recorded(void **state) {
    (void)state;
    static const char *const kinds[] = {"celltypes", "rates", "spikes"};
    for (int k = 0; k < 3; k++) {
        syn_recording *all = simulate(kinds[k], "neurons", "40", "frames", "120");
        syn_recording *part = simulate(kinds[k], "neurons", "40", "frames", "120", "unobserved", "0.3");
        assert_int_equal(part->N, 28);
        int64_t seen[28];
        for (int64_t i = 0; i < part->N; i++) {
            seen[i] = atoll(part->neuron_id[i]);
            assert_true(i == 0 || seen[i] > seen[i - 1]);
            assert_string_equal(part->cell_type[i], all->cell_type[seen[i]]);
            for (int64_t t = 0; t < part->T; t++) assert_true(part->x[t * part->N + i] == all->x[t * all->N + seen[i]]);
        }
        for (int64_t i = 0; i < part->N; i++)
            for (int64_t j = 0; j < part->N; j++)
                assert_true(part->truth[i * part->N + j] == all->truth[seen[i] * all->N + seen[j]]);
        syn_recording_free(all);
        syn_recording_free(part);
    }
}

static void drive_acts_on_part_of_the_neurons(void **state) {
    (void)state;
    static const char *const kinds[] = {"celltypes", "rates", "spikes"};
    for (int k = 0; k < 3; k++) {
        syn_recording *r =
            simulate(kinds[k], "neurons", "60", "frames", "8000", "drive", "1", "view", "counts", "seed", "7");
        assert_int_equal(r->B, 1);
        assert_string_equal(r->behavior_name[0], "drive");
        double *gain = parameter_array(r, "drive_gain", r->N), *u = NULL, *x = NULL, variance = 0, driven = 0,
               right = 0;
        assert_int_equal(syn_alloc(&u, (size_t)r->T, sizeof *u, "u"), SYN_OK);
        assert_int_equal(syn_alloc(&x, (size_t)r->T, sizeof *x, "x"), SYN_OK);
        for (int64_t t = 0; t < r->T; t++) {
            u[t] = r->u[t];
            variance += u[t] * u[t] / (double)r->T;
        }
        assert_true(variance > 0.6 && variance < 1.4);
        for (int64_t i = 0; i < r->N; i++) {
            for (int64_t t = 0; t < r->T; t++) x[t] = r->x[t * r->N + i];
            driven += gain[i] != 0;
            right += gain[i] != 0 && correlation(u, x + 1, r->T - 1) * gain[i] > 0;
        }
        assert_true(driven >= 8 && driven <= 30);
        assert_true(right >= 0.9 * driven);
        free(gain);
        free(u);
        free(x);
        syn_recording_free(r);
    }
}

/* ---- spikes ---- */

static void spikes_fire_at_cortical_rates(void **state) {
    (void)state;
    syn_recording *r = simulate("spikes", "view", "counts", "frames", "4000", "seed", "3");
    assert_int_equal(r->N, 100);
    assert_dale(r, 0.8);
    assert_true(fabs(edge_share(r) - 0.1) < 4.5 * sqrt(0.09 / (100 * 99)));
    double duration_s = (double)r->T / r->rate_hz, rate[100] = {0}, mean = 0, inside = 0;
    double last[100], n[100] = {0}, sum[100] = {0}, squares[100] = {0}, irregularity = 0;
    for (int i = 0; i < 100; i++) last[i] = NAN;
    for (int64_t k = 0; k < r->n_spikes; k++) {
        int32_t i = r->spike_neuron[k];
        double time_s = r->spike_time_s[k], interval = time_s - last[i];
        assert_true(time_s >= 0 && time_s < duration_s);
        assert_true(k == 0 || time_s >= r->spike_time_s[k - 1]);
        rate[i] += 1 / duration_s;
        last[i] = time_s;
        if (isnan(interval)) continue;
        assert_true(interval > 0.002); /* refractory */
        n[i]++;
        sum[i] += interval;
        squares[i] += interval * interval;
    }
    for (int i = 0; i < 100; i++) {
        mean += rate[i] / 100;
        inside += rate[i] > 1.5 && rate[i] < 11;
        irregularity += sqrt(squares[i] / n[i] - pow(sum[i] / n[i], 2)) / (sum[i] / n[i]) / 100;
    }
    print_message("rate %.2f Hz, CV of intervals %.2f\n", mean, irregularity);
    assert_true(mean > 3 && mean < 7 && inside >= 90);
    assert_true(irregularity > 0.75 && irregularity < 1.15);
    syn_recording_free(r);
}

static void counts_hold_every_spike(void **state) {
    (void)state;
    syn_recording *r = simulate("spikes", "view", "counts", "bin", "20ms", "frames", "1500");
    assert_true(r->signal == SYN_SIGNAL_COUNTS && fabs(r->rate_hz - 50) < 1e-9);
    double counted = 0;
    for (int64_t k = 0; k < r->T * r->N; k++) {
        assert_true(r->x[k] >= 0 && r->x[k] == floorf(r->x[k]));
        counted += r->x[k];
    }
    assert_true(counted == (double)r->n_spikes);
    for (int64_t k = 0; k < r->n_spikes; k++)
        assert_true(r->x[(int64_t)(r->spike_time_s[k] * 50) * r->N + r->spike_neuron[k]] >= 1);
    syn_recording_free(r);
}

static void both_views_show_the_same_spikes(void **state) {
    (void)state;
    syn_recording *counts = simulate("spikes", "view", "counts", "frames", "600", "seed", "9");
    syn_recording *light = simulate("spikes", "view", "fluorescence", "frames", "900", "seed", "9");
    assert_true(light->signal == SYN_SIGNAL_FLUORESCENCE && light->rate_hz == 30 && light->position);
    assert_int_equal(counts->n_spikes, light->n_spikes); /* 30 s each */
    assert_memory_equal(counts->spike_time_s, light->spike_time_s, (size_t)counts->n_spikes * sizeof(double));
    assert_memory_equal(counts->spike_neuron, light->spike_neuron, (size_t)counts->n_spikes * sizeof(int32_t));
    assert_memory_equal(counts->truth, light->truth, (size_t)(counts->N * counts->N) * sizeof(double));
    syn_recording_free(counts);
    syn_recording_free(light);
}

/* After a spike of the sender, receivers of excitatory edges fire more than others, of inhibitory ones less. */
static void spikes_reach_their_receivers(void **state) {
    (void)state;
    syn_recording *r = simulate("spikes", "view", "counts", "bin", "10ms", "frames", "30000");
    double sum[3] = {0}, pairs[3] = {0}; /* excitatory, inhibitory, none */
    int64_t N = r->N;
    double *x = NULL, *y = NULL;
    assert_int_equal(syn_alloc(&x, (size_t)r->T, sizeof *x, "x"), SYN_OK);
    assert_int_equal(syn_alloc(&y, (size_t)r->T, sizeof *y, "y"), SYN_OK);
    for (int64_t j = 0; j < N; j += 3) {
        for (int64_t t = 0; t < r->T; t++) x[t] = r->x[t * N + j];
        for (int64_t i = 0; i < N; i += 2) {
            if (i == j) continue;
            for (int64_t t = 0; t < r->T; t++) y[t] = r->x[t * N + i];
            double w = r->truth[i * N + j];
            int kind = w > 0 ? 0 : w < 0 ? 1 : 2;
            sum[kind] += correlation(x, y + 1, r->T - 1);
            pairs[kind]++;
        }
    }
    double excitatory = sum[0] / pairs[0], inhibitory = sum[1] / pairs[1], none = sum[2] / pairs[2];
    print_message("lagged correlation: excitatory %.4f, inhibitory %.4f, none %.4f\n", excitatory, inhibitory, none);
    assert_true(excitatory > none + 0.01 && inhibitory < none - 0.01);
    free(x);
    free(y);
    syn_recording_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_fixes_everything),
        cmocka_unit_test(a_longer_run_begins_alike),
        cmocka_unit_test(defaults_and_description),
        cmocka_unit_test(bad_requests_are_refused),
        cmocka_unit_test(celltypes_connect_by_type),
        cmocka_unit_test(celltypes_oracle_r2),
        cmocka_unit_test(rates_connectivity),
        cmocka_unit_test(rates_follow_their_formula),
        cmocka_unit_test(unobserved_neurons_are_only_not_recorded),
        cmocka_unit_test(drive_acts_on_part_of_the_neurons),
        cmocka_unit_test(spikes_fire_at_cortical_rates),
        cmocka_unit_test(counts_hold_every_spike),
        cmocka_unit_test(both_views_show_the_same_spikes),
        cmocka_unit_test(spikes_reach_their_receivers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
