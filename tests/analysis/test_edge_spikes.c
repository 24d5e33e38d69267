/* Spike times in bins shorter than a frame: where each spike goes, and what the test of the edges makes of them. */
#include "analysis/edge_spikes.h"
#include "analysis/edge_targets.h"
#include "analysis/fdr.h"
#include "tiny_model.h"

/* Spike trains that are made bin by bin of 1 ms. */
typedef struct trains {
    int64_t n, room, N;
    double *time_s;
    int64_t *neuron;
} trains;

static void add_spike(trains *s, double time_s, int64_t neuron) {
    if (s->n == s->room) {
        s->room = s->room ? 2 * s->room : 1024;
        s->time_s = realloc(s->time_s, (size_t)s->room * sizeof *s->time_s);
        s->neuron = realloc(s->neuron, (size_t)s->room * sizeof *s->neuron);
        assert_true(s->time_s && s->neuron);
    }
    s->time_s[s->n] = time_s, s->neuron[s->n++] = neuron;
}

typedef struct prepared {
    syn_recording *recording;
    syn_dataset *data;
} prepared;

/* u: [frames] of one behaviour, or NULL. */
static prepared prepare(trains *s, double bin_s, const float *u) {
    prepared p;
    syn_options *options = OPTIONS("window", "8");
    assert_ok(syn_recording_from_spikes(&p.recording, s->time_s, s->neuron, s->n, s->N, NULL, 0, bin_s));
    free(s->time_s), free(s->neuron);
    if (u) {
        p.recording->B = 1, p.recording->u = floats(p.recording->T);
        memcpy(p.recording->u, u, (size_t)p.recording->T * sizeof *u);
        assert_ok(syn_recording_name_behaviors(p.recording));
    }
    assert_ok(syn_dataset_create(&p.data, &p.recording, 1, options));
    syn_options_free(options);
    return p;
}

static void prepared_free(prepared *p) { syn_dataset_free(p->data), syn_recording_free(p->recording); }

static bool chance(double p, uint32_t stream, int64_t index) {
    return syn_random_uniform((syn_random){3, SYN_STREAM_TEST, stream}, (uint64_t)index) < p;
}

/* Every spike in its bin; neuron 1 is silent and left out; a time on an edge belongs to the bin that starts there. */
static void every_spike_is_in_its_bin(void **state) {
    (void)state;
    enum { FRAMES = 400, K = 10 };
    int *expected = zeros(FRAMES * K * 2, sizeof(int));
    trains s = {.N = 3};
    for (int64_t ms = 0; ms < FRAMES * 50; ms++)
        for (int64_t j = 0; j < 3; j += 2)
            if (chance(0.02, 100, 3 * ms + j) || ms == FRAMES * 50 - 1) {
                add_spike(&s, (double)ms * 1e-3 + (chance(0.5, 101, 3 * ms + j) ? 0 : 9e-4), j);
                expected[ms / 5 * 2 + j / 2]++;
            }
    prepared p = prepare(&s, 0.05, NULL);
    syn_session *session = &p.data->session[0];
    syn_edge_spikes spikes;
    assert_int_equal(session->N, 2);
    assert_ok(syn_edge_spikes_create(&spikes, session, 0.005));
    assert_int_equal(spikes.bins, K);
    assert_int_equal(spikes.window, 4);
    assert_near("bin", 0.005, spikes.bin_s, 1e-12);
    for (int64_t t = 0; t < FRAMES; t++)
        for (int64_t j = 0; j < 2; j++) {
            double sum = 0;
            const double scale = (double)session->norm.scale[j],
                         least = (double)spikes.session.x[t * K * 2 + j] * scale - expected[t * K * 2 + j];
            for (int64_t k = 0; k < K; k++) {
                const double x = (double)spikes.session.x[(t * K + k) * 2 + j];
                sum += x;
                assert_near("count", expected[(t * K + k) * 2 + j], x * scale - least, 1e-4);
            }
            assert_near("frame", (double)session->x[t * 2 + j], sum, 1e-4);
        }
    syn_edge_spikes_free(&spikes), prepared_free(&p);
    free(expected);
}

