import { Body, Controller, HttpCode, Put } from '@nestjs/common';
import { EnvironmentDto } from '@warmbox/dto';
import { SessionEnvironment } from './session.environment.js';

@Controller('api')
export class EnvironmentController {
  constructor(private readonly session: SessionEnvironment) {}

  /** Replaces the session's variables, which reach every later execution. */
  @Put('environment')
  @HttpCode(204)
  replace(@Body() { environmentVariables }: EnvironmentDto): void {
    this.session.replace(environmentVariables);
  }
}
