import type { Pod } from '@warmbox/sandbox';

type Container = NonNullable<Pod['spec']>['containers'][number];

/** `$$`, or `$(` up to the next `)`. */
const REFERENCE = /\$(?:\$|\(([^)]*)\))/g;

/**
 * A container's variables as the kubelet gives them to the process: `$(NAME)` is the value of a variable that stands before
 * this one, or stays as it is where there is none; `$$` is `$`; what is expanded is not looked at again. Of two variables of
 * one name the later one holds.
 */
export function environmentOf(container: Container): Record<string, string> {
  const environment = new Map<string, string>();
  for (const { name, value = '' } of container.env ?? []) environment.set(name, expand(value, environment));
  return Object.fromEntries(environment);
}

function expand(value: string, variables: ReadonlyMap<string, string>): string {
  return value.replace(REFERENCE, (reference: string, name: string | undefined) =>
    name === undefined ? '$' : (variables.get(name) ?? reference),
  );
}
