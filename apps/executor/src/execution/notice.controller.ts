import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { NoticeDto } from '@warmbox/dto';
import { ExecutionRegistry } from './execution.registry.js';

/** The manager's notice that the sandbox's lifetime ends soon. */
@Controller('api')
export class NoticeController {
  constructor(private readonly executions: ExecutionRegistry) {}

  @Post('notice')
  @HttpCode(204)
  notice(@Body() { expiresAt }: NoticeDto): void {
    this.executions.expire(expiresAt);
  }
}
