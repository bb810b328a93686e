import { KubeClient, silentLog } from '@warmbox/kube';
import { Kubelet, KubeletMachine } from '@warmbox/local-cluster';
import { systemClock } from '@warmbox/platform';
import { connectByDefault } from '@warmbox/kube/kubeconfig';

/** The node of one namespace. */
export interface BenchNode {
  namespace: string;
  /** How long its pods take to Ready, in milliseconds; they are hollow. Without it each runs an executor. */
  hollowAfterMs?: number;
}

/** Runs the nodes until this process is told to end. @param executorCommand for pods that are not hollow. */
export async function runNodes(nodes: BenchNode[], executorCommand: string[]): Promise<void> {
  const connection = await connectByDefault();
  const client = new KubeClient(connection);
  const machine = await KubeletMachine.open('plain', silentLog);
  const kubelets = nodes.map(({ namespace, hollowAfterMs }) => {
    const hollow = hollowAfterMs === undefined ? undefined : { readyAfterMs: hollowAfterMs };
    const options = { nodeName: `node-${namespace}`, executorCommand, bind: true, namespace, hollow };
    return new Kubelet(client, machine, options, systemClock, silentLog);
  });
  for (const kubelet of kubelets) await kubelet.start();
  process.send?.('ready');
  await new Promise((resolve) => process.once('SIGTERM', resolve));
  await Promise.all(kubelets.map((kubelet) => kubelet.stop()));
  await machine.close();
  await connection.close();
}
