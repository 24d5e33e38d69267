/* Gated recurrent unit (Cho et al. 2014) of the population; gates r, z, n as in kernels.h. */
#include "rivals/rnn.h"

/* kept: r, z, n, and the recurrent part s of n */
static void forward(const syn_kernels *kernels, int64_t rows, int H, const float *input, const float *recurrent,
                    const float *before, float *after, float *kept) {
    for (int64_t k = 0; k < rows; k++, input += 3 * H, recurrent += 3 * H, before += H, after += H, kept += 4 * H) {
        float *restrict r = kept, *restrict z = r + H, *restrict n = z + H, *restrict s = n + H;
        for (int j = 0; j < 2 * H; j++) r[j] = input[j] + recurrent[j]; /* z follows r */
        syn_logistics(kernels, r, 2 * H);
        for (int j = 0; j < H; j++) s[j] = recurrent[2 * H + j], n[j] = input[2 * H + j] + r[j] * s[j];
        kernels->tanh(n, n, H);
        for (int j = 0; j < H; j++) after[j] = n[j] + z[j] * (before[j] - n[j]);
    }
}

static void backward(int64_t rows, int H, const float *before, const float *kept, float *d_state, float *d_input,
                     float *d_recurrent) {
    for (int64_t k = 0; k < rows; k++, before += H, kept += 4 * H, d_state += H, d_input += 3 * H, d_recurrent += 3 * H)
        for (int j = 0; j < H; j++) {
            const float r = kept[j], z = kept[H + j], n = kept[2 * H + j], s = kept[3 * H + j], d = d_state[j];
            const float dn = d * (1 - z) * (1 - n * n);
            d_input[j] = d_recurrent[j] = dn * s * r * (1 - r);
            d_input[H + j] = d_recurrent[H + j] = d * (before[j] - n) * z * (1 - z);
            d_input[2 * H + j] = dn;
            d_recurrent[2 * H + j] = dn * r;
            d_state[j] = d * z;
        }
}

const syn_cell syn_cell_gru = {"gru", 3, 1, 4, -1, forward, backward};

static syn_status fit(void **model, const syn_rival_data *d, const syn_rival_settings *settings, json_t *chosen) {
    return syn_rnn_fit(model, &syn_cell_gru, d, settings, chosen);
}

const syn_rival syn_rival_gru = {.name = "gru", .fit = fit, .predict = syn_rnn_predict_rates, .free = syn_rnn_release};
