import { Module } from '@nestjs/common';
import { EnvironmentController } from './environment.controller.js';
import { OWN_ENVIRONMENT } from './environment.tokens.js';
import { SessionEnvironment } from './session.environment.js';

/** The variables of the sandbox's session. */
@Module({
  controllers: [EnvironmentController],
  providers: [SessionEnvironment, { provide: OWN_ENVIRONMENT, useFactory: () => process.env }],
  exports: [SessionEnvironment, OWN_ENVIRONMENT],
})
export class EnvironmentModule {}
