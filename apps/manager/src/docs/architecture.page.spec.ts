import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '../../../..');

/** Who imports whom, by names of rooms. */
type Imports = Map<string, Set<string>>;

/** The rooms of a folder as their files import them, specs and fixtures left out. */
function importsIn(folder: string, roomOf: (specifier: string, file: string) => string | undefined): Imports {
  const imports: Imports = new Map();
  for (const file of globSync('*/**/*.ts', { cwd: join(ROOT, folder) })) {
    if (/\.spec\.ts$|(^|\/)(fixtures|test)\//.test(file)) continue;
    const [room = ''] = file.split('/');
    const of = imports.get(room) ?? new Set();
    imports.set(room, of);
    for (const [, specifier = ''] of readFileSync(join(ROOT, folder, file), 'utf8').matchAll(/ from '([^']+)'/g)) {
      const other = roomOf(specifier, file);
      if (other !== undefined && other !== room) of.add(other);
    }
  }
  return imports;
}

function byPath(specifier: string, file: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const [room = '', ...rest] = relative('.', join(dirname(file), specifier)).split('/');
  return rest.length === 0 || room === '..' ? undefined : room;
}

function byName(specifier: string): string | undefined {
  return /^@warmbox\/([a-z-]+)/.exec(specifier)?.[1];
}

/** A subgraph of the picture: `a --> b & c`, where an id may have its name in brackets. */
function drawn(page: string, subgraph: string): Imports {
  const [, text = ''] = new RegExp(`^  subgraph ${subgraph}\\b.*\\n([\\s\\S]*?)^  end$`, 'm').exec(page) ?? [];
  const names = new Map([...text.matchAll(/(\w+)\[([\w-]+)\]/g)].map(([, id = '', name = '']) => [id, name]));
  const imports: Imports = new Map();
  for (const line of text.replaceAll(/\[[\w-]+\]/g, '').split('\n')) {
    const [from = '', to = ''] = line.split('-->').map((side) => side.trim());
    const rooms = to.split('&').map((id) => id.trim());
    if (from !== '') imports.set(nameOf(from), new Set(rooms.filter((id) => id !== '').map(nameOf)));
  }
  for (const room of [...imports.values()].flatMap((of) => [...of])) imports.set(room, imports.get(room) ?? new Set());
  return imports;

  function nameOf(id: string): string {
    return names.get(id) ?? id;
  }
}

/** All that a room imports, itself or through others. */
function reached(imports: Imports, room: string, seen = new Set<string>()): Set<string> {
  for (const other of imports.get(room) ?? []) {
    if (seen.has(other)) continue;
    seen.add(other);
    reached(imports, other, seen);
  }
  return seen;
}

function closure(imports: Imports): Record<string, string[]> {
  return Object.fromEntries([...imports.keys()].sort().map((room) => [room, [...reached(imports, room)].sort()]));
}

describe('the picture of the rooms in docs/architecture.md', () => {
  const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');

  it.each([
    ['manager', importsIn('apps/manager/src', byPath)],
    ['executor', importsIn('apps/executor/src', byPath)],
    ['libs', importsIn('libs', byName)],
  ])('has the rooms of %s, and says who imports whom', (subgraph, imports) => {
    const picture = drawn(page, subgraph);
    expect(closure(picture)).toEqual(closure(imports));
    const arrows = [...picture].flatMap(([from, to]) => [...to].map((other) => [from, other] as const));
    expect(arrows.filter(([from, to]) => !imports.get(from)?.has(to))).toEqual([]);
  });

  it.each(['manager', 'executor'])('stands before a table that has each room of %s', (app) => {
    const [, section = ''] = new RegExp(`^### Inside the ${app}\\n([\\s\\S]*?)^##`, 'm').exec(page) ?? [];
    const named = [...section.matchAll(/`([\w-]+)\/`/g)].map(([, room]) => room);
    expect(new Set(named)).toEqual(new Set(drawn(page, app).keys()));
  });
});
