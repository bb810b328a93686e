import type { TraceContext } from '@warmbox/platform';

/** Where the environment of every command in a sandbox comes from. */
export interface BaseSources {
  /** The executor's own environment. */
  own: Readonly<Record<string, string | undefined>>;
  /** The sandbox's home folder. */
  workspace: string;
  /** Variables of the sandbox. */
  sandbox: Record<string, string>;
}

/** What one command adds. */
export interface CommandSources {
  /** Where it runs. */
  cwd: string;
  /** Which trace the request is part of. */
  trace?: TraceContext;
  /** Variables of the request. */
  request?: Record<string, string>;
}

const OWN_PREFIX = 'EXECUTOR_';
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The environment of every command: the executor's own without its settings, so that no secret of the machinery gets in;
 * what pip and npm install for the user is found, and Python does not hold its output back. The sandbox's variables win.
 */
export function baseEnvironment({ own, workspace, sandbox }: BaseSources): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && !name.startsWith(OWN_PREFIX)) inherited[name] = value;
  }
  return {
    ...inherited,
    HOME: workspace,
    LANG: 'C.UTF-8',
    PATH: `${workspace}/.local/bin:${workspace}/node_modules/.bin:${own.PATH ?? DEFAULT_PATH}`,
    PYTHONUNBUFFERED: '1',
    ...sandbox,
  };
}

/** One command's environment; the request's variables win over everything. */
export function commandEnvironment(
  base: Readonly<Record<string, string>>,
  { cwd, trace, request }: CommandSources,
): Record<string, string> {
  return { ...base, PWD: cwd, ...traceVariables(trace), ...request };
}

/** As OpenTelemetry's specification has it for processes. */
function traceVariables(trace: TraceContext | undefined): Record<string, string> {
  if (trace === undefined) return {};
  const { traceparent, tracestate } = trace;
  return { TRACEPARENT: traceparent, ...(tracestate === undefined ? {} : { TRACESTATE: tracestate }) };
}
