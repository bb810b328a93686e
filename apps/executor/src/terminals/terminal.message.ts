import { TERMINAL_SIDE_MAX } from '@warmbox/contracts';
import type { ScreenSize } from '../system/pseudo.terminals.js';

/** What a viewer's frame says. */
export type TerminalMessage =
  | { type: 'input'; bytes: Uint8Array }
  | { type: 'resize'; size: ScreenSize }
  /** A control frame that is none of these; `detail` says what is wrong with it. */
  | { type: 'unknown'; detail: string };

/**
 * What a frame says: a binary one is input, a text frame that is a JSON object with `type` is a control, any other text is input
 * again (xterm's AttachAddon sends keystrokes so).
 */
export function messageOf(data: Buffer, isBinary: boolean): TerminalMessage {
  const control = isBinary ? undefined : controlIn(data);
  if (control === undefined) return { type: 'input', bytes: data };
  const { type, cols, rows } = control;
  if (type !== 'resize') {
    return {
      type: 'unknown',
      detail: 'The type of a control frame is "resize"; text that looks like one is sent as a binary frame.',
    };
  }
  if (isSide(cols) && isSide(rows)) return { type: 'resize', size: { cols, rows } };
  return { type: 'unknown', detail: `resize needs cols and rows, whole numbers from 1 to ${TERMINAL_SIDE_MAX}.` };
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= TERMINAL_SIDE_MAX;
}

/** Longer than any control: a paste is not parsed. */
const CONTROL_MAX_BYTES = 4_096;

function controlIn(data: Buffer): Record<string, unknown> | undefined {
  if (data.length > CONTROL_MAX_BYTES) return undefined;
  const text = data.toString();
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    return 'type' in value ? value : undefined;
  } catch {
    return undefined;
  }
}
