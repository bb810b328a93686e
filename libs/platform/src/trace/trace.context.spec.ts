import { traceContextOf, traceIdOf } from './trace.context.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const SOUND = `00-${TRACE}-${PARENT}-01`;

describe('the trace context of headers', () => {
  it.each([
    ['one that is sampled', SOUND, SOUND],
    ['one that is not', `00-${TRACE}-${PARENT}-00`, `00-${TRACE}-${PARENT}-00`],
    ['one with the flag of a random id', `00-${TRACE}-${PARENT}-03`, `00-${TRACE}-${PARENT}-03`],
    ['one with space around it', ` ${SOUND} `, SOUND],
    ['one of a later version, in the form of ours', `cc-${TRACE}-${PARENT}-01`, SOUND],
    ['one of a later version with more to say', `01-${TRACE}-${PARENT}-09-what-comes`, SOUND],
  ])('knows %s', (_, traceparent, known) => {
    expect(traceContextOf({ traceparent })).toEqual({ traceparent: known, tracestate: undefined });
    expect(traceIdOf(traceContextOf({ traceparent })!)).toBe(TRACE);
  });

  it.each([
    ['nothing', undefined],
    ['an empty one', ''],
    ['two', `${SOUND}, ${SOUND}`],
    ['two in a list', [SOUND, SOUND]],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['the version that is none', `ff-${TRACE}-${PARENT}-01`],
    ['more than version 00 has', `${SOUND}-more`],
    ['capitals', SOUND.toUpperCase()],
    ['an id that is too short', `00-${TRACE.slice(1)}-${PARENT}-01`],
    ['a later version that runs on', `01-${TRACE}-${PARENT}-01.more`],
    ['a shell', '$(rm -rf /)'],
  ])('takes %s for none', (_, traceparent) => {
    expect(traceContextOf({ traceparent, tracestate: 'a=1' })).toBeUndefined();
  });

  it.each([
    ['one system', 'rojo=00f067aa0ba902b7', 'rojo=00f067aa0ba902b7'],
    ['several, with spaces and empty members', 'rojo=1 , ,congo=t 61@x', 'rojo=1,congo=t 61@x'],
    ['a system of a tenant', 'fw529a3039@dt=FfAAAAB', 'fw529a3039@dt=FfAAAAB'],
  ])('passes the tracestate of %s', (_, tracestate, passed) => {
    expect(traceContextOf({ traceparent: SOUND, tracestate })).toEqual({ traceparent: SOUND, tracestate: passed });
  });

  it.each([
    ['without a value', 'rojo='],
    ['without a key', '=1'],
    ['with a key in capitals', 'Rojo=1'],
    ['with a key twice', 'a=1,b=2,a=3'],
    ['with an equal sign in a value', 'a=1=2'],
    ['with a control character', 'a=1\n'.padEnd(5, 'x')],
    ['with a fault in one member', 'a=1,b'],
    ['with more members than may be', Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(',')],
    ['that is too long', `a=${'x'.repeat(255)},b=${'x'.repeat(255)}`],
    ['that is empty', ' , '],
  ])('passes no tracestate %s', (_, tracestate) => {
    expect(traceContextOf({ traceparent: SOUND, tracestate })).toEqual({ traceparent: SOUND, tracestate: undefined });
  });
});
