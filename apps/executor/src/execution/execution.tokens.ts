/** What is injected by name: the clock, the function that starts children, the process's environment, a folder for files of a moment. */
export const CLOCK = Symbol('Clock');
export const START_CHILD = Symbol('StartChild');
export const ENVIRONMENT = Symbol('Environment');
export const TEMPORARY_FOLDER = Symbol('TemporaryFolder');
