import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { atLeast, waitFor } from '@warmbox/testing';
import { processesWith } from '../fixtures/processes.js';
import { Family } from './family.js';

describe('Family', () => {
  const strangers: ChildProcess[] = [];
  const seconds = (): string => `300.${Math.floor(Math.random() * 1e9)}`;
  const start = (script: string, env: NodeJS.ProcessEnv = {}): ChildProcess =>
    spawn('/bin/bash', ['-c', script], { detached: true, stdio: 'ignore', env: { PATH: process.env.PATH, ...env } });

  afterEach(() => {
    for (const stranger of strangers.splice(0)) stranger.kill('SIGKILL');
  });

  it('ends children in sessions of their own, and orphans of the session, also when the child has ended', async () => {
    const length = seconds();
    const child = start(`setsid sleep ${length} & (sleep ${length} &); sleep ${length}`);
    const family = new Family(child);
    await waitFor('they run', () => processesWith(`sleep ${length}`), { length: atLeast(3) });
    await family.end();
    expect(processesWith(length)).toEqual([]);

    const ended = start(`(sleep ${length} &); exit 0`);
    const left = new Family(ended);
    await once(ended, 'exit');
    await left.end();
    expect(processesWith(length)).toEqual([]);
  });

  it('ends what has left both by the folder in its environment, and nobody of a folder that only begins alike', async () => {
    const [length, other] = [seconds(), seconds()];
    const child = start(`setsid sleep ${length} & exit 0`, { HOME: '/tmp/warmbox-spec/1/0' });
    const family = new Family(child, { folder: '/tmp/warmbox-spec/1' });
    strangers.push(
      start(`exec sleep ${other}`, { HOME: '/tmp/warmbox-spec/11/0', XHOME: 'HOME=/tmp/warmbox-spec/1/0' }),
    );
    await once(child, 'exit');
    await waitFor('the stranger runs', () => processesWith(`sleep ${other}`), { length: atLeast(1) });
    await family.end();
    expect(processesWith(`sleep ${length}`)).toEqual([]);
    expect(processesWith(`sleep ${other}`)).toHaveLength(1);
  });

  it('leaves a stranger alone who has the number of one that has ended', async () => {
    const length = seconds();
    const stranger = start(`sleep ${length}`);
    strangers.push(stranger);
    // As if the number had gone round: the child's began earlier.
    const ended = { pid: stranger.pid, exitCode: 0, signalCode: null, kill: () => true };
    await new Family(ended, {}, () => '1').end();
    expect(stranger.signalCode).toBeNull();
    expect(readdirSync('/proc')).toContain(String(stranger.pid));
  });

  it('has nothing to end where nothing could be started', async () => {
    const child = spawn('/nowhere/program', { detached: true, stdio: 'ignore' });
    const family = new Family(child);
    await once(child, 'error');
    await family.end();
  });
});
