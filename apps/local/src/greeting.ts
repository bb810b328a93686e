import type { Running } from './launcher.js';

/** What a newcomer is told once everything runs: where to look, what to paste, what to know. */
export function greeting({ url, apiKey, kubectlConfig, namespace, isolation }: Running): string {
  const headers = `-H 'x-api-key: ${apiKey}' -H 'content-type: application/json'`;
  return `
Warmbox runs.

  Open      ${url}/api/docs   (Authorize with the API key)
  API key   ${apiKey}

Create a sandbox; the answer streams from created to ready:

  curl -N ${url}/api/kata ${headers} -d '{}'

Create one and run a command in it; the output comes as it is printed:

  NAME=$(curl -s ${url}/api/kata ${headers} -H 'accept: application/json' -d '{}' | grep -o '"name":"[^"]*"' | head -n 1 | cut -d '"' -f 4)
  curl -N ${url}/api/kata/$NAME/execute ${headers} -d '{"command": "for i in 1 2 3; do echo $i; sleep 1; done"}'
  curl -X DELETE ${url}/api/kata/$NAME -H 'x-api-key: ${apiKey}'

See its pods as Kubernetes has them:

  kubectl --kubeconfig ${kubectlConfig} -n ${namespace} get pods --watch

${isolation.isUnsafe ? 'WARNING' : 'Isolation'}: ${isolation.name}. ${isolation.description}

Ctrl-C stops everything and leaves nothing behind.
`;
}
