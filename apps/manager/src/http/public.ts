import { applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { RouteSettings } from '@warmbox/http';
import type { FastifyRequest } from 'fastify';

/** Who may call a route, and when: `public` needs no API key; a `probe` is also answered to the last during shutdown. */
export type Access = 'public' | 'probe';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

/** Where the decorators leave their word for the OpenAPI document. */
export const ACCESS_EXTENSION = 'x-access';

/** The route needs no API key. */
export const Public = (): MethodDecorator => access('public');

/** A probe: needs no API key, is answered to the last during shutdown, and leaves no line in the log. */
export const Probe = (): MethodDecorator => access('probe');

export function isPublic(request: FastifyRequest): boolean {
  return accessOf(request) !== undefined;
}

export function isProbe(request: FastifyRequest): boolean {
  return accessOf(request) === 'probe';
}

function access(value: Access): MethodDecorator {
  return applyDecorators(RouteSettings({ access: value }), ApiExtension(ACCESS_EXTENSION, value) as MethodDecorator);
}

function accessOf(request: FastifyRequest): Access | undefined {
  return request.is404 ? undefined : request.routeOptions.config.access;
}
