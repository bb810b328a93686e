import base from '../jest.config.js';

/** The whole system over its public interface: bundles in processes of their own, on the local cluster. */
export default {
  ...base,
  rootDir: '..',
  roots: ['<rootDir>/test/e2e'],
  testTimeout: 120_000,
  // Each suite starts a system of its own; two at once would compete for the same cores.
  maxWorkers: 1,
};
