import { invalidRequest } from '@warmbox/http';

/** Where a reader of an execution's events begins. */
export interface StartingPoint {
  /** The offset of the first byte that it wants. */
  offset: number;
  /** Whether it has not seen StartedEvent. */
  wantsStarted: boolean;
  /** Whether it has seen CompletedEvent: there is nothing more. */
  isDone: boolean;
  /** Whether it goes on where it was. */
  resumes: boolean;
}

export const STARTED_ID = '0s';

/** The id of what ends at an offset: output, a gap. */
export function outputId(offset: number): string {
  return String(offset);
}

export function completedId(offset: number): string {
  return `${offset}e`;
}

export const FROM_THE_START: StartingPoint = { offset: 0, wantsStarted: true, isDone: false, resumes: false };

/** A client that asked for the execution before and may have lost that answer: all of it, in the place of who was there before. */
export const AGAIN_FROM_THE_START: StartingPoint = { ...FROM_THE_START, resumes: true };

const ID = /^(\d{1,16})(s|e)?$/;

/**
 * Reads the id of the last event that a client has seen. The header wins over the query: when a browser's EventSource
 * reconnects it sends the header with the URL that it was opened with.
 *
 * @throws ProblemError invalid_request for what is no id.
 */
export function startingPointOf(lastEventId: string | undefined, after: string | undefined): StartingPoint {
  const fromHeader = lastEventId !== undefined && lastEventId !== '';
  const id = fromHeader ? lastEventId : after;
  if (id === undefined) return FROM_THE_START;
  const [, digits, suffix] = ID.exec(id) ?? [];
  const offset = Number(digits);
  if (digits === undefined || !Number.isSafeInteger(offset) || (suffix === 's' && offset !== 0)) {
    throw invalidId(fromHeader, 'must be the id of an event: "0s", an offset, or an offset and "e"');
  }
  return { offset, wantsStarted: false, isDone: suffix === 'e', resumes: true };
}

/** A starting point that the execution has not reached cannot have come from it. */
export function invalidId(fromHeader: boolean, detail: string): Error {
  const name = fromHeader ? 'Last-Event-ID' : 'after';
  return invalidRequest([{ pointer: fromHeader ? name : `?${name}`, detail: `${name} ${detail}` }]);
}
