import base from '../jest.config.js';

/** What only a real browser can show: Debian's chromium, where it is installed. */
export default {
  ...base,
  rootDir: '..',
  roots: ['<rootDir>/test/browser'],
  testTimeout: 180_000,
  maxWorkers: 1,
};
