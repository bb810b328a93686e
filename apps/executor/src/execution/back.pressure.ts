import { PAGE_BYTES } from '../output/page.pool.js';

/** How far a connected primary reader may be behind before the child waits, in bytes. */
export const WINDOW_BYTES = 262_144;

/** Whether the primary reader is there, and how far the output is handed over to it. */
export type PrimaryState =
  /** A connection: bytes up to `position` are handed to its socket. */
  | { state: 'connected'; position: number }
  /** It is gone for the moment. What was handed to the broken connection need not have arrived: only `acknowledged` bytes surely have. */
  | { state: 'absent'; acknowledged: number }
  /** Nobody came back in time. */
  | { state: 'lapsed' };

export interface PressureView {
  primary: PrimaryState;
  /** The offset after the last byte of output. */
  end: number;
  /** Bytes that the ring keeps. */
  capacity: number;
  /** Whether the command itself is over, and only what its pipes hold is still read. */
  isDraining: boolean;
}

/**
 * Whether the child's output waits in its pipes. A connected reader leaves most of the ring to what is on its way to the client,
 * so that a client whose connection breaks finds that again; without a connection, and for the last output of a command that
 * is over, the ring may fill up. One more page must always fit, because a pause comes after the read that caused it.
 */
export function pausesChild({ primary, end, capacity, isDraining }: PressureView): boolean {
  switch (primary.state) {
    case 'connected': {
      const limit = isDraining ? capacity - PAGE_BYTES : Math.min(WINDOW_BYTES, capacity / 4);
      return end - primary.position >= limit;
    }
    case 'absent':
      return end - primary.acknowledged > capacity - PAGE_BYTES;
    case 'lapsed':
      return false;
  }
}
