sample_rate_lfp = 2500
sample_rate = 20_000.  # Hz
sample_rate_sync = 9
