import { parseQuantity, type Pod } from '@warmbox/sandbox';
import { violation, type Cause } from '../status.error.js';
import { dnsLabel, dnsSubdomain } from './names.js';

type PodSpec = NonNullable<Pod['spec']>;
type Container = PodSpec['containers'][number];
type Port = NonNullable<Container['ports']>[number];

const SUPPORTED = {
  restartPolicy: ['Always', 'OnFailure', 'Never'],
  imagePullPolicy: ['Always', 'IfNotPresent', 'Never'],
  protocol: ['SCTP', 'TCP', 'UDP'],
};

/** The rules for a new pod that a client of ours can break: what the schema cannot say about spec and containers. */
export function podViolations({ spec }: Pod): Cause[] {
  if (spec === undefined) return [];
  const { containers } = spec;
  const { restartPolicy = '', activeDeadlineSeconds, runtimeClassName } = spec;
  const volumes = (spec.volumes ?? []).map(({ name }) => name);
  return [
    ...volumes.flatMap((name, index) => nameViolations(`spec.volumes[${index}].name`, name, volumes, index)),
    ...(containers.length === 0 ? [violation.required('spec.containers')] : []),
    ...containers.flatMap((container, index) => containerViolations(containers, container, index, volumes)),
    ...(SUPPORTED.restartPolicy.includes(restartPolicy)
      ? []
      : [violation.unsupported('spec.restartPolicy', restartPolicy, SUPPORTED.restartPolicy)]),
    ...(activeDeadlineSeconds !== undefined && activeDeadlineSeconds < 1
      ? [
          violation.invalid(
            'spec.activeDeadlineSeconds',
            activeDeadlineSeconds,
            'must be between 1 and 2147483647, inclusive',
          ),
        ]
      : []),
    ...(runtimeClassName === undefined
      ? []
      : dnsSubdomain(runtimeClassName).map((rule) =>
          violation.invalid('spec.runtimeClassName', runtimeClassName, rule),
        )),
  ];
}

function nameViolations(field: string, name: string, all: readonly string[], index: number): Cause[] {
  if (name === '') return [violation.required(field)];
  if (all.indexOf(name) < index) return [violation.duplicate(field, name)];
  return dnsLabel(name).map((rule) => violation.invalid(field, name, rule));
}

function containerViolations(
  all: readonly Container[],
  container: Container,
  index: number,
  volumes: readonly string[],
): Cause[] {
  const field = `spec.containers[${index}]`;
  const names = all.map(({ name }) => name);
  const { image = '', imagePullPolicy = '', ports = [], env = [], volumeMounts = [] } = container;
  return [
    ...nameViolations(`${field}.name`, container.name, names, index),
    ...(image.trim() === '' ? [violation.required(`${field}.image`)] : []),
    ...ports.flatMap((port, at) => portViolations(`${field}.ports[${at}]`, port)),
    ...env.flatMap(({ name }, at) => variableViolations(`${field}.env[${at}].name`, name)),
    ...volumeMounts.flatMap(({ name, mountPath }, at) => [
      ...(volumes.includes(name) ? [] : [violation.notFound(`${field}.volumeMounts[${at}].name`, name)]),
      ...(mountPath === '' ? [violation.required(`${field}.volumeMounts[${at}].mountPath`)] : []),
    ]),
    ...(SUPPORTED.imagePullPolicy.includes(imagePullPolicy)
      ? []
      : [violation.unsupported(`${field}.imagePullPolicy`, imagePullPolicy, SUPPORTED.imagePullPolicy)]),
    ...resourceViolations(`${field}.resources`, container),
  ];
}

function portViolations(field: string, { name, containerPort, protocol = '' }: Port): Cause[] {
  return [
    ...(name === undefined ? [] : portNameViolations(`${field}.name`, name)),
    ...(containerPort >= 1 && containerPort <= 65_535
      ? []
      : [violation.invalid(`${field}.containerPort`, containerPort, 'must be between 1 and 65535, inclusive')]),
    ...(SUPPORTED.protocol.includes(protocol)
      ? []
      : [violation.unsupported(`${field}.protocol`, protocol, SUPPORTED.protocol)]),
  ];
}

function portNameViolations(field: string, name: string): Cause[] {
  const rules = [
    { broken: name.length > 15, rule: 'must be no more than 15 characters' },
    {
      broken: !/^[-a-z0-9]+$/.test(name),
      rule: 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    },
    { broken: !/[a-z]/.test(name), rule: 'must contain at least one letter (a-z)' },
  ];
  return rules.filter(({ broken }) => broken).map(({ rule }) => violation.invalid(field, name, rule));
}

function variableViolations(field: string, name: string): Cause[] {
  if (name === '') return [violation.required(field)];
  if (/^[ -<>-~]+$/.test(name)) return [];
  const rule = "a valid environment variable name must consist only of printable ASCII characters other than '='";
  return [violation.invalid(field, name, rule)];
}

function resourceViolations(field: string, { resources }: Container): Cause[] {
  const { requests = {}, limits = {} } = resources ?? {};
  const negative = (kind: string, values: Record<string, string>): Cause[] =>
    Object.entries(values)
      .filter(([, amount]) => parseQuantity(amount) < 0)
      .map(([name, amount]) =>
        violation.invalid(`${field}.${kind}[${name}]`, amount, 'must be greater than or equal to 0'),
      );
  const above = Object.entries(requests).flatMap(([name, amount]) => {
    const limit = limits[name];
    return limit === undefined || parseQuantity(amount) <= parseQuantity(limit)
      ? []
      : [violation.invalid(`${field}.requests`, amount, `must be less than or equal to ${name} limit of ${limit}`)];
  });
  return [...negative('limits', limits), ...negative('requests', requests), ...above];
}
