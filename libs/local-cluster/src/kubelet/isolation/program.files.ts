import { constants, existsSync } from 'node:fs';
import { copyFile, cp, link, mkdir, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { isShown } from './system.files.js';

/**
 * Puts the files of a program below a folder whose name tells nothing: /proc/self/mountinfo shows in every container where on
 * this machine lies what it sees, and that would be its user's home. What is the system's own stays where it is.
 *
 * @param argv the program and its arguments; of those that are files the whole folder comes along (source maps).
 * @returns the command line with the new paths.
 */
export async function placeProgram(argv: readonly string[], folder: string): Promise<string[]> {
  const [command = '', ...rest] = argv;
  const placed = [await placeExecutable(command, folder)];
  for (const argument of rest) placed.push(await placeFolderOf(argument, join(folder, String(placed.length))));
  return placed;
}

async function placeExecutable(command: string, folder: string): Promise<string> {
  const source = await realpath(command);
  if (isShown(source)) return command;
  await mkdir(folder, { recursive: true });
  const target = join(folder, basename(command));
  // A hundred megabytes: the same file where it can be, and a copy on another file system.
  await link(source, target).catch(() => copyFile(source, target, constants.COPYFILE_FICLONE));
  return target;
}

async function placeFolderOf(argument: string, folder: string): Promise<string> {
  if (!isAbsolute(argument) || !existsSync(argument) || isShown(await realpath(argument))) return argument;
  await cp(await realpath(dirname(argument)), folder, { recursive: true });
  return join(folder, basename(argument));
}
