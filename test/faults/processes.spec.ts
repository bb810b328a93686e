import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { atLeast, waitFor } from '@warmbox/testing';
import { expectAllWell } from './aftermath.js';
import { Clients } from './clients.js';
import { PROFILE } from './fault.profile.js';
import { FaultWorld, statusOf } from './fault.world.js';
import { takeOver, type TakeOver } from './take.over.js';

/** How long a new leader is left alone at most before its turn comes, in milliseconds. */
const REIGN_MS = 2_000;
/** How long a stopped leader stays so at most after another has taken over, in milliseconds. */
const LONGER_MS = 2_000;
/** How long clients are served before the API server dies, in milliseconds. */
const BETWEEN_MS = 1_000;
/** What a leader that is told to stop may leave its pool alone for, in milliseconds. */
const RELEASE_MS = 1_000;

let world: FaultWorld;
let clients: Clients;

async function start(leaseSeconds: number): Promise<void> {
  world = await FaultWorld.start({
    warmPoolSize: 4,
    maxTotalContainers: 12,
    environment: { LEADER_LEASE_DURATION_SECONDS: String(leaseSeconds), DRAIN_DELAY_SECONDS: '5' },
  });
}

/** Ends the leader at a random moment and starts it again; how long it took another one to go on. */
async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<TakeOver> {
  const index = await world.leader();
  await delay(randomInt(REIGN_MS));
  const { child } = world.managers[index]!;
  const { holder } = world.leases;
  const at = performance.now();
  child.process.kill(signal);
  const again = child.end(signal).then(() => world.startManager(index));
  const [taken] = await Promise.all([takeOver(world, holder, at), again]);
  return taken;
}

async function endTimes(count: number, signal: 'SIGKILL' | 'SIGTERM'): Promise<TakeOver[]> {
  const taken: TakeOver[] = [];
  while (taken.length < count) taken.push(await end(signal));
  return taken;
}

/** Stops the leader until another one leads, and longer; then it goes on. */
async function freeze(): Promise<TakeOver> {
  const index = await world.leader();
  const frozen = world.managers[index]!;
  const { holder } = world.leases;
  const at = performance.now();
  frozen.child.process.kill('SIGSTOP');
  const taken = await takeOver(world, holder, at);
  await delay(randomInt(LONGER_MS));
  frozen.child.process.kill('SIGCONT');
  const status = await waitFor('it answers again', () => statusOf(frozen));
  expect(status.leader).toBe(false);
  // Its turn comes when the others are gone.
  const others = [0, 1, 2].filter((other) => other !== index);
  await Promise.all(others.map((other) => world.managers[other]!.child.end('SIGTERM')));
  expect(await world.leader()).toBe(index);
  await Promise.all(others.map((other) => world.startManager(other)));
  return taken;
}

/** That it happens is always asked; how fast, only where the suite has the machine for itself. */
function expectWithin(taken: TakeOver[], ms: number): void {
  if (!PROFILE.isTimed) return;
  expect(Math.max(...taken.map(({ createdAfterMs }) => createdAfterMs))).toBeLessThanOrEqual(ms);
}

beforeEach(() => {
  clients = new Clients(world, { clients: PROFILE.clients, keepsMs: PROFILE.keepsMs, runs: true });
});

describe('under clients who go on, with a lease of 5 s', () => {
  const { kills, terminations, freezes, apiRestarts, apiDownSeconds } = PROFILE;
  beforeAll(() => start(5));
  afterAll(() => world.stop());

  it(`a killed leader is replaced within its lease, ${kills} times of ${kills}`, async () => {
    const taken = await endTimes(kills, 'SIGKILL');
    await expectAllWell(`\`kill -9\` of the leader, ${kills} times, lease 5 s`, world, clients, taken);
    expectWithin(taken, 5_000);
  });

  it(`a leader that is told to stop is replaced within 1 s, ${terminations} times of ${terminations}`, async () => {
    const taken = await endTimes(terminations, 'SIGTERM');
    await expectAllWell(`SIGTERM to the leader, ${terminations} times`, world, clients, taken);
    expectWithin(taken, RELEASE_MS);
  });

  it(`a leader that is stopped past its lease knows that it does not lead, and leads when it is its turn, ${freezes} times of ${freezes}`, async () => {
    const taken: TakeOver[] = [];
    while (taken.length < freezes) taken.push(await freeze());
    await expectAllWell(`SIGSTOP of the leader past its lease, then SIGCONT, ${freezes} times`, world, clients, taken);
    expectWithin(taken, 5_000);
  });

  it(`an API server that dies and comes back leaves every sandbox with its client, ${apiRestarts} times of ${apiRestarts}`, async () => {
    if (!world.cluster.canRestart) {
      process.stdout.write('skipped: FAULTS_RESTART does not say how this API server is restarted\n');
      return;
    }
    for (let count = 0; count < apiRestarts; count += 1) {
      await delay(BETWEEN_MS);
      await world.cluster.restart(apiDownSeconds);
      const before = clients.given;
      await waitFor('clients are served again', () => clients.given, atLeast(before + 1), 60_000);
    }
    await expectAllWell(
      `API server killed, and started ${apiDownSeconds} s later, ${apiRestarts} times`,
      world,
      clients,
    );
  });
});

const { killsAt15s } = PROFILE;
(killsAt15s > 0 ? describe : describe.skip)('under clients who go on, with a lease of 15 s', () => {
  beforeAll(() => start(15));
  afterAll(() => world.stop());

  it(`a killed leader is replaced within its lease, ${killsAt15s} times of ${killsAt15s}`, async () => {
    const taken = await endTimes(killsAt15s, 'SIGKILL');
    await expectAllWell(`\`kill -9\` of the leader, ${killsAt15s} times, lease 15 s`, world, clients, taken);
    expectWithin(taken, 15_000);
  });
});
