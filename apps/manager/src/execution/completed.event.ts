import type { CompletedEventDto } from '@warmbox/dto';
import { MEDIA, type StreamMedia } from '@warmbox/platform';

/** What an executor says of how a command ended; its port may be in the hands of its guest, so each of it may be missing or wrong. */
export type Completion = Partial<CompletedEventDto>;

/** The most of an event that is looked at; the longest has some 200 bytes. */
const MAX_BYTES = 4_096;
/** How the last event of an execution that ran begins. A command's output cannot look like it: it is text within JSON. */
const BEGINNING = {
  [MEDIA.eventStream]: 'event: CompletedEvent\n',
  [MEDIA.ndjson]: '{"event":"CompletedEvent"',
} as const;

/** How the command ended, by the last piece of its stream; undefined where that does not say. */
export function completionIn(piece: Buffer, media: StreamMedia): Completion | undefined {
  const tail = piece.subarray(Math.max(0, piece.length - MAX_BYTES)).toString();
  const at = tail.lastIndexOf(BEGINNING[media]);
  if (at < 0 || (at > 0 && tail[at - 1] !== '\n')) return undefined;
  const event = tail.slice(at);
  if (media === MEDIA.eventStream) return completionOf(membersOf(/^data: (.*)$/m.exec(event)?.[1] ?? ''));
  return completionOf(membersOf(event.split('\n', 1)[0] ?? '').data);
}

/** How it ended, by the beginning of a result in one piece, of which nothing is parsed but what stands before the output. */
export function completionAtHead(head: Buffer): Completion | undefined {
  const text = head.subarray(0, MAX_BYTES).toString();
  const match = /^\{"executionId":"[^"\\]*","exitCode":(\d{1,3}),"timedOut":(true|false)[,}]/.exec(text);
  if (match === null) return undefined;
  return { exitCode: Number(match[1]), timedOut: match[2] === 'true' };
}

function membersOf(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function completionOf(data: unknown): Completion | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { pid, exitCode, timedOut, signal, cancelled, durationMs, bytes } = data as Record<string, unknown>;
  if (typeof exitCode !== 'number') return undefined;
  return {
    pid: numberOf(pid),
    exitCode: numberOf(exitCode),
    timedOut: timedOut === true,
    signal: typeof signal === 'string' && /^SIG[A-Z\d+-]{1,12}$/.test(signal) ? signal : undefined,
    cancelled: cancelled === true,
    durationMs: numberOf(durationMs),
    bytes: numberOf(bytes),
  };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
