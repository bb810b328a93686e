import { randomBytes } from 'node:crypto';
import { ISOLATIONS, type IsolationName } from '@warmbox/local-cluster';
import { loadOptions } from '@warmbox/platform/options';
import { IsIn, IsInt, IsObject, IsString, Matches, Max, MaxLength, Min } from 'class-validator';

/** What the launcher itself needs to know; everything else in the environment is the manager's, which checks it. */
export class LocalOptions {
  /** Where the manager listens. 0.0.0.0 is for containers, whose 127.0.0.1 nobody else reaches; publish it with care. */
  @IsIn(['127.0.0.1', '0.0.0.0'])
  host: string = '127.0.0.1';

  /** The manager's port; 0 is any free one. */
  @IsInt()
  @Min(0)
  @Max(65_535)
  port: number = 8668;

  /** Made and printed where it is not given. */
  @Matches(/^[\x21-\x7e]*$/, { message: '$property must consist of printable ASCII characters without spaces' })
  apiKey: string = '';

  /** How sandboxes are kept apart from this machine. */
  @IsIn(['auto', ...ISOLATIONS])
  isolation: IsolationName | 'auto' = 'auto';

  @Matches(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, { message: '$property must be the name of a namespace' })
  @MaxLength(63)
  targetNamespace: string = 'sandbox-containers';

  /** The RuntimeClasses of the manager's runtimes must exist in the cluster. */
  @IsString()
  runtimeClassName: string = 'kata-qemu';

  @IsObject()
  runtimes: Record<string, { runtimeClassName?: unknown } | null> = {};
}

/** @throws OptionsError */
export function localOptions(environment: Readonly<Record<string, string | undefined>>): LocalOptions {
  const options = loadOptions(LocalOptions, { environment });
  if (options.apiKey === '') options.apiKey = randomBytes(24).toString('hex');
  return options;
}

/** The RuntimeClasses that the manager's pods may name. */
export function runtimeClassesOf({ runtimeClassName, runtimes }: LocalOptions): string[] {
  const further = Object.values(runtimes).flatMap((runtime) =>
    typeof runtime?.runtimeClassName === 'string' ? [runtime.runtimeClassName] : [],
  );
  return [...new Set(['kata-qemu', 'gvisor', 'runc', runtimeClassName, ...further])];
}
