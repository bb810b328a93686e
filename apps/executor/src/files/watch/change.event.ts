import type { FileChangedEventDto, FileMovedEventDto, RescanEventDto } from '@warmbox/dto';
import { jsonLine, type StreamEvent } from '@warmbox/platform';
import { entryPath } from '../folder.walk.js';
import { pathTexts } from '../path.text.js';
import type { Change } from './change.js';

/** What a client is told of a change below a folder. */
export function eventOf(change: Change, folder: Buffer): StreamEvent {
  return { event: change.event, data: jsonLine(dataOf(change, folder)) };
}

function dataOf(change: Change, folder: Buffer): FileChangedEventDto | FileMovedEventDto | RescanEventDto {
  const path = absolute(folder, change.path);
  switch (change.event) {
    case 'rescan':
      return { ...pathTexts({ path }), reason: change.reason };
    case 'moved':
      return { ...pathTexts({ from: absolute(folder, change.from), path }), isFolder: change.isFolder };
    case 'created':
    case 'modified':
    case 'removed':
      return { ...pathTexts({ path }), isFolder: change.isFolder };
  }
}

function absolute(folder: Buffer, path: string): Buffer {
  return path === '' ? folder : entryPath(folder, Buffer.from(path, 'latin1'));
}
