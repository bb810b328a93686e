import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { StartError } from '@warmbox/platform';
import { freePort } from './free.port.js';

describe('freePort', () => {
  it('is a port that can be listened on afterwards', async () => {
    const port = await freePort('127.0.0.1', 0);
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    server.close();
  });

  it('is the one that was asked for', async () => {
    const port = await freePort('127.0.0.1', 0);
    expect(await freePort('127.0.0.1', port)).toBe(port);
  });

  it('is refused where somebody else listens, naming it and what to do', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const refused = freePort('127.0.0.1', port);
    await expect(refused).rejects.toThrow(StartError);
    await expect(refused).rejects.toThrow(new RegExp(`Port ${port} .*\\n.*PORT=\\d+ npm start`));
    server.close();
  });
});
