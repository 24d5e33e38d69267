/* Long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000) of the population; gates i, f,
 * g, o. */
#include "rivals/rnn.h"

/* state: h, c. kept: i, f, g, o, tanh(c) */
static void forward(const syn_kernels *kernels, int64_t rows, int H, const float *input, const float *recurrent,
                    const float *before, float *after, float *kept) {
    for (int64_t k = 0; k < rows;
         k++, input += 4 * H, recurrent += 4 * H, before += 2 * H, after += 2 * H, kept += 5 * H) {
        float *restrict i = kept, *restrict f = i + H, *restrict g = f + H, *restrict o = g + H, *restrict t = o + H;
        for (int j = 0; j < 4 * H; j++) i[j] = input[j] + recurrent[j]; /* f, g and o follow i */
        syn_logistics(kernels, i, 2 * H);
        kernels->tanh(g, g, H);
        syn_logistics(kernels, o, H);
        for (int j = 0; j < H; j++) t[j] = after[H + j] = f[j] * before[H + j] + i[j] * g[j];
        kernels->tanh(t, t, H);
        for (int j = 0; j < H; j++) after[j] = o[j] * t[j];
    }
}

static void backward(int64_t rows, int H, const float *before, const float *kept, float *d_state, float *d_input,
                     float *d_recurrent) {
    for (int64_t k = 0; k < rows;
         k++, before += 2 * H, kept += 5 * H, d_state += 2 * H, d_input += 4 * H, d_recurrent += 4 * H)
        for (int j = 0; j < H; j++) {
            const float i = kept[j], f = kept[H + j], g = kept[2 * H + j], o = kept[3 * H + j], t = kept[4 * H + j];
            const float dh = d_state[j], dc = d_state[H + j] + dh * o * (1 - t * t);
            d_input[j] = dc * g * i * (1 - i);
            d_input[H + j] = dc * before[H + j] * f * (1 - f);
            d_input[2 * H + j] = dc * i * (1 - g * g);
            d_input[3 * H + j] = dh * t * o * (1 - o);
            for (int gate = 0; gate < 4; gate++) d_recurrent[gate * H + j] = d_input[gate * H + j];
            d_state[j] = 0, d_state[H + j] = dc * f;
        }
}

const syn_cell syn_cell_lstm = {"lstm", 4, 2, 5, 1, forward, backward};

static syn_status fit(void **model, const syn_rival_data *d, const syn_rival_settings *settings, json_t *chosen) {
    return syn_rnn_fit(model, &syn_cell_lstm, d, settings, chosen);
}

const syn_rival syn_rival_lstm = {
    .name = "lstm", .fit = fit, .predict = syn_rnn_predict_rates, .free = syn_rnn_release};
