import { KubeApiError, KubeClient, PODS } from '@warmbox/kube';
import { ANNOTATION, isReady, LABEL, ownerOf, SANDBOX_SELECTOR, type Pod } from '@warmbox/sandbox';
import { drive, type Run } from './load.js';
import { connectByDefault } from '@warmbox/kube/kubeconfig';

/** How often one caller begins again before it is refused. */
const TRIES = 5;
/** For how long a caller waits, in milliseconds; what is under way then is brought to its end. */
const PATIENCE_MS = 20_000;

/** What one process of it is to do. */
export interface NaiveLoad {
  namespace: string;
  clients: number;
  calls: number;
  /** After which no call is begun any more. */
  forMs: number;
}

/**
 * The allocation of many systems: LIST the warm pods, take the first, write it back by its resourceVersion; whoever finds that
 * another was faster begins again. No HTTP in front of it: its callers are in the process that does it.
 */
export async function runNaive({ namespace, ...load }: NaiveLoad): Promise<Run> {
  const connection = await connectByDefault();
  const client = new KubeClient(connection);
  const labelSelector = `${SANDBOX_SELECTOR},${LABEL.pool}=warm,${LABEL.runtime}=kata`;
  const run = await drive(load, async (user) => {
    const until = performance.now() + PATIENCE_MS;
    for (let tried = 0; tried < TRIES; tried += 1) {
      if (performance.now() > until) return { result: 'gave up' };
      const { items } = await client.list(PODS, namespace, { labelSelector }, { timeoutMs: 60_000 });
      const first = items.find(isReady);
      if (first === undefined) return { result: 'empty' };
      const name = first.metadata?.name ?? '';
      try {
        await client.replace(PODS, { namespace, name }, takenBy(user, first), { timeoutMs: 60_000 });
        return { result: 'ok', pod: name };
      } catch (error) {
        if (!(error instanceof KubeApiError) || error.status !== 409) throw error;
      }
    }
    return { result: 'refused' };
  });
  await connection.close();
  return run;
}

function takenBy(user: string, pod: Pod): Pod {
  const { metadata = {} } = pod;
  const allocatedAt = new Date().toISOString();
  return {
    ...pod,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, [LABEL.pool]: 'allocated', [LABEL.owner]: ownerOf(user) },
      annotations: { ...metadata.annotations, [ANNOTATION.userId]: user, [ANNOTATION.allocatedAt]: allocatedAt },
    },
  };
}
