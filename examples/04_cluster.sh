#!/usr/bin/env bash
# A search on a Slurm cluster: a Ray of the job's own on all its nodes, and the search on the first.
#
#   sbatch examples/04_cluster.sh --data /shared/lenses --trials 500
#
# All words after the name are flags of python -m nas.search. Submit it in a checkout that all
# nodes see, with the environment in .venv. Images are read by the first node alone, and Ray brings
# them to the others.
#SBATCH --job-name=lens-nas
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --gpus-per-node=1
#SBATCH --time=08:00:00
#SBATCH --output=%x-%j.log
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:TERM@120
set -euo pipefail

source .venv/bin/activate

# A job that was preempted is queued again under its number, and goes on with its search. So does
# one that ran out of time: scontrol requeue JOB.
run=results/runs/slurm-$SLURM_JOB_ID
if [[ -e $run/config.yaml ]]; then
    flags=(--resume "$run")
else
    flags=(--run "$run" "$@")
fi

# Whoever can reach a Ray can run anything on it, so this one has a secret, which srun passes on.
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN
RAY_AUTH_TOKEN=$(python -c 'import secrets; print(secrets.token_hex(32))')

mapfile -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
read -r ip _ < <(hostname --all-ip-addresses) # of the first node, where this script runs
port=$((20000 + SLURM_JOB_ID % 10000))        # jobs may share a node
address=$ip:$port

# ray symmetric-run would be shorter. But it ends with ray stop, which also ends the Ray of other
# jobs on a shared node, and it does not tell the search that time is up.
start() {
    srun --nodes=1 --ntasks=1 --nodelist="$1" ray start "${@:2}" --block --disable-usage-stats \
        --num-cpus="$SLURM_CPUS_PER_TASK" --num-gpus="${SLURM_GPUS_ON_NODE:-0}" &
}
trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT

start "${nodes[0]}" --head --node-ip-address="$ip" --port="$port" --include-dashboard=false
timeout 120 bash -c 'until : > "/dev/tcp/$0/$1"; do sleep 1; done' "$ip" "$port" 2>/dev/null ||
    { echo "error: Ray did not start on ${nodes[0]}; its words are above" >&2 && exit 1; }
for node in "${nodes[@]:1}"; do
    start "$node" --address="$address"
done
timeout 300 python - "$address" "${#nodes[@]}" <<'EOF'
import sys
import time

import ray

address, nodes = sys.argv[1:]
ray.init(address, logging_level="ERROR", log_to_driver=False)
while sum(node["Alive"] for node in ray.nodes()) < int(nodes):
    time.sleep(1)
print(f"Ray runs on {nodes} nodes with {ray.cluster_resources()['CPU']:g} cores")
EOF

# Slurm says two minutes before the end that time is up; the search then stops as it should.
python -m nas.search --ray-address "$address" "${flags[@]}" &
search=$!
trap 'kill -TERM "$search"' TERM
status=0
wait "$search" || status=$?
while kill -0 "$search" 2>/dev/null; do # a signal ends only the first wait
    status=0
    wait "$search" || status=$?
done
exit "$status"
