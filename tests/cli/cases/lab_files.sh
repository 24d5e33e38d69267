# Files as programs of laboratories write them: what is taken from each, and what is said about it.
# shellcheck shell=bash

# Walks, as a generator that is the same everywhere draws them. walk COLUMNS [CELLS BEFORE THEM IN FRAME t]
walk() {
    awk -v columns="$1" 'BEGIN {
        for (t = 0; t < 200; t++) {
            line = '"${2-\"\"}"'
            for (j = 0; j < columns; j++) {
                s = (s * 16807 + 12345) % 2147483647
                x[j] += s / 2147483647 - 0.5
                line = line (j ? "," : "") sprintf("%.5f", x[j])
            }
            print line
        }
    }'
}

data=$(dirname "$case_file")/../../data

# ---- clocks and counters among neurons ----

walk 4 'sprintf("%.2f,", t / 20)' >clock.csv
run 0 synapsnet info clock.csv --rate 20
out '^neurons +5$'
out '^warning +taken as a neuron, but never falls, like times and counters: 0; if so, leave it out, and give times by --timestamps$'
(echo FrameCounter,SystemTimestamp,a,b,c && walk 3 't "," 5000 + 50 * t ","') >counters.csv
run 0 synapsnet info counters.csv --rate 20
out '^warning +taken as neurons, but never fall, like times and counters: FrameCounter, SystemTimestamp; if so, name the columns that are neurons \(FILE:A,B,C\)$'
run 0 synapsnet info counters.csv:a,b,c --rate 20
! grep -q 'counters:' out || fail "a warning of neurons"

# ---- spike times, a neuron a column ----

awk 'BEGIN {
    print "unit1,unit2,unit3"
    for (k = 1; k <= 300; k++) printf "%.4f,%s,%s\n", k * 0.11, k <= 200 ? sprintf("%.4f", k * 0.17) : "", k <= 90 ? sprintf("%.4f", k * 0.3) : ""
}' >columns.csv
run 0 synapsnet info columns.csv
out '^ids +unit1 unit2 unit3$'
out '^frames +679 at 20 Hz'
out '^signal +counts, mean rate 5.79 Hz'
out '^warning +its columns rise and end one before another: taken as spike times in seconds, a neuron a column$'

# ---- numbers that single precision does not hold ----

sed '50s/^[^,]*/-2e300/' clock.csv >huge.csv
run 1 synapsnet info huge.csv --rate 20 --quiet
one_error 'huge.csv: holds -2e\+300, beyond the largest number of single precision; expected NaN where it is no measurement'

# ---- folders of sorted units ----

run 0 synapsnet info "$data/good/alf"
out '^neurons +4$'
out '^frames +60 at 20 Hz, 3 s$'
run 0 synapsnet info "$data/good/alf" --bin 10ms
[ "$(sed -n 's/^frames *//p' out)" = "300 at 100 Hz, 3 s" ] || fail "times of ALF are not in seconds"
mkdir -p session/probe0 && cp -r "$data/good/phy" session/probe0/kilosort4 && chmod -R u+w session
run 1 synapsnet info session --quiet
one_error 'session: is a folder, but neither .*; give what is in it: session/probe0/kilosort4$'
sed -i 's/good/Good/; s/mua/single unit/' session/probe0/kilosort4/cluster_group.tsv
run 0 synapsnet info session/probe0/kilosort4
out '^ids +0 1 3$'
