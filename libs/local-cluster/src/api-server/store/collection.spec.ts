import { CONFIG_MAP_KIND } from '../kinds/config-map.kind.js';
import { KINDS } from '../kinds/kinds.js';
import { LEASE_KIND } from '../kinds/lease.kind.js';
import { ObjectStore } from './object.store.js';
import type { Version } from './version.js';

const KIND = KINDS.find(({ kind }) => kind === 'ConfigMap')!;
const HISTORY = 8;

describe('a collection of the object store', () => {
  let store: ObjectStore;
  const put = (name: string, data: Record<string, string> = {}, namespace = 'n'): Version =>
    store.put(CONFIG_MAP_KIND, { metadata: { name, namespace }, data });
  const keys = (versions: readonly Version[] | undefined): string[] | undefined => versions?.map(({ key }) => key);
  beforeEach(() => {
    store = new ObjectStore([KIND, LEASE_KIND], HISTORY);
  });

  it('lists in the order of names, whatever the order of creation', () => {
    for (const name of ['c', 'a', 'b-1', 'b']) put(name);
    put('z', {}, 'a');
    expect(keys(store.of(KIND).list('n/'))).toEqual(['n/a', 'n/b', 'n/b-1', 'n/c']);
    expect(keys(store.of(KIND).list(''))).toEqual(['a/z', 'n/a', 'n/b', 'n/b-1', 'n/c']);
  });

  it('keeps the namespaces a and a-b apart', () => {
    put('x', {}, 'a');
    put('x', {}, 'a-b');
    expect(keys(store.of(KIND).list('a/'))).toEqual(['a/x']);
  });

  it('gives every write of any kind a version of its own', () => {
    const first = put('a').revision;
    const second = store.put(LEASE_KIND, { metadata: { name: 'l', namespace: 'n' } }).revision;
    expect([second, put('a').revision]).toEqual([first + 1, first + 2]);
  });

  it('shows an older version as it was: changed, created and deleted objects alike', () => {
    put('changed', { v: '1' });
    const deleted = put('deleted');
    const { revision } = store;
    put('changed', { v: '2' });
    put('created');
    store.remove(KIND, deleted.object);
    const then = store.of(KIND).listAt('n/', revision);
    expect(keys(then)).toEqual(['n/changed', 'n/deleted']);
    expect(then?.[0]?.object).toMatchObject({ data: { v: '1' } });
    expect(keys(store.of(KIND).list('n/'))).toEqual(['n/changed', 'n/created']);
  });

  it('has exactly the changes after a version, oldest first', () => {
    put('a');
    const { revision } = store;
    put('b');
    store.remove(KIND, put('a').object);
    expect(
      store
        .of(KIND)
        .since(revision)
        ?.map(({ type, version }) => `${type} ${version.key}`),
    ).toEqual(['ADDED n/b', 'MODIFIED n/a', 'DELETED n/a']);
    expect(store.of(KIND).since(store.revision)).toEqual([]);
  });

  it('forgets changes beyond its history, and says so instead of leaving some out', () => {
    const { revision } = put('a', { v: '0' });
    for (let index = 1; index <= HISTORY * 3; index += 1) put('a', { v: String(index) });
    const collection = store.of(KIND);
    expect(collection.since(revision)).toBeUndefined();
    expect(collection.listAt('n/', revision)).toBeUndefined();
    const kept = collection.since(collection.compactedRevision)?.length ?? 0;
    expect(kept).toBeGreaterThanOrEqual(HISTORY);
    expect(kept).toBeLessThanOrEqual(HISTORY * 1.25);
  });

  it('does not lose a quiet kind’s history to a busy one', () => {
    const { revision } = put('quiet');
    for (let index = 0; index < HISTORY * 3; index += 1)
      store.put(LEASE_KIND, { metadata: { name: 'l', namespace: 'n' } });
    expect(store.of(KIND).since(revision)).toEqual([]);
  });

  it('forgets everything until now when it is compacted, and goes on from there', () => {
    const { revision } = put('a');
    store.compact();
    const compacted = store.revision;
    put('b');
    expect(store.of(KIND).since(revision - 1)).toBeUndefined();
    expect(store.of(KIND).since(compacted)).toHaveLength(1);
  });

  it('writes an object as JSON once for all who ask', () => {
    const version = put('a', { k: 'v' });
    expect(version.bytes).toBe(version.bytes);
    expect(version.eventBytes('ADDED')[1]).toBe(version.bytes);
    const { resourceVersion } = version.object.metadata;
    const object = { metadata: { name: 'a', namespace: 'n', resourceVersion }, data: { k: 'v' } };
    expect(JSON.parse(version.bytes.toString())).toEqual({ kind: 'ConfigMap', apiVersion: 'v1', ...object });
    expect(JSON.parse(Buffer.concat(version.itemBytes).toString())).toEqual(object);
  });
});
