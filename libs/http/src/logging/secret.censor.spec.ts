import { Writable } from 'node:stream';
import { pino } from 'pino';
import { censored, WITHOUT_SECRETS } from './secret.censor.js';

function logged(value: object): string {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  pino(WITHOUT_SECRETS, stream).info(value, 'hello');
  return text;
}

describe('the log', () => {
  it.each([
    [{ authorization: 'Bearer s3cret' }],
    [{ headers: { 'x-api-key': 's3cret' } }],
    [{ request: { headers: { authorization: 'Bearer s3cret' } } }],
    [{ options: { apiKey: 's3cret' } }],
    [{ pod: { spec: { executor: { token: 's3cret' } } } }],
    [{ body: { environmentVariables: { PASSWORD: 's3cret' } } }],
    [{ attempts: [{ token: 's3cret' }] }],
    [{ err: Object.assign(new Error('broken'), { options: { password: 's3cret' } }) }],
    [Object.assign(new Error('broken'), { request: { headers: { authorization: 's3cret' } } })],
  ])('never holds a secret: %j', (value) => {
    const line = logged(value);
    expect(line).not.toContain('s3cret');
    expect(line).toContain('***');
  });
});

describe('censored', () => {
  it('leaves what is logged as it is', () => {
    const secret = { apiKey: 's3cret' };
    censored({ options: secret });
    expect(secret).toEqual({ apiKey: 's3cret' });
  });

  it('gives back what has no secrets, whatever it holds', () => {
    const line = { sandbox: 'a', at: new Date(), list: [1, { a: null }], nothing: undefined };
    expect(censored(line)).toBe(line);
  });

  it('comes to an end where something holds itself', () => {
    const line: Record<string, unknown> = { name: 'a' };
    line.self = line;
    expect(censored(line)).toBe(line);
  });
});
