export const EXECUTION_STATES = ['running', 'completed'] as const;
export type ExecutionState = (typeof EXECUTION_STATES)[number];

/** The events of an execution's stream, by their SSE names. */
export type ExecutionEventName =
  'StartedEvent' | 'OutputEvent' | 'GapEvent' | 'ExpiringEvent' | 'CompletedEvent' | 'ErrorEvent';

/** The names that clients of the original know; `events: original` sends no other. */
export const ORIGINAL_EVENTS: readonly ExecutionEventName[] = ['OutputEvent', 'CompletedEvent', 'ErrorEvent'];
