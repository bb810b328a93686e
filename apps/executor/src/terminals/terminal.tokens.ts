/** What is injected by name: the function that starts a program in a terminal, or undefined where there are no terminals. */
export const START_TERMINAL_PROCESS = Symbol('StartTerminalProcess');
