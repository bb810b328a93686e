import { PAGE_BYTES } from '../output/page.pool.js';
import { pausesChild, WINDOW_BYTES, type PressureView } from './back.pressure.js';

const MI = 2 ** 20;
const capacity = 4 * MI;
const connected = (position: number): PressureView['primary'] => ({ state: 'connected', position });
const absent = (acknowledged: number): PressureView['primary'] => ({ state: 'absent', acknowledged });

describe('The child', () => {
  it.each<[string, Omit<PressureView, 'capacity'>, boolean]>([
    [
      'goes on while the primary reader keeps up',
      { primary: connected(10 * MI), end: 10 * MI, isDraining: false },
      false,
    ],
    [
      'goes on while the primary reader is less than a window behind',
      { primary: connected(0), end: WINDOW_BYTES - 1, isDraining: false },
      false,
    ],
    [
      'waits when the primary reader is a window behind',
      { primary: connected(0), end: WINDOW_BYTES, isDraining: false },
      true,
    ],
    [
      'gives its last output although the primary reader is a window behind',
      { primary: connected(0), end: WINDOW_BYTES, isDraining: true },
      false,
    ],
    [
      'does not push its last output over what the primary reader has not taken',
      { primary: connected(0), end: capacity - PAGE_BYTES, isDraining: true },
      true,
    ],
    [
      'goes on without a primary reader while the ring has room',
      { primary: absent(0), end: capacity - PAGE_BYTES, isDraining: false },
      false,
    ],
    [
      'waits without a primary reader once the ring is full of what may not have arrived',
      { primary: absent(0), end: capacity - PAGE_BYTES + 1, isDraining: false },
      true,
    ],
    [
      'counts what a primary reader has acknowledged as arrived',
      { primary: absent(8 * MI), end: 11 * MI, isDraining: false },
      false,
    ],
    [
      'waits at once when the primary reader is lost in a long output',
      { primary: absent(0), end: 100 * MI, isDraining: false },
      true,
    ],
    [
      'waits for nobody when nobody came back',
      { primary: { state: 'lapsed' }, end: 100 * MI, isDraining: false },
      false,
    ],
  ])('%s', (_, view, pauses) => {
    expect(pausesChild({ ...view, capacity })).toBe(pauses);
  });

  it('has a smaller window where the ring is small, so that most of the ring stays for what is on its way', () => {
    expect(pausesChild({ primary: connected(0), end: MI / 4, isDraining: false, capacity: MI })).toBe(true);
  });
});
