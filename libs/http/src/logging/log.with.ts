import { PinoLogger } from 'nestjs-pino';

/** Made at the first request: the logging module has made the logger by then that all share. */
let logger: PinoLogger | undefined;

/** Adds fields to every line that the request under way writes from here on, the one of its end included. The application has the logging module. */
export function logWith(fields: Record<string, string>): void {
  logger ??= new PinoLogger({ useExisting: true });
  logger.assign(fields);
}
