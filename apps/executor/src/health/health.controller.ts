import { Controller, Get } from '@nestjs/common';
import { SessionEnvironment } from '../environment/session.environment.js';

@Controller()
export class HealthController {
  constructor(private readonly session: SessionEnvironment) {}

  /** Commands can run. All that they depend on are the session's variables, where those are awaited: 409 not_ready. */
  @Get('healthz')
  health(): { status: 'ok' } {
    this.session.check();
    return { status: 'ok' };
  }
}
