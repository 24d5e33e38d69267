/* The optimiser against Adam written again in double precision, and its penalties, clipping and refusals. */
#include "training/optimiser.h"

#include "fixture.h"

static const double rate[3] = {0.01, 0.02, 0.03};

/* Decoder, neurons and W = low rank + sparse, so that every group and both kinds of weights are there. */
static syn_parameters *parameters(void) {
    const int64_t N[2] = {6, 6}, B[2] = {1, 1};
    syn_parameters *p;
    assert_ok(syn_parameters_create(&p, 4, 2, 1, SYN_FORM_LOWRANK_SPARSE, 2, 2, N, B, NULL));
    for (size_t k = 0; k < p->n_tensors; k++)
        for (size_t j = p->tensor[k].offset; j < p->tensor[k].offset + p->tensor[k].count; j++)
            p->value[j] = (float)(0.1 + 0.4 * fabs(normal(1, (int64_t)j)));
    return p;
}

/* A gradient whose shared part is shorter than the clipping length. */
static void fill_gradient(const syn_parameters *p, float *gradient, uint32_t step, double size) {
    for (size_t k = 0; k < p->count; k++) gradient[k] = (float)(0.01 * size * normal(100 + step, (int64_t)k));
}

static const syn_tensor *tensor_of(const syn_parameters *p, size_t j) {
    for (size_t k = 0; k < p->n_tensors; k++)
        if (j >= p->tensor[k].offset && j < p->tensor[k].offset + p->tensor[k].count) return &p->tensor[k];
    return NULL; /* padding */
}

/* Value k of the tensor of a prior that has the name of t. */
static double prior_of(const syn_parameters *prior, const syn_tensor *t, size_t k) {
    for (size_t j = 0; j < prior->n_tensors; j++)
        if (!strcmp(prior->tensor[j].name, t->name) && prior->tensor[j].session == t->session)
            return (double)prior->value[prior->tensor[j].offset + k];
    fail();
    return 0;
}

static void check_adam(syn_penalty penalty) {
    const double gain = 0.7;
    syn_parameters *p = parameters();
    syn_optimiser o;
    float *gradient = floats((int64_t)p->count);
    double *value = zeros(3 * (int64_t)p->count, sizeof(double)), *m = value + p->count, *v = m + p->count;
    for (size_t j = 0; j < p->count; j++) value[j] = (double)p->value[j];
    assert_ok(syn_optimiser_create(&o, p));
    for (uint32_t step = 1; step <= 20; step++) {
        fill_gradient(p, gradient, step, 1);
        for (size_t j = 0; j < p->count; j++) {
            const syn_tensor *t = tensor_of(p, j);
            if (!t || t->group == SYN_GROUP_FIXED) continue;
            double g = (double)gradient[j];
            if (t->group == SYN_GROUP_CONNECTIVITY) g += penalty.ridge * gain * gain * value[j];
            const double ridge = !strcmp(t->name, "e")   ? penalty.embedding
                                 : !strcmp(t->name, "p") ? penalty.behavior
                                                         : 0;
            if (ridge > 0) g += ridge * (value[j] - (penalty.prior ? prior_of(penalty.prior, t, j - t->offset) : 0));
            m[j] = 0.9 * m[j] + 0.1 * g;
            v[j] = 0.99 * v[j] + 0.01 * g * g;
            value[j] -= rate[t->group] * (m[j] / (1 - pow(0.9, step))) / (sqrt(v[j] / (1 - pow(0.99, step))) + 1e-8);
        }
        assert_ok(syn_optimiser_step(&o, gradient, rate, penalty, gain));
    }
    for (size_t j = 0; j < p->count; j++) assert_near("value", value[j], (double)p->value[j], 1e-4);
    assert_int_equal(o.step, 20);
    free(value), free(gradient), syn_optimiser_free(&o), syn_parameters_free(p);
}

static void adam(void **state) {
    (void)state;
    const int64_t N[2] = {6, 6}, B[2] = {1, 1};
    syn_parameters *prior;
    assert_ok(syn_parameters_create(&prior, 4, 2, 1, SYN_FORM_NONE, 0, 2, N, B, NULL));
    for (size_t j = 0; j < prior->count; j++) prior->value[j] = (float)(0.8 + 0.3 * normal(2, (int64_t)j));
    check_adam((syn_penalty){.ridge = 0.05, .embedding = 0.03, .behavior = 0.02});
    check_adam((syn_penalty){.ridge = 0.05, .embedding = 0.03, .behavior = 0.02, .prior = prior});
    syn_parameters_free(prior);
}

