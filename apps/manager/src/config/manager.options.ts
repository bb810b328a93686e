import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { AmountsOptions } from './amounts.options.js';
import { IsHostName } from './host.rule.js';
import { IsHttpUrl } from './http.url.rule.js';
import { IsKeyValues } from './key.values.js';
import { IsNetwork } from './network.rule.js';
import {
  DNS_LABEL,
  DNS_SUBDOMAIN,
  IMAGE,
  MAX_LARGE,
  POD_NAME_PREFIX_MAX,
  type RuntimeOptions,
} from './runtime.options.js';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The samplers that OpenTelemetry's specification names, without those that ask a server. */
export const TRACES_SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type TracesSampler = (typeof TRACES_SAMPLERS)[number];

/** Bounds without allowLargePools: of maxTotalContainers, and of the warmPoolSize of each runtime. */
export const MAX_TOTAL_CONTAINERS = 500;
export const MAX_WARM_POOL_SIZE = 100;

/** Characters that portsDomain may have: a host name has 253, of which a label and its dot take 64. */
const PORTS_DOMAIN_MAX = 189;

/** Characters that an API key must have at least: 16 random hex digits are 64 bits, which nobody guesses over a network. */
export const API_KEY_MIN_LENGTH = 16;

/**
 * Everything that can be configured; docs/configuration.md is the reader's form. Field initialisers are the defaults; host
 * and allowedHosts take theirs from where the manager runs (`defaultsOf`). Rules over several options are in options.rules.ts.
 */
export class ManagerOptions {
  @Matches(DNS_LABEL, { message: '$property must be the name of a namespace' })
  @MaxLength(63)
  targetNamespace: string = 'sandbox-containers';

  @Matches(DNS_SUBDOMAIN, { message: '$property must be the name of a RuntimeClass' })
  @MaxLength(253)
  runtimeClassName: string = 'kata-qemu';

  /** Empty: none. */
  @Matches(new RegExp(`^$|${DNS_SUBDOMAIN.source}`), { message: '$property must be the name of a PriorityClass' })
  @MaxLength(253)
  sandboxPriorityClassName: string = '';

  @Matches(DNS_LABEL, { message: '$property must be a DNS label' })
  @MaxLength(POD_NAME_PREFIX_MAX)
  podNamePrefix: string = 'kata-sandbox';

  @Matches(IMAGE, { message: '$property must name the image of the executor' })
  executorImage: string = '';

  @IsInt()
  @Min(30)
  @Max(300)
  podReadyTimeoutSeconds: number = 90;

  @IsInt()
  @Min(1)
  @Max(MAX_LARGE)
  maxTotalContainers: number = 50;

  @IsInt()
  @Min(0)
  @Max(MAX_LARGE)
  warmPoolSize: number = 10;

  @IsBoolean()
  allowLargePools: boolean = false;

  @IsInt()
  @Min(1)
  @Max(100)
  maxConcurrentCreates: number = 10;

  @IsInt()
  @Min(10)
  @Max(300)
  poolBackfillCheckIntervalSeconds: number = 30;

  @IsInt()
  @Min(5)
  @Max(60)
  leaderLeaseDurationSeconds: number = 15;

  @IsObject()
  @ValidateNested()
  @Type(() => AmountsOptions)
  defaultResourceRequests: AmountsOptions = { memoryMi: 128, cpuMillicores: 250 };

  @IsObject()
  @ValidateNested()
  @Type(() => AmountsOptions)
  defaultResourceLimits: AmountsOptions = { memoryMi: 512, cpuMillicores: 1000 };

  @IsObject()
  @ValidateNested()
  @Type(() => AmountsOptions)
  maxResourceLimits: AmountsOptions = { memoryMi: 4096, cpuMillicores: 4000 };

  /** Processes and threads for each Gi of a sandbox's memory limit; 0: as many as there is memory for. */
  @IsInt()
  @Min(0)
  @Max(65_536)
  maxProcessesPerGi: number = 0;

  @IsInt()
  @Min(1)
  @Max(1440)
  idleTimeoutMinutes: number = 5;

  @IsInt()
  @Min(1)
  @Max(1440)
  maxContainerLifetimeMinutes: number = 15;

  @IsInt()
  @Min(1)
  @Max(60)
  cleanupCheckIntervalMinutes: number = 1;

  @IsBoolean()
  cleanupCompletedPods: boolean = true;

