/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Whether it has aborted by now; a type checker believes that what was false before an `await` is false after it. */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
