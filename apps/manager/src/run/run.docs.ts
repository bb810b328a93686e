import { EXECUTION_HEADERS } from '../execution/execution.docs.js';

/** What may be run. */
export const RUN_EXAMPLES = {
  command: {
    summary: 'A line of bash, after which the sandbox goes',
    value: { command: 'echo "hello from $(hostname)"', timeoutSeconds: 60 },
  },
  keep: {
    summary: 'The same in a sandbox that stays',
    value: { command: 'pip install requests', keep: true, userId: 'ada@example.org', idleTimeoutSeconds: 600 },
  },
};

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
