import { isIP } from 'node:net';
import type { OptionViolation } from '@warmbox/platform/options';
import type { Amounts } from '@warmbox/sandbox';
import { MEMORY_FLOOR_MI } from './amounts.options.js';
import {
  API_KEY_MIN_LENGTH,
  MAX_TOTAL_CONTAINERS,
  MAX_WARM_POOL_SIZE,
  type ManagerOptions,
} from './manager.options.js';
import { DNS_LABEL } from './runtime.options.js';
import { warmPoolSizesOf } from './warm.pool.sizes.js';

/** `/api/docs` is taken. */
const RESERVED_RUNTIMES = ['docs'];

const AMOUNTS = ['memoryMi', 'cpuMillicores'] as const;

/** The rules that concern more than one option. Run it on options whose fields keep their own rules. */
export function violatedRules(options: ManagerOptions): OptionViolation[] {
  return [
    ...ofKey(options),
    ...ofSize(options),
    ...ofPools(options),
    ...ofRuntimeNames(options),
    ...ofPortsDomain(options),
    ...ofResources(options),
  ];
}

function ofKey({ apiKey }: ManagerOptions): OptionViolation[] {
  if (apiKey.length >= API_KEY_MIN_LENGTH) return [];
  const rule =
    `must be a secret of at least ${API_KEY_MIN_LENGTH} characters, which every request has to carry: ` +
    'set API_KEY, to the output of `openssl rand -hex 24` for example';
  return [{ key: 'apiKey', value: apiKey, rule }];
}

function ofSize({ maxTotalContainers, warmPoolSize, runtimes, allowLargePools }: ManagerOptions): OptionViolation[] {
  if (allowLargePools) return [];
  const sizes = [
    { key: 'maxTotalContainers', value: maxTotalContainers, maximum: MAX_TOTAL_CONTAINERS },
    { key: 'warmPoolSize', value: warmPoolSize, maximum: MAX_WARM_POOL_SIZE },
    ...Object.entries(runtimes).map(([name, own]) => ({
      key: `runtimes.${name}.warmPoolSize`,
      value: own.warmPoolSize ?? 0,
      maximum: MAX_WARM_POOL_SIZE,
    })),
  ];
  return sizes
    .filter(({ value, maximum }) => value > maximum)
    .map(({ maximum, ...what }) => ({
      ...what,
      rule: `must not be greater than ${maximum} unless allowLargePools is true`,
    }));
}

/** Pools that the limit leaves no room for could never be full. */
function ofPools(options: ManagerOptions): OptionViolation[] {
  const { maxTotalContainers, warmPoolSize } = options;
  const sizes = Object.entries(warmPoolSizesOf(options));
  const sum = sizes.reduce((total, [, size]) => total + size, 0);
  if (sum <= maxTotalContainers) return [];
  const terms = sizes.map(([name, size]) => `${name} ${size}`).join(' + ');
  const rule = `of all runtimes together (${terms} = ${sum}) must not be greater than maxTotalContainers (${maxTotalContainers})`;
  return [{ key: 'warmPoolSize', value: warmPoolSize, rule }];
}

function ofRuntimeNames({ runtimes }: ManagerOptions): OptionViolation[] {
  return Object.keys(runtimes).flatMap((name) => {
    const key = `runtimes.${name}`;
    if (RESERVED_RUNTIMES.includes(name)) return [{ key, value: name, rule: 'is a name that no runtime can have' }];
    if (DNS_LABEL.test(name) && name.length <= 63) return [];
    return [{ key, value: name, rule: 'must be named by a DNS label: it is part of the URL and a label of its pods' }];
  });
}

/** Below it every host is a sandbox's, whatever else is said of it. */
function ofPortsDomain({ portsDomain, allowedHosts }: ManagerOptions): OptionViolation[] {
  if (portsDomain === '') return [];
  if (isIP(portsDomain) !== 0)
    return [{ key: 'portsDomain', value: portsDomain, rule: 'must be a name, not an address' }];
  const end = `.${portsDomain.toLowerCase()}`;
  return allowedHosts
    .filter((host) => host.toLowerCase().endsWith(end))
    .map((value) => ({
      key: 'allowedHosts',
      value,
      rule: `must not lie below portsDomain (${portsDomain}), where every host is a sandbox's`,
    }));
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
