import base from '../jest.config.js';

/** What only a real cluster can show: run by scripts/test.cluster.sh, which says where it is (E2E_URLS, E2E_API_KEY, KUBECONFIG). */
export default {
  ...base,
  rootDir: '..',
  roots: ['<rootDir>/test/cluster'],
  testTimeout: 300_000,
  maxWorkers: 1,
};
