/**
 * With what Node is started to run one of ours, as the images do too. Without the flag whoever may send a signal opens a debugger with
 * SIGUSR1, and through it is the process: a guest is the executor's own user. It cannot be set from inside, nor in NODE_OPTIONS.
 */
export const NODE_FLAGS: readonly string[] = ['--disable-sigusr1'];

/**
 * With what Node is started to run an executor: there is one in every sandbox, and V8 would let its youngest objects take up to 16 MiB
 * before it looks for those that are needed still.
 */
export const EXECUTOR_FLAGS: readonly string[] = [...NODE_FLAGS, '--max-semi-space-size=1'];
