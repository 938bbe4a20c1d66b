#!/usr/bin/env bash
# A dataset, sweeps or a fit by all ranks of an MPI job: under Slurm, or with mpirun on this machine.
#
#   sbatch --nodes 4 examples/cluster/mpi.sh generate --morphology cell.swc --cell hof_params.json --out /scratch/me/dataset
#   N_RANKS=2 examples/cluster/mpi.sh simulate --step-na 0.1,0.2 --out traces.npz
#   sbatch --nodes 4 examples/cluster/mpi.sh fit --morphology cell.swc --recording cell.nwb --out /scratch/me/cell.json
#
# First the verb: generate, simulate or fit. Options are those of `noble` with that verb, of a binary built with
# `cargo build --release --features mpi`. One rank per node, or per socket, with threads for its cores: threads share
# memory, ranks do not. --out lies on a disk that all ranks see.
#
#SBATCH --job-name=noble
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=04:00:00
set -euo pipefail

: "${NOBLE:=noble}" "${N_RANKS:=2}"

case "${1:-}" in
    generate | simulate | fit) verb=$1 && shift ;;
    *) echo "error: \"${1:-}\" is no verb of this script; begin with generate, simulate or fit" >&2 && exit 2 ;;
esac

if [ -n "${SLURM_JOB_ID:-}" ]; then
    exec srun --mpi=pmix "$NOBLE" "$verb" --mpi --threads "${SLURM_CPUS_PER_TASK:-1}" --resume "$@"
fi
threads=$(($(nproc) / N_RANKS))
exec mpirun --bind-to none -n "$N_RANKS" "$NOBLE" "$verb" --mpi --threads "$((threads > 0 ? threads : 1))" --resume "$@"
