/**
 * Bundles each app into one file, dist/<app>/main.js. swc goes first because it emits the decorator metadata that Nest and
 * class-validator live on; esbuild then bundles, drops what is unused and minifies: one file starts in half the time and a
 * third of the memory of node_modules (docs/decisions/0003-one-bundled-file.md).
 */
import { cp, mkdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformFile } from '@swc/core';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);

const transpile = {
  name: 'transpile',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const { code } = await transformFile(path, { configFile: join(root, '.swcrc'), sourceMaps: 'inline' });
      return { contents: code, loader: 'js', resolveDir: dirname(path) };
    });
  },
};

/** Packages whose modules do nothing when imported but say so nowhere; without this their whole index would be bundled. */
const pure = /node_modules\/(@nestjs\/swagger|@kubernetes\/client-node)\//;
const treeShake = {
  name: 'tree-shake',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[@./\w]/ }, async ({ path, pluginData, ...options }) => {
      if (pluginData === 'resolved' || options.kind === 'entry-point') return undefined;
      const found = await resolve(path, {
        importer: options.importer,
        resolveDir: options.resolveDir,
        kind: options.kind,
        pluginData: 'resolved',
      });
      return pure.test(found.path) ? { ...found, sideEffects: false } : found;
    });
  },
};

/** Nest requires these only if they are installed; none of them is used. */
const optionalPeers = [
  '@nestjs/websockets',
  '@nestjs/microservices',
  '@nestjs/platform-express',
  '@nestjs/mongoose',
  '@nestjs/typeorm',
  '@nestjs/sequelize',
  '@nestjs/axios',
  '@mikro-orm/core',
  '@mikro-orm/nestjs',
  '@grpc/grpc-js',
  '@grpc/proto-loader',
  '@fastify/view',
  '@fastify/multipart',
  'sequelize',
  'typeorm',
  'mongoose',
];

async function bundle(app, external = []) {
  const outdir = join(root, 'dist', app);
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'apps', app, 'src', 'main.ts')],
    outfile: join(outdir, 'main.js'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minify: true,
    keepNames: true,
    sourcemap: 'linked',
    legalComments: 'none',
    logLevel: 'warning',
    external: [...optionalPeers, ...external],
    plugins: [transpile, treeShake],
    // CommonJS dependencies call require(), which an ES module does not have.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';import{fileURLToPath as __fileURLToPath}from'node:url';import{dirname as __dirnameOf}from'node:path';const require=__createRequire(import.meta.url),__filename=__fileURLToPath(import.meta.url),__dirname=__dirnameOf(__filename);",
    },
  });
  return outdir;
}

const [manager] = await Promise.all([bundle('manager'), bundle('executor'), bundle('local')]);
const swaggerUi = dirname(
  require.resolve('swagger-ui-dist/package.json', { paths: [require.resolve('@nestjs/swagger')] }),
);
await mkdir(join(manager, 'swagger-ui'));
for (const asset of [
  'swagger-ui.css',
  'swagger-ui-bundle.js',
  'swagger-ui-standalone-preset.js',
  'favicon-32x32.png',
  'favicon-16x16.png',
]) {
  await cp(join(swaggerUi, asset), join(manager, 'swagger-ui', asset));
}
