dat_path = 'x.dat'
n_channels_dat = 4
sample_rate = 20000.
hp_filtered = False
