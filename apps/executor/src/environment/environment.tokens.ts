/** Where the executor's own environment is injected. */
export const OWN_ENVIRONMENT = Symbol('OwnEnvironment');
