import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { Logger } from 'nestjs-pino';
import { isStartNotice } from './start.notice.js';

/**
 * The logger of an application that has the logging module, for `app.useLogger`: pino's, but what Nest itself says of a
 * start that goes well is for `debug`.
 */
export function applicationLogger(app: INestApplicationContext): LoggerService {
  const logger = app.get(Logger);
  return {
    log: (message: unknown, ...parameters: unknown[]) => {
      if (isStartNotice(parameters.at(-1))) logger.debug(message, ...parameters);
      else logger.log(message, ...parameters);
    },
    fatal: logger.fatal.bind(logger),
    error: logger.error.bind(logger),
    warn: logger.warn.bind(logger),
    debug: logger.debug.bind(logger),
    verbose: logger.verbose.bind(logger),
  };
}
