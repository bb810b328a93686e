import { Injectable } from '@nestjs/common';
import { codeOf, dial, ProblemError, type DialedAnswer, type DialedRequest } from '@warmbox/platform';
import type { LookupFunction } from 'node:net';
import { ActivityMeter } from '../activity/activity.meter.js';

/** Servers listen on either address, and an image may not say what `localhost` is. */
const LOOPBACK = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];
const lookup: LookupFunction = (_name, _options, callback) => callback(null, LOOPBACK);

/** What is asked of a server; where that is, is known here. */
export type PortRequest = Omit<DialedRequest, 'host' | 'port' | 'lookup'>;

/** The servers that run in this sandbox, by their ports. */
@Injectable()
export class LocalServers {
  private open = 0;

  constructor(private readonly meter: ActivityMeter) {
    meter.observe(() => ({ attached: this.open }));
  }

  /**
   * The head of a server's answer.
   *
   * @throws ProblemError port_unreachable; the signal's reason
   */
  async ask(port: number, request: PortRequest): Promise<DialedAnswer> {
    try {
      const answer = await dial({ ...request, host: 'localhost', port, lookup });
      const { status, socket } = answer;
      if (socket === undefined ? status >= 200 && status <= 599 : request.headers.upgrade !== undefined) return answer;
      (socket ?? answer.body).destroy();
    } catch (error) {
      request.signal.throwIfAborted();
      throw unreachable(port, error);
    }
    throw new ProblemError('port_unreachable', `What listens on port ${port} of the sandbox answers no HTTP.`);
  }

  /**
   * Somebody is connected to a server until they call what is returned: that is activity, and keeps the sandbox. Who is refused is neither.
   *
   * @throws ProblemError conflict while the sandbox is sealed
   */
  enter(): () => void {
    this.meter.admit();
    this.open += 1;
    return () => {
      this.open -= 1;
      this.meter.touch();
    };
  }
}

function unreachable(port: number, error: unknown): ProblemError {
  const code = codeOf(error) ?? '';
  if (code === 'ECONNREFUSED') {
    const detail = `Nobody listens on port ${port} of the sandbox (on 127.0.0.1 or ::1): start a server there, or wait until it does.`;
    return new ProblemError('port_unreachable', detail, { cause: error });
  }
  const what = code.startsWith('HPE_') ? 'answers no HTTP' : `broke off before it answered (${code})`;
  return new ProblemError('port_unreachable', `What listens on port ${port} of the sandbox ${what}.`, { cause: error });
}
