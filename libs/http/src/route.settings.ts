import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants';
import type { FastifyContextConfig } from 'fastify';

/** What Fastify is to know of a route, beside what other decorators say of it: `RouteConfig` alone would replace that. */
export function RouteSettings(settings: Partial<FastifyContextConfig>): MethodDecorator {
  return (target, key, descriptor) => {
    const known = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, descriptor.value as object) as object | undefined;
    RouteConfig({ ...known, ...settings })(target, key, descriptor);
  };
}
