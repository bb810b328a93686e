/** Bytes put one after the other, in memory of at most twice their number. */
export class ByteCollector {
  size = 0;
  private memory = Buffer.alloc(0);

  /** Copies them. */
  add(bytes: Uint8Array): void {
    const size = this.size + bytes.length;
    if (size > this.memory.length) {
      const memory = Buffer.allocUnsafeSlow(Math.max(size, this.memory.length * 2, 1024));
      this.memory.copy(memory, 0, 0, this.size);
      this.memory = memory;
    }
    this.memory.set(bytes, this.size);
    this.size = size;
  }

  get bytes(): Buffer {
    return this.memory.subarray(0, this.size);
  }
}
