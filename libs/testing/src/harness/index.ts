export * from './api.proxy.js';
export * from './child.js';
export * from './local.system.js';
export * from './manager.process.js';
export * from './warmbox.client.js';
