/** What is injected by name: the clock, the function that starts children, a folder for files of a moment. */
export const CLOCK = Symbol('Clock');
export const START_CHILD = Symbol('StartChild');
export const TEMPORARY_FOLDER = Symbol('TemporaryFolder');
/** How signals are sent. */
export const KILL = Symbol('Kill');
