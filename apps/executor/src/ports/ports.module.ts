import { Module } from '@nestjs/common';
import { ActivityModule } from '../activity/activity.module.js';
import { LocalServers } from './local.servers.js';
import { PortsController } from './ports.controller.js';

/** Servers that run in this sandbox, for who asks from outside. */
@Module({ imports: [ActivityModule], controllers: [PortsController], providers: [LocalServers] })
export class PortsModule {}
