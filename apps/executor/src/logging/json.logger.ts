import type { LoggerService } from '@nestjs/common';
import { isStartNotice, LogOutput } from '@warmbox/http';
import { pino, type Logger, type LevelWithSilent } from 'pino';

/**
 * Nest's log as JSON lines on stderr, which the container's log takes. Plain pino, which Fastify has with it anyhow: an executor
 * is in every sandbox, and nestjs-pino would cost its start and its memory.
 */
export class JsonLogger implements LoggerService {
  private readonly pino: Logger;

  constructor(level: LevelWithSilent) {
    this.pino = pino({ level, base: null }, new LogOutput(2));
  }

  log(message: unknown, ...more: unknown[]): void {
    this.write('info', message, more);
  }

  error(message: unknown, ...more: unknown[]): void {
    this.write('error', message, more);
  }

  warn(message: unknown, ...more: unknown[]): void {
    this.write('warn', message, more);
  }

  debug(message: unknown, ...more: unknown[]): void {
    this.write('debug', message, more);
  }

  verbose(message: unknown, ...more: unknown[]): void {
    this.write('trace', message, more);
  }

  fatal(message: unknown, ...more: unknown[]): void {
    this.write('fatal', message, more);
  }

  /** Nest puts the context last; before it come the text that belongs to an object, or an error's stack. */
  private write(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    message: unknown,
    more: unknown[],
  ): void {
    // Debugging is told of twice a command, and hardly ever heard.
    if (!this.pino.isLevelEnabled(level)) return;
    const texts = more.filter((part) => typeof part === 'string');
    const context = texts.pop();
    if (level === 'info' && isStartNotice(context)) level = 'debug';
    if (typeof message === 'object' && message !== null) this.pino[level]({ context, ...message }, texts[0]);
    else this.pino[level]({ context, stack: texts[0] }, String(message));
  }
}
