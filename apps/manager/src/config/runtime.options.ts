import { Type } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import { AmountsOptions } from './amounts.options.js';

/** A DNS label (RFC 1123). */
export const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
/** A DNS subdomain (RFC 1123), as names of runtime classes are. */
export const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** A reference to an image, as far as it is checked here: the kubelet knows the rest. */
export const IMAGE = /^[^\s]+$/;

/** The most characters of podNamePrefix: a pod's name adds eleven and must be a DNS label. */
export const POD_NAME_PREFIX_MAX = 40;

/** The bound of maxTotalContainers and warmPoolSize with allowLargePools. */
export const MAX_LARGE = 100_000;

/** The runtime that always exists; the options without a runtime of their own are its. */
export const DEFAULT_RUNTIME = 'kata';

/** What a further runtime has of its own; the rest is that of `kata`. */
export class RuntimeOptions {
  @IsOptional()
  @Matches(DNS_SUBDOMAIN, { message: '$property must be the name of a RuntimeClass' })
  @MaxLength(253)
  runtimeClassName?: string = undefined;

  @IsOptional()
  @Matches(DNS_LABEL, { message: '$property must be a DNS label' })
  @MaxLength(POD_NAME_PREFIX_MAX)
  podNamePrefix?: string = undefined;

  @IsOptional()
  @Matches(IMAGE, { message: '$property must name the image of the executor' })
  executorImage?: string = undefined;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_LARGE)
  warmPoolSize?: number = undefined;

  @IsOptional()
  @ValidateNested()
  @Type(() => AmountsOptions)
  defaultResourceRequests?: AmountsOptions = undefined;

  @IsOptional()
  @ValidateNested()
  @Type(() => AmountsOptions)
  defaultResourceLimits?: AmountsOptions = undefined;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(65_536)
  maxProcessesPerGi?: number = undefined;
}
