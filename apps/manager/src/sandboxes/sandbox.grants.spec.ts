import { FakeClock } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { SandboxGrants } from './sandbox.grants.js';

describe('grants', () => {
  const options = Object.assign(new ManagerOptions(), { idleTimeoutMinutes: 2, maxContainerLifetimeMinutes: 10 });
  const grants = new SandboxGrants(options, new FakeClock(Date.UTC(2026, 0, 1, 12)));

  it('have the defaults of the configuration', () => {
    expect(grants.first({})).toEqual({
      'warmbox.dev/expires-at': '2026-01-01T12:10:00.000Z',
      'warmbox.dev/idle-timeout-seconds': '120',
      'warmbox.dev/last-activity': '2026-01-01T12:00:00.000Z',
    });
  });

  it('are what the request says where it says so', () => {
    expect(grants.first({ lifetimeSeconds: 600, idleTimeoutSeconds: 3600 })).toMatchObject({
      'warmbox.dev/expires-at': '2026-01-01T12:10:00.000Z',
      'warmbox.dev/idle-timeout-seconds': '3600',
    });
  });

  it('are refused beyond the longest lifetime, first ones and renewed ones', () => {
    const problem = expect.objectContaining({ code: 'invalid_request' }) as Error;
    expect(() => grants.first({ lifetimeSeconds: 601 })).toThrow(problem);
    expect(() => grants.renewed({ lifetimeSeconds: 601 })).toThrow(problem);
  });

  it('renew what is asked for and nothing else', () => {
    expect(grants.renewed({ lifetimeSeconds: 60 })).toEqual({
      'warmbox.dev/expires-at': '2026-01-01T12:01:00.000Z',
      'warmbox.dev/last-activity': '2026-01-01T12:00:00.000Z',
    });
    expect(grants.renewed({})).toEqual({});
  });
});
