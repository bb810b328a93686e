import base from '../jest.config.js';

/** Requests made up from the OpenAPI document by schemathesis (`pip install schemathesis`). */
export default {
  ...base,
  rootDir: '..',
  roots: ['<rootDir>/test/api'],
  testTimeout: 1_200_000,
  maxWorkers: 1,
};
