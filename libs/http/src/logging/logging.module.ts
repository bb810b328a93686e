import type { IncomingMessage } from 'node:http';
import type { DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { DestinationStream } from 'pino';
import { loggedTarget } from './logged.target.js';
import { LogOutput } from './log.output.js';
import { prettyOutput } from './pretty.output.js';
import { WITHOUT_SECRETS } from './secret.censor.js';

export interface LoggingOptions {
  level: string;
  /** Lines for people instead of JSON. */
  pretty: boolean;
  /** Whether a request for this target leaves no line of its own; for probes. */
  isSilent: (target: string) => boolean;
  /** Where the lines go (standard output). */
  stream?: DestinationStream;
}

/**
 * Logs by pino: JSON, one line per request when its answer is over, the request's id in every line that is written on its
 * behalf. Of a request and its answer only what is listed here is logged; headers, bodies and values of queries never are.
 */
export function loggingModule({ level, pretty, isSilent, stream = new LogOutput() }: LoggingOptions): DynamicModule {
  return LoggerModule.forRoot({
    pinoHttp: [
      {
        level,
        genReqId: (request) => request.id,
        quietReqLogger: true,
        customLogLevel: (_request, { statusCode }, error) => ((error ?? statusCode === 500) ? 'error' : 'info'),
        customAttributeKeys: { reqId: 'requestId' },
        // pino-http makes up an error for every 5xx; the real one has its own line, with its cause.
        customErrorObject: (_request, _response, _error, { err: _err, ...line }: Record<string, unknown>) => line,
        autoLogging: { ignore: (request) => isSilent(targetOf(request)) },
        formatters: WITHOUT_SECRETS.formatters,
        serializers: {
          ...WITHOUT_SECRETS.serializers,
          req: ({ method, url }: { method: string; url: string }) => ({
            method,
            url: loggedTarget(url),
          }),
          res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
        },
      },
      pretty ? prettyOutput(stream) : stream,
    ],
    // What is added to the lines of a request is on the line of its end too.
    assignResponse: true,
    // Without a wildcard route the middleware is never called on Fastify.
    forRoutes: ['/{*path}'],
  });
}

/** What was asked for: middie takes away from `url` what its route matched. */
function targetOf(request: IncomingMessage & { originalUrl?: string }): string {
  return request.originalUrl ?? request.url ?? '';
}
