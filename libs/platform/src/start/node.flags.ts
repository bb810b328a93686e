/**
 * With what Node is started to run one of ours, as the images do too. Without the flag whoever may send a signal opens a debugger with
 * SIGUSR1, and through it is the process: a guest is the executor's own user. It cannot be set from inside, nor in NODE_OPTIONS.
 */
export const NODE_FLAGS: readonly string[] = ['--disable-sigusr1'];
