export { ApiEventStream } from './api.event-stream.js';
export { ApiProblems } from './api.problems.js';
