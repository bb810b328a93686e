#!/usr/bin/env bash
# A bench of test/bench against a real kube-apiserver: `bash scripts/bench.cluster.sh allocate --rounds 5`.
#
# With CLUSTER_TOOLS, a folder of commands (`up api`, `run CMD…`, `down`), it starts an API server without nodes and takes it down at the end.
# Without, it uses that of KUBECONFIG: one for tests, without a scheduler, since the bench's own nodes bind the pods, and with the right to create
# namespaces, nodes, runtime classes and all that is in a namespace. Namespaces named bench-… must not exist; they are deleted at the end.
#
#   CLUSTER_NAME    warmbox-bench; for CLUSTER_TOOLS
#   CLUSTER_KEEP=yes  uses the API server that is up, and leaves it up
set -euo pipefail
cd "$(dirname "$0")/.."

tools=${CLUSTER_TOOLS:-}
export CLUSTER_NAME=${CLUSTER_NAME:-warmbox-bench}

inside() { if [[ -n $tools ]]; then "$tools/run" "$@"; else "$@"; fi; }

if [[ -z $tools && -z ${KUBECONFIG:-} ]]; then
  echo 'This bench needs a kube-apiserver: set KUBECONFIG to one for tests, or CLUSTER_TOOLS to a folder of commands that start one.' >&2
  exit 2
fi
node scripts/build.js
if [[ -n $tools && ${CLUSTER_KEEP:-} != yes ]]; then
  trap '"$tools/down"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  "$tools/up" api
fi
inside node scripts/bench.js "$@"
