import { pino } from 'pino';
import { prettyOutput } from './pretty.output.js';

describe('the log for people', () => {
  let text: string;
  let flushed: number;
  const output = {
    write: (line: string) => void (text += line),
    flushSync: () => void (flushed = text.length),
  };
  beforeEach(() => {
    text = '';
    flushed = 0;
  });

  /** Without colours, which depend on where it runs. */
  const shown = (): string[] => text.replace(/\x1b\[\d+m/g, '').split('\n');

  it('has one line for each, with its time, its level, its words and its fields', () => {
    const log = pino({}, prettyOutput(output));
    log.info({ sandbox: 'a', requestId: 'mine' }, 'it is ready');
    log.warn('it is late');
    const time = String.raw`\[\d\d:\d\d:\d\d\.\d{3}\]`;
    expect(shown()).toEqual([
      expect.stringMatching(`^${time} INFO: it is ready {"sandbox":"a","requestId":"mine"}$`),
      expect.stringMatching(`^${time} WARN: it is late$`),
      '',
    ]);
  });

  it('is written at once where the line is fatal', () => {
    pino({}, prettyOutput(output)).fatal(new Error('broken'));
    expect(shown().join(' ')).toMatch(/FATAL: broken .*Error: broken/);
    expect(flushed).toBe(text.length);
  });
});
