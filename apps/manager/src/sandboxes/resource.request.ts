import type { ResourcesDto, ViolationDto } from '@warmbox/dto';
import type { Amounts } from '@warmbox/sandbox';

export interface ResourceRules {
  defaultRequests: Amounts;
  defaultLimits: Amounts;
  /** No limit may be above these. */
  maximum: Amounts;
  /** No memory limit may be below this, in mebibytes: the executor needs some itself. */
  memoryFloorMi: number;
}

export interface ResolvedResources {
  requests: Amounts;
  limits: Amounts;
}

const AMOUNTS = ['memoryMi', 'cpuMillicores'] as const;

/**
 * The requests and limits of a sandbox: what was asked for, else the defaults. A default gives way to what was asked for: a
 * limit below the default request lowers the request, a request above the default limit raises the limit.
 *
 * @returns the violated rules where the request cannot be met.
 */
export function resolveResources(
  resources: ResourcesDto | undefined,
  rules: ResourceRules,
): ResolvedResources | ViolationDto[] {
  const resolved: ResolvedResources = { requests: { ...rules.defaultRequests }, limits: { ...rules.defaultLimits } };
  const violations: ViolationDto[] = [];
  for (const amount of AMOUNTS) {
    const request = resources?.requests?.[amount];
    const limit = resources?.limits?.[amount];
    resolved.limits[amount] = limit ?? Math.max(rules.defaultLimits[amount], request ?? 0);
    resolved.requests[amount] = request ?? Math.min(rules.defaultRequests[amount], resolved.limits[amount]);
    if (resolved.limits[amount] > rules.maximum[amount]) {
      const pointer = limit === undefined ? `/resources/requests/${amount}` : `/resources/limits/${amount}`;
      violations.push({ pointer, detail: `${amount} must not be greater than ${rules.maximum[amount]}` });
    }
    if (amount === 'memoryMi' && resolved.limits.memoryMi < rules.memoryFloorMi) {
      const detail = `memoryMi must not be less than ${rules.memoryFloorMi}`;
      violations.push({ pointer: '/resources/limits/memoryMi', detail });
    }
    if (request !== undefined && request > resolved.limits[amount]) {
      const detail = `the request of ${amount} must not be greater than its limit, ${resolved.limits[amount]}`;
      violations.push({ pointer: `/resources/requests/${amount}`, detail });
    }
  }
  return violations.length > 0 ? violations : resolved;
}
