import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { silentLog } from '@warmbox/kube';
import { openIsolations } from '../fixtures/isolations.js';
import { atLeast, isEmpty, waitFor } from '@warmbox/testing';
import { processesWith } from '../fixtures/processes.js';
import { executorAnswers } from '../network/executor.answer.js';
import { PodFolder } from '../pod/pod.folder.js';
import { chooseIsolation } from './isolation.choice.js';
import type { Container } from './isolation.js';

const EXECUTOR = join(import.meta.dirname, '../fixtures/executor.mjs');
const { root, guests, working } = await openIsolations();

afterAll(() => rm(root, { recursive: true, force: true }));

it('finds plain processes to work everywhere', () => {
  expect(working.map(([name]) => name)).toContain('plain');
});

it('refuses an isolation that is not installed, and says so', async () => {
  await expect(chooseIsolation('bubblewrap', root, '', silentLog, guests)).rejects.toThrow('bubblewrap does not work');
});

it('takes the next one where the best is not installed', async () => {
  expect((await chooseIsolation('auto', root, '', silentLog, guests)).name).toBe('plain');
});

describe.each(working)('%s', (name, isolation) => {
  const stops: (() => Promise<unknown>)[] = [];
  let folder: PodFolder;
  let container: Container;

  async function start(environment: Record<string, string> = {}): Promise<void> {
    const id = `spec-${randomUUID().slice(0, 8)}`;
    const user = guests.users.take();
    const created = await PodFolder.create(join(root, id), {}, user);
    const started = await isolation.start({
      id,
      hostname: 'pod-1',
      argv: await guests.programs.reachable([process.execPath, EXECUTOR]),
      environment,
      folder: created,
    });
    [folder, container] = [created, started];
    stops.push(async () => {
      await started.kill();
      await created.remove();
    });
  }

  async function ask(method: string, url: string, body = ''): Promise<string> {
    return new Promise((resolve, reject) => {
      request({ socketPath: folder.socket, method, path: url, agent: false }, (response) => {
        text(response).then(resolve, reject);
      })
        .on('error', reject)
        .end(body);
    });
  }

  async function startAndReach(environment: Record<string, string> = {}): Promise<void> {
    await start(environment);
    const signal = AbortSignal.timeout(10_000);
    await executorAnswers(await container.socket(signal), signal);
  }

  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });

  it('gives the process its environment, and nothing of ours', async () => {
    await startAndReach({ GREETING: 'hello' });
    const environment = JSON.parse(await ask('GET', '/environment')) as Record<string, string>;
    expect(environment.GREETING).toBe('hello');
    expect(environment.NODE_OPTIONS).toBeUndefined();
    expect(environment.USER).toBeUndefined();
  });

  it('has a workspace that can be written to', async () => {
    await startAndReach();
    const workspace = name === 'plain' ? folder.sourceOf('/workspace') : '/workspace';
    expect(await ask('GET', '/cwd')).toBe(workspace);
    await ask('POST', '/run', `echo written > ${workspace}/file`);
    await waitFor('the file', () => contentOf('file'), 'written\n');
  });

  it('is reached whatever it does to what it sees, and refuses connections when it has ended', async () => {
    await startAndReach();
    const workspace = name === 'plain' ? folder.sourceOf('/workspace') : '/workspace';
    const decoy = createServer((socket) => socket.destroy()).listen(join(root, 'decoy'));
    await ask(
      'POST',
      '/run',
      `rm -rf /warmbox/socket/*; ln -s ${root}/decoy /warmbox/socket/x; ls /warmbox > ${workspace}/seen; echo end >> ${workspace}/seen`,
    );
    await waitFor('the list', () => contentOf('seen'), /end\n$/);
    expect(await contentOf('seen')).not.toContain(name === 'gvisor' ? 'decoy' : 'socket');
    expect(await ask('GET', '/cwd')).toBe(workspace);
    await ask('POST', '/exit', '0');
    await container.exited;
    await expect(ask('GET', '/environment')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    decoy.close();
  });

  it('tells the exit code', async () => {
    await startAndReach();
    await ask('POST', '/exit', '7');
    expect(await container.exited).toBe(7);
  });

  it('tells the exit code of a process that ends at once', async () => {
    await start({ EXIT_AT_ONCE: '3' });
    expect(await container.exited).toBe(3);
  });

  it('passes SIGTERM on', async () => {
    await startAndReach();
    container.terminate();
    expect(await container.exited).toBe(0);
  });

  it('ends one that ignores SIGTERM by force', async () => {
    await startAndReach({ IGNORE_SIGTERM: '1' });
    container.terminate();
    await container.kill();
    expect(await container.exited).toBe(137);
  });

  it('ends what the process has started in groups of its own, whether it lives or not', async () => {
    await startAndReach();
    const seconds = `300.${Math.floor(Math.random() * 1e9)}`;
    await ask('POST', '/run', `sleep ${seconds} & sleep ${seconds}`);
    await ask('POST', '/run', `(sleep ${seconds} &) ; echo > $HOME/../started`);
    if (name !== 'gvisor') await waitFor('the sleepers', () => processesWith(seconds), { length: atLeast(3) });
    await ask('POST', '/exit', '1');
    await container.exited;
    await container.kill();
    await waitFor('no sleeper', () => processesWith(seconds), isEmpty);
  });

  if (name !== 'plain') {
    it('shows nothing of this machine but its system', async () => {
      await startAndReach();
      await ask(
        'POST',
        '/run',
        'ls / /root /home /etc/shadow > /workspace/list 2>&1; touch /usr/file 2>> /workspace/list; echo end >> /workspace/list',
      );
      await waitFor('the list', () => contentOf('list'), /end\n$/);
      const list = await contentOf('list');
      expect(list).toContain("'/root'");
      expect(list).toContain("'/home'");
      expect(list).toContain("'/etc/shadow'");
      expect(list).toContain("'/usr/file'");
    });

    it('has no network but its own loopback interface', async () => {
      await startAndReach();
      await ask(
        'POST',
        '/run',
        'tail -n +3 /proc/net/dev | cut -d: -f1 > /workspace/interfaces; echo end >> /workspace/interfaces',
      );
      await waitFor('the list', () => contentOf('interfaces'), /end\n$/);
      expect(
        (await contentOf('interfaces'))
          .trim()
          .split(/\s+/)
          .filter((word) => word !== 'lo'),
      ).toEqual(['end']);
    });

    it('reaps orphans', async () => {
      await startAndReach();
      await ask(
        'POST',
        '/run',
        '(sh -c "sleep 0.1; exit 0" &) ; sleep 0.5; cat /proc/[0-9]*/stat > /workspace/stats; echo end >> /workspace/stats',
      );
      await waitFor('the list', () => contentOf('stats'), /end\n$/);
      expect(await contentOf('stats')).not.toMatch(/\) Z /);
    });
  }

  async function contentOf(file: string): Promise<string> {
    return readFile(join(folder.sourceOf('/workspace'), file), 'utf8').catch(() => '');
  }
});
