import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startLocalSystem } from '../e2e/suite.js';

const run = promisify(execFile);
const HOOKS = join(dirname(fileURLToPath(import.meta.url)), 'hooks.py');

/** Every answer must be one that the document tells of, and no fault of ours. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'unsupported_method',
  'allow_header_conformance',
];

/** Event streams that never end. */
const ENDLESS = ['followPoolStatus', 'followFiles'];

/** Made-up requests per operation. */
const EXAMPLES = Number(process.env.SCHEMATHESIS_EXAMPLES ?? 60);

describe('requests made up from the OpenAPI document', () => {
  let system: Awaited<ReturnType<typeof startLocalSystem>>;
  let folder: string;

  beforeAll(async () => {
    // A low limit: most of the made-up creations shall be refused, not started.
    system = await startLocalSystem({ environment: { MAX_TOTAL_CONTAINERS: '6', LOG_LEVEL: 'warn' } });
    folder = await mkdtemp(join(tmpdir(), 'warmbox-api-'));
  });
  afterAll(async () => {
    await system.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function schemathesis(parameters: Record<string, string>, ...selection: string[]): Promise<string> {
    const { url } = system.managers[0]!;
    const config = join(folder, 'schemathesis.toml');
    const given = Object.entries(parameters).map(([name, value]) => `"${name}" = ${JSON.stringify(value)}`);
    // 503 is what a pool without a warm sandbox is told by.
    const checks = '[checks.not_a_server_error]\nexpected-statuses = ["2xx", "3xx", "4xx", 503]';
    // Nobody listens on the ports that are made up: what is behind them is a gateway's 502.
    const ports = [
      '[[operations]]',
      'include-path = "/api/{runtime}/{name}/ports/{port}/{path}"',
      'checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 502, 503]',
    ].join('\n');
    await writeFile(config, `[parameters]\n${given.join('\n')}\n${checks}\n${ports}\n`);
    const flags = {
      '--header': `x-api-key: ${system.apiKey}`,
      '--checks': CHECKS.join(','),
      '--phases': 'examples,coverage,fuzzing',
      '--max-examples': String(EXAMPLES),
      '--request-timeout': '30',
      '--seed': '1',
      '--suppress-health-check': 'all',
    };
    const result = await run(
      'schemathesis',
      [
        '--config-file',
        config,
        'run',
        `${url}/openapi.json`,
        '--continue-on-failure',
        ...selection,
        ...ENDLESS.flatMap((id) => ['--exclude-operation-id', id]),
        ...Object.entries(flags).flat(),
      ],
      { cwd: folder, maxBuffer: 100_000_000, env: { ...process.env, NO_COLOR: '1', SCHEMATHESIS_HOOKS: HOOKS } },
    ).catch((error: unknown) => error as { stdout?: string; stderr?: string; message: string });
    return 'message' in result ? `${result.message}\n${result.stdout ?? ''}\n${result.stderr ?? ''}` : '';
  }

  it('get no 500 and no undocumented answer, whatever they name', async () => {
    expect(await schemathesis({})).toBe('');
  });

  it('get no 500 and no undocumented answer where they name a sandbox that exists', async () => {
    const { client } = system.managers[0]!;
    await client.json('DELETE', '/api/kata');
    const { name } = await client.create({ waitSeconds: 30 });
    // Deletions would take the sandbox away from the others.
    expect(await schemathesis({ runtime: 'kata', name }, '--exclude-method', 'DELETE')).toBe('');
  });
});
