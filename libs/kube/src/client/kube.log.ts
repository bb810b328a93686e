/** Where this room reports what it survives; Nest's Logger and pino's have these methods. */
export interface KubeLog {
  log(context: object, message: string): void;
  warn(context: object, message: string): void;
}

/** Says nothing. */
export const silentLog: KubeLog = { log: () => undefined, warn: () => undefined };
