import base from '../jest.config.js';

/**
 * The rules of the Kubernetes API that we rely on, held against libs/local-cluster, and with CONFORMANCE_TARGET=kubeconfig
 * against the cluster that KUBECONFIG names: the same files for both.
 */
export default {
  ...base,
  rootDir: '..',
  roots: ['<rootDir>/test/conformance'],
  testTimeout: 30_000,
  // The suites measure nothing, but two at once would compete for the same cores.
  maxWorkers: 1,
};
