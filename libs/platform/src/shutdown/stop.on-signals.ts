export interface Stoppable {
  /** Begins the orderly stop; resolves when the process can end. */
  stop: () => Promise<void>;
  /** Makes an orderly stop that has begun wait for nothing. */
  hurry: () => void;
  /** The exit code of an orderly stop that a signal asked for; 0 unless told. */
  exitCode?: (signal: NodeJS.Signals) => number;
  /** The process's end. */
  exit: (code: number) => void;
  /** What went wrong while stopping. */
  onError: (error: unknown) => void;
}

/** Time that a hurried stop has, in milliseconds. */
const HURRIED_MS = 5_000;

/**
 * SIGTERM and SIGINT: the first begins an orderly stop, the second hurries it (and bounds what is left of it), the third ends
 * the process where it stands. A terminal's Ctrl-C reaches every process of a group, and a parent may pass its own on:
 * the second signal must not lose what the first one began.
 */
export function stopOnSignals(
  process: { on: (signal: 'SIGINT' | 'SIGTERM', listener: (signal: NodeJS.Signals) => void) => unknown },
  { stop, hurry, exitCode = () => 0, exit, onError }: Stoppable,
): void {
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals): void => {
    signals += 1;
    if (signals === 1) {
      stop().then(
        () => exit(exitCode(signal)),
        (error: unknown) => {
          onError(error);
          exit(1);
        },
      );
    } else if (signals === 2) {
      hurry();
      setTimeout(() => exit(1), HURRIED_MS).unref();
    } else {
      exit(1);
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
