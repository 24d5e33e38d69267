# A configuration file sets options; the command line wins over it.
# shellcheck shell=bash
printf 'neurons = 7\nframes = 90\n' >sim.ini
run 0 synapsnet simulate rates --config sim.ini -o a.h5
out '90 frames of 7 neurons'
run 0 synapsnet simulate rates --frames 80 --config sim.ini -o b.h5
out '80 frames of 7 neurons'
printf 'quiet = yes\n' >>sim.ini
run 0 synapsnet simulate rates --config sim.ini -o c.h5
no_out
no_err
