sample_rate = 30 * khz
