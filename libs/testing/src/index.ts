export * from './api-double/api.double.js';
export type { Asked, Verb } from './api-double/asked.js';
export * from './api-double/fault.js';
export * from './executor-double/executor.double.js';
export * from './fake.clock.js';
export * from './free.port.js';
export * from './pod.builder.js';
export * from './tcp.proxy.js';
export * from './wait.js';
