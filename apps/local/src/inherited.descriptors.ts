import { closeSync, readdirSync, readFileSync } from 'node:fs';

/** In a descriptor's flags, as the kernel prints them in octal: it does not outlive an exec. */
const CLOSE_ON_EXEC = 0o2000000;
const STANDARD = 2;

/**
 * Closes what whoever started this process had left open in it (`exec 19</some/file; npm start`): libuv lets every child
 * inherit it, and in a sandbox an open folder is a way out. Node marks all that it opens itself, and what it inherits up to
 * the first gap above 15, close-on-exec; so what is not marked is a stranger's. To be called once, before anything else: it
 * would also close what a native module opens without that mark. Where there is no /proc (macOS) libuv lets nothing through.
 */
export function closeInheritedDescriptors(): void {
  for (const descriptor of descriptors()) {
    if (descriptor > STANDARD && isInherited(descriptor)) closeSync(descriptor);
  }
}

function descriptors(): number[] {
  try {
    return readdirSync('/proc/self/fd').map(Number);
  } catch {
    return [];
  }
}

function isInherited(descriptor: number): boolean {
  try {
    const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8')) ?? [];
    return flags !== undefined && (parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch (error) {
    // The one that the list was read through is closed by now.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
