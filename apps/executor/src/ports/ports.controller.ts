import { All, Controller, Param, Res } from '@nestjs/common';
import { HEADER } from '@warmbox/contracts';
import { invalidRequest, Raw, RouteSettings, sendBody, switchProtocols, upgradeOf, type RawBody } from '@warmbox/http';
import { endToEnd, splice, type PassedHeaders } from '@warmbox/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LocalServers } from './local.servers.js';

/** The manager bounds its client; this is for one that was cut off, in milliseconds. */
const BODY_IDLE_MS = 120_000;

/** What is between the manager and this executor. */
const OURS = new Set(['authorization', 'host']);

@Controller('api/ports/:port')
export class PortsController {
  constructor(private readonly servers: LocalServers) {}

  /** Passes a request to a server in this sandbox, and its answer back, marked as that server's. */
  @All('*path')
  @RouteSettings({ rawBody: { idleMs: BODY_IDLE_MS }, takesUpgrade: true, passesHeaders: true })
  async relay(
    @Param('port') port: string,
    @Raw() body: RawBody | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { request } = reply;
    const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
    if (number < 1 || number > 65_535) throw invalidRequest([{ pointer: 'port', detail: 'must be 1 to 65535' }]);
    const gone = new AbortController();
    reply.raw.once('close', this.servers.enter()).once('close', () => gone.abort());
    const upgrade = upgradeOf(request);
    const { method } = request;
    const headers = headersOf(request, number, upgrade !== undefined);
    const path = request.url.replace(/^(?:\/[^/?]*){3}/, '');
    const answer = await this.servers
      .ask(number, { method, path, headers, body: upgrade === undefined ? body : undefined, signal: gone.signal })
      .catch((error: unknown) => {
        if (!gone.signal.aborted) throw error;
      });
    if (answer === undefined) {
      // Nobody is there to hear it.
      reply.hijack();
      return;
    }
    const answered = endToEnd(answer.headers);
    if (answer.socket !== undefined && upgrade !== undefined) {
      void splice(switchProtocols(reply, upgrade, answered), answer.socket);
      return;
    }
    const { status } = answer;
    const isEmpty = status === 204 || status === 304;
    if (isEmpty) answer.body.resume();
    sendBody(reply, {
      status,
      headers: { ...answered, [HEADER.relayed]: String(number) },
      ...(isEmpty ? {} : { body: answer.body }),
    });
  }
}

function headersOf(request: FastifyRequest, port: number, isUpgrade: boolean): PassedHeaders {
  const { headers } = request;
  return {
    // What follows the head of an upgrade is no body any more, whatever its length was said to be.
    ...endToEnd(headers, (name) => !OURS.has(name) && !(isUpgrade && name === 'content-length')),
    host: `localhost:${port}`,
    ...(isUpgrade ? { connection: 'Upgrade', upgrade: headers.upgrade ?? '' } : {}),
  };
}
