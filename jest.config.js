import { bundledPackages } from './scripts/test.packages.js';

/** Unit specs sit beside their files; end-to-end suites in test/ have configurations of their own that start from this one. */
export default {
  testEnvironment: '<rootDir>/test/jest.environment.js',
  roots: ['<rootDir>/apps', '<rootDir>/libs'],
  testRegex: '\\.spec\\.ts$',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  moduleNameMapper: {
    // Doors of their own: what they bring along (client-node, class-validator, the whole local cluster) most specs do without.
    '^@warmbox/kube/kubeconfig$': '<rootDir>/libs/kube/src/kubeconfig.ts',
    '^@warmbox/local-cluster/patch$': '<rootDir>/libs/local-cluster/src/patch.ts',
    '^@warmbox/platform/options$': '<rootDir>/libs/platform/src/options/options.loader.ts',
    '^@warmbox/testing/harness$': '<rootDir>/libs/testing/src/harness/index.ts',
    '^@warmbox/(.*)$': '<rootDir>/libs/$1/src/index.ts',
    ...(await bundledPackages()),
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  setupFiles: ['reflect-metadata'],
  // Longer than a wait of libs/testing, which then fails first and says what was there.
  testTimeout: 30_000,
  // Jest leaves a core free by default: of two it would use one, and a third of the specs wait for processes most of the time.
  maxWorkers: '100%',
};
