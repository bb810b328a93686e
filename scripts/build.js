/**
 * Bundles each app into one file, dist/<app>/main.js (`node scripts/build.js manager`: only that one). swc goes first
 * because it emits the decorator metadata that Nest and class-validator live on; esbuild then bundles, drops what is unused
 * and minifies: one file starts in half the time and a third of the memory of node_modules
 * (docs/decisions/0002-one-bundled-file.md). The executor's bundle is a CommonJS script, which scripts/compile.mjs then compiles.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transformFile } from '@swc/core';
import { build } from 'esbuild';
import { EXECUTOR_FLAGS } from '../libs/platform/src/start/node.flags.ts';
import { NAME_CLASS, nameClassesOnly } from './class.names.js';

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

/** The ES modules of packages whose entry for Node is CommonJS, of which nothing could be left out. */
const esModules = {
  'class-transformer': 'class-transformer/esm5/index.js',
  'class-validator': 'class-validator/esm5/index.js',
  rxjs: 'rxjs/dist/esm/index.js',
  'rxjs/operators': 'rxjs/dist/esm/operators/index.js',
};

const refuse = (what) => `module.exports = () => () => { throw new Error('The bundle has no ${what}.'); };`;

/** A module of Node that is loaded when somebody asks for something of it. */
function onceAsked(name) {
  const getters = Object.keys(require(name)).map((key) => `get ${key}(){return require('node:${name}').${key}}`);
  return `module.exports={${getters.join()}};`;
}

/** What only a server or client needs that the executor is not: together a quarter of its start. */
const rarelyNeeded = ['http2', 'https', 'tls', 'zlib'];

/**
 * What the executor never uses, with what stands in for it. It is in every sandbox, so each of these costs a megabyte or more of
 * every sandbox's memory (together 52 MB of anonymous memory become 32). It has no schemas, documents, static files and injected requests.
 */
const executorLacks = {
  ...Object.fromEntries(rarelyNeeded.map((name) => [name, onceAsked(name)])),
  '@fastify/ajv-compiler': refuse('schema validation'),
  '@fastify/fast-json-stringify-compiler': refuse('schema serialization'),
  '@fastify/static': refuse('static files'),
  'light-my-request': refuse('injected requests'),
  'thread-stream': refuse('logs by another thread'),
  worker_threads: 'module.exports = { isMainThread: true };',
  '@nestjs/swagger':
    'const decorator = () => () => undefined; export { decorator as ApiProperty, decorator as ApiPropertyOptional };',
};

/** client-node without its generated API: of the package only KubeConfig is used, and its index would have 1,500 files read. */
const KUBE_CONFIG = join(root, 'node_modules/@kubernetes/client-node/dist/config.js');
const NO_GENERATED_API = `
  const refuse = () => { throw new Error('The bundle has no generated API classes.'); };
  export { refuse as createConfiguration, refuse as ServerConfiguration, refuse as of };`;

/** Decides where some imports lead; most are esbuild's own to resolve. `lacks`: packages by what stands in for them. */
const route = (lacks) => ({
  name: 'route',
  setup({ onResolve, onLoad, resolve }) {
    const standIns = { ...lacks, 'generated-api': NO_GENERATED_API };
    onLoad({ filter: /^/, namespace: 'stand-in' }, ({ path }) => ({ contents: standIns[path], loader: 'js' }));
    onResolve({ filter: /^[@\w]/ }, async ({ path, pluginData, ...options }) => {
      if (pluginData === 'resolved' || options.kind === 'entry-point') return undefined;
      const name = path.replace(/^node:/, '');
      if (name in lacks && options.namespace !== 'stand-in') return { path: name, namespace: 'stand-in' };
      if (path === '@kubernetes/client-node') return { path: KUBE_CONFIG, sideEffects: false };
      // Nest's own ValidationPipe loads the whole of these by name; ours stands in its place.
      if (/^class-(validator|transformer)$/.test(path) && options.importer.includes('/@nestjs/common/')) {
        return { path, external: true };
      }
      if (path in esModules) return { path: join(root, 'node_modules', esModules[path]), sideEffects: false };
      if (path !== '@nestjs/swagger') return undefined;
      const found = await resolve(path, {
        importer: options.importer,
        resolveDir: options.resolveDir,
        kind: options.kind,
        pluginData: 'resolved',
      });
      return { ...found, sideEffects: false };
    });
    onResolve({ filter: /^\.\/gen\// }, ({ importer }) =>
      importer.includes('/@kubernetes/client-node/') ? { path: 'generated-api', namespace: 'stand-in' } : undefined,
    );
    // Modules that do nothing when imported, but whose package does not say so: without this all of it would be bundled.
    onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path, importer }) =>
      importer.includes('/@nestjs/swagger/') ? { path: join(dirname(importer), path), sideEffects: false } : undefined,
    );
  },
});

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
  '@fastify/static',
  '@fastify/view',
  '@fastify/multipart',
  'sequelize',
  'typeorm',
  'mongoose',
];

/** What both forms of a bundle are made with. */
const common = (lacks) => ({
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  metafile: true,
  // Beside the bundle for whoever has a stack trace to read; a linked map is read at start and doubles the memory.
  sourcemap: 'external',
  legalComments: 'none',
  logLevel: 'warning',
  external: optionalPeers,
  plugins: [transpile, route(lacks), nameClassesOnly],
});

