import { execFile, execFileSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, waitFor } from '@warmbox/testing';
import { Child, type LocalSystem, type WarmboxClient } from '@warmbox/testing/harness';
import { DIST, startLocalSystem } from './suite.js';
import { dashboardQueries, metricsIn, rulesOf, selectorsIn, type Rule } from '../monitoring/queries.js';

const ROOT = join(DIST, '..');
const MONITORING = join(ROOT, 'k8s', 'components', 'monitoring');

let rules: { text: string; rules: Rule[] };
let dashboard: { panel: string; query: string }[];
beforeAll(async () => {
  rules = rulesOf(await readFile(join(MONITORING, 'alerts.yaml'), 'utf8'));
  dashboard = dashboardQueries(await readFile(join(MONITORING, 'dashboard.json'), 'utf8'));
});

describe('alerts and dashboard', () => {
  it('ask for no metric that docs/metrics.md does not describe, and the dashboard for all that it does', async () => {
    const page = await readFile(join(ROOT, 'docs', 'metrics.md'), 'utf8');
    const described = new Set([...page.matchAll(/^\| `(warmbox_\w+)/gm)].map(([, name]) => name!));
    const shown = metricsIn(dashboard.map(({ query }) => query));
    const alerted = metricsIn(rules.rules.map(({ expr }) => expr));
    expect([...described].sort()).toEqual([...shown].sort());
    expect([...alerted].filter((name) => !described.has(name))).toEqual([]);
  });

  it('are explained alert by alert in docs/metrics.md', async () => {
    const page = await readFile(join(ROOT, 'docs', 'metrics.md'), 'utf8');
    const described = [...page.matchAll(/^\| `(Warmbox\w+)`/gm)].map(([, name]) => name);
    expect(described.sort()).toEqual(rules.rules.map(({ alert }) => alert).sort());
  });
});

const isInstalled = ((): boolean => {
  try {
    for (const program of ['prometheus', 'promtool']) execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
// `npm test` needs nothing but Node; continuous integration sets this, so that it cannot skip without anybody noticing.
const withPrometheus = isInstalled || process.env.PROMETHEUS_REQUIRED === '1' ? describe : describe.skip;

withPrometheus('a real Prometheus (skipped where prometheus and promtool are not on the PATH)', () => {
  let folder: string;
  let system: LocalSystem | undefined;
  let prometheus: Child | undefined;
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-prometheus-'));
    const started = await startLocalSystem({
      managers: 2,
      environment: { WARM_POOL_SIZE: '1', MAX_TOTAL_CONTAINERS: '3' },
    });
    system = started;
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    await writeFile(join(folder, 'rules.yaml'), rules.text);
    const targets = started.managers.map((manager) => new URL(manager.url).host);
    const configuration = {
      global: { scrape_interval: '250ms', evaluation_interval: '250ms' },
      rule_files: ['rules.yaml'],
      scrape_configs: [
        { job_name: 'warmbox', authorization: { credentials: started.apiKey }, static_configs: [{ targets }] },
      ],
    };
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(configuration));
    const child = Child.program('prometheus', [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    prometheus = child;
    await child.answers(`${url}/-/ready`);
    await waitFor('Prometheus has scraped every manager', () => value('count(up == 1)'), 2);
    await waitFor('the pool is full', () => started.clients[0]!.poolStatus(), { state: 'full' });
    await use(started.clients[0]!);
  });
  afterAll(async () => {
    await prometheus?.end();
    await system?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Something of everything that is measured: allocations that succeed, wait and fail; a command. */
  async function use(client: WarmboxClient): Promise<void> {
    const allocate = (waitSeconds: number): Promise<Response> =>
      client.fetch('POST', '/api/kata/allocate', { body: { userId: 'ada', waitSeconds } });
    for (let n = 0; n < 3; n += 1) expect((await allocate(20)).status).toBe(200);
    expect((await allocate(0)).status).toBe(429);
    const [sandbox] = await client.list();
    const { events } = await client.executeStreaming(sandbox!.name, { command: 'echo' });
    await Array.fromAsync(events);
  }

  interface Sample {
    metric: Record<string, string>;
    value: [number, string];
  }

  /** @throws with Prometheus' own words where it does not take the query. */
  async function query(text: string): Promise<Sample[]> {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(text)}`);
    const answer = (await response.json()) as { status: string; error?: string; data: { result: Sample[] } };
    if (answer.status !== 'success') throw new Error(`${answer.error ?? response.status}: ${text}`);
    return answer.data.result;
  }

  async function value(text: string): Promise<number | undefined> {
    const [first] = await query(text);
    return first === undefined ? undefined : Number(first.value[1]);
  }

  it('takes the rules, and finds every series that an alert looks at', async () => {
    const { stdout } = await promisify(execFile)('promtool', ['check', 'rules', join(folder, 'rules.yaml')]);
    expect(stdout).toContain(`SUCCESS: ${rules.rules.length} rules found`);
    for (const { alert, expr } of rules.rules) {
      await query(expr);
      for (const selector of selectorsIn(expr)) {
        const found = await query(`count(${selector})`);
        // What has gone wrong is not there as long as nothing has.
        if (!/code=~|result!~/.test(selector)) expect([alert, selector, found.length]).toEqual([alert, selector, 1]);
      }
    }
  });

  it('evaluates each rule, and none fires on a system that is well', async () => {
    const groups = await waitFor('every rule was evaluated', async () => {
      const response = await fetch(`${url}/api/v1/rules`);
      const { data } = (await response.json()) as {
        data: { groups: { rules: { name: string; health: string; state: string }[] }[] };
      };
      const all = data.groups.flatMap((group) => group.rules);
      return all.length > 0 && all.every(({ health }) => health !== 'unknown') ? all : undefined;
    });
    expect(groups.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(groups.filter(({ state }) => state === 'firing')).toEqual([]);
  });

  it('fires each alert when, and only when, it should', async () => {
    await copyFile(join(ROOT, 'test', 'monitoring', 'alerts.test.yaml'), join(folder, 'alerts.test.yaml'));
    const tested = await readFile(join(folder, 'alerts.test.yaml'), 'utf8');
    for (const { alert } of rules.rules) expect(tested).toContain(`alertname="${alert}"`);
    const { stdout } = await promisify(execFile)('promtool', ['test', 'rules', 'alerts.test.yaml'], { cwd: folder });
    expect(stdout).toContain('SUCCESS');
  });

  it('answers every query of the dashboard with figures', async () => {
    expect(dashboard.length).toBeGreaterThan(20);
    for (const { panel, query: text } of dashboard) {
      const areFigures = (all: Sample[]): boolean => all.some(({ value: [, figure] }) => figure !== 'NaN');
      const figures = await waitFor(`figures for ${panel}: ${text}`, () => query(text), areFigures);
      expect(figures.length).toBeGreaterThan(0);
    }
  });

  it('reads off what is so', async () => {
    const figure = async (panel: string): Promise<number | undefined> =>
      value(dashboard.find((candidate) => candidate.panel === panel)!.query);
    expect(await figure('Leaders')).toBe(1);
    expect(await figure('Backing off')).toBe(0);
    expect(await value('sum(warmbox_allocation_seconds_count{result="ok"})')).toBe(3);
    expect(await value('sum(warmbox_allocation_seconds_count{result="limit_reached"})')).toBe(1);
    await waitFor('the limit is shown as used up', () => figure('Limit used'), 1);
  });
});
