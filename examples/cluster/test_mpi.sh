#!/usr/bin/env bash
# Holds `noble … --mpi` on this machine against one process: the same bytes, also after a rank was killed.
#
#   examples/cluster/test_mpi.sh
#
# Installs Open MPI and libclang with apt-get where they are missing (Debian, Ubuntu; needs root for that alone), builds
# the release binary with MPI, and works in a folder of its own that it removes.
set -euo pipefail
cd "$(dirname "$0")/../.."

if ! command -v mpirun mpicc > /dev/null || ! ls /usr/lib/llvm*/lib/libclang* > /dev/null 2>&1; then
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get update
    $sudo apt-get install --yes libopenmpi-dev openmpi-bin libclang-dev
fi
cargo build --release --features mpi
noble=$PWD/target/release/noble

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

say() { printf '\n== %s\n' "$*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
ranks() { mpirun --allow-run-as-root --oversubscribe --bind-to none -n "$1" "$noble" "${@:2}" --mpi; }
kill_rank_1() {
    local process
    for process in $(pgrep -P "$1"); do
        if tr '\0' '\n' < "/proc/$process/environ" | grep -qx OMPI_COMM_WORLD_RANK=1; then kill -9 "$process"; fi
    done
}
exit_code() { local code=0; "$@" || code=$?; echo "$code"; }

# Ten models whose latent features are measured, 24 files.
generate=(generate --models 0,1,2,3,4,5,6,7,8,9 --validation-models 2 --test-models 2 --traces-per-model 12
    --held-out 0.1 --traces-per-shard 5 --total-ms 200 --delay-ms 10 --duration-ms 180 --axon keep)
simulate=(simulate --models 4,1,2 --step-na=-0.1,0.1,0.2 --total-ms 100 --delay-ms 5 --duration-ms 80
    --record 'v_mv@dend[0](0.5)')

say "dataset: one process of two threads"
time "$noble" "${generate[@]}" --threads 2 --out alone
say "dataset: two ranks of one thread"
time ranks 2 "${generate[@]}" --threads 1 --out ranks
diff -r alone ranks || fail "the datasets differ"
[ -z "$(ls -d ranks.shard-* 2> /dev/null)" ] || fail "shares are left over"
echo "same $(find ranks -type f | wc -l) files, same bytes"

say "sweeps: one process of two threads, two ranks, and more ranks than sweeps"
"$noble" "${simulate[@]}" --threads 2 --out alone.npz
for n in 2 11; do
    ranks "$n" "${simulate[@]}" --threads 1 --out ranks.npz
    cmp alone.npz ranks.npz || fail "the sweeps of $n ranks differ"
    rm ranks.npz
done
[ -z "$(ls ./*.shard-* 2> /dev/null)" ] || fail "shares are left over"
echo "same bytes"

say "fit: one process of two threads, two and three ranks"
fit=(fit --seed 3 --population 8 --models 4 --archive 10)
"$noble" "${fit[@]}" --generations 4 --threads 2 --out alone.json > alone.txt
for n in 2 3; do
    ranks "$n" "${fit[@]}" --generations 4 --threads 1 --out "ranks-$n.json" > "ranks-$n.txt"
    for ending in json archive.hall_of_fame.json fit.json scores.csv; do
        cmp "alone.$ending" "ranks-$n.$ending" || fail "the fits of $n ranks differ in $ending"
    done
done
echo "same hall of fame, same bytes"

say "fit: a rank is killed midway, the fit resumed"
mpirun --allow-run-as-root --oversubscribe --bind-to none -n 2 \
    "$noble" "${fit[@]}" --generations 4 --threads 1 --mpi --out killed.json > killed-fit.txt 2>&1 &
job=$!
until grep -q ' 1/' killed-fit.txt; do
    kill -0 "$job" 2> /dev/null || fail "the job ended before it could be killed"
    sleep 0.02
done
kill_rank_1 "$job"
code=0
wait "$job" || code=$?
[ "$code" != 0 ] || fail "the job did not notice"
[ ! -e killed.json ] || fail "half a hall of fame is there"
ranks 2 "${fit[@]}" --generations 4 --threads 1 --resume --out killed.json > killed-fit.txt
for ending in json archive.hall_of_fame.json fit.json; do
    cmp "alone.$ending" "killed.$ending" || fail "the resumed fit differs in $ending"
done
echo "exit code $code; resumed to the same bytes"

say "a rank is killed midway"
mpirun --allow-run-as-root --oversubscribe --bind-to none -n 2 \
    "$noble" "${generate[@]}" --threads 1 --mpi --out killed 2> killed.txt &
job=$!
until [ -f killed.shard-2-of-2/shard-00003.h5 ]; do
    kill -0 "$job" 2> /dev/null || fail "the job ended before it could be killed"
    sleep 0.02
done
kill_rank_1 "$job"
started=$(date +%s)
code=0
wait "$job" || code=$?
grep -E 'error|signal' killed.txt || true
[ "$code" != 0 ] || fail "the job did not notice"
[ $(($(date +%s) - started)) -lt 30 ] || fail "the job hung"
[ ! -e killed ] || fail "half a dataset is there"
echo "exit code $code; finished files: $(ls killed.shard-*/shard-*.h5 | wc -l)"

say "what is there is not overwritten, and another number of ranks is refused"
[ "$(exit_code ranks 2 "${generate[@]}" --out killed)" = 2 ] || fail "shares were overwritten"
[ "$(exit_code ranks 3 "${generate[@]}" --resume --out killed)" = 2 ] || fail "three ranks went on with two shares"

say "--resume goes on"
ranks 2 "${generate[@]}" --threads 1 --resume --out killed
diff -r alone killed || fail "the resumed dataset differs"
[ -z "$(ls -d killed.shard-* 2> /dev/null)" ] || fail "shares are left over"
echo "same bytes"
[ "$(exit_code ranks 2 "${generate[@]}" --resume --out killed)" = 0 ] || fail "a finished dataset is no error"

say "a rank that fails ends the job with its exit code"
touch blocked.shard-2-of-2
code=$(exit_code ranks 2 "${generate[@]}" --threads 1 --resume --out blocked 2> blocked.txt)
grep -E '^(error|hint)' blocked.txt
[ "$code" = 1 ] || fail "exit code $code, not 1"

say "wrong input is said once"
code=$(exit_code ranks 2 generate --morphology absent.swc --cell absent.json --out wrong 2> wrong.txt)
grep -E '^(error|hint)' wrong.txt
[ "$code" = 2 ] || fail "exit code $code, not 2"
[ "$(grep -c '^error' wrong.txt)" = 1 ] || fail "it was said by every rank"

say "passed"
