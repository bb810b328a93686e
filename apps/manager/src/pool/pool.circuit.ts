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

/** As it is published: `{"kata":{"template":…,"failures":3,"reason":…,"retryAt":"2026-…Z"}}`. */
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
