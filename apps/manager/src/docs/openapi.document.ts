import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { ProblemDto } from '@warmbox/dto';
import { completeDocument } from './complete.document.js';
import type { OpenApiDocument } from './openapi.types.js';

const DESCRIPTION = `Isolated code sandboxes on Kubernetes: create one, run commands in it, watch what they print, delete it.

Every call but the probes needs the API key, as \`Authorization: Bearer …\` or \`X-Api-Key\`. Each says which scope it
needs; the API key has all. Errors are [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem documents; decide by their \`code\`. Unknown fields are refused, and null
means absent. Where an operation can stream and can answer JSON, it streams unless \`Accept\` names \`application/json\` at the highest q.`;

/** The OpenAPI 3.1 document of an application, complete: what swagger finds and what our decorators add. */
export function describeApi(app: INestApplication, version: string): OpenApiDocument {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Warmbox')
    .setDescription(DESCRIPTION)
    .setVersion(version)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('.', 'Relative to this document, so that a path prefix in front works.')
    .addTag('Sandboxes', 'Create, find, change and delete sandboxes.')
    .addTag('Executions', 'Run commands in a sandbox and follow them.')
    .addTag('Files', 'Read and write the files of a sandbox.')
    .addTag('Terminals', 'Work at a terminal in a sandbox, by WebSocket.')
    .addTag('Ports', 'Reach servers that listen in a sandbox, by HTTP and WebSocket.')
    .addTag('Pool', 'How full the pools of warm sandboxes are, and why they are not.')
    .addTag('Health', 'Probes; they need no key.')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The API key.' }, 'bearer')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'The API key.' }, 'apiKey')
    .addSecurityRequirements('bearer')
    .addSecurityRequirements('apiKey')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    autoTagControllers: false,
    extraModels: [ProblemDto],
  });
  return completeDocument(document as unknown as OpenApiDocument);
}
