import type { Pod } from '@warmbox/sandbox';
import { backedOff, refusalOf } from './pod.refusal.js';

type Container = NonNullable<Pod['spec']>['containers'][number];

const sound: Container = { name: 'executor', image: 'warmbox/executor:local' };

describe('refusalOf', () => {
  it.each<[string, NonNullable<Pod['spec']>, string | undefined]>([
    ['runs the image that it has', { containers: [sound] }, undefined],
    ['has no other image', { containers: [{ ...sound, image: 'debian' }] }, 'ErrImagePull'],
    ['has no image without a name', { containers: [{ name: 'executor' }] }, 'ErrImagePull'],
    ['runs no second container', { containers: [sound, { ...sound, name: 'b' }] }, 'CreateContainerConfigError'],
    ['runs no init container', { containers: [sound], initContainers: [sound] }, 'CreateContainerConfigError'],
    [
      'looks no variable up',
      { containers: [{ ...sound, env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }] },
      'CreateContainerConfigError',
    ],
  ])('%s', (_, spec, reason) => {
    expect(refusalOf({ spec })?.reason).toBe(reason);
  });

  it('names the image, and the one that there is', () => {
    const message = refusalOf({ spec: { containers: [{ ...sound, image: 'debian' }] } })?.message;
    expect(message).toContain('"debian"');
    expect(message).toContain('warmbox/executor:local');
  });
});

describe('backedOff', () => {
  it('is ImagePullBackOff for an image, with the cause', () => {
    expect(backedOff({ phase: 'waiting', reason: 'ErrImagePull', message: 'no such image' }, 'debian')).toEqual({
      phase: 'waiting',
      reason: 'ImagePullBackOff',
      message: 'Back-off pulling image "debian": ErrImagePull: no such image',
    });
  });

  it('stays what it was for anything else', () => {
    const refusal = { phase: 'waiting', reason: 'CreateContainerConfigError', message: 'no' } as const;
    expect(backedOff(refusal, 'debian')).toEqual(refusal);
  });
});
