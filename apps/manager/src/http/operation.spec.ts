import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Shutdown, systemClock } from '@warmbox/platform';
import type { FastifyInstance } from 'fastify';
import { ManagerOptions } from '../config/manager.options.js';
import { httpAdapter } from '../create.app.js';
import { Metrics } from '../config/metrics.js';
import { ApiKeyAuthenticator } from './api-key.authenticator.js';
import { Authentication } from './authentication.js';
import { guardRequests } from './request.guards.js';

describe('a route that says nothing of what it needs', () => {
  @Controller()
  class OpenController {
    @Get('open')
    open(): object {
      return {};
    }
  }

  @Module({ controllers: [OpenController] })
  class OpenModule {}

  it('keeps the manager from starting', async () => {
    const options = new ManagerOptions();
    const adapter = httpAdapter(options);
    const opened = await NestFactory.create<NestFastifyApplication>(OpenModule, adapter, {
      bodyParser: false,
      logger: false,
      abortOnError: false,
    });
    const shutdown = new Shutdown({ drainDelaySeconds: 0, shutdownGraceSeconds: 0 }, systemClock);
    const authentication = new Authentication(new ApiKeyAuthenticator('a-key'), new Metrics(), systemClock);
    guardRequests(adapter.getInstance<FastifyInstance>(), options, shutdown, authentication);
    await expect(opened.init()).rejects.toThrow('The route GET /open needs an @Operation');
    await opened.close();
  });
});
