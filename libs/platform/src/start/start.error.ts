/** The process cannot start, for a reason that is whoever started it to change: the message says how. No stack is shown. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
