import type { Pass } from '../leadership/pass.js';
import type { PassDto } from './health.dto.js';

/** What operators are told of passes, and in a sentence which of them fail, if any. */
export function passHealth(all: readonly Pass[]): { message?: string; passes: PassDto[] } {
  const failing = all.filter(({ state, last }) => state !== 'not_leading' && last?.outcome === 'failed');
  const names = failing.map(({ name }) => name).join(', ');
  const passes = all.map(passDto);
  return names === '' ? { passes } : { message: `Failed at the last run: ${names}. The log says why.`, passes };
}

function passDto({ name, state, intervalMs, last }: Pass): PassDto {
  const dto: PassDto = { name, state, intervalSeconds: intervalMs / 1000 };
  if (last === undefined) return dto;
  const { outcome, endedAt, durationMs } = last;
  const lastRun = { outcome, endedAt: new Date(endedAt).toISOString(), durationSeconds: Math.round(durationMs) / 1000 };
  return { ...dto, lastRun };
}
