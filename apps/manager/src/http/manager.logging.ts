import type { DynamicModule } from '@nestjs/common';
import { loggingModule } from '@warmbox/http';
import type { LogLevel } from '../config/manager.options.js';

/** Probes come every second and say nothing new; what they find out is logged where it happens. */
const PROBES = /^\/(healthz|livez|readyz)\/?(\?|$)/;

/** The manager's log. */
export function managerLogging(level: LogLevel, pretty: boolean): DynamicModule {
  return loggingModule({ level, pretty, isSilent: (target) => PROBES.test(target) });
}
