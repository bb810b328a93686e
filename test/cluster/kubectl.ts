import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { KubeList, Pod } from '@warmbox/sandbox';

/** The namespaces of k8s/base. */
export const MANAGERS = 'warmbox';
export const SANDBOXES = 'sandbox-containers';
/** Selects the managers' pods. */
export const MANAGER_SELECTOR = 'app.kubernetes.io/name=warmbox,app.kubernetes.io/component=manager';

/** A kubectl that failed. */
export class KubectlError extends Error {
  constructor(
    args: readonly string[],
    readonly code: number | null,
    readonly stderr: string,
  ) {
    super(`kubectl ${args.join(' ')} ended with ${code ?? 'a signal'}: ${stderr.trim()}`);
  }
}

/**
 * Runs kubectl as the cluster's administrator; resolves with what it prints.
 *
 * @param input what it reads for `-f -`; an object is given as JSON
 * @throws KubectlError
 */
export async function kubectl(args: readonly string[], input?: object): Promise<string> {
  const child = spawn('kubectl', args, { stdio: ['pipe', 'pipe', 'pipe'] });
  // It may end before it has read everything.
  child.stdin.on('error', () => undefined).end(input === undefined ? '' : JSON.stringify(input));
  const exited = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const [code, stdout, stderr] = await Promise.all([exited, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new KubectlError(args, code, stderr);
  return stdout;
}

/** The same with `-o json`, read. */
export async function kubectlJson<T>(args: readonly string[], input?: object): Promise<T> {
  return JSON.parse(await kubectl([...args, '-o', 'json'], input)) as T;
}

/** The managers' pods, but for those that are being deleted, as some are for a while after every rollout. */
export async function managerPods(): Promise<Pod[]> {
  const { items } = await kubectlJson<KubeList<Pod>>(['get', 'pods', '-n', MANAGERS, '-l', MANAGER_SELECTOR]);
  return items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
}
