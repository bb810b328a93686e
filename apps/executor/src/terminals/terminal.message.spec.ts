import { messageOf, type TerminalMessage } from './terminal.message.js';

describe("What a viewer's frame says", () => {
  const of = (text: string, isBinary = false): TerminalMessage => messageOf(Buffer.from(text), isBinary);

  it.each([
    ['keystrokes', 'ls\r'],
    ['an escape sequence', '\u001b[A'],
    ['an opening brace', '{'],
    ['JSON that is no object', '["type"]'],
    ['an object without a type', '{"cols":1}'],
    ['what only begins as an object', '{"type":"resize"'],
    ['an object that is longer than any control', JSON.stringify({ type: 'resize', x: 'x'.repeat(4096) })],
    ['nothing', ''],
  ])('is input: %s', (_, text) => {
    expect(of(text)).toEqual({ type: 'input', bytes: Buffer.from(text) });
  });

  it('is input whatever it looks like, where it is binary', () => {
    expect(of('{"type":"resize","cols":80,"rows":24}', true)).toMatchObject({ type: 'input' });
  });

  it('is a new size', () => {
    expect(of(' {"type":"resize","cols":1000,"rows":1,"more":true}')).toEqual({
      type: 'resize',
      size: { cols: 1000, rows: 1 },
    });
  });

  it.each([
    '{"type":"resize"}',
    '{"type":"resize","cols":0,"rows":24}',
    '{"type":"resize","cols":80,"rows":1001}',
    '{"type":"resize","cols":80.5,"rows":24}',
    '{"type":"resize","cols":"80","rows":24}',
    '{"type":"resize","cols":null,"rows":24}',
  ])('is no size: %s', (text) => {
    expect(of(text)).toEqual({ type: 'unknown', detail: expect.stringContaining('from 1 to 1000') as string });
  });

  it.each(['{"type":"close"}', '{"type":5}', '{"type":null}'])('is a control that there is not: %s', (text) => {
    expect(of(text)).toEqual({ type: 'unknown', detail: expect.stringContaining('"resize"') as string });
  });
});
