import { isIP } from 'node:net';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { ProblemError, type Clock } from '@warmbox/platform';
import type { FastifyRequest } from 'fastify';
import { Counter } from 'prom-client';
import { CLOCK } from '../kube/kube.module.js';
import { Metrics } from '../config/metrics.js';
import { hasCredentials, unauthenticated } from './api-key.authenticator.js';
import { FAILURES_MAX, FailedLogins } from './failed.logins.js';
import { Authenticator, type Principal } from './principal.js';

/** Says who a request is from, and keeps account of those that cannot say it. */
@Injectable()
export class Authentication {
  private readonly logger = new Logger(Authentication.name);
  private readonly failed: FailedLogins;
  private readonly failures: Counter<'reason'>;

  constructor(
    private readonly authenticator: Authenticator,
    { registry }: Metrics,
    @Inject(CLOCK) clock: Clock,
  ) {
    this.failed = new FailedLogins(clock);
    this.failures = new Counter({
      name: 'warmbox_authentication_failures_total',
      help: 'Requests that were refused because their key was wrong or missing, by reason.',
      labelNames: ['reason'],
      registers: [registry],
    });
    for (const reason of ['wrong', 'missing']) this.failures.inc({ reason }, 0);
  }

  /** @returns undefined where the request does not say it */
  principalOf(request: FastifyRequest): Principal | undefined {
    return this.authenticator.authenticate(request.raw.headers);
  }

  /** What a request is told that has no principal. The log has its address: at most FAILURES_MAX + 1 lines a minute of each. */
  refuse(request: FastifyRequest): ProblemError {
    const reason = hasCredentials(request.raw.headers) ? 'wrong' : 'missing';
    this.failures.inc({ reason });
    if (reason === 'missing') return unauthenticated();
    const address = addressOf(request);
    const { count, waitSeconds } = this.failed.add(address);
    if (waitSeconds === undefined) {
      this.logger.warn({ address }, 'a request with a wrong key was refused');
      return unauthenticated();
    }
    if (count === FAILURES_MAX + 1) {
      this.logger.warn(
        { address, waitSeconds },
        'too many requests with wrong keys: no more of them are logged for now',
      );
    }
    return new ProblemError(
      'rate_limited',
      `More than ${FAILURES_MAX} requests with wrong keys came from ${address} within a minute: wait, and use the right one.`,
      { retryAfterSeconds: waitSeconds },
    );
  }
}

/** Where a request comes from: its connection, or what trusted proxies say, if that is an address. */
function addressOf(request: FastifyRequest): string {
  return isIP(request.ip) === 0 ? (request.raw.socket.remoteAddress ?? 'unknown') : request.ip;
}
