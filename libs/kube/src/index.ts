export * from './kube.client.js';
export * from './kube.connection.js';
export * from './kube.error.js';
export * from './kube.resource.js';
