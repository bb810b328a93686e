import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { toProblem, type ProblemError } from '@warmbox/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from './send.problem.js';

/** The only place that writes an error's JSON: RFC 9457 problem documents for everything that is thrown. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Problem');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = toProblem(thrown);
    this.log(problem, request.id);
    if (reply.raw.headersSent) {
      // A stream has begun: its own last event has told the client, or the broken-off connection does.
      reply.raw.destroy();
      return;
    }
    void sendProblem(reply, problem, request.id);
  }

  /** What a client cannot mend is for the log, with what caused it; its own mistakes are its own. */
  private log(problem: ProblemError, requestId: string): void {
    if (problem.code === 'internal') this.logger.error({ err: problem.cause, requestId }, 'unexpected error');
    else if (problem.status >= 500 && problem.cause !== undefined)
      this.logger.warn({ err: problem.cause, requestId }, problem.detail);
  }
}
