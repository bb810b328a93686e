import { Inject, Injectable, Logger } from '@nestjs/common';
import { CONFIG_MAPS, isUnknownOutcome, KubeApiError, KubeClient, kubeProblem } from '@warmbox/kube';
import { toProblem, type Clock, type ProblemError } from '@warmbox/platform';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';
import { readRecord, recordName, recordObject, type RequestRecord, type StoredRecord } from './request.record.js';

/** Milliseconds after which a request counts as unanswered; it takes a few. */
const TIMEOUT_MS = 3_000;
const OPTIONS = { timeoutMs: TIMEOUT_MS };

/** Whether a record was written is not known, nor can it be asked for; the cause is what clients are told. */
export class UnknownRecordError extends Error {
  override readonly name = 'UnknownRecordError';

  constructor(override readonly cause: ProblemError) {
    super(cause.message);
  }
}

/** The records of requests, one ConfigMap each. Every change names the version that it changes: of two at once one succeeds. */
@Injectable()
export class RequestRecords {
  private readonly logger = new Logger(RequestRecords.name);

  constructor(
    @Inject(KubeClient) private readonly client: Pick<KubeClient, 'create' | 'delete' | 'get' | 'replace'>,
    private readonly options: ManagerOptions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Writes a record if there is none.
   *
   * @returns the one that there is now, ours or another attempt's; undefined where it has just gone.
   * @throws UnknownRecordError where it may have been written; ProblemError kubernetes_unavailable where it was not
   */
  async open(record: Pick<RequestRecord, 'hash' | 'body' | 'attempt'>): Promise<StoredRecord | undefined> {
    const { targetNamespace } = this.options;
    const object = recordObject({ ...record, renewedAt: this.clock.now(), excluded: [] }, targetNamespace);
    try {
      return readRecord(await this.client.create(CONFIG_MAPS, targetNamespace, object, OPTIONS));
    } catch (error) {
      // It exists, or it may have been written in silence: the attempt in it tells whose it is.
      // Any other conflict is a quota's, written by many at once: it is to be tried again.
      const isContended = error instanceof KubeApiError && error.status === 409;
      if (!isUnknownOutcome(error) && !isContended) throw kubeProblem(error);
      return await this.read(record.hash).catch((failure: unknown) => {
        throw isUnknownOutcome(error) ? new UnknownRecordError(toProblem(failure)) : failure;
      });
    }
  }

  /** @throws ProblemError kubernetes_unavailable */
  async read(hash: string): Promise<StoredRecord | undefined> {
    try {
      return readRecord(await this.client.get(CONFIG_MAPS, this.keyOf(hash), OPTIONS));
    } catch (error) {
      if (error instanceof KubeApiError && error.status === 404) return undefined;
      throw kubeProblem(error);
    }
  }

  /**
   * Writes a record if it is still as it was read.
   *
   * @returns undefined where it is not.
   * @throws ProblemError kubernetes_unavailable; then it may have been written
   */
  async replace(record: StoredRecord): Promise<StoredRecord | undefined> {
    const object = recordObject(record, this.options.targetNamespace);
    try {
      return readRecord(await this.client.replace(CONFIG_MAPS, this.keyOf(record.hash), object, OPTIONS));
    } catch (error) {
      if (error instanceof KubeApiError && (error.status === 409 || error.status === 404)) return undefined;
      throw kubeProblem(error);
    }
  }

  /**
   * Removes a record if it is still as it was read; with `anyVersion` if it is still the same one. What fails is logged.
   *
   * @returns whether it is gone; false where it has changed, or that is not known.
   */
  async remove({ hash, uid, resourceVersion }: StoredRecord, { anyVersion = false } = {}): Promise<boolean> {
    const preconditions = anyVersion ? { uid } : { uid, resourceVersion };
    try {
      await this.client.delete(CONFIG_MAPS, this.keyOf(hash), { preconditions }, OPTIONS);
      return true;
    } catch (error) {
      if (error instanceof KubeApiError && error.status === 404) return true;
      if (error instanceof KubeApiError && error.status === 409) return false;
      this.logger.warn({ err: error, request: hash }, 'the record of a request that was refused could not be removed');
      return false;
    }
  }

  private keyOf(hash: string): { namespace: string; name: string } {
    return { namespace: this.options.targetNamespace, name: recordName(hash) };
  }
}