static void average_follows(void **state) {
    (void)state;
    syn_parameters *p = parameters();
    syn_optimiser o;
    float *gradient = floats((int64_t)p->count);
    double *average = zeros((int64_t)p->count, sizeof(double));
    assert_ok(syn_optimiser_create(&o, p));
    assert_same("average at first", p->value, o.average, (int64_t)p->count);
    for (size_t j = 0; j < p->count; j++) average[j] = (double)p->value[j];
    for (uint32_t step = 1; step <= 10; step++) {
        const double decay = step / (step + 9.0);
        fill_gradient(p, gradient, step, 1);
        assert_ok(syn_optimiser_step(&o, gradient, rate, (syn_penalty){0}, 1));
        for (size_t j = 0; j < p->count; j++) average[j] = decay * average[j] + (1 - decay) * (double)p->value[j];
    }
    for (size_t j = 0; j < p->count; j++) assert_near("average", average[j], (double)o.average[j], 1e-5);
    free(average), free(gradient), syn_optimiser_free(&o), syn_parameters_free(p);
}

/* An infinite ridge on the projection of the behaviour: it stays as it is, and all else learns as with none. */
static void behavior_may_be_left_out(void **state) {
    (void)state;
    syn_parameters *p = parameters(), *other = parameters(), *start = parameters();
    syn_optimiser o, without;
    float *gradient = floats((int64_t)p->count);
    assert_ok(syn_optimiser_create(&o, p));
    assert_ok(syn_optimiser_create(&without, other));
    for (uint32_t step = 1; step <= 5; step++) {
        fill_gradient(p, gradient, step, 1);
        assert_ok(syn_optimiser_step(&o, gradient, rate, (syn_penalty){.behavior = INFINITY}, 1));
        fill_gradient(p, gradient, step, 1);
        assert_ok(syn_optimiser_step(&without, gradient, rate, (syn_penalty){0}, 1));
    }
    for (size_t j = 0; j < p->count; j++) {
        const syn_tensor *t = tensor_of(p, j);
        if (t) assert_true(p->value[j] == (strcmp(t->name, "p") ? other : start)->value[j]);
    }
    free(gradient), syn_optimiser_free(&o), syn_optimiser_free(&without);
    syn_parameters_free(p), syn_parameters_free(other), syn_parameters_free(start);
}

/* A strong L1 makes every free weight exactly zero and leaves all else as it is without. */
static void l1_makes_exact_zeros(void **state) {
    (void)state;
    syn_parameters *p[2] = {parameters(), parameters()};
    syn_optimiser o[2];
    float *gradient = floats((int64_t)p[0]->count);
    for (int k = 0; k < 2; k++) {
        assert_ok(syn_optimiser_create(&o[k], p[k]));
        for (uint32_t step = 1; step <= 60; step++) {
            fill_gradient(p[k], gradient, step, 1);
            assert_ok(syn_optimiser_step(&o[k], gradient, rate, (syn_penalty){.l1 = k ? 0.1 : 0}, 1));
        }
    }
    for (size_t j = 0; j < p[0]->count; j++) {
        const syn_tensor *t = tensor_of(p[0], j);
        if (t && t->name[0] == 'z')
            assert_true(p[1]->value[j] == 0 && o[1].average[j] == 0 && p[0]->value[j] != 0);
        else
            assert_same("value", &p[0]->value[j], &p[1]->value[j], 1);
    }
    free(gradient);
    for (int k = 0; k < 2; k++) syn_optimiser_free(&o[k]), syn_parameters_free(p[k]);
}

/* A weak L1 zeroes the weights whose gradient does not hold them up, and not the others. */
static void l1_keeps_what_the_data_ask_for(void **state) {
    (void)state;
    syn_parameters *p = parameters();
    const size_t z = p->session[0].z;
    syn_optimiser o;
    float *gradient = floats((int64_t)p->count);
    assert_ok(syn_optimiser_create(&o, p));
    for (uint32_t step = 1; step <= 400; step++) {
        fill_gradient(p, gradient, step, 0.01);
        gradient[z + 1] = p->value[z + 1] - 0.5f; /* (w - 0.5)^2 / 2 */
        assert_ok(syn_optimiser_step(&o, gradient, rate, (syn_penalty){.l1 = 0.01}, 1));
    }
    assert_true(p->value[z + 2] == 0);
    assert_near("held up", 0.49, (double)p->value[z + 1], 5e-3);
    free(gradient), syn_optimiser_free(&o), syn_parameters_free(p);
}

static double weight_size(const syn_parameters *p, syn_group group) {
    double sum = 0;
    for (size_t j = 0; j < p->count; j++)
        if (tensor_of(p, j) && tensor_of(p, j)->group == group) sum += fabs((double)p->value[j]);
    return sum;
}

