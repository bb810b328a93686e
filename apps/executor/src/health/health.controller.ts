import { Controller, Get } from '@nestjs/common';

@Controller()
export class HealthController {
  /** Commands can run: the executor depends on nothing else. */
  @Get('healthz')
  health(): { status: 'ok' } {
    return { status: 'ok' };
  }
}
