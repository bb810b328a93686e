/**
 * With what Node is started to run one of ours, as the images do too. Without the flag whoever may send a signal opens a debugger with
 * SIGUSR1, and through it is the process: a guest is the executor's own user. It cannot be set from inside, nor in NODE_OPTIONS.
 */
export const NODE_FLAGS: readonly string[] = ['--disable-sigusr1'];

/**
 * With what Node is started to run an executor, of which there is one in every sandbox. V8 would let its youngest objects take 16 MiB
 * before it looks for those that are needed still, and its heap grow by half and more; and four threads that collect and optimize beside the
 * program keep 20 MiB, and on a busy machine, or one processor, the program waits for them: after 1,000 commands 39 instead of 59 MiB.
 */
export const EXECUTOR_FLAGS: readonly string[] = [
  ...NODE_FLAGS,
  '--max-semi-space-size=2',
  '--single-threaded',
  '--heap-growing-percent=20',
];
