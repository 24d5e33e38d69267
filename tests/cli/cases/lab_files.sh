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
# Flags beside an empty column, as a comma at the end of every line makes one, are no spike times.
awk 'BEGIN { print "a,b,"; for (t = 0; t < 60; t++) print "0," (t > 40) "," }' >flags.csv
run 0 synapsnet info flags.csv --rate 20
out '^frames +60 at 20 Hz, 3 s$'

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

# ---- tables with more than one line of headings ----

(printf ' , C00, C01, C02\r\nTime(s)/Cell Status, accepted, rejected, undecided\r\n' && walk 3 'sprintf("%.3f, ", t / 10)') >inscopix.csv
run 0 synapsnet info inscopix.csv
out '^ids +C00 C02$'
out '^frames +200 at 10 Hz, 20 s$'
out '^warning +1 of 3 cells are rejected by the second line and left out$'
run 0 synapsnet info inscopix.csv:C00,C01,C02
out '^neurons +3$'
sed '2s/accepted\|undecided/rejected/g' inscopix.csv >none.csv
run 1 synapsnet info none.csv --quiet
one_error 'none.csv: its second line rejects all 3 cells; name those to take as FILE:NAME,NAME$'
(printf 'scorer,DLC,DLC,DLC,DLC\nbodyparts,nose,nose,tail,tail\ncoords,x,y,x,y\n' && walk 4 't ","') >track.csv
run 0 synapsnet info clock.csv --rate 20 --behavior track.csv
out '^behaviour +nose_x, '
out '^ +tail_y, '
run 0 synapsnet info clock.csv --rate 20 --behavior track.csv:nose_y
out '^behaviour +nose_y, '

# ---- what cannot be read ----

(echo Timestamp,a,b && walk 2 '"2024-01-31T12:00:00.10,"') >dates.csv
run 1 synapsnet info dates.csv --rate 10 --quiet
one_error "line 2, column 1 \(Timestamp\) is '2024-01-31T12:00:00.10'; expected times in seconds from the start, as a column 'time'"
printf 'frame,neuron,dff\n0,a,0.5\n0,b,0.25\n' >long.csv
run 1 synapsnet info long.csv --rate 10 --quiet
one_error "is 'a'; expected one line a frame and one column a neuron \(in pandas: df.pivot\), or a spike list of columns 'time' and 'unit'"
awk 'BEGIN { print "timestamp,cell,dff"; for (t = 0; t < 30; t++) for (j = 0; j < 3; j++) print t / 10 "," j "," (t * j) % 7 }' >long.csv
run 1 synapsnet info long.csv --quiet
one_error 'long.csv: all 3 neurons are there at each of 30 times, as in a long table of traces; expected one line a frame and'
printf 'Time (s), Cell Name, Value\n0.51, C1, 3\n0.7, C0, 2\n1.2, C1, 3\n' >events.csv
run 0 synapsnet info events.csv
out '^ids +C0 C1$'
