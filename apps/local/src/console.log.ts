import type { KubeLog } from '@warmbox/local-cluster';

/** The local cluster's troubles, a line each; what is no trouble is left out. */
export class ConsoleLog implements KubeLog {
  constructor(private readonly write: (text: string) => void) {}

  log(): void {
    // A newcomer has enough to read.
  }

  warn(context: object, message: string): void {
    const { err, ...rest } = context as { err?: unknown };
    const cause = err instanceof Error ? err.message : err;
    const details = Object.entries({ ...rest, ...(cause === undefined ? {} : { cause }) });
    const text = details.map(([key, value]) => ` ${key}=${JSON.stringify(value)}`).join('');
    this.write(`local cluster: ${message}${text}\n`);
  }
}
