import { isJsonObject, ownValue, type Json } from '../json.js';
import { apiVersionOf, type Kind, type Stored } from '../kinds/kind.js';
import { DecodeError } from '../schema/decode.js';
import { badRequest, invalid } from '../status.error.js';

/** The object that a client sent with POST or PUT. */
export function decodeBody(kind: Kind, body: Json, strict: boolean): Stored {
  if (!isJsonObject(body)) {
    const type = Array.isArray(body) ? 'array' : typeof body;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${type} into Go value of type struct`,
    );
  }
  checkType(kind, ownValue(body, 'kind'), ownValue(body, 'apiVersion'));
  try {
    return decode(kind, body, strict);
  } catch (error) {
    if (error instanceof DecodeError) throw cannotBeHandled(kind, kind.kind, apiVersionOf(kind), error.message);
    throw error;
  }
}

/** The object that a patch left. What does not fit is the patch's fault: 422 that names the field `patch`. */
export function decodePatched(kind: Kind, body: Json, strict: boolean): Stored {
  try {
    if (!isJsonObject(body)) throw new DecodeError('the patch leaves no object');
    const named = { kind: ownValue(body, 'kind'), apiVersion: ownValue(body, 'apiVersion') };
    if (named.kind !== undefined && named.kind !== kind.kind) throw new DecodeError('the patch changes the kind');
    if (named.apiVersion !== undefined && named.apiVersion !== apiVersionOf(kind)) {
      throw new DecodeError('the patch changes the apiVersion');
    }
    return decode(kind, body, strict);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const message = `Invalid value: ${JSON.stringify(JSON.stringify(body))}: ${error.message}`;
    throw invalid({}, [{ reason: 'FieldValueInvalid', message, field: 'patch' }]);
  }
}

function decode(kind: Kind, body: Json, strict: boolean): Stored {
  const unknown: string[] = [];
  const object = kind.schema(body, '', unknown) as unknown as Stored;
  if (strict && unknown.length > 0) {
    throw new DecodeError(
      `strict decoding error: ${unknown.map((field) => `unknown field ${JSON.stringify(field)}`).join(', ')}`,
    );
  }
  return object;
}

function checkType(kind: Kind, givenKind: Json | undefined, givenVersion: Json | undefined): void {
  const name = textOf(givenKind) ?? kind.kind;
  const version = textOf(givenVersion) ?? apiVersionOf(kind);
  if (version !== apiVersionOf(kind)) {
    throw cannotBeHandled(kind, name, version, `no kind "${name}" is registered for version "${version}"`);
  }
  if (name !== kind.kind) {
    const detail = `converting (${kind.version}.${name}) to (${kind.kind}): unknown conversion`;
    throw cannotBeHandled(kind, name, version, detail);
  }
}

/** A type's name; one that is empty counts as none, and one that is no text is none that there is. */
function textOf(value: Json | undefined): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function cannotBeHandled(kind: Kind, name: string, version: string, detail: string): Error {
  const last = version.slice(version.lastIndexOf('/') + 1);
  return badRequest(`${name} in version "${last}" cannot be handled as a ${kind.kind}: ${detail}`);
}
