#!/usr/bin/env bash
# A fit by a job array of Slurm, one task per seed, and a job that chooses and measures the models when all are done.
#
#   N_TASKS=16 OUT=/scratch/me/cell examples/cluster/slurm_fit.sh --morphology cell.swc --recording cell.nwb
#
# Options are those of `noble fit`; --seed, --shard and --out are set here. Seeds are 1 to N_TASKS, or for instance
# SEEDS=7,11,13; the models are in OUT.hall_of_fame.json, other files beside it. Every task goes on where it was cut off, so
# after a time limit or a failed node the same line continues, and with more --generations it goes further; --max-minutes
# holds for each job. Change the #SBATCH lines and NOBLE to suit your cluster.
#
#SBATCH --job-name=noble-fit
#SBATCH --cpus-per-task=16
#SBATCH --mem=16G
#SBATCH --time=04:00:00
#SBATCH --output=noble-fit-%A_%a.log
set -euo pipefail

: "${OUT:=cell}" "${NOBLE:=noble}" "${SEEDS:=$(seq -s, "${N_TASKS:-16}")}"
commas=${SEEDS//[^,]/}
: "${N_TASKS:=$((${#commas} + 1))}"
export OUT N_TASKS NOBLE SEEDS

fit=("$NOBLE" fit "$@" --seed "$SEEDS" --threads "${SLURM_CPUS_PER_TASK:-1}" --resume --out "$OUT.hall_of_fame.json")

# One task of the array: its share of the seeds. One kind of node for all tasks keeps the bits the same (--constraint,
# --partition).
if [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then
    exec "${fit[@]}" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
fi

# The job after the array: the whole of the shares, unless it is there and none has gone on since, then the models.
if [ -n "${AFTER_ARRAY:-}" ]; then
    state=$OUT.fit.json
    shares=("$OUT".fit.shard-*-of-"$N_TASKS".json)
    if [ ! -e "$state" ] || [ -n "$(find "${shares[@]}" -newer "$state")" ]; then
        rm -f "$state"
        "$NOBLE" merge "${shares[@]}" --out "$state"
    fi
    exec "${fit[@]}"
fi

# Typed by you: submit the array, then the job that waits for it. Shares stay, so that the fit can go on.
array=$(sbatch --parsable --array="1-$N_TASKS" "$0" "$@")
AFTER_ARRAY=yes sbatch --dependency="afterok:${array%%;*}" --kill-on-invalid-dep=yes --job-name=noble-models \
    --output=noble-models-%j.log "$0" "$@"
