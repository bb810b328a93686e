import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { StartError } from '@warmbox/platform';

/**
 * The port, if it can be listened on; for 0 any that can be.
 *
 * @throws StartError where another program has it, or it needs rights that we do not have.
 */
export async function freePort(host: string, port: number): Promise<number> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'another program listens there' : code;
    throw new StartError(
      `Port ${port} of ${host} cannot be used: ${why}.\n` +
        `Stop that program, or choose another port: PORT=${port === 8668 ? 8669 : 8668} npm start`,
    );
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}
