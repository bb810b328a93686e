import { Injectable } from '@nestjs/common';
import { stringify } from 'yaml';
import { toOpenApi30 } from './openapi-3.0.js';
import type { OpenApiDocument } from './openapi.types.js';

/** The OpenAPI documents as texts, made when first asked for: swagger can describe an application only once it is whole. */
@Injectable()
export class OpenApiDocuments {
  private source: (() => OpenApiDocument) | undefined;
  private document: OpenApiDocument | undefined;

  /** Says where the document comes from; before the first request. */
  from(source: () => OpenApiDocument): void {
    this.source = source;
  }

  json(): string {
    return JSON.stringify(this.whole());
  }

  yaml(): string {
    return stringify(this.whole(), { aliasDuplicateObjects: false, lineWidth: 0 });
  }

  json30(): string {
    return JSON.stringify(toOpenApi30(this.whole()));
  }

  private whole(): OpenApiDocument {
    if (this.source === undefined) throw new Error('The application was not described: createApp does that.');
    return (this.document ??= this.source());
  }
}
