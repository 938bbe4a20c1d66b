#!/usr/bin/env bash
# A dataset by a job array of Slurm, and a job that puts the shares together when all are done.
#
#   N_TASKS=16 OUT=/scratch/me/dataset examples/cluster/slurm_generate.sh --morphology cell.swc --cell hof_params.json
#
# Options are those of `noble generate`; --out and --shard are set here. Every task goes on where it was cut off, so after a
# time limit or a failed node the same line continues. Change the #SBATCH lines and NOBLE to suit your cluster.
#
#SBATCH --job-name=noble
#SBATCH --cpus-per-task=16
#SBATCH --mem=16G
#SBATCH --time=04:00:00
#SBATCH --output=noble-%A_%a.log
set -euo pipefail

: "${OUT:=dataset}" "${N_TASKS:=16}" "${NOBLE:=noble}"
export OUT N_TASKS NOBLE

# One task of the array: its share. One kind of node for all tasks keeps the bits the same (--constraint, --partition).
if [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then
    exec "$NOBLE" generate "$@" --threads "${SLURM_CPUS_PER_TASK:-1}" --resume \
        --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --out "$OUT"
fi

# Typed by you: submit the array, then the merge that waits for it.
array=$(sbatch --parsable --array="1-$N_TASKS" "$0" "$@")
merge="$NOBLE merge $OUT.shard-*-of-$N_TASKS --out $OUT && rm -r $OUT.shard-*-of-$N_TASKS"
sbatch --dependency="afterok:${array%%;*}" --kill-on-invalid-dep=yes --job-name=noble-merge --cpus-per-task=1 --mem=4G \
    --time=01:00:00 --output=noble-merge-%j.log --wrap "$merge"
