import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The files of Swagger UI that the page uses, and their media types; scripts/build.js copies them beside the bundle. */
const ASSETS = new Map([
  ['swagger-ui.css', 'text/css; charset=utf-8'],
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
  ['favicon-32x32.png', 'image/png'],
  ['favicon-16x16.png', 'image/png'],
]);

export interface Asset {
  type: string;
  content: Buffer;
}

/** A file of Swagger UI by its name; undefined for any other name. */
export async function readAsset(name: string): Promise<Asset | undefined> {
  const type = ASSETS.get(name);
  return type === undefined ? undefined : { type, content: await readFile(join(folder(), name)) };
}

/** Beside the bundle, or, where there is no bundle, in the package that @nestjs/swagger brings. */
function folder(): string {
  const bundled = join(dirname(fileURLToPath(import.meta.url)), 'swagger-ui');
  if (existsSync(bundled)) return bundled;
  const swagger = createRequire(createRequire(import.meta.url).resolve('@nestjs/swagger'));
  return dirname(swagger.resolve('swagger-ui-dist/package.json'));
}
