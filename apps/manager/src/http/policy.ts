/** What a principal may do; `*` in a principal's list is all of it. */
export const SCOPES = ['read', 'create', 'execute', 'metrics'] as const;
export type Scope = (typeof SCOPES)[number];

/**
 * What an operation needs of who asks: a scope, or each of several; nothing where it is `public`. A `probe` needs nothing either, is
 * answered to the last during shutdown, and may name an address as its host.
 */
export type Need = Scope | readonly Scope[] | 'public' | 'probe';

/**
 * What each operation needs, by its id in the OpenAPI document. A route names its row with `@Operation`: one without a row does
 * not compile, and one that names none keeps the manager from starting.
 */
export const POLICY = {
  createSandbox: 'create',
  allocateSandbox: 'create',
  updateSandbox: 'create',
  deleteSandbox: 'create',
  deleteSandboxes: 'create',
  listSandboxes: 'read',
  getSandbox: 'read',
  getPoolStatus: 'read',
  followPoolStatus: 'read',
  run: ['create', 'execute'],
  // What a command printed is as secret as what it may do: who reads it could have run it.
  execute: 'execute',
  listExecutions: 'execute',
  getExecution: 'execute',
  streamExecution: 'execute',
  cancelExecution: 'execute',
  signalExecution: 'execute',
  writeExecutionInput: 'execute',
  getExecutionOutput: 'execute',
  // Nor is a file: it may be what a command printed, and what is written may be run.
  readFile: 'execute',
  writeFile: 'execute',
  deleteFile: 'execute',
  statFile: 'execute',
  listEntries: 'execute',
  makeFolder: 'execute',
  moveFile: 'execute',
  readArchive: 'execute',
  writeArchive: 'execute',
  followFiles: 'execute',
  createTerminal: 'execute',
  listTerminals: 'execute',
  getTerminal: 'execute',
  endTerminal: 'execute',
  connectTerminal: 'execute',
  getFromPort: 'execute',
  postToPort: 'execute',
  putToPort: 'execute',
  patchToPort: 'execute',
  deleteFromPort: 'execute',
  optionsOfPort: 'execute',
  getMetrics: 'metrics',
  getLiveness: 'probe',
  getReadiness: 'probe',
  getHealth: 'probe',
  getOpenApiJson: 'public',
  getOpenApiYaml: 'public',
  getOpenApi30Json: 'public',
  getDocsPage: 'public',
  getDocsScript: 'public',
  getDocsAsset: 'public',
} as const satisfies Record<string, Need>;

export type OperationId = keyof typeof POLICY;

/** The scopes that a need is; none where anybody may. */
export function scopesOf(need: Need): readonly Scope[] {
  return need === 'public' || need === 'probe' ? [] : [need].flat();
}