/* Only W shrinks, and not if its gain is zero: the penalty is on the effective connectivity. */
/* Under `dale` a gradient that pushes every weight through zero only moves those whose sender has that sign; without
 * the form all would go. Signs are not trained. */
static void senders_keep_their_sign(void **state) {
    (void)state;
    const int64_t N = 5, B = 0;
    for (syn_form form = SYN_FORM_DENSE; form <= SYN_FORM_DALE; form += SYN_FORM_DALE - SYN_FORM_DENSE) {
        syn_parameters *p;
        syn_optimiser o;
        assert_ok(syn_parameters_create(&p, 4, 2, 0, form, 0, 1, &N, &B, NULL));
        float *gradient = floats((int64_t)p->count), *w = p->value + p->session[0].z;
        const float sign[5] = {1, -1, -1, 1, -1};
        for (int64_t k = 0; k < N * N; k++) w[k] = 0.01f * sign[k % N];
        if (form == SYN_FORM_DALE) memcpy(p->value + p->session[0].sign, sign, sizeof sign);
        assert_ok(syn_optimiser_create(&o, p));
        for (int step = 0; step < 10; step++) {
            memset(gradient, 0, p->count * sizeof *gradient);
            for (int64_t k = 0; k < N * N; k++) gradient[p->session[0].z + (size_t)k] = k < N * N / 2 ? 1.0f : -1.0f;
            assert_ok(syn_optimiser_step(&o, gradient, rate, (syn_penalty){0}, 1));
        }
        int crossed = 0;
        for (int64_t k = 0; k < N * N; k++) {
            const float pushed = k < N * N / 2 ? -1.0f : 1.0f;
            crossed += w[k] * sign[k % N] < 0;
            if (pushed * sign[k % N] > 0) assert_true(w[k] * sign[k % N] > 0.1f);
            if (form == SYN_FORM_DALE) assert_true(w[k] * sign[k % N] >= 0);
            if (form == SYN_FORM_DALE) assert_true(p->value[p->session[0].sign + (size_t)(k % N)] == sign[k % N]);
        }
        assert_true(form == SYN_FORM_DALE ? crossed == 0 : crossed > 5);
        free(gradient), syn_optimiser_free(&o), syn_parameters_free(p);
    }
}

static void ridge_shrinks_the_connectivity(void **state) {
    (void)state;
    for (int gain = 0; gain <= 1; gain++) {
        syn_parameters *p = parameters();
        syn_optimiser o;
        float *gradient = floats((int64_t)p->count);
        double before[3];
        assert_ok(syn_optimiser_create(&o, p));
        for (syn_group g = SYN_GROUP_DECODER; g <= SYN_GROUP_CONNECTIVITY; g++) before[g] = weight_size(p, g);
        for (int step = 0; step < 5; step++)
            assert_ok(syn_optimiser_step(&o, gradient, rate, (syn_penalty){.ridge = 0.1}, gain));
        assert_true(weight_size(p, SYN_GROUP_DECODER) == before[SYN_GROUP_DECODER]);
        assert_true(weight_size(p, SYN_GROUP_NEURON) == before[SYN_GROUP_NEURON]);
        if (gain)
            assert_true(weight_size(p, SYN_GROUP_CONNECTIVITY) < 0.9 * before[SYN_GROUP_CONNECTIVITY]);
        else
            assert_true(weight_size(p, SYN_GROUP_CONNECTIVITY) == before[SYN_GROUP_CONNECTIVITY]);
        free(gradient), syn_optimiser_free(&o), syn_parameters_free(p);
    }
}

/* The shared part of a long gradient is cut to length 1 in its own direction; a short one and the rest are not. */
static void clipping(void **state) {
    (void)state;
    for (int k = 0; k < 2; k++) {
        const double size = k ? 1e4 : 1;
        syn_parameters *p = parameters();
        syn_optimiser o;
        float *gradient = floats((int64_t)p->count), *original = floats((int64_t)p->count);
        double norm = 0, square = 0;
        fill_gradient(p, original, 1, size);
        memcpy(gradient, original, p->count * sizeof *gradient);
        for (size_t j = 0; j < p->count; j++)
            if (tensor_of(p, j) && tensor_of(p, j)->group == SYN_GROUP_DECODER) square += pow((double)original[j], 2);
        norm = sqrt(square);
        assert_true(k ? norm > 100 : norm < 1);
        assert_ok(syn_optimiser_create(&o, p));
        assert_ok(syn_optimiser_step(&o, gradient, rate, (syn_penalty){0}, 1));
        for (size_t j = 0; j < p->count; j++) {
            const syn_tensor *t = tensor_of(p, j);
            if (!t || t->group == SYN_GROUP_FIXED) continue;
            const double g = (double)original[j] / (t->group == SYN_GROUP_DECODER && k ? norm : 1);
            assert_near("moment", 0.1 * g, (double)o.moment[j], 1e-6 * (1 + fabs(g)));
        }
        free(gradient), free(original), syn_optimiser_free(&o), syn_parameters_free(p);
    }
}

