/** The lines of a byte stream of UTF-8, without their ends; an unfinished last one is left out. */
export async function* lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending: string[] = [];
  for await (const chunk of body) {
    const parts = decoder.decode(chunk, { stream: true }).split('\n');
    const last = parts.pop() ?? '';
    for (const part of parts) {
      const line = pending.length > 0 ? pending.join('') + part : part;
      pending = [];
      yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
    if (last !== '') pending.push(last);
  }
}
