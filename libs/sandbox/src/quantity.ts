const FACTOR: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * A Kubernetes quantity ("250m", "4Gi", "1e3") as a number of its base unit (cores, bytes). The API server rewrites
 * quantities to its canonical form, so what was written as 1000m is read back as 1.
 *
 * @throws RangeError where the text is no quantity.
 */
export function parseQuantity(text: string): number {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(text.trim());
  if (match === null) throw new RangeError(`${JSON.stringify(text)} is not a Kubernetes quantity`);
  const [, digits, exponent, suffix = ''] = match;
  return Number(digits) * (exponent === undefined ? (FACTOR[suffix] ?? 1) : 10 ** Number(exponent));
}
