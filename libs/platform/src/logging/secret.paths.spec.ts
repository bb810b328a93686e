import { Writable } from 'node:stream';
import { pino } from 'pino';
import { SECRET_PATHS } from './secret.paths.js';

function logged(value: object): string {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  pino({ redact: { paths: SECRET_PATHS, censor: '***' } }, stream).info(value, 'hello');
  return text;
}

describe('the log', () => {
  it.each([
    [{ authorization: 'Bearer s3cret' }],
    [{ headers: { 'x-api-key': 's3cret' } }],
    [{ req: { headers: { authorization: 'Bearer s3cret' } } }],
    [{ options: { apiKey: 's3cret' } }],
    [{ pod: { spec: { executor: { token: 's3cret' } } } }],
    [{ body: { environmentVariables: { PASSWORD: 's3cret' } } }],
  ])('never holds a secret: %j', (value) => {
    const line = logged(value);
    expect(line).not.toContain('s3cret');
    expect(line).toContain('***');
  });
});
