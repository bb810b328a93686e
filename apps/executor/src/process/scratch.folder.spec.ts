import { tmpdir } from 'node:os';
import { scratchFolder } from './scratch.folder.js';

describe('The folder for what has a name for a moment', () => {
  it('is memory, where there is such a folder', () => {
    expect(scratchFolder({}, import.meta.dirname)).toBe(import.meta.dirname);
    expect(scratchFolder({ TMPDIR: '' }, import.meta.dirname)).toBe(import.meta.dirname);
  });

  it('is the temporary folder where there is none, or where that was set', () => {
    expect(scratchFolder({}, '/no/such/folder')).toBe(tmpdir());
    expect(scratchFolder({ TMPDIR: tmpdir() }, import.meta.dirname)).toBe(tmpdir());
  });
});
