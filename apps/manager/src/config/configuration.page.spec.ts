import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ManagerOptions } from './manager.options.js';

describe('docs/configuration.md', () => {
  /** Key to default, as the table says them. */
  let documented: Map<string, string>;

  beforeAll(async () => {
    const page = await readFile(join(import.meta.dirname, '../../../../docs/configuration.md'), 'utf8');
    const rows = page.matchAll(/^\| `(\w+)` *\| *(.*?) *\|/gm);
    documented = new Map([...rows].map(([, key = '', value = '']) => [key, value.replaceAll('`', '')]));
  });

  it('names every option, and nothing that is none', () => {
    expect([...documented.keys()].sort()).toEqual(Object.keys(new ManagerOptions()).sort());
  });

  it('tells the defaults that do not depend on where a manager runs', () => {
    const options = Object.entries(new ManagerOptions());
    const plain = options.filter(([key, value]) => typeof value !== 'object' && value !== '' && key !== 'host');
    expect(plain.length).toBeGreaterThan(20);
    for (const [key, value] of plain) expect([key, documented.get(key)]).toEqual([key, String(value)]);
  });
});
