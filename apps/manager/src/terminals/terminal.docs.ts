import { ApiParam } from '@nestjs/swagger';
import type { ProblemCode } from '@warmbox/contracts';

/** What every route of terminals can answer. */
export const TERMINAL_PROBLEMS: readonly ProblemCode[] = [
  'runtime_not_found',
  'sandbox_not_found',
  'sandbox_gone',
  'not_ready',
  'not_allocated',
  'executor_unreachable',
  'rate_limited',
  'kubernetes_unavailable',
  'executor_timeout',
];

export const ApiTerminalId = (): MethodDecorator =>
  ApiParam({ name: 'id', description: 'The terminal.', example: 'main' });

/** Where a new terminal is. */
export const LOCATION = {
  Location: {
    description: 'The terminal, relative to the URL that was asked.',
    schema: { type: 'string' as const, example: 'terminals/main' },
  },
};

export const CREATE_DESCRIPTION =
  'Starts a program in a terminal of its own: unless told a login shell, with `TERM=xterm-256color` and the sandbox’s variables. It lives on for `disconnectGraceSeconds` without a viewer, and then is ended. A sandbox has at most 32 of them (409 `conflict`). Needs an executor on Linux with glibc (422 `cannot_start`).';

export const END_DESCRIPTION =
  'SIGHUP to every process that it has started, then SIGKILL; answers when its program is over, after a few seconds at most. Its viewers are told the end. One that was over already stays as it is.';

export const CONNECT_DESCRIPTION = [
  'A WebSocket. Binary frames are bytes, both ways. A text frame that is a JSON object with `type` is a control; any other text is input, so that xterm.js with its AttachAddon works as it is.',
  'To the terminal: `{"type":"resize","cols":120,"rows":40}`, each 1 to 1000. From it: `{"type":"exit","exitCode":0}`, with `signal` where one ended it, then the connection is closed with 1000; `{"type":"gap","bytes":4096}` where so many bytes were lost to a viewer that was too slow; `{"type":"error","detail":"…"}` for a control that is none.',
  'The first byte that comes is the one after `after`; each gap and each binary frame adds its bytes. So a viewer whose connection ends with any code but 1000 comes back with `?after=`, through any manager, and misses nothing of the newest MiB. A terminal has several viewers at once, the sandbox at most 64 (409 `conflict`). A frame has at most 1 MiB.',
].join('\n\n');