/* Spike times on another clock than the frames: 1,000 s later, or a frame that both do not have. */
static void spikes_of_other_counts_are_not_used(void **state) {
    (void)state;
    for (int shift = 0; shift < 4; shift++) {
        trains s = {.N = 3};
        for (int64_t ms = 0; ms < 20000; ms++)
            for (int64_t j = 0; j < 3; j++)
                if (chance(0.02, 120, 3 * ms + j)) add_spike(&s, (double)ms * 1e-3, j);
        prepared p = prepare(&s, 0.05, NULL);
        syn_recording *r = p.recording;
        syn_session *session = &p.data->session[0];
        for (int64_t k = 0; k < r->n_spikes; k++)
            r->spike_time_s[k] += shift == 1 ? 1000 : shift == 2 ? 0.05 : shift == 3 ? 1e-10 : 0;
        assert_ok(syn_edge_spikes_check(session, 0.005, false));
        const bool used = shift == 0 || shift == 3;
        assert_int_equal(r->spike_time_s != NULL, used);
        assert_int_equal(r->n_warnings, !used);
        if (!used) assert_non_null(strstr(r->warning[0], "the spike times are not those of the counts"));
        syn_edge_spikes spikes;
        assert_ok(syn_edge_spikes_create(&spikes, session, 0.005));
        assert_int_equal(spikes.bins, used ? 10 : 1);
        syn_edge_spikes_free(&spikes), prepared_free(&p);
    }
}

/* Half of the neurons answer another one 3 to 6 ms later, with a fifth of a spike for each. In frames of 50 ms nothing
 * says who was first. */
static void an_effect_within_a_frame_has_a_direction_and_a_size(void **state) {
    (void)state;
    enum { N = 6, MS = 300000 };
    trains s = {.N = N};
    uint8_t *fired = zeros(MS * N, 1);
    for (int64_t ms = 0; ms < MS; ms++)
        for (int64_t j = 0; j < N; j++) {
            double p = 0.01;
            for (int lag = 3; lag <= 6 && lag <= ms && j % 2; lag++) p += 0.05 * fired[(ms - lag) * N + j - 1];
            fired[ms * N + j] = chance(p, 200, ms * N + j);
            if (fired[ms * N + j]) add_spike(&s, (double)ms * 1e-3, j);
        }
    free(fired);
    prepared p = prepare(&s, 0.05, NULL);
    syn_session *session = &p.data->session[0];
    for (int finer = 0; finer < 2; finer++) {
        syn_edge_estimates *e;
        assert_ok(syn_test_counts(session, finer ? 0.005 : 0.05, best_kernels(), 2, NULL, &e));
        assert_near("bin", finer ? 0.005 : 0.05, e->bin_s, 1e-9);
        assert_int_equal(e->window, finer ? 4 : 1);
        for (int j = 0; j < N; j += 2) {
            const int there = (j + 1) * N + j, back = j * N + j + 1;
            const double size = (double)(e->estimate[there] * session->norm.scale[j + 1] / session->norm.scale[j]);
            const double z = (double)(e->estimate[there] / e->error[there]);
            assert_true(fabs((double)(e->estimate[back] / e->error[back])) < 4);
            if (finer) {
                /* of 3 to 6 ms some falls into the sender's own bin */
                assert_true(z > 12 && size > 0.15 && size < 0.2);
            } else {
                assert_true(z < 6);
            }
        }
        syn_edge_estimates_free(e);
    }
    prepared_free(&p);
}

