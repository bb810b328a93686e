import { EXECUTION_HEADERS } from '../execution/execution.docs.js';

/** What may be run. */
export const RUN_EXAMPLES = {
  files: {
    summary: 'A program that comes along',
    value: { argv: ['python3', 'main.py'], files: [{ path: 'main.py', content: 'print(6 * 7)\n' }] },
  },
  command: {
    summary: 'A line of bash, after which the sandbox goes',
    value: { command: 'echo "hello from $(hostname)"', timeoutSeconds: 60 },
  },
  keep: {
    summary: 'The same in a sandbox that stays',
    value: { command: 'pip install requests', keep: true, userId: 'ada@example.org', idleTimeoutSeconds: 600 },
  },
};

/** What a retry has. */
export const KEY_OF_RUN =
  'A string of your own, new for each run: however often the request is sent with it, through any manager, the command runs once, and every answer is about the same execution in the same sandbox, from the beginning of its output. With another body it is 422 `idempotency_key_reused`; once the run is over and its sandbox gone, 410 `sandbox_gone`. A request that was refused can be sent again. Remembered for 24 hours.';

/** Headers of an answer to a run. */
export const RUN_HEADERS = {
  ...EXECUTION_HEADERS,
  'X-Sandbox-Name': {
    description: 'The sandbox in which the command runs, for every path that names it.',
    schema: { type: 'string' as const, example: 'kata-sandbox-7g4kx2p9mz' },
  },
};

/** Where the execution is that an answer is about. */
export const RUN_LOCATION = {
  Location: {
    description: 'The execution, relative to the URL that was asked.',
    schema: { type: 'string' as const, example: 'kata-sandbox-7g4kx2p9mz/executions/x7f3k9d2m5q8w1z4' },
  },
};
