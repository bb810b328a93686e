import type { OptionViolation } from '@warmbox/platform';
import type { Amounts } from '@warmbox/sandbox';
import { MEMORY_FLOOR_MI } from './amounts.options.js';
import { API_KEY_MIN_LENGTH, MAX_TOTAL_CONTAINERS, type ManagerOptions } from './manager.options.js';
import { DNS_LABEL } from './runtime.options.js';

/** `/api/docs` is taken. */
const RESERVED_RUNTIMES = ['docs'];

const AMOUNTS = ['memoryMi', 'cpuMillicores'] as const;

/** The rules that concern more than one option. Run it on options whose fields keep their own rules. */
export function violatedRules(options: ManagerOptions): OptionViolation[] {
  return [...ofKey(options), ...ofSize(options), ...ofRuntimeNames(options), ...ofResources(options)];
}

function ofKey({ apiKey }: ManagerOptions): OptionViolation[] {
  if (apiKey.length >= API_KEY_MIN_LENGTH) return [];
  const rule =
    `must be a secret of at least ${API_KEY_MIN_LENGTH} characters, which every request has to carry: ` +
    'set API_KEY, to the output of `openssl rand -hex 24` for example';
  return [{ key: 'apiKey', value: apiKey, rule }];
}

function ofSize({ maxTotalContainers, allowLargePools }: ManagerOptions): OptionViolation[] {
  if (allowLargePools || maxTotalContainers <= MAX_TOTAL_CONTAINERS) return [];
  const rule = `must not be greater than ${MAX_TOTAL_CONTAINERS} unless allowLargePools is true`;
  return [{ key: 'maxTotalContainers', value: maxTotalContainers, rule }];
}

function ofRuntimeNames({ runtimes }: ManagerOptions): OptionViolation[] {
  return Object.keys(runtimes).flatMap((name) => {
    const key = `runtimes.${name}`;
    if (RESERVED_RUNTIMES.includes(name)) return [{ key, value: name, rule: 'is a name that no runtime can have' }];
    if (DNS_LABEL.test(name) && name.length <= 63) return [];
    return [{ key, value: name, rule: 'must be named by a DNS label: it is part of the URL and a label of its pods' }];
  });
}

/** requests ≤ limits ≤ maxResourceLimits, with enough memory for the executor itself; for every runtime. */
function ofResources(options: ManagerOptions): OptionViolation[] {
  const { defaultResourceRequests, defaultResourceLimits, maxResourceLimits, runtimes } = options;
  const sets = [{ prefix: '', requests: defaultResourceRequests, limits: defaultResourceLimits }];
  for (const [name, own] of Object.entries(runtimes)) {
    if (own.defaultResourceRequests === undefined && own.defaultResourceLimits === undefined) continue;
    sets.push({
      prefix: `runtimes.${name}.`,
      requests: own.defaultResourceRequests ?? defaultResourceRequests,
      limits: own.defaultResourceLimits ?? defaultResourceLimits,
    });
  }
  return sets.flatMap(({ prefix, requests, limits }) => ofAmounts(prefix, requests, limits, maxResourceLimits));
}

function ofAmounts(prefix: string, requests: Amounts, limits: Amounts, maximum: Amounts): OptionViolation[] {
  const violations: OptionViolation[] = [];
  for (const amount of AMOUNTS) {
    if (requests[amount] > limits[amount]) {
      violations.push({
        key: `${prefix}defaultResourceRequests.${amount}`,
        value: requests[amount],
        rule: `must not be greater than ${prefix}defaultResourceLimits.${amount} (${limits[amount]})`,
      });
    }
    if (limits[amount] > maximum[amount]) {
      violations.push({
        key: `${prefix}defaultResourceLimits.${amount}`,
        value: limits[amount],
        rule: `must not be greater than maxResourceLimits.${amount} (${maximum[amount]})`,
      });
    }
  }
  if (limits.memoryMi < MEMORY_FLOOR_MI) {
    violations.push({
      key: `${prefix}defaultResourceLimits.memoryMi`,
      value: limits.memoryMi,
      rule: `must not be less than ${MEMORY_FLOOR_MI}: the executor itself needs most of that`,
    });
  }
  return violations;
}
