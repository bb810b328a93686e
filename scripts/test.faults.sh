#!/usr/bin/env bash
# The fault suite (test/faults) against a real kube-apiserver, and the table that docs/reliability.md has.
#
# With CLUSTER_TOOLS, a folder of commands (`up api`, `run CMD…`, `restart NAME SECONDS`, `down`), it starts an API server without nodes and takes it
# down at the end. Without, it uses that of KUBECONFIG: one for tests, without a scheduler, since the suite's own kubelet binds the pods. With neither
# it runs against the local cluster, as `npm run test:faults:local` does.
#
#   FAULTS          full (about 15 minutes), short (about 3, the default) or least
#   FAULTS_RESTART  the command that restarts the API server of KUBECONFIG; the seconds that it shall be away are appended
#   CLUSTER_NAME    warmbox-faults; for CLUSTER_TOOLS
# Arguments go to Jest: `npm run test:faults -- network` runs test/faults/network.spec.ts alone.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=${CLUSTER_TOOLS:-}
export FAULTS=${FAULTS:-short} NODE_OPTIONS=--experimental-vm-modules
if [[ -n $tools || -n ${KUBECONFIG:-} ]]; then export FAULTS_TARGET=kubeconfig; fi
export CLUSTER_NAME=${CLUSTER_NAME:-warmbox-faults}
FAULTS_REPORT=$(mktemp)
export FAULTS_REPORT

inside() { if [[ -n $tools ]]; then "$tools/run" "$@"; else "$@"; fi; }

finish() {
  code=$?
  set +e
  if [[ -s $FAULTS_REPORT ]]; then
    printf '\n| fault | kill or stop to first creation | allocated | other answers | found | pods at once | where |\n| --- | --- | --- | --- | --- | --- | --- |\n'
    cat "$FAULTS_REPORT"
  fi
  rm -f "$FAULTS_REPORT"
  if [[ -n $tools ]]; then "$tools/down"; fi
  printf '\n== %s (%d s)\n' "$([[ $code -eq 0 ]] && echo passed || echo "failed with $code")" "$SECONDS"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

node scripts/build.js --if-stale
if [[ -n $tools ]]; then
  "$tools/up" api
  export FAULTS_RESTART="$tools/restart apiserver"
fi
inside jest --config test/jest.faults.config.js "$@"
