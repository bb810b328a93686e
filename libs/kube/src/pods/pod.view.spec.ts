import type { Pod } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { PodView, type PodChange } from './pod.view.js';

const pod = (name: string, version: number, uid = `uid-of-${name}`): Pod =>
  aPod({ name, uid, resourceVersion: String(version) });

/** Changes in short: what, name, version. */
const brief = (changes: PodChange[]): string[] =>
  changes.map(
    (change) => `${change.type} ${change.pod.metadata?.name ?? ''}@${change.pod.metadata?.resourceVersion ?? ''}`,
  );

const content = (view: PodView): string[] =>
  view.pods.values().map(({ metadata }) => `${metadata?.name ?? ''}@${metadata?.resourceVersion ?? ''}`);

describe('PodView', () => {
  let view: PodView;
  beforeEach(() => {
    view = new PodView();
    view.replace([pod('a', 3), pod('b', 5)], '10');
  });

  it('tells of a list only what is different from before', () => {
    expect(brief(view.replace([pod('a', 3), pod('b', 12), pod('c', 13)], '20'))).toEqual([
      'modified b@12',
      'added c@13',
    ]);
    expect(brief(view.replace([pod('c', 13)], '21'))).toEqual(['deleted a@3', 'deleted b@12']);
  });

  it('tells what a pod was before', () => {
    const [change] = view.apply('MODIFIED', pod('a', 11));
    expect(change).toMatchObject({ type: 'modified', previous: { metadata: { resourceVersion: '3' } } });
  });

  it('takes events in, and moves its position with them and with bookmarks', () => {
    expect(brief(view.apply('ADDED', pod('c', 11)))).toEqual(['added c@11']);
    expect(brief(view.apply('DELETED', pod('c', 12)))).toEqual(['deleted c@12']);
    expect(view.position).toBe('12');
    view.advance('30');
    view.advance('29');
    expect(view.position).toBe('30');
  });

  it('shows a write before the watch does, and tells of it once', () => {
    expect(brief(view.put(pod('c', 11)))).toEqual(['added c@11']);
    expect(view.apply('ADDED', pod('c', 11))).toEqual([]);
    expect(brief(view.apply('MODIFIED', pod('c', 12)))).toEqual(['modified c@12']);
  });

  it('does not go back from a write to the events before it', () => {
    view.put(pod('a', 14));
    expect(view.apply('MODIFIED', pod('a', 12))).toEqual([]);
    expect(content(view)).toEqual(['b@5', 'a@14']);
  });

  it('does not take a write that is older than another write', () => {
    view.put(pod('a', 14));
    expect(view.put(pod('a', 13))).toEqual([]);
    expect(content(view)).toContain('a@14');
  });

  it("does not bring a deleted pod back when a write's answer comes after the DELETED event", () => {
    view.apply('DELETED', pod('a', 12));
    expect(view.put(pod('a', 11))).toEqual([]);
    expect(view.put(pod('a', 12))).toEqual([]);
    expect(content(view)).toEqual(['b@5']);
  });

  it('keeps what a write has shown when a list from before the write comes in', () => {
    view.put(pod('c', 25));
    view.put(pod('a', 26));
    expect(view.replace([pod('a', 3), pod('b', 5)], '20')).toEqual([]);
    expect(content(view).sort()).toEqual(['a@26', 'b@5', 'c@25']);
  });

  it('drops what a write has shown when a list from after the write does not have it', () => {
    view.put(pod('c', 25));
    expect(brief(view.replace([pod('a', 3), pod('b', 5)], '30'))).toEqual(['deleted c@25']);
  });

  it('takes writes before the first list, and lets the list decide about them', () => {
    const fresh = new PodView();
    fresh.put(pod('old', 3));
    fresh.put(pod('new', 15));
    expect(brief(fresh.replace([], '10'))).toEqual(['deleted old@3']);
    expect(content(fresh)).toEqual(['new@15']);
  });

  it('ignores a write to a pod that is not ours', () => {
    const foreign = pod('c', 11);
    delete foreign.metadata!.labels!['app.kubernetes.io/managed-by'];
    expect(view.put(foreign)).toEqual([]);
  });

  describe('after a GET found a pod gone', () => {
    it('tells it once, and the events that the watch still has for it do not bring it back', () => {
      expect(brief(view.miss(view.pods.get('a')!))).toEqual(['deleted a@3']);
      expect(view.miss(pod('a', 3))).toEqual([]);
      expect(view.apply('MODIFIED', pod('a', 11))).toEqual([]);
      expect(view.put(pod('a', 12))).toEqual([]);
      expect(view.apply('DELETED', pod('a', 13))).toEqual([]);
      expect(content(view)).toEqual(['b@5']);
    });

    it('shows a new pod of that name', () => {
      view.miss(pod('a', 3));
      expect(brief(view.apply('ADDED', pod('a', 20, 'another')))).toEqual(['added a@20']);
    });

    it('believes no list from before its end, and forgets it with one from after', () => {
      view.miss(pod('a', 3));
      expect(brief(view.replace([pod('a', 3), pod('b', 5)], '11'))).toEqual([]);
      expect(content(view)).toEqual(['b@5']);
      view.replace([pod('b', 5)], '20');
      // A label that was taken off and put on again brings the same pod back.
      expect(brief(view.apply('ADDED', pod('a', 21)))).toEqual(['added a@21']);
    });

    it('keeps a pod that came under the name while the GET was under way', () => {
      view.put(pod('a', 30, 'another'));
      expect(view.miss(pod('a', 3))).toEqual([]);
      expect(content(view)).toContain('a@30');
    });
  });

  describe('of two pods that had one name after each other', () => {
    it('tells the end of the first and the beginning of the second', () => {
      expect(brief(view.apply('ADDED', pod('a', 11, 'second')))).toEqual(['deleted a@3', 'added a@11']);
    });

    it('does not take the DELETED event of the first for the end of the second', () => {
      view.put(pod('a', 20, 'second'));
      expect(view.apply('DELETED', pod('a', 15))).toEqual([]);
      expect(content(view)).toContain('a@20');
    });

    it('ends the first when the second is reported deleted and was never seen', () => {
      expect(brief(view.apply('DELETED', pod('a', 20, 'second')))).toEqual(['deleted a@3']);
    });
  });

  it('believes a server that began anew, whatever versions it had seen before', () => {
    view.put(pod('c', 25));
    view.miss(view.pods.get('b')!);
    expect(brief(view.replace([pod('a', 2), pod('b', 1)], '4'))).toEqual(['deleted c@25', 'modified a@2', 'added b@1']);
    expect(view.position).toBe('4');
    expect(brief(view.apply('MODIFIED', pod('a', 5)))).toEqual(['modified a@5']);
  });
});
