import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { givenOpenFiles } from './open.files.js';

describe('givenOpenFiles', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'warmbox-spec-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Processes from the youngest to the oldest, each the child of the next one. */
  function processes(...limits: [soft: number | 'unlimited', hard: number | 'unlimited'][]): void {
    limits.forEach(([soft, hard], index) => {
      const path = join(folder, String(index + 10));
      mkdirSync(path);
      const header = 'Limit                     Soft Limit           Hard Limit           Units     \n';
      const before = 'Max processes             5                    6                    processes \n';
      writeFileSync(
        join(path, 'limits'),
        `${header}${before}Max open files            ${soft}     ${hard}     files     \n`,
      );
      const parent = index + 1 < limits.length ? index + 11 : 0;
      writeFileSync(join(path, 'status'), `Name:\tnode\nPPid:\t${parent}\nTracerPid:\t7\n`);
    });
  }

  it.each([
    ['its own where it was not raised', [[1024, 4096]], 1024],
    [
      "its parent's where it has raised its own",
      [
        [4096, 4096],
        [1024, 4096],
      ],
      1024,
    ],
    [
      'that of an ancestor before npm',
      [
        [4096, 4096],
        [4096, 4096],
        [256, 4096],
        [100, 4096],
      ],
      256,
    ],
    [
      'the hard one where nobody has less',
      [
        [4096, 4096],
        [4096, 4096],
      ],
      4096,
    ],
    [
      'no more than the hard one',
      [
        [512, 512],
        [1024, 4096],
      ],
      512,
    ],
    ['none', [['unlimited', 'unlimited']], Infinity],
  ] as [string, [number | 'unlimited', number | 'unlimited'][], number][])('is %s', (_, limits, expected) => {
    processes(...limits);
    expect(givenOpenFiles(10, folder)).toBe(expected);
  });

  it('is unknown where the system shows no limits', () => {
    expect(givenOpenFiles(10, folder)).toBeUndefined();
  });
});
