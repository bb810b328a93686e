import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalSystem, WarmboxClient, type LocalSystemOptions } from '@warmbox/testing/harness';

/** Where `npm run build` puts the bundles. */
export const DIST = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'dist');

/** A system under test: clients of its managers, and a way to end it. */
export interface System {
  clients: WarmboxClient[];
  stop(): Promise<void>;
}

/**
 * The system that E2E_URLS (base URLs of its managers, separated by commas) and E2E_API_KEY name, a real cluster's for
 * example; without them a local one that is started for the suite.
 */
export async function startSystem(options: Omit<LocalSystemOptions, 'dist'> = {}): Promise<System> {
  const { E2E_URLS: urls, E2E_API_KEY: apiKey = '' } = process.env;
  if (urls !== undefined && urls !== '') {
    const clients = urls.split(',').map((url) => new WarmboxClient(url, apiKey));
    return { clients, stop: () => removeAll(clients) };
  }
  return startLocalSystem(options);
}

/** A local system, for suites that kill managers, configure them or count everything that there is. */
export async function startLocalSystem(options: Omit<LocalSystemOptions, 'dist'> = {}): Promise<LocalSystem> {
  return LocalSystem.start({ ...options, dist: DIST });
}

/** What the suite made goes; a system under test is used by nobody else. */
async function removeAll([client]: WarmboxClient[]): Promise<void> {
  await client?.json('DELETE', '/api/kata');
}
