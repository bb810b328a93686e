import { limitOptions, limitsIn } from './process.limits.js';

const TEXT = `Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max processes             63704                unlimited            processes
Max open files            1048576              1048576              files
Max locked memory         8388608              8388608              bytes
`;

describe('The limits of commands', () => {
  const raised = { openFiles: { soft: 1_048_576, hard: 1_048_576 }, processes: { soft: Infinity, hard: Infinity } };
  const inherited = { openFiles: { soft: 1024, hard: 1_048_576 } };

  it("are read as the system shows an executor's", () => {
    expect(limitsIn(TEXT)).toEqual({
      processes: { soft: 63_704, hard: Infinity },
      openFiles: { soft: 1_048_576, hard: 1_048_576 },
    });
    expect(limitsIn('')).toEqual({ processes: undefined, openFiles: undefined });
  });

  it.each([
    ['the files that were given, where Node has raised them', {}, raised, inherited, ['--nofile=1024:']],
    ['the files that are asked for', { openFiles: 4096 }, raised, inherited, ['--nofile=4096:']],
    ['never fewer files than the executor needs itself', { openFiles: 64 }, raised, inherited, ['--nofile=512:']],
    ['left alone where they are right', {}, raised, raised, []],
    ['never raised', { openFiles: 4096 }, inherited, inherited, []],
    ['left alone where the system tells nothing', {}, {}, {}, []],
    ['processes, with some for the executor', { maxProcesses: 100 }, raised, raised, ['--nproc=132:132']],
    [
      'never more processes than allowed',
      { maxProcesses: 100 },
      { ...raised, processes: { soft: 50, hard: 60 } },
      raised,
      ['--nproc=60:60'],
    ],
  ])('are %s', (_, configured, own, from, options) => {
    expect(limitOptions(configured, own, from)).toEqual(options);
  });
});
