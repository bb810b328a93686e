import type { Clock } from '@warmbox/platform';
import type { Lease } from '@warmbox/sandbox';

/** Why a runtime's pool is not simply filled: its pods fail. */
export interface Circuit {
  /** The template whose pods fail; another one's are none of this circuit's. */
  template: string;
  /** How many rounds of failures in a row. */
  failures: number;
  /** The last one, in a sentence. */
  reason: string;
  /** When the next creation may be tried, in wall-clock milliseconds. */
  retryAt: number;
}

/** By runtime. One that is absent is closed. */
export type Circuits = ReadonlyMap<string, Circuit>;

/** The pause after the first round of failures, and the longest, in milliseconds. */
const FIRST_PAUSE_MS = 5_000;
export const LONGEST_PAUSE_MS = 300_000;
const REASON_LENGTH = 300;

/** The circuit after one more round of failures. */
export function tripped(before: Circuit | undefined, template: string, reason: string, now: number): Circuit {
  const failures = (before?.template === template ? before.failures : 0) + 1;
  const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
  return { template, failures, reason: reason.slice(0, REASON_LENGTH), retryAt: now + pause };
}

/**
 * How many creations a circuit lets pass: any number while it is closed, none before retryAt, and then one at a time.
 *
 * @param underWay creations that have not come to Ready or failure yet.
 */
export function allowance(circuit: Circuit | undefined, template: string, underWay: number, now: number): number {
  if (circuit?.template !== template) return Infinity;
  return untilRetry(circuit, now) > 0 ? 0 : Math.max(0, 1 - underWay);
}

/** Milliseconds until it may be tried again; not positive: now. A time too far off is that of a clock that was put back. */
export function untilRetry({ retryAt }: Circuit, now: number): number {
  return retryAt - now > LONGEST_PAUSE_MS ? 0 : retryAt - now;
}

/**
 * Counts the failures of a pool in rounds: ten pods that time out together are one failure, not ten, or the first bad minute
 * would be a pause of five. What was under way when the last failure was counted belongs to that round.
 */
export class PoolFailures {
  private readonly open: Map<string, Circuit>;
  /** By runtime: the pods that were there when its last failure was counted, and when that was, on the monotonic clock. */
  private readonly rounds = new Map<string, { pods: ReadonlySet<string>; at: number }>();

  /** @param before what the leader before has published. */
  constructor(
    before: Circuits,
    private readonly clock: Clock,
  ) {
    this.open = new Map(before);
  }

  get circuits(): Circuits {
    return this.open;
  }

  /** A pod failed. `present`: uids of all warm pods of the runtime. Returns whether the circuit has changed. */
  podFailed(runtime: string, template: string, uid: string, present: string[], reason: string): boolean {
    if (this.rounds.get(runtime)?.pods.has(uid)) return false;
    return this.trip(runtime, template, present, reason);
  }

  /** The API server refused a pod whose creation was sent at `sentAt`, on the monotonic clock. */
  refused(runtime: string, template: string, sentAt: number, present: string[], reason: string): boolean {
    const { at = -Infinity } = this.rounds.get(runtime) ?? {};
    return sentAt > at && this.trip(runtime, template, present, reason);
  }

  /** A pod became Ready, or the pool is full. Returns whether the circuit has changed. */
  succeeded(runtime: string): boolean {
    return this.open.delete(runtime);
  }

  /** Forgets what concerns no runtime and template of these. Returns whether that changed anything. */
  retain(runtimes: readonly { name: string; template: string }[]): boolean {
    const size = this.open.size;
    for (const [runtime, circuit] of this.open) {
      if (!runtimes.some(({ name, template }) => name === runtime && template === circuit.template)) {
        this.open.delete(runtime);
      }
    }
    return this.open.size !== size;
  }

  private trip(runtime: string, template: string, present: string[], reason: string): boolean {
    this.open.set(runtime, tripped(this.open.get(runtime), template, reason, this.clock.now()));
    this.rounds.set(runtime, { pods: new Set(present), at: this.clock.monotonic() });
    return true;
  }
}

/** The Lease's annotation by which the leader publishes the circuits to every manager. */
export const CIRCUITS_ANNOTATION = 'warmbox.dev/pool-circuits';

/** The circuits that the leader has published last. */
export function publishedCircuits(lease: Lease | undefined): Map<string, Circuit> {
  return decodeCircuits(lease?.metadata?.annotations?.[CIRCUITS_ANNOTATION]);
}

/** As they are published: `{"kata":{"template":…,"failures":3,"reason":…,"retryAt":"2026-…Z"}}`. */
export function encodeCircuits(circuits: Circuits): string {
  return JSON.stringify(
    Object.fromEntries(
      [...circuits].map(([runtime, circuit]) => [
        runtime,
        { ...circuit, retryAt: new Date(circuit.retryAt).toISOString() },
      ]),
    ),
  );
}

/** What was published; what cannot be understood counts as closed, since a pool that is not filled is the greater harm. */
export function decodeCircuits(text: string | undefined): Map<string, Circuit> {
  const circuits = new Map<string, Circuit>();
  for (const [runtime, value] of Object.entries(objectOf(text))) {
    const { template, failures, reason, retryAt } = (value ?? {}) as Record<string, unknown>;
    const at = typeof retryAt === 'string' ? Date.parse(retryAt) : NaN;
    if (typeof template !== 'string' || typeof reason !== 'string' || Number.isNaN(at)) continue;
    if (typeof failures !== 'number' || !Number.isInteger(failures) || failures < 1) continue;
    circuits.set(runtime, { template, failures, reason, retryAt: at });
  }
  return circuits;
}

function objectOf(text: string | undefined): object {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}
