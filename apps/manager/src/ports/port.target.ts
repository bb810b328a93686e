import { ProblemError } from '@warmbox/platform';
import type { FastifyRequest } from 'fastify';
import { portHostOf } from '../http/port.hosts.js';

/** Which port of which sandbox, by the words of the URL. */
export interface PortName {
  runtime: string;
  name: string;
  port: string;
}

/** Where in which sandbox a request goes. */
export interface PortTarget {
  /** Undefined where only the sandbox's name is told. */
  runtime: string | undefined;
  name: string;
  port: number;
  /** What stands before the path that the server inside sees; empty where nothing does. */
  prefix: string;
  /** That path with its query, as they were sent. */
  rest: string;
}

const PORT_MAX = 65_535;

/** What a request's path says. @throws ProblemError invalid_request where the port is none */
export function targetByPath({ runtime, name, port: text }: PortName, url: string): PortTarget {
  const port = portOf(text);
  if (port === undefined) {
    throw new ProblemError(
      'invalid_request',
      `The port ${JSON.stringify(text.slice(0, 20))} is none: it is 1 to ${PORT_MAX}.`,
      { errors: [{ pointer: 'port', detail: `must be a number from 1 to ${PORT_MAX}` }] },
    );
  }
  const [, prefix = '', rest = ''] = /^((?:\/[^/?]*){5})(.*)$/s.exec(url) ?? [];
  return { runtime, name, port, prefix, rest: rest.startsWith('/') ? rest : `/${rest}` };
}

/** What a request's host says: `{port}-{sandbox}`, then the domain. @throws ProblemError route_not_found, sandbox_not_found */
export function targetByHost({ raw, originalUrl }: FastifyRequest): PortTarget {
  const portHost = portHostOf(raw);
  // Somebody asked for the way itself.
  if (portHost === undefined) throw new ProblemError('route_not_found', `There is no route ${originalUrl}.`);
  const { host, label, target } = portHost;
  const [, text = '', name = ''] = /^(\d+)-([^.]+)$/.exec(label) ?? [];
  const port = portOf(text);
  if (port === undefined) {
    const detail = `The host ${JSON.stringify(host.slice(0, 253))} is no port of a sandbox: that is {port}-{sandbox}, then the domain.`;
    throw new ProblemError('sandbox_not_found', detail);
  }
  return { runtime: undefined, name, port, prefix: '', rest: target };
}

function portOf(text: string): number | undefined {
  const port = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  return port > 0 && port <= PORT_MAX ? port : undefined;
}
