import { applyDecorators, RequestMapping, RequestMethod } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiParam, ApiResponse } from '@nestjs/swagger';
import { RouteSettings } from '@warmbox/http';
import { ApiProblems } from '../docs/index.js';
import { Operation } from '../http/operation.js';
import type { OperationId } from '../http/policy.js';

/** Milliseconds for which a client may send nothing of a body that the server inside waits for. */
const BODY_IDLE_MS = 60_000;

const DESCRIPTION =
  'Path, query, headers and body go to the server as they are, and its answer comes back as it is, whatever its status; either may take as long as it likes. Not passed on: the API key in either header, and what belongs to one connection alone. `X-Forwarded-For`, `-Host`, `-Prefix` and `-Proto` say where the request came to; `Host` is `localhost` with the port. The server may listen on the sandbox’s loopback address. Its cookies are for the answering host alone: `Domain` is removed. Below `absolute-ports/{port}/` in place of `ports/{port}/` the server sees the whole path, from `/api/` on: for one that is told its base. Where `portsDomain` is configured the same server has a host of its own, `{port}-{name}.{portsDomain}`, all of whose paths are the server’s.';

const UPGRADE =
  ' A WebSocket is opened by the same path: from the server’s 101 on nothing of it is looked at. It ends with its sandbox, and with the manager it goes through.';

/** Bytes of whatever kind. */
const BYTES = { '*/*': { schema: { type: 'string' as const, format: 'binary' }, example: 'Hello' } };

/** A route of one method to a server inside a sandbox, at all of its paths, and what the document says of it. */
export function PortRoute(method: RequestMethod, operation: OperationId, summary: string): MethodDecorator {
  const isGet = method === RequestMethod.GET;
  return applyDecorators(
    RequestMapping({ path: '*path', method }),
    RouteSettings({ rawBody: { idleMs: BODY_IDLE_MS }, takesUpgrade: isGet, passesHeaders: true }),
    Operation(operation, { summary, description: isGet ? DESCRIPTION + UPGRADE : DESCRIPTION }),
    ApiParam({
      name: 'port',
      description: 'Where the server listens in the sandbox.',
      schema: { type: 'integer', minimum: 1, maximum: 65_535, example: 3000 },
    }),
    ApiParam({
      name: 'path',
      description: 'What the server sees after its first slash; it may have slashes, and may be empty.',
      schema: { type: 'string', example: 'index.html' },
    }),
    ...(isGet
      ? [ApiResponse({ status: 101, description: 'The WebSocket is open.' })]
      : [
          ApiConsumes('*/*'),
          ApiBody({ required: false, schema: { type: 'string', format: 'binary', example: 'Hello' } }),
        ]),
    ApiOkResponse({ description: 'What the server answers, with its own status.', content: BYTES }),
    ApiProblems(
      'runtime_not_found',
      'sandbox_not_found',
      'sandbox_gone',
      'not_ready',
      'not_allocated',
      'conflict',
      'executor_unreachable',
      'port_unreachable',
      'rate_limited',
      'kubernetes_unavailable',
      'executor_timeout',
    ),
  );
}
