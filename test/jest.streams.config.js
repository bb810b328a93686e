import base from '../jest.config.js';

/** What takes the better part of a minute because it waits for silence, and what needs other people's readers and proxies. */
export default {
  ...base,
  rootDir: '..',
  roots: ['<rootDir>/test/streams'],
  testTimeout: 180_000,
  maxWorkers: 3,
};
