const SHAPE = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([eE])([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?)$/;
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/**
 * A quantity as the API server writes it back: rounded up to thousandths, without needless digits, in the largest unit that
 * leaves an integer; the family of units (1024, 1000 or exponent) is the one that was given.
 *
 * @returns undefined where the text is no quantity.
 */
export function canonicalQuantity(text: string): string | undefined {
  const match = SHAPE.exec(text.trim());
  if (match === null) return undefined;
  const [, sign = '', digits = '', exponentMark, exponent, suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const binary = BINARY.indexOf(suffix);
  let numerator = BigInt(whole + fraction);
  let power = -fraction.length;
  if (exponentMark !== undefined) power += Number(exponent);
  else if (binary > 0) numerator *= 1024n ** BigInt(binary);
  else power += (DECIMAL.indexOf(suffix) - 3) * 3;
  const milli = timesTenTo(numerator, power + 3);
  if (milli === 0n) return '0';
  const minus = sign === '-' ? '-' : '';
  if (exponentMark !== undefined) return minus + withExponent(milli);
  if (binary > 0 && milli % 1000n === 0n && milli >= 1_024_000n) return minus + inUnits(milli / 1000n, 1024n, BINARY);
  return minus + inUnits(milli, 1000n, DECIMAL.slice(2));
}

/** n × 10^power, rounded away from zero. */
function timesTenTo(n: bigint, power: number): bigint {
  if (power >= 0) return n * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (n + divisor - 1n) / divisor;
}

function inUnits(amount: bigint, step: bigint, units: readonly string[]): string {
  let index = 0;
  while (index < units.length - 1 && amount % step === 0n) {
    amount /= step;
    index += 1;
  }
  return `${amount}${units[index] ?? ''}`;
}

function withExponent(milli: bigint): string {
  let exponent = -3;
  while (milli % 1000n === 0n) {
    milli /= 1000n;
    exponent += 3;
  }
  return exponent === 0 ? String(milli) : `${milli}e${exponent}`;
}
