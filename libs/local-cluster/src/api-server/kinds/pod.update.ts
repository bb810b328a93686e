import { isIP } from 'node:net';
import type { Pod } from '@warmbox/sandbox';
import { sameJson } from '../json.js';
import { violation, type Cause } from '../status.error.js';

type PodSpec = NonNullable<Pod['spec']>;

const SPEC_IS_FIXED =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** A pod's spec is fixed but for images, a deadline and further tolerations. */
export function podSpecViolations(next: Pod, previous: Pod): Cause[] {
  if (next.spec === undefined || previous.spec === undefined) return [];
  const kept = (previous.spec.tolerations ?? []).every((toleration) =>
    next.spec?.tolerations?.some((candidate) => sameJson(candidate, toleration)),
  );
  return kept && sameJson(fixedPart(next.spec), fixedPart(previous.spec))
    ? []
    : [violation.forbidden('spec', SPEC_IS_FIXED)];
}

function fixedPart(spec: PodSpec): unknown {
  const withoutImages = (containers: PodSpec['containers'] | undefined): unknown =>
    containers?.map((container) => ({ ...container, image: undefined }));
  return {
    ...spec,
    containers: withoutImages(spec.containers),
    initContainers: withoutImages(spec.initContainers),
    activeDeadlineSeconds: undefined,
    tolerations: undefined,
  };
}

/** What a status write may not say: addresses that are none, and life after the end of a pod that is not restarted. */
export function podStatusViolations(next: Pod, previous: Pod): Cause[] {
  const addresses = (next.status?.podIPs ?? []).flatMap(({ ip }, index) =>
    isIP(ip) > 0
      ? []
      : [
          violation.invalid(
            `status.podIPs[${index}]`,
            ip,
            'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
          ),
        ],
  );
  if (previous.spec?.restartPolicy === 'Always') return addresses;
  const revived = (next.status?.containerStatuses ?? []).flatMap(({ name, state }, index) => {
    const before = previous.status?.containerStatuses?.find((status) => status.name === name)?.state?.terminated;
    const mayRestart = previous.spec?.restartPolicy === 'OnFailure' && before?.exitCode !== 0;
    return before === undefined || state?.terminated !== undefined || mayRestart
      ? []
      : [
          violation.forbidden(
            `status.containerStatuses[${index}].state`,
            'may not be transitioned to non-terminated state',
          ),
        ];
  });
  return [...addresses, ...revived];
}
