#!/usr/bin/env bash
# A dataset by all ranks of an MPI job: under Slurm, or with mpirun on this machine.
#
#   sbatch --nodes 4 examples/cluster/mpi.sh --morphology cell.swc --cell hof_params.json --out /scratch/me/dataset
#   N_RANKS=2 examples/cluster/mpi.sh --out dataset
#
# Options are those of `noble generate`, of a binary built with `cargo build --release --features mpi`. One rank per node,
# or per socket, with threads for its cores: threads share memory, ranks do not. --out lies on a disk that all ranks see.
#
#SBATCH --job-name=noble
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=16
#SBATCH --time=04:00:00
set -euo pipefail

: "${NOBLE:=noble}" "${N_RANKS:=2}"

if [ -n "${SLURM_JOB_ID:-}" ]; then
    exec srun --mpi=pmix "$NOBLE" generate --mpi --threads "${SLURM_CPUS_PER_TASK:-1}" --resume "$@"
fi
threads=$(($(nproc) / N_RANKS))
exec mpirun --bind-to none -n "$N_RANKS" "$NOBLE" generate --mpi --threads "$((threads > 0 ? threads : 1))" --resume "$@"
