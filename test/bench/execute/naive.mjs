/**
 * The least of Node that streams a command's output over HTTP. It has no ring, no resuming, no back-pressure, no character
 * boundaries, no groups, no token.
 */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

createServer((request, response) => {
  void text(request).then((body) => {
    if (body === '') {
      response.end('ok');
      return;
    }
    const { command } = JSON.parse(body);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const child = spawn('/bin/bash', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
    const send = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    for (const [stream, pipe] of [
      ['Stdout', child.stdout],
      ['Stderr', child.stderr],
    ]) {
      pipe.on('data', (chunk) => send('OutputEvent', { stream, data: chunk.toString('base64') }));
    }
    child.on('close', (exitCode) => {
      send('CompletedEvent', { exitCode });
      response.end();
    });
  });
}).listen(Number(process.env.EXECUTOR_PORT), '127.0.0.1');
