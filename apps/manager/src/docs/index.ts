export { ApiEventStream } from './api.event-stream.js';
export { ApiRuntime, ApiSandboxName, ApiSandboxPath } from './api.path.js';
export { ApiProblems } from './api.problems.js';
