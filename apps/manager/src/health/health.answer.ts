import { HttpException } from '@nestjs/common';
import type { HealthCheckResult } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';

/** A check's result as the answer: terminus throws a failed one, and here it is no problem document but the answer itself. */
export async function answerOf(reply: FastifyReply, check: Promise<HealthCheckResult>): Promise<unknown> {
  try {
    return await check;
  } catch (error) {
    if (!(error instanceof HttpException)) throw error;
    reply.status(error.getStatus()).header('retry-after', '1');
    return error.getResponse();
  }
}
