import { EXECUTION_STATES, type ExecutionState } from './execution.names.js';

/** The most columns, and the most rows, of a terminal. */
export const TERMINAL_SIDE_MAX = 1000;

/** What a terminal may be called by who makes it; one that is given no name gets one of this form. */
export const TERMINAL_ID = /^[a-z\d-]{1,64}$/;

/** How long a terminal lives without a viewer that is not told, in seconds. */
export const TERMINAL_GRACE_DEFAULT_SECONDS = 60;

export const TERMINAL_STATES = EXECUTION_STATES;
export type TerminalState = ExecutionState;

/** The most bytes of one frame of a viewer: a large paste. */
export const TERMINAL_FRAME_MAX_BYTES = 1_048_576;

/** What text frames tell a viewer beside the output, which comes in binary frames. */
export type TerminalNotice =
  | { type: 'exit'; exitCode: number; signal?: string }
  /** So many bytes were evicted before this viewer got them. */
  | { type: 'gap'; bytes: number }
  /** A control frame of the viewer's was not understood. */
  | { type: 'error'; detail: string };
