/** Which trace something belongs to, and what caused it there, in the words of W3C Trace Context's headers. */
export interface TraceContext {
  /** In the form of version 00, whichever it came in. */
  traceparent: string;
  /** What tracing systems add for each other; absent where there is nothing, or what there was breaks the rules. */
  tracestate?: string;
}

/** Headers as Node has them. */
type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** version-traceid-parentid-flags; neither id all zeros. Versions that come may have more behind that. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-((?!0{32})[\da-f]{32})-((?!0{16})[\da-f]{16})-([\da-f]{2})(-.*)?$/;
const SAMPLED = 1;

const STATE_MAX_LENGTH = 512;
const STATE_MEMBERS_MAX = 32;
/** A key (with or without a system's name behind an @), and a value without commas and equal signs that ends in no space. */
const STATE_MEMBER = /^[a-z\d][a-z\d_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * The trace context that headers carry. As its standard says, a `traceparent` that is none counts as absent, so does a `tracestate`
 * with a fault anywhere, and one without a `traceparent`.
 */
export function traceContextOf({ traceparent, tracestate }: Headers): TraceContext | undefined {
  const match = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent.trim()) : null;
  if (match === null) return undefined;
  const [, version = '', traceId = '', parentId = '', flags = '', more] = match;
  if (version === '00' && more !== undefined) return undefined;
  // What flags of a later version mean is not known, but for this one.
  const known = version === '00' ? flags : `0${parseInt(flags, 16) & SAMPLED}`;
  const state = stateOf(tracestate);
  return {
    traceparent: `00-${traceId}-${parentId}-${known}`,
    ...(state === undefined ? {} : { tracestate: state }),
  };
}

/** The id of the trace that a context of ours names. */
export function traceIdOf({ traceparent }: TraceContext): string {
  return traceparent.slice(3, 35);
}

function stateOf(tracestate: string | string[] | undefined): string | undefined {
  if (typeof tracestate !== 'string' || tracestate.length > STATE_MAX_LENGTH) return undefined;
  const members = tracestate
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  const keys = new Set(members.map((member) => member.slice(0, member.indexOf('='))));
  const isSound = members.every((member) => STATE_MEMBER.test(member)) && keys.size === members.length;
  return isSound && members.length > 0 && members.length <= STATE_MEMBERS_MAX ? members.join(',') : undefined;
}
