import { jest } from '@jest/globals';
import { expectAllWell } from './aftermath.js';
import { Clients } from './clients.js';
import { PROFILE } from './fault.profile.js';
import { FaultWorld } from './fault.world.js';

const CLIENTS = 64;

// Nobody's clock: what is slow goes on, and what stands still is found by the clients.
jest.setTimeout(3_600_000);

describe('64 clients over three managers', () => {
  let world: FaultWorld;
  beforeAll(async () => {
    // Hollow: what is tested is who gets which.
    world = await FaultWorld.start({
      hollow: { readyAfterMs: 10 },
      warmPoolSize: 100,
      maxTotalContainers: 250,
      environment: { MAX_CONCURRENT_CREATES: '100' },
    });
  });
  afterAll(() => world.stop());

  it(`get ${PROFILE.allocations} sandboxes, each of them one that nobody else gets`, async () => {
    const clients = new Clients(world, { clients: CLIENTS, runs: false, total: PROFILE.allocations });
    await clients.untilDone();
    await expectAllWell(`${PROFILE.allocations} allocations by ${CLIENTS} clients (hollow pods)`, world, clients);
    expect(clients.given).toBeGreaterThanOrEqual(PROFILE.allocations);
    expect(world.history.claims).toBeGreaterThanOrEqual(clients.given);
  });
});