async function bundle(app) {
  await build({
    ...common({}),
    entryPoints: [join(root, 'apps', app, 'src/main.ts')],
    outfile: join(root, 'dist', app, 'main.js'),
    format: 'esm',
    // CommonJS dependencies call require(), which an ES module does not have.
    banner: {
      js: `const ${NAME_CLASS};import{createRequire as __createRequire}from'node:module';import{fileURLToPath as __fileURLToPath}from'node:url';import{dirname as __dirnameOf}from'node:path';const require=__createRequire(import.meta.url),__filename=__fileURLToPath(import.meta.url),__dirname=__dirnameOf(__filename);`,
    },
  });
}

/**
 * The executor as a script, executor.js, and main.js, which runs it from its compiled form. A script also starts faster than a module
 * does: whoever imports all that `node:http` has loads a second HTTP client.
 */
async function bundleExecutor() {
  const outdir = join(root, 'dist/executor');
  const script = {
    format: 'cjs',
    define: { 'import.meta.dirname': '__dirname', 'import.meta.url': '__url' },
    supported: { 'dynamic-import': false },
  };
  await build({
    ...common(executorLacks),
    ...script,
    entryPoints: [join(root, 'apps/executor/src/main.ts')],
    outfile: join(outdir, 'executor.js'),
    banner: {
      js: `(function(exports,require,module,__filename,__dirname){const ${NAME_CLASS},__url=require('node:url').pathToFileURL(__filename).href;`,
    },
    footer: { js: '})' },
  });
  await build({
    ...common({}),
    ...script,
    entryPoints: [join(root, 'apps/executor/src/start.ts')],
    outfile: join(outdir, 'main.js'),
    sourcemap: false,
  });
  await writeFile(join(outdir, 'package.json'), '{"type":"commonjs"}');
}

/** Swagger UI's own files, as far as the page of the manager uses them (apps/manager/src/docs/swagger-ui.assets.ts). */
async function copySwaggerUi(outdir) {
  const swaggerUi = dirname(
    require.resolve('swagger-ui-dist/package.json', { paths: [require.resolve('@nestjs/swagger')] }),
  );
  await mkdir(join(outdir, 'swagger-ui'));
  for (const asset of ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png', 'favicon-16x16.png']) {
    await cp(join(swaggerUi, asset), join(outdir, 'swagger-ui', asset));
  }
}

/** What shells of commands read; it lies beside the bundle (apps/executor/src/process/shell.limits.ts). */
async function copyCommandLimits(outdir) {
  const name = 'command.limits.sh';
  await cp(join(root, 'apps/executor/src/process', name), join(outdir, name));
}

/**
 * What the executor calls the system by (apps/executor/src/system/koffi.addon.ts): a file for each processor whose package is installed
 * (scripts/addon.js installs further ones). Only Linux needs them. Those for musl stay out: what is called is glibc.
 */
async function copyAddons(outdir) {
  const packages = join(root, 'node_modules/@koromix');
  for (const name of (await readdir(packages).catch(() => [])).filter((found) => found.startsWith('koffi-linux-'))) {
    const arch = name.slice('koffi-linux-'.length);
    const [folder] = (await readdir(join(packages, name))).filter((found) => found.startsWith('linux_'));
    await cp(join(packages, name, folder, 'koffi.node'), join(outdir, `koffi-linux-${arch}.node`));
  }
}

/** As scripts/compile.mjs says; with the flags that it is run with, or what it compiles is refused. */
async function compile(outdir) {
  await promisify(execFile)(process.execPath, [...EXECUTOR_FLAGS, join(root, 'scripts/compile.mjs'), outdir]);
}

/** What is made of each app, in order. */
const steps = {
  manager: [() => bundle('manager'), copySwaggerUi],
  executor: [bundleExecutor, copyCommandLimits, copyAddons, compile],
  local: [() => bundle('local')],
};

/** When the newest file below some paths was changed, in milliseconds since the epoch. */
async function newestOf(paths) {
  const times = paths.map(async (path) => {
    const found = await stat(path);
    return found.isDirectory() ? newestOf((await readdir(path)).map((name) => join(path, name))) : found.mtimeMs;
  });
  return Math.max(0, ...(await Promise.all(times)));
}

/** Whether a bundle is missing, or older than anything that it is made of. */
async function isStale(apps) {
  const built = await Promise.all(apps.map((app) => stat(join(root, 'dist', app, 'main.js')).catch(() => undefined)));
  if (built.includes(undefined)) return true;
  const sources = ['apps', 'libs', 'scripts', 'package.json', 'package-lock.json', '.swcrc'].map((path) =>
    join(root, path),
  );
  return Math.min(...built.map(({ mtimeMs }) => mtimeMs)) <= (await newestOf(sources));
}

// All apps, or those that the command line names; with --if-stale only where a source is newer than a bundle.
const named = process.argv.slice(2).filter((argument) => argument !== '--if-stale');
const apps = named.length > 0 ? named : ['manager', 'executor', 'local'];
if (process.argv.includes('--if-stale') && !(await isStale(apps))) process.exit(0);
await Promise.all(
  apps.map(async (app) => {
    const outdir = join(root, 'dist', app);
    await rm(outdir, { recursive: true, force: true });
    await mkdir(outdir, { recursive: true });
    for (const step of steps[app]) await step(outdir);
  }),
);
