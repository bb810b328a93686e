import { IsEnvironment } from '@warmbox/dto';
import { loadOptions, OptionsError, variableOf } from '@warmbox/platform/options';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateIf,
  type ValidationArguments,
} from 'class-validator';

/** Of two options that say the same thing one may be given. */
function NotWith(other: string): PropertyDecorator {
  return ValidateBy({
    name: 'notWith',
    validator: {
      validate: (_, { object } = { object: {} } as ValidationArguments) =>
        (object as Record<string, unknown>)[other] === undefined,
      defaultMessage: () => `${variable(other)} is given as well: one of the two`,
    },
  });
}

export const AUTH_MODES = ['token', 'none'] as const;
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What can be configured; each from the variable of its name with `EXECUTOR_` in front (`outputRingMi`: EXECUTOR_OUTPUT_RING_MI). */
export class ExecutorOptions {
  /** The bearer token of every route but /healthz. Required unless `auth` is `none`. */
  @ValidateIf(({ auth }: ExecutorOptions) => auth !== 'none')
  @Matches(/^[\x21-\x7e]+$/, {
    message: 'EXECUTOR_TOKEN must be set, in printable ASCII without spaces; EXECUTOR_AUTH=none runs without a token',
  })
  token?: string = undefined;

  /** `none` lets everybody in who reaches the port. */
  @IsIn(AUTH_MODES)
  auth: string = 'token';

  /** The TCP port; 0 takes a free one. */
  @IsInt()
  @Min(0)
  @Max(65_535)
  port: number = 8666;

  /** The address to listen on. */
  @IsString()
  host: string = '0.0.0.0';

  /** A Unix socket to listen on instead of the port. Linux allows 107 bytes. */
  @IsOptional()
  @IsString()
  @MaxLength(107)
  socket?: string = undefined;

  /** The descriptor of a socket to listen on instead, which whoever starts the executor has opened and bound. 0 to 2 are taken. */
  @IsOptional()
  @IsInt()
  @Min(3)
  @Max(1023)
  @NotWith('socket')
  socketFd?: number = undefined;

  /** The working directory and HOME of commands; an absolute path. */
  @Matches(/^\//, { message: 'workspace must be an absolute path' })
  workspace: string = '/workspace';

  /** Absolute paths of folders whose files are served beside those of the workspace and of temporary files; `["/"]` is all. */
  @IsArray()
  @Matches(/^\//, { each: true, message: 'fileRoots must be a list of absolute paths, as JSON: ["/data"]' })
  fileRoots: string[] = [];

  /** Variables of every command, as a JSON object. */
  @IsEnvironment()
  environment: Record<string, string> = {};

  /** Whether the session's variables come later, by PUT /api/environment: until then no command runs, and /healthz says so. */
  @IsBoolean()
  environmentAwaited: boolean = false;

  /** Mebibytes of newest output that are kept of each execution. */
  @IsInt()
  @Min(1)
  @Max(1024)
  outputRingMi: number = 4;

  /** Minutes for which the result and output of an ended execution are kept. */
  @IsInt()
  @Min(1)
  @Max(1440)
  resultRetentionMinutes: number = 10;

  /** Seconds that a command lives on after its last reader's client has left. */
  @IsInt()
  @Min(0)
  @Max(3600)
  disconnectGraceSeconds: number = 5;

  /** Seconds that a command lives on after its last reader's connection broke. */
  @IsInt()
  @Min(0)
  @Max(3600)
  relayLossGraceSeconds: number = 60;

  /** Seconds between SIGTERM and SIGKILL. */
  @IsNumber()
  @Min(0)
  @Max(60)
  killGraceSeconds: number = 2;

  /**
   * Processes and threads that the sandbox's user may have for a command to start another one. Only where that user's processes
   * are the sandbox's alone (gVisor, Kata): elsewhere those of all sandboxes on the machine count.
   */
  @IsOptional()
  @IsInt()
  @Min(16)
  @Max(4_194_304)
  maxProcesses?: number = undefined;

  /** Files that a command may have open before it raises its limit; as many as the process that starts the executor unless told. */
  @IsOptional()
  @IsInt()
  @Min(512)
  @Max(1_073_741_816)
  openFiles?: number = undefined;

  /**
   * Whether the executor calls the system directly, by native code: that starts commands without a copy of its own memory. Without, or where
   * it cannot, Node starts them.
   */
  @IsBoolean()
  nativeCalls: boolean = true;

  /** The least severe level that is logged. */
  @IsIn(LOG_LEVELS)
  logLevel: LogLevel = 'info';
}

/** Options whose values are told to nobody, not even to say what is wrong with them. */
const SECRET = ['token', 'environment'];

/** The variable of an option. */
const variable = (key: string): string => `EXECUTOR_${variableOf(key)}`;

/**
 * The options from the process's environment, frozen.
 *
 * @throws OptionsError with every violation.
 */
export function executorOptions(environment: Readonly<Record<string, string | undefined>>): Readonly<ExecutorOptions> {
  try {
    return Object.freeze(loadOptions(ExecutorOptions, { environment, variable }));
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    throw new OptionsError(
      error.violations.map((violation) => ({
        ...violation,
        value: SECRET.includes(violation.key) && violation.value !== undefined ? '(not shown)' : violation.value,
        source: variable(violation.key),
      })),
    );
  }
}
