import { KubeApiError } from './kube.error.js';

/**
 * Why a creation was refused on a quota's account: our own is exhausted, another one is (or asks for what the object does
 * not say), one has no usage yet, or too many writers were at one quota, which only means "again".
 */
export type QuotaRefusal = 'own' | 'foreign' | 'unknown' | 'contention';

const UNKNOWN = /forbidden: status unknown for quota: /;
const REFUSED = /forbidden: (?:exceeded|failed) quota: ([a-z0-9][-a-z0-9.]*)[,:] /;

/**
 * Tells a quota's refusal from every other error. The API server gives these refusals no reason of their own, so the message
 * is all there is to tell them by; nothing else here looks at one.
 *
 * @returns undefined where no quota is to blame.
 */
export function quotaRefusal(error: unknown, ownQuotaName: string): QuotaRefusal | undefined {
  if (!(error instanceof KubeApiError)) return undefined;
  if (error.status === 409) return error.body.details?.kind === 'resourcequotas' ? 'contention' : undefined;
  if (error.status !== 403) return undefined;
  const message = error.body.message ?? '';
  if (UNKNOWN.test(message)) return 'unknown';
  const name = REFUSED.exec(message)?.[1];
  if (name === undefined) return undefined;
  return name === ownQuotaName ? 'own' : 'foreign';
}
