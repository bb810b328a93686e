import { applyDecorators } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { RouteSettings } from '@warmbox/http';
import type { FastifyRequest, RouteOptions } from 'fastify';
import { POLICY, type Need, type OperationId } from './policy.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    operation?: OperationId;
  }
}

/**
 * Which operation a route is: its row of POLICY says what it needs, to the guard of every request and to the OpenAPI document.
 *
 * @param told for the document; a route that is not in it says nothing.
 */
export function Operation(id: OperationId, told: { summary?: string; description?: string } = {}): MethodDecorator {
  return applyDecorators(RouteSettings({ operation: id }), ApiOperation({ ...told, operationId: id }));
}

/** What the route of a request needs; undefined where there is no such route. */
export function needOf(request: Pick<FastifyRequest, 'is404' | 'routeOptions'>): Need | undefined {
  const { operation } = request.routeOptions.config;
  return request.is404 || operation === undefined ? undefined : POLICY[operation];
}

/** @throws Error for a route that does not say which operation it is: nobody would be kept from it */
export function checkRoute({ method, url, config }: Pick<RouteOptions, 'method' | 'url' | 'config'>): void {
  if (config?.operation !== undefined) return;
  throw new Error(`The route ${[method].flat().join(', ')} ${url} needs an @Operation, which says who may use it.`);
}
