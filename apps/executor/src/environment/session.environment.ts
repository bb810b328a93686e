import { Inject, Injectable } from '@nestjs/common';
import { ProblemError } from '@warmbox/platform';
import { ExecutorOptions } from '../config/executor.options.js';
import { baseEnvironment } from '../process/command.environment.js';
import { OWN_ENVIRONMENT } from './environment.tokens.js';

/**
 * The environment that every command starts from: the executor's own, and the session's variables on top. Those come when the
 * sandbox is, or becomes, somebody's; one that was started for somebody who has some waits for them. Commands that run keep what
 * they were started with.
 */
@Injectable()
export class SessionEnvironment {
  private base: Record<string, string>;
  private awaited: boolean;

  constructor(
    private readonly options: ExecutorOptions,
    @Inject(OWN_ENVIRONMENT) private readonly own: Readonly<Record<string, string | undefined>>,
  ) {
    this.base = this.with(options.environment);
    this.awaited = options.environmentAwaited;
  }

  /** What the next command starts from. @throws ProblemError not_ready while it is awaited */
  get current(): Readonly<Record<string, string>> {
    this.check();
    return this.base;
  }

  /** From now on these are the session's variables, and no others. */
  replace(variables: Record<string, string>): void {
    this.base = this.with(variables);
    this.awaited = false;
  }

  /** @throws ProblemError not_ready while the session's variables have not come */
  check(): void {
    if (this.awaited) throw new ProblemError('not_ready', 'The sandbox waits for the variables of its session.');
  }

  private with(sandbox: Record<string, string>): Record<string, string> {
    return baseEnvironment({ own: this.own, workspace: this.options.workspace, sandbox });
  }
}
