import { Controller, Get, Header, Param, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { ProblemError } from '@warmbox/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Operation } from '../http/operation.js';
import { OpenApiDocuments } from './openapi.documents.js';
import { readAsset } from './swagger-ui.assets.js';
import { PAGE_HEADERS, START_SCRIPT, swaggerUiPage } from './swagger-ui.page.js';

/** The OpenAPI documents and Swagger UI; they say nothing secret and need no key. */
@ApiExcludeController()
@Controller()
export class DocsController {
  constructor(private readonly documents: OpenApiDocuments) {}

  @Get('openapi.json')
  @Operation('getOpenApiJson')
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('cache-control', 'no-cache')
  json(): string {
    return this.documents.json();
  }

  @Get('openapi.yaml')
  @Operation('getOpenApiYaml')
  @Header('content-type', 'application/yaml; charset=utf-8')
  @Header('cache-control', 'no-cache')
  yaml(): string {
    return this.documents.yaml();
  }

  @Get('openapi-3.0.json')
  @Operation('getOpenApi30Json')
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('cache-control', 'no-cache')
  json30(): string {
    return this.documents.json30();
  }

  @Get('api/docs')
  @Operation('getDocsPage')
  @Header('content-type', 'text/html; charset=utf-8')
  page(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): string {
    reply.headers(PAGE_HEADERS);
    return swaggerUiPage(/\/(\?|$)/.test(request.url) ? '' : 'docs/');
  }

  @Get('api/docs/start.js')
  @Operation('getDocsScript')
  @Header('content-type', 'text/javascript; charset=utf-8')
  @Header('cache-control', 'no-cache')
  start(): string {
    return START_SCRIPT;
  }

  @Get('api/docs/:asset')
  @Operation('getDocsAsset')
  async asset(@Param('asset') name: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    const asset = await readAsset(name);
    if (asset === undefined) throw new ProblemError('route_not_found', `There is no route /api/docs/${name}.`);
    reply.headers({ 'content-type': asset.type, 'cache-control': 'public, max-age=86400' });
    return asset.content;
  }
}
