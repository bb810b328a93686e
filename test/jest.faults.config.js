import base from '../jest.config.js';

/**
 * Faults under load: killed, stopped and cut-off managers, an API server that restarts, refuses and falls silent. FAULTS says how
 * much of it (test/faults/fault.profile.ts); FAULTS_TARGET=kubeconfig holds it against the API server that KUBECONFIG names.
 */
export default {
  ...base,
  rootDir: '..',
  roots: ['<rootDir>/test/faults'],
  testTimeout: process.env.FAULTS === 'full' ? 900_000 : 240_000,
  // Most of the time is waiting for leases to run out; where times are measured, one suite has the machine for itself.
  maxWorkers: (process.env.FAULTS ?? 'least') === 'least' ? 2 : 1,
};
