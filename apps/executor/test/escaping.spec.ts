import { jest } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atLeast, isEmpty, waitFor } from '@warmbox/testing';
import { allEvents, eventsOf, idOf, isAlive, outputOf, TestExecutor } from './test.executor.js';

// Real processes on a machine that may be busy.
jest.setTimeout(60_000);

/** Processes that live with all of a text in their command line. */
async function processesWith(text: string): Promise<number[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    names.map((name) => readFile(join('/proc', name, 'cmdline'), 'latin1').catch(() => '')),
  );
  return names.filter((_, index) => lines[index]?.replaceAll('\0', ' ').includes(text)).map(Number);
}

/** Ways out of the group of a command, each with SLEEP as what runs there. */
const WAYS: [string, string][] = [
  ['timeout', 'timeout 600 SLEEP; echo'],
  ['setsid, waited for', 'setsid -w SLEEP; echo'],
  ['setsid in the background', 'nohup setsid SLEEP >/dev/null 2>&1 & sleep 300; echo'],
  ['a terminal of its own', 'script -qec "SLEEP" /dev/null; echo'],
  ['job control', 'set -m; SLEEP & wait; echo'],
  ['two forks and a session', '(setsid bash -c "SLEEP & SLEEP & wait" &) ; sleep 300; echo'],
  [
    'a session that Python makes',
    `python3 -c "import subprocess as s; s.run('SLEEP'.split(), start_new_session=True)"`,
  ],
  [
    'a detached child of Node',
    `node -e "require('node:child_process').spawn('SLEEP', {shell: true, detached: true}).on('exit', () => 0)"`,
  ],
];

