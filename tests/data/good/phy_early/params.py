sample_rate = 20000
