import { execFileSync } from 'node:child_process';
import { signalName, signalNumber } from './signal.names.js';

describe('Signal names', () => {
  it('are those of bash, both ways', () => {
    // "kill -l N" answers without SIG in front.
    const numbers = Array.from({ length: 64 }, (_, index) => index + 1).filter(
      (number) => number !== 32 && number !== 33,
    );
    const said = execFileSync('/bin/bash', ['-c', `kill -l ${numbers.join(' ')}`], { encoding: 'utf8' })
      .trim()
      .split('\n');
    const ours = numbers.map((number) => signalName(number).slice(3).replace('IO', 'POLL'));
    expect(ours).toEqual(said.map((name) => name.replace(/^IO$/, 'POLL')));
    expect(numbers.map((number) => signalNumber(signalName(number)))).toEqual(numbers);
  });

  it('know other names of a signal, and none that is not', () => {
    expect([
      signalNumber('SIGIOT'),
      signalNumber('SIG32'),
      signalNumber('SIGNONE'),
      signalNumber('SIGRTMIN+31'),
    ]).toEqual([6, 32, undefined, undefined]);
  });
});
