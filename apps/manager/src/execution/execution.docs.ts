import { ApiHeaders, ApiParam } from '@nestjs/swagger';
import type { ProblemCode } from '@warmbox/contracts';
import {
  CompletedEventDto,
  ErrorEventDto,
  ExpiringEventDto,
  GapEventDto,
  OutputEventDto,
  StartedEventDto,
  type ExecutionEvents,
} from '@warmbox/dto';

/** The schema of every event of an execution, by its SSE name. */
export const EXECUTION_EVENTS: Readonly<Record<keyof ExecutionEvents, new () => object>> = {
  StartedEvent: StartedEventDto,
  OutputEvent: OutputEventDto,
  GapEvent: GapEventDto,
  ExpiringEvent: ExpiringEventDto,
  CompletedEvent: CompletedEventDto,
  ErrorEvent: ErrorEventDto,
};

/** What the routes of one execution may answer instead, beside what any operation may. */
export const EXECUTION_PROBLEMS = [
  'runtime_not_found',
  'sandbox_not_found',
  'sandbox_gone',
  'execution_not_found',
  'not_ready',
  'not_allocated',
  'executor_unreachable',
  'rate_limited',
  'kubernetes_unavailable',
  'executor_timeout',
] as const satisfies readonly ProblemCode[];

/** What a request that is sent again has. */
export const KEY_OF_EXECUTION =
  'A string of your own, new for each command: however often the request is sent with it, through any manager, the command runs once, and every answer is about that execution: its events from the start as far as they are kept, its result, or, for a `detached` one, itself. With another body it is 422 `idempotency_key_reused`; where the execution is no longer kept, 410 `output_gone`. A request that was refused can be sent again. Remembered as long as the sandbox lives, the latest 4,096 of it.';

/** What may be run; `command` and `argv` exclude each other, so that no one example can show both. */
export const EXECUTE_EXAMPLES = {
  command: {
    summary: 'A line of bash',
    value: { command: 'for i in 1 2 3; do echo $i; sleep 1; done', timeoutSeconds: 60 },
  },
  argv: { summary: 'A program and its arguments, without a shell', value: { argv: ['python3', '-c', 'print(1 + 1)'] } },
  detached: {
    summary: 'A command that lives on when its reader leaves',
    value: { command: 'sleep 5; date > done', detached: true },
  },
};

/** Headers of an answer that is about one execution. */
export const EXECUTION_HEADERS = {
  'X-Execution-Id': {
    description: 'The execution, for every path that names it.',
    schema: { type: 'string' as const, example: 'x7f3k9d2m5q8w1z4' },
  },
};

/** Where the execution is that an answer is about. */
export const LOCATION = {
  Location: {
    description: 'The execution, relative to the URL that was asked.',
    schema: { type: 'string' as const, example: 'executions/x7f3k9d2m5q8w1z4' },
  },
};

export const ApiExecutionId = (): MethodDecorator =>
  ApiParam({ name: 'id', description: 'The execution.', example: 'x7f3k9d2m5q8w1z4' });

export const ApiTraceContext = (): MethodDecorator =>
  ApiHeaders([
    {
      name: 'traceparent',
      required: false,
      description:
        'W3C trace context, which the request becomes part of; one that is malformed counts as absent. The command has `TRACEPARENT`, which names the span of its execution where the manager makes spans, and is this header where it makes none.',
      schema: { type: 'string', example: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
    },
    {
      name: 'tracestate',
      required: false,
      description:
        'What tracing systems add to that; the command has it as `TRACESTATE`. One with a fault in it counts as absent.',
      schema: { type: 'string', example: 'rojo=00f067aa0ba902b7' },
    },
  ]);
