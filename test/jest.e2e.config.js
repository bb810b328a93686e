import base from '../jest.config.js';

/** The whole system over its public interface: bundles in processes of their own, on the local cluster. */
export default {
  ...base,
  rootDir: '..',
  roots: ['<rootDir>/test/e2e'],
  testTimeout: 120_000,
  // Each suite starts a system of its own, and most of them wait a lot; on a given system they would be in each other's way.
  maxWorkers: process.env.E2E_URLS ? 1 : 2,
};
