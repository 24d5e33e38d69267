# Names and a path in Latin-1, as many a laboratory's files have them: every output is UTF-8 and nothing is lost.
# shellcheck shell=bash
latin=$'caf\xe9'
utf8() { iconv -f UTF-8 -t UTF-8 "$1" >/dev/null || fail "$1 is not UTF-8"; }

printf 'n\xe9u,\xfcb\x80r,c,d,e,f\n' >"$latin.csv"
awk 'BEGIN {
    srand(3)
    for (t = 0; t < 600; t++) {
        for (i = 0; i < 6; i++) {
            drive = i ? 0.6 * before[i - 1] : 0
            now[i] = 0.5 * before[i] + drive + rand() + rand() + rand() - 1.5
            printf "%s%.4f", i ? "," : "", now[i]
        }
        print ""
        for (i = 0; i < 6; i++) before[i] = now[i]
    }
}' >>"$latin.csv"

run 0 synapsnet info "$latin.csv" --rate 10 --json
[ "$(json name)" = café.csv ] || fail "the name is not café.csv"
[ "$(json path)" = café.csv ] || fail "the path is not café.csv"
run 0 synapsnet fit "$latin.csv" --rate 10 --hidden 4 --epochs 3 --connectivity dense --seed 3 --json -o model.h5
[ "$(json recordings.0.name)" = café.csv ] || fail "the fit has no recording café.csv"
run 0 synapsnet evaluate model.h5 --json
[ "$(json sessions.0.name)" = café.csv ] || fail "the evaluation has no session café.csv"
run 0 synapsnet evaluate model.h5 "$latin.csv"

run 0 synapsnet connectivity model.h5 -o c.graphml --json
significant=$(json edges.n_significant)
number_between 1 "$significant" 30
json "edges.top.$((significant - 1)).presynaptic" >/dev/null
utf8 c.graphml
grep -q 'néu' c.graphml || fail "c.graphml does not name néu"
run 0 synapsnet connectivity model.h5 -o c.csv
utf8 c.csv
run 0 synapsnet perturb model.h5 --neuron néu --steps 3 --json
[ "$(json neuron)" = néu ] || fail "the stimulated neuron is not néu"
[ "$(json responses.0.neuron responses.1.neuron)" = $'néu\nüb\xc2\x80r' ] || fail "neurons without their names"

run 0 synapsnet report model.h5 -o report.json
cp report.json out
[ "$(json sessions.0.recording.path)" = café.csv ] || fail "the report has no path"
[ "$(json sessions.0.neurons.id.0)" = néu ] || fail "the report has no neuron néu"
[ "$(json command.2)" = café.csv ] || fail "the command of the report lacks the recording"
run 0 synapsnet report model.h5 -o "$latin.png" --json
[ "$(json files.0)" = café-models.png ] || fail "the first file is not café-models.png"
number_between 10000 "$(json bytes)" 1e8
[ -s "$latin-graph.png" ] || fail "not every figure was written"
run 0 synapsnet report model.h5 -o report.html
utf8 report.html
