import { ProblemError } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { retryOnConflict } from './retry.on-conflict.js';

const conflict = new ProblemError('conflict', 'changed');

describe('writing over the newest', () => {
  let versions: (string | undefined)[];
  let written: (string | undefined)[];
  beforeEach(() => {
    versions = [];
    written = [];
  });

  const versionOf = ({ metadata }: Pod): string | undefined => metadata?.resourceVersion;
  const at = (resourceVersion: string): Pod => {
    const pod = aPod();
    return { ...pod, metadata: { ...pod.metadata, resourceVersion } };
  };
  const newest = (): Promise<Pod | undefined> => {
    const version = versions.shift();
    return Promise.resolve(version === undefined ? undefined : at(version));
  };

  /** Writes only what has this version; each refusal names the one that was given. */
  const only = (version: string) => (pod: Pod) => {
    written.push(versionOf(pod));
    return versionOf(pod) === version ? Promise.resolve('done') : Promise.reject(conflict);
  };

  it('writes what was read where nobody has written it since', async () => {
    expect(await retryOnConflict(at('1'), { write: only('1'), newest, attempts: 3 })).toBe('done');
    expect(written).toEqual(['1']);
  });

  it('writes what it is now where it has changed', async () => {
    versions = ['2', '3'];
    expect(await retryOnConflict(at('1'), { write: only('3'), newest, attempts: 3 })).toBe('done');
    expect(written).toEqual(['1', '2', '3']);
  });

  it('ends where it is not to be written any more', async () => {
    expect(await retryOnConflict(at('1'), { write: only('2'), newest, attempts: 3 })).toBeUndefined();
    expect(written).toEqual(['1']);
  });

  it('gives up after so many conflicts', async () => {
    versions = ['2', '3', '4'];
    await expect(retryOnConflict(at('1'), { write: only('4'), newest, attempts: 3 })).rejects.toBe(conflict);
    expect(written).toEqual(['1', '2', '3']);
  });

  it('tries nothing again that went wrong otherwise', async () => {
    const error = new ProblemError('kubernetes_unavailable', 'no answer');
    versions = ['2'];
    await expect(retryOnConflict(at('1'), { write: () => Promise.reject(error), newest, attempts: 3 })).rejects.toBe(
      error,
    );
    expect(versions).toEqual(['2']);
  });
});
