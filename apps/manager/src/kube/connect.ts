import { type KubeConnection } from '@warmbox/kube';
import { StartError } from '@warmbox/platform';
import { connectByDefault } from '@warmbox/kube/kubeconfig';

/** @throws StartError where this process has no way to any API server; whether one answers shows later */
export async function connect(): Promise<KubeConnection> {
  try {
    return await connectByDefault();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `There is no way to a Kubernetes API server: ${why}\n` +
        'Run inside a cluster, set KUBECONFIG to a kubeconfig file, or use `npm start`, which brings a local cluster.',
    );
  }
}
