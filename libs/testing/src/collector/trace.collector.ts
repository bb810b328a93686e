import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { hexIn, messageOf, messagesIn, numberIn, textIn, type Message } from './protobuf.js';

/** A span as it came over the wire. */
export interface CollectedSpan {
  name: string;
  /** `internal`, `server` or `client`. */
  kind: string;
  traceId: string;
  spanId: string;
  /** Empty for the first one of a trace. */
  parentId: string;
  tracestate: string;
  /** Nanoseconds since the epoch. */
  start: bigint;
  end: bigint;
  attributes: Record<string, string | number | boolean>;
  events: string[];
  isError: boolean;
  /** Attributes of what it is a span of. */
  resource: Record<string, string | number | boolean>;
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const ERROR = 2n;

/** An OpenTelemetry collector that keeps what it is sent: OTLP over HTTP, in protobuf. */
export class TraceCollector {
  readonly spans: CollectedSpan[] = [];
  /** Of each request, in order. */
  readonly requests: { path: string; headers: IncomingHttpHeaders }[] = [];
  /** What it answers. */
  status = 200;

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      void buffer(request).then((body) => {
        this.requests.push({ path: request.url ?? '', headers: request.headers });
        if (this.status === 200) this.spans.push(...spansOf(messageOf(body)));
        response.writeHead(this.status, { 'content-type': 'application/x-protobuf' }).end();
      });
    });
  }

  static async start(port = 0): Promise<TraceCollector> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new TraceCollector(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The spans of one trace. */
  of(traceId: string): CollectedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

function spansOf(request: Message): CollectedSpan[] {
  return messagesIn(request, 1).flatMap((resourceSpans) => {
    const resource = messagesIn(resourceSpans, 1).map((message) => attributesIn(message, 1))[0] ?? {};
    return messagesIn(resourceSpans, 2)
      .flatMap((scopeSpans) => messagesIn(scopeSpans, 2))
      .map((span) => ({ ...spanOf(span), resource }));
  });
}

function spanOf(span: Message): Omit<CollectedSpan, 'resource'> {
  return {
    traceId: hexIn(span, 1),
    spanId: hexIn(span, 2),
    tracestate: textIn(span, 3),
    parentId: hexIn(span, 4),
    name: textIn(span, 5),
    kind: KINDS[Number(numberIn(span, 6))] ?? '',
    start: numberIn(span, 7),
    end: numberIn(span, 8),
    attributes: attributesIn(span, 9),
    events: messagesIn(span, 11).map((event) => textIn(event, 2)),
    isError: messagesIn(span, 15).some((status) => numberIn(status, 3) === ERROR),
  };
}

function attributesIn(message: Message, field: number): CollectedSpan['attributes'] {
  return Object.fromEntries(
    messagesIn(message, field).map((pair) => [
      textIn(pair, 1),
      valueOf(messagesIn(pair, 2)[0] ?? new Map<never, never>()),
    ]),
  );
}

/** An AnyValue: text, truth, an integer, or a double. */
function valueOf(value: Message): string | number | boolean {
  if (value.has(2)) return numberIn(value, 2) === 1n;
  if (value.has(3)) return Number(numberIn(value, 3));
  const double = value.get(4)?.[0];
  if (double === undefined) return textIn(value, 1);
  return Buffer.from(BigUint64Array.of(double as bigint).buffer).readDoubleLE();
}