describe('The end of a command reaches what has left its group', () => {
  let executor: TestExecutor;
  let next = 0;
  beforeAll(async () => {
    executor = await TestExecutor.start({ relayLossGraceSeconds: 1, killGraceSeconds: 0.5 });
  });
  afterAll(() => executor.stop());

  /** A sleep that nothing else on this machine does. */
  const newSleep = (): string => `sleep 333.${process.pid}${(next += 1)}`;
  const running = (sleep: string): Promise<unknown> =>
    waitFor(`${sleep} runs`, () => processesWith(sleep), { length: atLeast(1) });
  const gone = (sleep: string): Promise<unknown> => waitFor(`${sleep} is gone`, () => processesWith(sleep), isEmpty);
  /** A sleep that says that it runs: one that a time-out ends may be gone before anybody has looked. */
  const sayingSo = (sleep: string): string => `bash -c 'echo runs; exec ${sleep}'`;
  /** Runs a command with a sleep that says so, until its time-out. */
  const untilTimeout = async (command: string, request: object = {}): Promise<void> => {
    const events = await allEvents(await executor.execute({ command, timeoutSeconds: 1, ...request }));
    expect(outputOf(events)).toBe('runs\n');
    expect(events.at(-1)?.data).toMatchObject({ exitCode: 124, timedOut: true });
  };

  it('at a time-out', async () => {
    const sleep = newSleep();
    await untilTimeout(`timeout 600 ${sayingSo(sleep)}; echo`);
    await gone(sleep);
  });

  it.each(WAYS)('by %s, at a cancel', async (_, way) => {
    const sleep = newSleep();
    const answer = await executor.execute({ command: way.replaceAll('SLEEP', sleep) });
    await running(sleep);
    const { json } = await executor.ask(`/api/executions/${idOf(answer)}`, { method: 'DELETE' });
    expect(json).toMatchObject({ state: 'completed' });
    await gone(sleep);
  });

  it('when its reader was lost and nobody came back', async () => {
    const sleep = newSleep();
    const answer = await executor.execute({ command: `timeout 600 ${sleep}; echo` });
    await running(sleep);
    answer.destroy();
    await gone(sleep);
  });

  it('by SIGKILL where it ignores SIGTERM', async () => {
    const sleep = newSleep();
    await untilTimeout(`setsid -w bash -c 'trap "" TERM; echo runs; ${sleep}; ${sleep}'; echo`);
    await gone(sleep);
  });

  it('however many there are', async () => {
    const sleep = newSleep();
    const command = `for i in $(seq 150); do setsid ${sleep} & done; wait`;
    const answer = await executor.execute({ command });
    await waitFor('all run', () => processesWith(sleep), { length: atLeast(150) });
    await executor.ask(`/api/executions/${idOf(answer)}`, { method: 'DELETE' });
    await gone(sleep);
  });

  it('also what starts itself again in a session of its own, and ends, again and again', async () => {
    const mark = newSleep();
    const script = '#!/bin/bash\nsleep 0.2\nsetsid "$0" "$1" >/dev/null 2>&1 &\n';
    await executor.run({ argv: ['tee', 'again'], stdin: script });
    const answer = await executor.execute({ command: `chmod +x again; ./again '${mark}' & sleep 300; echo` });
    await running(mark);
    await executor.ask(`/api/executions/${idOf(answer)}`, { method: 'DELETE' });
    // Between two of them there is none for a moment: it is gone when it stays so.
    let none = 0;
    await waitFor(
      'it stays gone',
      () => processesWith(mark),
      ({ length }) => {
        none = length === 0 ? none + 1 : 0;
        return none === 20;
      },
    );
  });

  it('also where the caller gives a variable of the name of the mark', async () => {
    const sleep = newSleep();
    const { stdout } = await executor.run({ command: 'env | grep ^WARMBOX | cut -d= -f1' });
    const name = String(stdout).trim();
    expect(name).not.toBe('');
    await untilTimeout(`timeout 600 ${sayingSo(sleep)}; echo`, { environmentVariables: { [name]: 'mine' } });
    await gone(sleep);
  });

  it('and nothing of other executions, nor what an ended one has left in the background', async () => {
    const [sleep, other, background] = [newSleep(), newSleep(), newSleep()];
    const kept = executor.execute({ command: `timeout 600 ${other}; echo` });
    await executor.run({ command: `setsid ${background} >/dev/null 2>&1 & ${background} >/dev/null 2>&1 &` });
    await Promise.all([running(other), running(background)]);
    await untilTimeout(`timeout 600 ${sayingSo(sleep)}; echo`);
    await gone(sleep);
    expect(await processesWith(background)).toHaveLength(2);
    expect((await processesWith(other)).length).toBeGreaterThan(0);
    (await kept).destroy();
    await executor.run({ command: `kill ${(await processesWith(background)).join(' ')}` });
    await gone(other);
  });

  it('without waiting for it: the result comes with the end of the command itself', async () => {
    const command = 'setsid -w bash -c \'trap "" TERM; echo $$; while :; do sleep 0.05; done\'; echo';
    const patient = await TestExecutor.start({ killGraceSeconds: 1 });
    try {
      const answer = await patient.execute({ command, timeoutSeconds: 1 });
      const events = eventsOf(answer);
      const pid = Number(outputOf([(await events.next()).value as never]));
      const rest = await Array.fromAsync(events);
      // SIGKILL comes a second after the time-out, and only that ends it.
      expect(rest.at(-1)?.data).toMatchObject({ timedOut: true, signal: 'SIGTERM' });
      await waitFor('it is gone', () => isAlive(pid), false);
    } finally {
      await patient.stop();
    }
  });

  it('and what the end of the sandbox finds, whatever it is', async () => {
    const ending = await TestExecutor.start({ killGraceSeconds: 60 });
    const [sleep, stubborn] = [newSleep(), newSleep()];
    await ending.run({ command: `setsid ${sleep} >/dev/null 2>&1 &` });
    await ending.run({ command: `setsid bash -c 'trap "" TERM; ${stubborn}; echo' >/dev/null 2>&1 &` });
    await Promise.all([running(sleep), running(stubborn)]);
    await ending.stop();
    expect([await processesWith(sleep), await processesWith(stubborn)]).toEqual([[], []]);
  });
});
