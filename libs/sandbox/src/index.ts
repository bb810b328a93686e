export * from './claim.patch.js';
export * from './kubernetes.types.js';
export * from './pod.template.js';
export * from './quantity.js';
export * from './sandbox.labels.js';
export * from './sandbox.owner.js';
export * from './sandbox.state.js';
