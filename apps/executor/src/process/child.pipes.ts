import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { PageWriter } from '../output/page.writer.js';
import type { Child } from './child.js';
import type { Exit } from './exit.code.js';

/** This process's ends of a child's pipes. */
export interface ChildEnds {
  outputs: readonly Socket[];
  /** Where its standard input is kept open, with a text that goes first. */
  input?: { socket: Socket; text?: string };
}

/** Reads a pipe into the pages of a log, which it closes at the end. The descriptor is the socket's from now on. */
export function readInto(descriptor: number, writer: PageWriter): Socket {
  const pipe = new Socket({
    fd: descriptor,
    readable: true,
    writable: false,
    onread: {
      buffer: () => writer.buffer(),
      callback: (count) => {
        writer.received(count);
        return true;
      },
    },
  });
  return pipe.on('close', () => writer.close()).resume();
}

/** Writes to a pipe. The descriptor is the socket's from now on. */
export function writeTo(descriptor: number): Socket {
  return new Socket({ fd: descriptor, readable: false, writable: true });
}

/** A child that has been started. */
export function childOn(pid: number, exited: Promise<Exit>, { outputs, input }: ChildEnds): Child {
  const closed = outputs.map((output) => {
    output.on('error', () => output.destroy());
    return new Promise((resolve) => output.on('close', resolve));
  });
  return {
    pid,
    exited,
    closed: Promise.all(closed),
    stdin: input === undefined ? undefined : openInput(input.socket, input.text, exited),
    pause: () => outputs.forEach((output) => output.pause()),
    resume: () => outputs.forEach((output) => output.resume()),
  };
}

function openInput(socket: Socket, text: string | undefined, exited: Promise<Exit>): Writable {
  // Whoever writes is told by its own call.
  socket.on('error', () => undefined);
  if (text !== undefined && text !== '') socket.write(text);
  // What it has left in the background may hold the reading end for ever, and nobody would end this one.
  void exited.then(() => socket.destroy());
  return socket;
}
