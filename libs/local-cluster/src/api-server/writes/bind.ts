import type { Pod } from '@warmbox/sandbox';
import { isJsonObject, type Json } from '../json.js';
import type { Stored } from '../kinds/kind.js';
import { POD_KIND } from '../kinds/pod.kind.js';
import { bindingSchema } from '../schema/pod.schema.js';
import { wholeSeconds } from '../schema/time.js';
import { badRequest, internal, StatusError } from '../status.error.js';
import { conflict, find } from './update.js';
import type { Target, WriteContext } from './write.context.js';
import type { Kind } from '../kinds/kind.js';

interface Binding extends Stored {
  target: { kind?: string; name?: string };
}

/** Gives a pod its node, once. */
export function bind(context: WriteContext, target: Target, body: Json): void {
  const kind = POD_KIND as unknown as Kind;
  const binding = bindingSchema(isJsonObject(body) ? body : {}, '', []) as unknown as Binding;
  if (binding.metadata.name !== target.name) throw badRequest('name in URL does not match name in Binding object');
  const { kind: targetKind = 'Node', name: node } = binding.target;
  if (targetKind !== 'Node') {
    throw internal(
      `target.kind: Unsupported value: ${JSON.stringify(targetKind)}: supported values: "Node", "<empty>"`,
    );
  }
  if (node === undefined) throw internal('target.name: Required value');
  const pod = find(context, kind, target).object as Pod & Stored;
  const { uid } = binding.metadata;
  if (uid !== undefined && uid !== pod.metadata.uid) {
    const detail = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid ?? ''}`;
    throw conflict(kind, target.name, detail);
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    throw cannotBind(target.name, `pod ${target.name} is being deleted, cannot be assigned to a host`);
  }
  if (pod.spec?.nodeName !== undefined) {
    throw cannotBind(
      target.name,
      `pod ${target.name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`,
    );
  }
  context.store.put(POD_KIND, boundPod(pod, node, context.clock.now()));
}

function cannotBind(name: string, detail: string): StatusError {
  return new StatusError(409, 'Conflict', `Operation cannot be fulfilled on pods/binding "${name}": ${detail}`, {
    name,
    kind: 'pods/binding',
  });
}

function boundPod(pod: Pod & Stored, nodeName: string, now: number): Pod & Stored {
  const { conditions = [], phase, ...status } = pod.status ?? {};
  const scheduled = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null as unknown as string,
    lastTransitionTime: wholeSeconds(now),
  };
  const others = conditions.filter(({ type }) => type !== 'PodScheduled');
  return {
    ...pod,
    spec: pod.spec && { ...pod.spec, nodeName },
    status: { phase, conditions: [...others, scheduled], ...status },
  };
}
