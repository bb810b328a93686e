import { Module } from '@nestjs/common';
import { EnvironmentModule } from '../environment/environment.module.js';
import { HealthController } from './health.controller.js';

@Module({ imports: [EnvironmentModule], controllers: [HealthController] })
export class HealthModule {}
