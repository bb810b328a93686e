import { NAMESPACE_KIND } from '../kinds/cluster.kinds.js';
import type { Kind, Stored } from '../kinds/kind.js';
import { KINDS } from '../kinds/kinds.js';
import { remove } from '../writes/delete.js';
import type { WriteContext } from '../writes/write.context.js';

/** Empties a namespace that is being deleted, and removes it when the last of its objects has gone. */
export class NamespaceController {
  private readonly unsubscribe: (() => void)[];

  constructor(private readonly context: WriteContext) {
    const { store } = context;
    this.unsubscribe = [
      store.of(NAMESPACE_KIND).subscribe(({ type, version, previous }) => {
        const isMarked = version.object.metadata.deletionTimestamp !== undefined;
        const wasMarked = previous?.object.metadata.deletionTimestamp !== undefined;
        if (type !== 'DELETED' && isMarked && !wasMarked) this.later(() => this.empty(version.object));
      }),
      ...CONTENTS.map((kind) =>
        store.of(kind).subscribe(({ type, version }) => {
          if (type !== 'DELETED') return;
          const { namespace = '' } = version.object.metadata;
          const found = store.get(NAMESPACE_KIND, '', namespace)?.object;
          if (found?.metadata.deletionTimestamp !== undefined) this.later(() => this.finish(namespace));
        }),
      ),
    ];
  }

  stop(): void {
    for (const unsubscribe of this.unsubscribe) unsubscribe();
  }

  /** After the write that is going on, so that no watch sees two changes in the wrong order. */
  private later(task: () => void): void {
    this.context.clock.after(0, task);
  }

  private empty({ metadata }: Stored): void {
    for (const kind of CONTENTS) {
      for (const { object } of this.context.store.list(kind, metadata.name)) {
        remove(this.context, kind, { namespace: metadata.name, name: object.metadata.name }, { dryRun: false });
      }
    }
    this.finish(metadata.name);
  }

  private finish(name: string): void {
    const { store } = this.context;
    const namespace = store.get(NAMESPACE_KIND, '', name)?.object;
    if (namespace?.metadata.deletionTimestamp === undefined) return;
    if (CONTENTS.every((kind) => store.list(kind, name).length === 0)) store.remove(NAMESPACE_KIND, namespace);
  }
}

const CONTENTS: readonly Kind[] = KINDS.filter(({ namespaced }) => namespaced);
