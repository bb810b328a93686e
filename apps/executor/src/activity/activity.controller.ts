import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { SealDto, type ActivityDto } from '@warmbox/dto';
import { ActivityMeter } from './activity.meter.js';

/** What the manager asks before it removes a sandbox as idle. */
@Controller('api')
export class ActivityController {
  constructor(private readonly meter: ActivityMeter) {}

  @Get('activity')
  activity(): ActivityDto {
    return this.meter.activity;
  }

  /** Takes no new work for 30 s, or refuses because something goes on, or did a moment ago. */
  @Post('seal')
  @HttpCode(204)
  seal(@Body() { idleSeconds }: SealDto): void {
    this.meter.seal(idleSeconds);
  }
}
