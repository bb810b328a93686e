/** A door of its own for the double of libs/testing: one JSON Patch for both, without the cluster. */
export { applyJsonPatch } from './api-server/patch/json.patch.js';
export { StatusError } from './api-server/status.error.js';
