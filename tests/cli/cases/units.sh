# Numbers of options with the unit that the program itself shows.
data=$SOURCE/tests/data/good

run 0 synapsnet info "$data/time_first_f4.npy" --rate 20Hz
out 'at 20 Hz'
run 0 synapsnet info "$data/time_first_f4.npy" --rate '20 hz'
out 'at 20 Hz'
run 0 synapsnet info "$data/spikes.npz" --bin '50 ms'
out 'at 20 Hz'
run 2 synapsnet info "$data/time_first_f4.npy" --rate 20fps
one_error "rate: found '20fps'; expected a number in 0.001..1000000 Hz"
run 2 synapsnet info "$data/time_first_f4.npy" --rate -1
one_error "rate: found -1; expected a number in 0.001..1000000 Hz"
