import { parseQuantity, type Amounts } from '@warmbox/sandbox';
import { IsInt, Max, Min } from 'class-validator';

/** The least memory that a sandbox can live with, in mebibytes: its executor alone takes about 45. */
export const MEMORY_FLOOR_MI = 64;

/** An amount of memory and CPU, as an option. */
export class AmountsOptions implements Amounts {
  @IsInt()
  @Min(16)
  @Max(1_048_576)
  memoryMi!: number;

  @IsInt()
  @Min(1)
  @Max(1_000_000)
  cpuMillicores!: number;
}

/** The unit that each amount is counted in, and its Kubernetes name. */
const UNITS: Record<keyof Amounts, { quantity: string; base: number }> = {
  memoryMi: { quantity: 'memory', base: 2 ** 20 },
  cpuMillicores: { quantity: 'cpu', base: 1 / 1000 },
};

/**
 * Amounts as people write them: `{memoryMi: 512, cpuMillicores: 1000}`, the same with text, or Kubernetes quantities
 * `{memory: "512Mi", cpu: "1"}`. What does not convert stays as it is, and the rules refuse it.
 */
export function readAmounts(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const amounts: Record<string, unknown> = { ...value };
  for (const [amount, { quantity, base }] of Object.entries(UNITS)) {
    const own = amounts[amount];
    if (typeof own === 'string') amounts[amount] = plainNumber(own) ?? own;
    const written = amounts[quantity];
    if (written === undefined) continue;
    Reflect.deleteProperty(amounts, quantity);
    amounts[amount] = counted(written, base);
  }
  return amounts;
}

function plainNumber(text: string): number | undefined {
  return /^\d+$/.test(text.trim()) ? Number(text) : undefined;
}

function counted(written: unknown, base: number): unknown {
  if (typeof written !== 'string' && typeof written !== 'number') return written;
  try {
    return Math.round(parseQuantity(String(written)) / base);
  } catch {
    return written;
  }
}
