import { KubeApiError } from './kube.error.js';

/** A refusal that only people can end. */
export interface Remedy {
  /** `namespace`: there is none, or not for long; nothing can be made in it. `permission`: the manager may not do it. */
  missing: 'namespace' | 'permission';
  /** What is missing and the command that brings it, in one sentence. */
  sentence: string;
}

/**
 * What people have to do about a refusal; undefined where waiting may help. An API server that grants rights by a Role inside
 * the namespace refuses with 403 what it would refuse with 404: then either may be missing.
 *
 * @param namespace the one that the request was for.
 */
export function remedyOf(error: unknown, namespace: string): Remedy | undefined {
  if (!(error instanceof KubeApiError)) return undefined;
  const { status, body } = error;
  const causes = (body.details?.causes ?? []).map(({ reason }) => reason);
  if (causes.includes('NamespaceTerminating')) {
    return {
      missing: 'namespace',
      sentence: `namespace ${namespace} is being deleted; once it is gone: kubectl create namespace ${namespace}`,
    };
  }
  if (status === 404 && body.details?.kind === 'namespaces') {
    return {
      missing: 'namespace',
      sentence: `namespace ${namespace} does not exist: kubectl create namespace ${namespace}`,
    };
  }
  // A quota's or an admission's 403 says no user; what says one is the authorizer's.
  if (status === 403 && / cannot [a-z]+ resource /.test(body.message ?? '')) {
    return {
      missing: 'permission',
      sentence:
        `${body.message ?? ''}: bind the manager's Role there (kubectl apply -k k8s/overlays/…), ` +
        `or, if there is no such namespace: kubectl create namespace ${namespace}`,
    };
  }
  return undefined;
}

/** What a log says of a failure, its remedy instead of its stack where there is one. */
export function reported(error: unknown, message: string, namespace: string): [context: object, message: string] {
  const remedy = remedyOf(error, namespace);
  return remedy === undefined ? [{ err: error }, message] : [{ namespace }, `${message}: ${remedy.sentence}`];
}
