import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GONE_CAUSES, PROBLEM_STATUS } from '@warmbox/contracts';

describe('docs/errors.md', () => {
  let page: string;

  beforeAll(async () => {
    page = await readFile(join(import.meta.dirname, '../../../../docs/errors.md'), 'utf8');
  });

  it('names every code with its status, and none that is not', () => {
    const rows = [...page.matchAll(/^\| (\d{3}) *\| `(\w+)`/gm)].map(([, status, code]) => [code, Number(status)]);
    expect(Object.fromEntries(rows)).toEqual(PROBLEM_STATUS);
  });

  it('names every cause of a sandbox’s end, and none that is not', () => {
    const rows = [...page.matchAll(/^\| `([a-z_]+)` *\|/gm)].map(([, cause]) => cause);
    expect(rows.sort()).toEqual(Object.keys(GONE_CAUSES).sort());
  });
});
