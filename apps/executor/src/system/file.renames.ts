import type { Libc } from './libc.js';

// <fcntl.h> and <linux/fs.h>.
const AT_FDCWD = -100;
const RENAME_NOREPLACE = 1;

/** Renames as Node cannot: nothing is replaced, however quickly somebody else makes something of that name. */
export class FileRenames {
  private readonly renameat2;

  /** @throws where the library has no such function (glibc before 2.28). */
  constructor(private readonly libc: Libc) {
    this.renameat2 = libc.function<
      (fromFolder: number, from: Buffer, toFolder: number, to: Buffer, flags: number) => number
    >('int renameat2(int fromFolder, void *from, int toFolder, void *to, unsigned int flags)');
  }

  /**
   * @param from absolute, without NUL
   * @param to absolute, without NUL
   * @throws SystemCallError EEXIST where there is something already; EINVAL also where the file system cannot do this
   */
  renameNew(from: Buffer, to: Buffer): void {
    const end = Buffer.alloc(1);
    const paths = [Buffer.concat([from, end]), Buffer.concat([to, end])] as const;
    if (this.renameat2(AT_FDCWD, paths[0], AT_FDCWD, paths[1], RENAME_NOREPLACE) !== 0) {
      throw this.libc.refusal('renameat2');
    }
  }
}