/* Neurons in bursts, whose rates follow a behaviour: nobody drives anybody. */
static void unconnected_trains_give_false_alarms_at_their_rate(void **state) {
    (void)state;
    enum { N = 20, FRAMES = 6000 };
    double share = 0;
    for (uint32_t seed = 0; seed < 3; seed++) {
        trains s = {.N = N};
        float *u = floats(FRAMES);
        double burst[N] = {0};
        for (int64_t t = 1; t < FRAMES; t++) u[t] = 0.95F * u[t - 1] + 0.3F * (float)normal(300 + seed, t);
        for (int64_t ms = 0; ms < FRAMES * 50; ms++)
            for (int64_t j = 0; j < N; j++) {
                const double rate = 0.006 * exp((j % 3 ? 0.5 : -0.5) * (double)u[ms / 50]) + burst[j];
                burst[j] *= 0.9;
                if (!chance(rate, 310 + seed, ms * N + j) && !(ms == FRAMES * 50 - 1)) continue;
                add_spike(&s, (double)ms * 1e-3, j);
                burst[j] += 0.03;
            }
        prepared p = prepare(&s, 0.05, u);
        syn_edge_estimates *e;
        assert_ok(syn_test_counts(&p.data->session[0], 0.005, best_kernels(), 2, NULL, &e));
        assert_near("bin", 0.005, e->bin_s, 1e-9);
        for (int k = 0; k < N * N; k++)
            if (e->error[k] > 0)
                share +=
                    (syn_two_sided_p((double)(e->estimate[k] / e->error[k]), e->freedom) < 0.05) / (3.0 * N * (N - 1));
        syn_edge_estimates_free(e), prepared_free(&p), free(u);
    }
    assert_near("share of p < 0.05", 0.05, share, 0.02);
}

/* Counts without spike times, in frames shorter than the window: a sender is the mean of its last frames, of which
 * those before the trial count as 0. */
static void short_frames_are_the_bins(void **state) {
    (void)state;
    raw_data raw = raw_create(2000, 4, 0, "counts", 400);
    for (int64_t k = 0; k < raw.T * raw.N; k++) raw.x[k] = chance(0.1, 401, k);
    raw_cut(&raw, 20, 2);
    test_set set = set_create(&raw, 1, TINY_WINDOW);
    syn_session *session = &set.data->session[0];
    syn_edge_spikes spikes;
    set.recording[0]->rate_hz = 200;
    assert_ok(syn_edge_spikes_check(session, 0.001, false));
    assert_int_equal(set.recording[0]->n_warnings, 0);
    assert_ok(syn_edge_spikes_check(session, 0.001, true));
    assert_non_null(strstr(set.recording[0]->warning[0], "there are no spike times"));
    assert_ok(syn_edge_spikes_create(&spikes, session, 0.001));
    assert_int_equal(spikes.bins, 1);
    assert_int_equal(spikes.window, 4);
    float *x = floats(raw.T * 4);
    memcpy(x, session->x, (size_t)(raw.T * 4) * sizeof *x);
    syn_edge_spikes_average(&spikes);
    for (int64_t k = 0; k < 4 * 20 * 98; k++) {
        const int64_t start = raw.segment[2 * (k / 4 / 98)], t = start + k / 4 % 98, j = k % 4;
        double sum = 0;
        for (int64_t w = 0; w < 4 && t - w >= start; w++) sum += (double)x[(t - w) * 4 + j];
        assert_near("mean", sum / 4, (double)spikes.session.x[t * 4 + j], 1e-6);
    }
    syn_edge_spikes_free(&spikes), free(x);
    set.recording[0]->rate_hz = 20;
    assert_ok(syn_edge_spikes_create(&spikes, session, 0.001));
    assert_true(spikes.borrowed && spikes.session.x == session->x);
    syn_edge_spikes_free(&spikes), set_free(&set), raw_free(&raw);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spike_is_in_its_bin),
        cmocka_unit_test(spikes_of_other_counts_are_not_used),
        cmocka_unit_test(an_effect_within_a_frame_has_a_direction_and_a_size),
        cmocka_unit_test(unconnected_trains_give_false_alarms_at_their_rate),
        cmocka_unit_test(short_frames_are_the_bins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
