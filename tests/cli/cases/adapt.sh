# A decoder learned on one recording serves another one, of other neurons; the choice of how is said and reproducible.
# shellcheck shell=bash
for seed in 1 2; do
    run 0 synapsnet simulate rates --neurons 8 --frames 900 --seed "$seed" -o "r$seed.h5"
done
run 0 synapsnet fit r1.h5 --hidden 4 --epochs 15 -o source.h5 --quiet
adapt=(synapsnet adapt source.h5 r2.h5 --connectivity dense --strength 10 --l1 1 --epochs 6)

run 0 "${adapt[@]}" -o new.h5 --json
! grep -q 'frames per second' err || fail "a warning of a frame rate that is the same"
case $(json adapted.decoder) in kept | tuned) ;; *) fail "adapted.decoder is neither kept nor tuned" ;; esac
[ "$(json adapted.from.0)" = rates ] || fail "the source is not named"
run 0 synapsnet evaluate new.h5 --json
number_between 0.01 "$(json test.mse)" 2
run 0 synapsnet connectivity new.h5 -o c.csv --json

# the same bytes on another number of threads
run 0 "${adapt[@]}" -o again.h5 --quiet --threads 1
cmp new.h5 again.h5 || fail "the model depends on the number of threads"

# Where candidates are averaged the decoder is tuned if it is in one of them; repeats train the same.
run 0 synapsnet simulate rates --neurons 8 --frames 1500 --drive 1 --seed 1 -o long.h5 --quiet
run 0 synapsnet simulate rates --neurons 8 --frames 500 --drive 1 --seed 5 -o short.h5 --quiet
run 0 synapsnet fit long.h5 --hidden 4 --epochs 15 -o driven.h5 --quiet
run 0 synapsnet adapt driven.h5 short.h5 --repeats 1 -o averaged.h5 --json
grep -q '"average_of"' out || fail "nothing was averaged"
members=$(grep -o '"candidate": *"[^"]*", *"share"' out || true)
expected=kept
[[ $members == *'decoder tuned'* ]] && expected=tuned
[ "$(json adapted.decoder)" = "$expected" ] || fail "the decoder is said to be $(json adapted.decoder), of $members"

# A source without behaviour: it is used if the decoder is tuned to it, and else not.
awk 'BEGIN {srand(3); for (t = 0; t < 900; t++) print rand()}' >speed.csv
run 0 "${adapt[@]}" --behavior speed.csv --learning-rate 0.3 -o moving.h5 --json
case $(json adapted.decoder) in
kept) [ "$(json behavior_used)" = false ] || fail "a decoder that knows no behaviour is said to use it" ;;
tuned) [ "$(json behavior_used)" = true ] || fail "a decoder that was tuned to behaviour is said not to use it" ;;
esac

run 2 synapsnet adapt source.h5 -o x.h5
run 2 synapsnet adapt source.h5 r2.h5 --hidden 8 -o x.h5
run 0 synapsnet simulate spikes --view counts --neurons 5 --frames 600 -o counts.h5 --quiet
run 0 synapsnet fit counts.h5 --hidden 4 --epochs 2 --connectivity none -o poisson.h5 --quiet
run 1 synapsnet adapt poisson.h5 r2.h5 -o x.h5
one_error 'rates: holds fluorescence; the model predicts spike counts; expected them in every new recording'
run 0 synapsnet adapt source.h5 counts.h5 --connectivity none --epochs 1 -o x.h5
err 'spikes: has 20 frames per second, the model that is adapted 30: its decoder knows frames, not seconds'
err 'spikes: holds counts, the model that is adapted knows fluorescence and is fitted by squared error'
run 1 synapsnet adapt r1.h5 r2.h5 -o x.h5
one_error 'r1.h5'
