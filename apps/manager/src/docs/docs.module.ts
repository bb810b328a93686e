import { Module } from '@nestjs/common';
import { DocsController } from './docs.controller.js';
import { OpenApiDocuments } from './openapi.documents.js';

/** The OpenAPI documents and Swagger UI. */
@Module({ controllers: [DocsController], providers: [OpenApiDocuments] })
export class DocsModule {}
