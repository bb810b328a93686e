import { ConsoleLog } from './console.log.js';

describe('ConsoleLog', () => {
  it('writes a trouble as one line with its cause', () => {
    const lines: string[] = [];
    const log = new ConsoleLog((text) => lines.push(text));
    log.warn({ err: new Error('refused'), pod: 'p' }, 'a pod could not be bound');
    expect(lines).toEqual(['local cluster: a pod could not be bound pod="p" cause="refused"\n']);
  });
});
