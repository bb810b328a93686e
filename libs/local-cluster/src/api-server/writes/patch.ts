import type { Json, JsonObject } from '../json.js';
import { apiVersionOf, type Kind } from '../kinds/kind.js';
import { applyJsonPatch } from '../patch/json.patch.js';
import { applyMergePatch, applyStrategicPatch } from '../patch/merge.patch.js';
import { badRequest, StatusError } from '../status.error.js';
import { decodePatched } from './decode.body.js';
import { checkTarget, find, update, type UpdateOptions } from './update.js';
import type { Target, WriteContext, Written } from './write.context.js';

const APPLY: Record<string, (document: JsonObject, patch: Json) => Json> = {
  'application/json-patch+json': applyJsonPatch,
  'application/merge-patch+json': applyMergePatch,
  'application/strategic-merge-patch+json': applyStrategicPatch,
};

/** PATCH: applied to the newest object, so that what others wrote in between disturbs only who asks for a resourceVersion. */
export function patch(
  context: WriteContext,
  kind: Kind,
  target: Target,
  { mediaType, text }: { mediaType: string; text: string },
  options: UpdateOptions,
): Written {
  const apply = APPLY[mediaType];
  if (apply === undefined) throw new StatusError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  const previous = find(context, kind, target);
  const document = {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    ...(previous.object as unknown as JsonObject),
  };
  const patched = decodePatched(kind, apply(document, parsePatch(text)), options.strict);
  checkTarget(kind, target, patched.metadata);
  return update(context, kind, previous, patched, options);
}

function parsePatch(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : 'invalid JSON'}`);
  }
}
