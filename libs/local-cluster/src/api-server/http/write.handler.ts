import { collectionSubject, type Kind } from '../kinds/kind.js';
import { invalid, violation } from '../status.error.js';
import { Version } from '../store/version.js';
import { bind } from '../writes/bind.js';
import { create } from '../writes/create.js';
import { decodeBody } from '../writes/decode.body.js';
import { deleteOptionsOf, remove } from '../writes/delete.js';
import { patch } from '../writes/patch.js';
import { replace } from '../writes/update.js';
import type { WriteContext, WriteOptions, Written } from '../writes/write.context.js';
import { mediaTypeOf, parseDeleteOptions, parseObject, readBody } from './body.js';
import { objectOf, type Exchange } from './exchange.js';
import { listBytes, listPage } from './list.js';
import { sendJson, sendObject } from './send.js';

const SUCCESS = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };

/**
 * The verbs that change something. Each waits for its body and for nothing after that: what is read from the store and what
 * is written there belong together.
 */
export class WriteHandler {
  constructor(private readonly context: WriteContext) {}

  async create(exchange: Exchange): Promise<void> {
    const { request, query, target } = exchange;
    const options = writeOptionsOf(query, 'CreateOptions');
    const object = decodeBody(target.kind, parseObject(target.kind, request, await readBody(request)), options.strict);
    sendWritten(exchange, create(this.context, target.kind, target.namespace ?? '', object, options));
  }

  async update(exchange: Exchange): Promise<void> {
    const { request, query, target } = exchange;
    const options = { ...writeOptionsOf(query, 'UpdateOptions'), isStatus: target.subresource === 'status' };
    const object = decodeBody(target.kind, parseObject(target.kind, request, await readBody(request)), options.strict);
    sendWritten(exchange, replace(this.context, target.kind, objectOf(exchange), object, options));
  }

  async patch(exchange: Exchange): Promise<void> {
    const { request, query, target } = exchange;
    const options = { ...writeOptionsOf(query, 'PatchOptions'), isStatus: target.subresource === 'status' };
    const body = { mediaType: mediaTypeOf(request), text: await readBody(request) };
    sendWritten(exchange, patch(this.context, target.kind, objectOf(exchange), body, options));
  }

  async delete(exchange: Exchange): Promise<void> {
    const { request, response, query, target } = exchange;
    const options = deleteOptionsOf(parseDeleteOptions(await readBody(request)), query);
    const removed = remove(this.context, target.kind, objectOf(exchange), options);
    if (target.kind.deleteAnswersObject) sendObject(response, 200, target.kind, removed);
    else sendJson(response, 200, { ...SUCCESS, details: deletedSubject(target.kind, removed) });
  }

  async deleteCollection({ request, response, query, target: { kind, namespace } }: Exchange): Promise<void> {
    const options = deleteOptionsOf(parseDeleteOptions(await readBody(request)), query);
    const page = listPage(this.context.store, kind, namespace, query);
    for (const { object } of page.versions) {
      const { namespace: within = '', name } = object.metadata;
      remove(this.context, kind, { namespace: within, name }, options);
    }
    sendJson(response, 200, listBytes(kind, page));
  }

  async bind(exchange: Exchange): Promise<void> {
    const { request, response, target } = exchange;
    bind(this.context, objectOf(exchange), parseObject(target.kind, request, await readBody(request)));
    sendJson(response, 201, { ...SUCCESS, code: 201 });
  }
}

function writeOptionsOf(query: URLSearchParams, optionsKind: string): WriteOptions {
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const unsupported = dryRun.filter((value) => value !== 'All');
  if (unsupported.length > 0) {
    throw invalid({ group: 'meta.k8s.io', kind: optionsKind }, [violation.unsupported('dryRun', unsupported, ['All'])]);
  }
  return { dryRun: dryRun.length > 0, strict: query.get('fieldValidation') === 'Strict' };
}

function sendWritten({ response, target }: Exchange, written: Written): void {
  const object = 'version' in written ? written.version : written.object;
  sendObject(response, written.created ? 201 : 200, target.kind, object);
}

function deletedSubject(kind: Kind, removed: ReturnType<typeof remove>): object {
  const { name, uid } = (removed instanceof Version ? removed.object : removed).metadata;
  return { ...collectionSubject(kind, name), uid };
}