/* Wherever it is: the parameters stay as they were. */
static void refuses_what_is_not_finite(void **state) {
    (void)state;
    const float bad[] = {NAN, INFINITY, -INFINITY};
    syn_parameters *p = parameters();
    float *gradient = floats((int64_t)p->count), *before = floats((int64_t)p->count);
    memcpy(before, p->value, p->count * sizeof *before);
    for (size_t k = 0; k < p->n_tensors; k++)
        for (int b = 0; b < 3; b++) {
            syn_optimiser o;
            assert_ok(syn_optimiser_create(&o, p));
            fill_gradient(p, gradient, 1, 1);
            gradient[p->tensor[k].offset + p->tensor[k].count / 2] = bad[b];
            if (syn_optimiser_step(&o, gradient, rate, (syn_penalty){0}, 1) != SYN_ERR_NUMERIC)
                fail_msg("%g in the gradient of %s was taken", (double)bad[b], p->tensor[k].name);
            assert_non_null(strstr(syn_last_error(), "not finite"));
            assert_same("value", before, p->value, (int64_t)p->count);
            assert_int_equal(o.step, 0);
            syn_optimiser_free(&o);
        }
    free(gradient), free(before), syn_parameters_free(p);
}

static void a_group_with_rate_zero_stays(void **state) {
    (void)state;
    for (syn_group still = SYN_GROUP_DECODER; still <= SYN_GROUP_CONNECTIVITY; still++) {
        const double rates[3] = {still == SYN_GROUP_DECODER ? 0 : 0.1, still == SYN_GROUP_NEURON ? 0 : 0.1,
                                 still == SYN_GROUP_CONNECTIVITY ? 0 : 0.1};
        syn_parameters *p = parameters(), *before = parameters();
        syn_optimiser o;
        float *gradient = floats((int64_t)p->count);
        assert_ok(syn_optimiser_create(&o, p));
        fill_gradient(p, gradient, 1, 1);
        assert_ok(syn_optimiser_step(&o, gradient, rates, (syn_penalty){.ridge = 0.1, .l1 = 0.1}, 1));
        for (size_t j = 0; j < p->count; j++) {
            const syn_tensor *t = tensor_of(p, j);
            const bool moves = t && t->group != SYN_GROUP_FIXED && t->group != still;
            if (t) assert_int_equal(p->value[j] != before->value[j], moves);
        }
        free(gradient), syn_optimiser_free(&o), syn_parameters_free(p), syn_parameters_free(before);
    }
}

/* Adaptation: what all recordings share stays to the last bit, and neither its gradient nor its clipping matters. */
static void a_frozen_decoder_stays(void **state) {
    (void)state;
    syn_parameters *p = parameters(), *before = parameters();
    syn_optimiser o;
    float *gradient = floats((int64_t)p->count);
    assert_ok(syn_optimiser_create(&o, p));
    o.frozen = true;
    for (uint32_t step = 1; step <= 3; step++) {
        fill_gradient(p, gradient, step, 100);
        assert_ok(syn_optimiser_step(&o, gradient, rate, (syn_penalty){.ridge = 0.1, .l1 = 0.1}, 1));
    }
    for (size_t j = 0; j < p->count; j++) {
        const syn_tensor *t = tensor_of(p, j);
        const bool moves = t && t->session >= 0 && t->group != SYN_GROUP_FIXED;
        if (t) assert_int_equal(p->value[j] != before->value[j], moves);
        if (t && !moves) assert_true(o.average[j] == before->value[j]);
    }
    free(gradient), syn_optimiser_free(&o), syn_parameters_free(p), syn_parameters_free(before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adam),
        cmocka_unit_test(average_follows),
        cmocka_unit_test(behavior_may_be_left_out),
        cmocka_unit_test(l1_makes_exact_zeros),
        cmocka_unit_test(l1_keeps_what_the_data_ask_for),
        cmocka_unit_test(senders_keep_their_sign),
        cmocka_unit_test(ridge_shrinks_the_connectivity),
        cmocka_unit_test(clipping),
        cmocka_unit_test(refuses_what_is_not_finite),
        cmocka_unit_test(a_group_with_rate_zero_stays),
        cmocka_unit_test(a_frozen_decoder_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
