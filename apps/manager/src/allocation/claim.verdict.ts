import { KubeApiError, KubeUnreachableError } from '@warmbox/kube';

/**
 * What a claim's failure says. `lost`: the pod is another's, is being deleted or gone, for good. `contended`: this once the API
 * server could not write it. `mistaken`: no claim like this one can succeed. `refused`: certainly not carried out, whatever the
 * pod. `unknown`: it may have been carried out.
 */
export type ClaimVerdict = 'lost' | 'contended' | 'mistaken' | 'refused' | 'unknown';

/** What an error of a claim patch says. What is no error of the Kubernetes API is thrown as it is. */
export function claimVerdict(error: unknown): ClaimVerdict {
  if (error instanceof KubeUnreachableError) return error.mayHaveHappened ? 'unknown' : 'refused';
  if (!(error instanceof KubeApiError)) throw error;
  const { status, fields } = error;
  if (status === 404) return 'lost';
  if (status === 409) return 'contended';
  // A `test` that failed names no field; a field that is named is at fault in the patch itself.
  if (status === 422) return fields.length === 0 ? 'lost' : 'mistaken';
  if (status === 401 || status === 403 || status === 429) return 'refused';
  return status >= 500 ? 'unknown' : 'mistaken';
}
