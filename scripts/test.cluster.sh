#!/usr/bin/env bash
# The end-to-end, conformance and cluster suites against a real Kubernetes, with the managers in it; with arguments, that command instead
# of the suites (`npm run bench:refill`).
#
# With CLUSTER_TOOLS, a folder of commands (`up node`, `run CMD…`, `build-image NAME CONTEXT FLAGS…`, `restart apiserver`, `down`; etcd listens at ETCD_URL inside), it starts a cluster, builds and
# loads the images, and takes the cluster down at the end. Without, it uses the cluster of KUBECONFIG, which must be one for tests: the images
# must be there or be pullable, the nodes' addresses reachable from here, and no namespace `warmbox` or `sandbox-containers` in use.
#
#   MANAGER_IMAGE, EXECUTOR_IMAGE   localhost/warmbox-manager:test, localhost/warmbox-executor:test
#   RUNTIME_CLASS                   kata-qemu; test/cluster/kind.runtime-class.yaml has one for clusters without isolation
#   WARMBOX_URL                     where the Service is reached from here, if its address or node port is not
#   ETCD_URL                        http://127.0.0.1:2379; for CLUSTER_TOOLS: a case has etcd compacted and the API server restarted
#   CLUSTER_LOGS                    the folder for logs and events if something fails; a new one in TMPDIR
#   CLUSTER_KEEP=yes                leaves everything as it is at the end
#   CLUSTER_NAME                    warmbox-test; for CLUSTER_TOOLS
set -euo pipefail
cd "$(dirname "$0")/.."

tools=${CLUSTER_TOOLS:-}
manager_image=${MANAGER_IMAGE:-localhost/warmbox-manager:test}
executor_image=${EXECUTOR_IMAGE:-localhost/warmbox-executor:test}
runtime_class=${RUNTIME_CLASS:-kata-qemu}
api_key=known-to-everybody-for-tests-only # as in k8s/overlays/test
logs=${CLUSTER_LOGS:-${TMPDIR:-/tmp}/warmbox-cluster-logs-$$}
export CLUSTER_NAME=${CLUSTER_NAME:-warmbox-test}
work=$(mktemp -d)
installed=

inside() { if [[ -n $tools ]]; then "$tools/run" "$@"; else "$@"; fi; }
say() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

collect() {
  mkdir -p "$logs"
  inside kubectl get all,events,resourcequota,networkpolicy -A -o wide >"$logs/objects.txt" 2>&1
  for namespace in warmbox sandbox-containers; do
    inside kubectl describe pods -n "$namespace" >"$logs/$namespace.pods.txt" 2>&1
    for pod in $(inside kubectl get pods -n "$namespace" -o name 2>/dev/null); do
      inside kubectl logs -n "$namespace" "$pod" --all-containers >"$logs/$namespace.${pod#pod/}.log" 2>&1
      inside kubectl logs -n "$namespace" "$pod" --all-containers --previous >"$logs/$namespace.${pod#pod/}.previous.log" 2>/dev/null || rm "$logs/$namespace.${pod#pod/}.previous.log"
    done
  done
  echo "Logs and events are in $logs." >&2
}

finish() {
  code=$?
  set +e
  if [[ $code -ne 0 && -n $installed ]]; then collect; fi
  if [[ ${CLUSTER_KEEP:-} != yes ]]; then
    if [[ -n $tools ]]; then
      "$tools/down"
    elif [[ -n $installed ]]; then
      kubectl delete --ignore-not-found --wait=false -f "$work/manifests.yaml" >/dev/null
    fi
  fi
  rm -rf "$work"
  say "$([[ $code -eq 0 ]] && echo passed || echo "failed with $code")"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [[ -n $tools ]]; then
  say 'starting a cluster'
  "$tools/up" node
  say 'building the images'
  "$tools/build-image" "$manager_image" . --target manager
  "$tools/build-image" "$executor_image" . --target executor
else
  for namespace in warmbox sandbox-containers; do
    if kubectl get namespace "$namespace" >/dev/null 2>&1; then
      echo "The cluster of KUBECONFIG has a namespace $namespace already: these tests need one without Warmbox." >&2
      exit 2
    fi
  done
fi

say 'installing'
inside kubectl kustomize k8s/overlays/test >"$work/test.yaml"
sed -e "s#localhost/warmbox-manager:test#$manager_image#" -e "s#localhost/warmbox-executor:test#$executor_image#" \
  -e "s#runtimeClassName: kata-qemu#runtimeClassName: $runtime_class#" "$work/test.yaml" >"$work/manifests.yaml"
installed=yes
inside kubectl apply -f "$work/manifests.yaml"
inside kubectl rollout status -n warmbox deployment/warmbox-manager --timeout=180s
for overlay in kata gvisor; do
  inside kubectl kustomize "k8s/overlays/$overlay" >"$work/$overlay.yaml"
  inside kubectl apply --dry-run=server -f "$work/$overlay.yaml" >/dev/null
done
# The component for the Prometheus operator, whose kinds this cluster does not have: it must at least fit an overlay.
mkdir "$work/monitored"
k8s=$(realpath --relative-to="$work/monitored" k8s)
printf 'resources: [%s/overlays/kata]\ncomponents: [%s/components/monitoring, %s/components/internet]\n' "$k8s" "$k8s" "$k8s" \
  >"$work/monitored/kustomization.yaml"
inside kubectl kustomize "$work/monitored" | grep -c -E '^kind: (PodMonitor|PrometheusRule)$' | grep -qx 2

if [[ -n ${WARMBOX_URL:-} ]]; then
  url=$WARMBOX_URL
elif [[ -n $tools ]]; then
  url=http://$(inside kubectl get service -n warmbox warmbox -o 'jsonpath={.spec.clusterIP}:{.spec.ports[0].port}')
else
  node=$(kubectl get nodes -o 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}')
  url=http://$node:$(kubectl get service -n warmbox warmbox -o 'jsonpath={.spec.ports[0].nodePort}')
fi
export E2E_URLS=$url E2E_API_KEY=$api_key NODE_OPTIONS=--experimental-vm-modules
if [[ -n $tools ]]; then export E2E_ON_NODE=yes; fi

if [[ $# -gt 0 ]]; then
  say "$*"
  unset NODE_OPTIONS
  inside "$@"
  exit
fi
say "the end-to-end suite through $url"
inside jest --config test/jest.e2e.config.js test/e2e/sandboxes test/e2e/executions test/e2e/ports.spec test/e2e/terminals
say 'the cluster suite'
inside jest --config test/jest.cluster.config.js
say 'the conformance suite'
if [[ -n $tools ]]; then
  # What the API server has in its memory outlives a compaction of etcd, and no restart.
  cat >"$work/forget" <<END
set -eu
version=\$(kubectl get --raw /api/v1/namespaces | sed 's/.*"metadata":{"resourceVersion":"\([0-9]*\)"}.*/\1/')
curl -sSf ${ETCD_URL:-http://127.0.0.1:2379}/v3/kv/compaction -d "{\"revision\": \"\$version\", \"physical\": true}"
$tools/restart apiserver
END
  export CONFORMANCE_FORGET="sh $work/forget"
fi
CONFORMANCE_TARGET=kubeconfig inside npm run --silent test:conformance
