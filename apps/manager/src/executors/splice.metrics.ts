import { Gauge, type Registry } from 'prom-client';
import type { ByteRelay } from './byte.relay.js';

/** Tells how many connections are spliced to sandboxes, at each scrape. */
export function spliceMetrics(registry: Registry, relay: ByteRelay): void {
  new Gauge({
    name: 'warmbox_spliced_connections',
    help: "Clients' connections that are spliced to a server in a sandbox: WebSockets that are open through this manager.",
    registers: [registry],
    collect() {
      this.set(relay.splicedConnections);
    },
  });
}