  @IsInt()
  @Min(0)
  @Max(1440)
  tombstoneMinutes: number = 60;

  @IsInt()
  @Min(0)
  @Max(3600)
  disconnectGraceSeconds: number = 5;

  @IsInt()
  @Min(0)
  @Max(3600)
  relayLossGraceSeconds: number = 60;

  @IsInt()
  @Min(1)
  @Max(1024)
  outputRingMi: number = 4;

  @IsInt()
  @Min(1)
  @Max(1440)
  resultRetentionMinutes: number = 10;

  @IsInt()
  @Min(0)
  @Max(300)
  drainDelaySeconds: number = 5;

  @IsInt()
  @Min(0)
  @Max(300)
  shutdownGraceSeconds: number = 10;

  /** Further runtimes by name; `kata` always exists, and may be changed here. Checked by options.rules.ts. */
  @IsObject()
  runtimes: Record<string, RuntimeOptions> = {};

  @IsInt()
  @Min(0)
  @Max(65_535)
  port: number = 8668;

  @IsHostName()
  host: string = '127.0.0.1';

  /** Names in the Host header that are served; empty: any. */
  @IsArray()
  @ArrayMaxSize(100)
  @IsHostName({ each: true })
  allowedHosts: string[] = [];

  /** The domain below which each port of a sandbox has a host name, `{port}-{sandbox}`; empty: none has. */
  @Matches(new RegExp(`^$|${DNS_SUBDOMAIN.source}`, 'i'), { message: '$property must be a domain name without a port' })
  @MaxLength(PORTS_DOMAIN_MAX)
  portsDomain: string = '';

  /** Proxies whose X-Forwarded-For tells where a request comes from; empty: nobody's does. */
  @IsArray()
  @ArrayMaxSize(100)
  @IsNetwork({ each: true })
  trustedProxies: string[] = [];

  @IsIn(LOG_LEVELS)
  logLevel: LogLevel = 'info';

  @Matches(/^[\x21-\x7e]*$/, { message: '$property must consist of printable ASCII characters without spaces' })
  apiKey: string = '';

  // Traces. Their variables are those that OpenTelemetry's specification names (OTEL_EXPORTER_OTLP_ENDPOINT), so the keys are too.

  /** Of a collector, to which /v1/traces is added; empty: spans are neither made nor sent, unless the next one says where. */
  @IsHttpUrl()
  otelExporterOtlpEndpoint: string = '';

  /** The whole URL, in place of the one before. */
  @IsHttpUrl()
  otelExporterOtlpTracesEndpoint: string = '';

  @IsIn(['http/protobuf'])
  otelExporterOtlpProtocol: string = 'http/protobuf';

  @IsKeyValues()
  otelExporterOtlpHeaders: string = '';

  /** Milliseconds, as the specification has it. */
  @IsInt()
  @Min(100)
  @Max(60_000)
  otelExporterOtlpTimeout: number = 10_000;

  /** Milliseconds for which ended spans are gathered. */
  @IsInt()
  @Min(100)
  @Max(60_000)
  otelBspScheduleDelay: number = 5_000;

  @Matches(/^[\x20-\x7e]+$/, { message: '$property must consist of printable ASCII characters' })
  @MaxLength(255)
  otelServiceName: string = 'warmbox-manager';

  @IsKeyValues()
  otelResourceAttributes: string = '';

  @IsIn(TRACES_SAMPLERS)
  otelTracesSampler: TracesSampler = 'parentbased_always_on';

  /** The share of traces that samplers with a ratio take. */
  @IsNumber()
  @Min(0)
  @Max(1)
  otelTracesSamplerArg: number = 1;
}

export type OptionKey = keyof ManagerOptions;

/** Options whose values are never shown. */
export const SECRET_OPTIONS: readonly OptionKey[] = ['apiKey', 'otelExporterOtlpHeaders'];

/** The loopback names: what a browser on this machine may call us. */
const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '::1'];

/**
 * The defaults where the manager runs. Outside a cluster it serves this machine only, and no name but the loopback ones: a
 * web page that points its own name at 127.0.0.1 is refused.
 */
export function defaultsOf({ inCluster }: { inCluster: boolean }): ManagerOptions {
  const defaults = new ManagerOptions();
  defaults.host = inCluster ? '0.0.0.0' : '127.0.0.1';
  defaults.allowedHosts = inCluster ? [] : [...LOOPBACK_NAMES];
  return defaults;
}
