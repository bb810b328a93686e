import { Inject, Injectable } from '@nestjs/common';
import { ExecutorOptions } from '../config/executor.options.js';
import { baseEnvironment } from '../process/command.environment.js';
import { OWN_ENVIRONMENT } from './environment.tokens.js';

/**
 * The environment that every command starts from: the executor's own, and the session's variables on top. Those come with the
 * pod, or later, when a sandbox that was started ahead becomes somebody's. Commands that run keep what they were started with.
 */
@Injectable()
export class SessionEnvironment {
  private base: Record<string, string>;

  constructor(
    private readonly options: ExecutorOptions,
    @Inject(OWN_ENVIRONMENT) private readonly own: Readonly<Record<string, string | undefined>>,
  ) {
    this.base = this.with(options.environment);
  }

  /** What the next command starts from. */
  get current(): Readonly<Record<string, string>> {
    return this.base;
  }

  /** From now on these are the session's variables, and no others. */
  replace(variables: Record<string, string>): void {
    this.base = this.with(variables);
  }

  private with(sandbox: Record<string, string>): Record<string, string> {
    return baseEnvironment({ own: this.own, workspace: this.options.workspace, sandbox });
  }
}
