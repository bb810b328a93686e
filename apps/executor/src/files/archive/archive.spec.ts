import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  realpath,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { waitFor } from '@warmbox/testing';
import { isPartialName } from '../partial.name.js';
import { ArchivePacking } from './archive.packing.js';
import { openFolder, unpack } from './archive.unpacking.js';

/** Whether this user may have a file system that is full. */
const itWithMounts = spawnSync('unshare', ['--mount', 'true']).status === 0 ? it : it.skip;

const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

describeOnLinux('an archive', () => {
  let folder: string;
  const goesOn = new AbortController().signal;

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'archive-spec-')));
  });
  afterEach(async () => {
    execFileSync('chmod', ['-R', 'u+rwX', folder]);
    await rm(folder, { recursive: true });
  });

  const at = (...names: string[]): string => join(folder, ...names);
  const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

  async function pack(
    path: string,
    { member = '.', isCompressed = false, without = [] as string[] } = {},
  ): Promise<ArchivePacking> {
    const handle = await openFolder(bytes(path));
    try {
      return await ArchivePacking.of({
        folder: handle.fd,
        member: bytes(member),
        isCompressed,
        keepsFractions: false,
        without,
        signal: goesOn,
      });
    } finally {
      await handle.close();
    }
  }

  const into = (path: string, archive: Readable, signal = goesOn, missing = 0): Promise<boolean> =>
    unpack({ path: bytes(path), missing }, archive, bytes(path), signal);

  /** All that there is, in words: type, mode, time in seconds, and what is in it. */
  function seen(path: string): string {
    return execFileSync(
      'bash',
      [
        '-c',
        'cd "$1" && find . -printf "%y %m %P %l %Ts " -type f -exec sha256sum {} \\; -o -printf "\\n" | sort',
        'bash',
        path,
      ],
      {
        encoding: 'latin1',
      },
    );
  }

  const leftOvers = async (): Promise<string[]> =>
    (await readdir(folder, { recursive: true })).filter((name) => isPartialName(name.split('/').at(-1)!));

  /** An archive that Python writes, which writes what it is told. */
  function archiveOf(script: string): Buffer {
    const prelude =
      'import tarfile,io,sys\nt=tarfile.open(fileobj=sys.stdout.buffer,mode="w|")\n' +
      'def add(name,data=b"x",**more):\n  i=tarfile.TarInfo(name); i.size=len(data)\n  for k in more: setattr(i,k,more[k])\n  t.addfile(i,io.BytesIO(data))\n';
    return execFileSync('python3', ['-c', `${prelude}${script}\nt.close()`], { maxBuffer: 10_000_000 });
  }

  it.each([false, true])('comes out as it went in, compressed: %s', async (isCompressed) => {
    await mkdir(at('a', 'deep', 'x'.repeat(120)), { recursive: true });
    await writeFile(at('a', 'deep', 'x'.repeat(120), 'y'.repeat(200)), randomBytes(100_000));
    await writeFile(Buffer.concat([bytes(at('a')), bytes('/\xff\x80\n')]), 'bytes');
    await writeFile(at('a', '-rf'), '');
    await chmod(at('a', '-rf'), 0o4751);
    await symlink('/nowhere', at('a', 'out'));
    await symlink('deep', at('a', 'link'));
    await mkdir(at('a', 'closed'));
    await writeFile(at('a', 'closed', 'in'), 'in');
    await chmod(at('a', 'closed'), 0o555);
    await utimes(at('a', 'deep'), 1e9, 1e9);
    execFileSync(
      'bash',
      ['-c', 'truncate -s 64M a/sparse; ln a/-rf a/hard; mkfifo a/fifo; touch -h -d @1000000000 a/* a'],
      { cwd: folder },
    );
    await into(at('b', 'new'), await pack(at('a'), { isCompressed }), goesOn, 2);
    expect(seen(at('b', 'new'))).toBe(seen(at('a')));
    expect((await lstat(at('b', 'new', 'hard'))).ino).toBe((await lstat(at('b', 'new', '-rf'))).ino);
    expect((await lstat(at('b', 'new', 'sparse'))).blocks).toBe(0);
  });

  it('holds one file by its name alone', async () => {
    await writeFile(bytes(at('\xff a')), '1');
    await into(at('b'), await pack(folder, { member: './\xff a' }), goesOn, 1);
    expect(await readdir(bytes(at('b')), { encoding: 'latin1' })).toEqual(['\xff a']);
  });

  it('leaves out what is not whole yet', async () => {
    await mkdir(at('a', 'b'), { recursive: true });
    await writeFile(at('a', 'b', '.warmbox-partial-1'), '1');
    await writeFile(at('a', 'b', 'x'), '1');
    await into(at('c'), await pack(at('a'), { without: ['.warmbox-partial-*'] }), goesOn, 1);
    expect(await readdir(at('c', 'b'))).toEqual(['x']);
  });

  it('comes into a folder that has something already: files are replaced, folders come together', async () => {
    await mkdir(at('a', 'both', 'new'), { recursive: true });
    await writeFile(at('a', 'both', 'file'), 'new');
    await writeFile(at('a', 'both', 'new', 'x'), 'new');
    await chmod(at('a', 'both'), 0o555);
    await mkdir(at('b', 'both', 'old'), { recursive: true });
    await writeFile(at('b', 'both', 'file'), 'old');
    await writeFile(at('b', 'both', 'kept'), 'old');
    await into(at('b'), await pack(at('a')));
    expect(await readdir(at('b', 'both'))).toEqual(['file', 'kept', 'new', 'old']);
    expect(await readFile(at('b', 'both', 'file'), 'utf8')).toBe('new');
    expect((await lstat(at('b', 'both'))).mode & 0o777).toBe(0o755);
  });

  it.each([
    [
      'a link has the name of a folder',
      () => symlink(folder, at('b', 'x')),
      'add("x",b"",type=tarfile.DIRTYPE,mode=0o755)\nadd("x/y")',
      'x" is no folder',
    ],
    ['a folder has the name of a file', () => mkdir(at('b', 'x')), 'add("x")', 'x" is a folder'],
  ])('changes nothing where %s', async (_what, prepare, script, words) => {
    await mkdir(at('b'));
    await prepare();
    const refused = into(at('b'), Readable.from([archiveOf(`add("first")\n${script}`)]));
    await expect(refused).rejects.toMatchObject({ code: 'conflict', detail: expect.stringContaining(words) as string });
    expect(await readdir(at('b'))).toEqual(['x']);
  });

  it.each([
    [
      'a link out of it, and a file through that',
      'add("l",b"",type=tarfile.SYMTYPE,linkname="/tmp")\nadd("l/planted-by-archive-spec")',
    ],
    ['a name that leads out', 'add("../planted")'],
    ['a device', 'add("d",b"",type=tarfile.CHRTYPE,devmajor=1,devminor=3)\nadd("../planted")'],
  ])('with %s is refused whole, with tar’s words', async (_what, script) => {
    await mkdir(at('b'));
    const refused = into(at('b', 'c'), Readable.from([archiveOf(`add("first")\n${script}`)]), goesOn, 1);
    await expect(refused).rejects.toMatchObject({ code: 'invalid_request', detail: /Not a directory|contains '\.\.'/ });
    expect([await readdir(at('b')), await readdir(folder), await leftOvers()]).toEqual([[], ['b'], []]);
    await expect(lstat('/tmp/planted-by-archive-spec')).rejects.toThrow('ENOENT');
  });

  it('makes absolute names relative', async () => {
    await into(at('b'), Readable.from([archiveOf('add("/etc/x")')]), goesOn, 1);
    expect(await readdir(at('b', 'etc'))).toEqual(['x']);
  });

  it.each<[string, () => Readable]>([
    ['that is none', () => Readable.from([Buffer.alloc(20_000, 'no tar')])],
    ['that is empty', () => Readable.from([])],
    ['of one byte', () => Readable.from([Buffer.from('x')])],
    ['that is cut', () => Readable.from([archiveOf('add("a",b"x"*50000)').subarray(0, 20_000)])],
    ['that is compressed and cut', () => Readable.from([gzipSync(archiveOf('add("a",b"x"*50000)')).subarray(0, 90)])],
  ])('%s is refused, and leaves nothing', async (_what, body) => {
    await expect(into(at('b'), body(), goesOn, 1)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('whose body breaks off leaves nothing, also where what came is an archive', async () => {
    const whole = archiveOf('add("a")');
    const body = new PassThrough();
    const unpacked = into(at('b'), body, goesOn, 1);
    body.write(whole);
    await waitFor(
      'tar has begun',
      () => leftOvers(),
      ({ length }) => length === 1,
    );
    body.destroy(new Error('broken'));
    await expect(unpacked).rejects.toThrow('broken');
    expect(await readdir(folder)).toEqual([]);
  });

  it('may be followed by more', async () => {
    const body = Readable.from([archiveOf('add("a")'), ...Array.from({ length: 20 }, () => Buffer.alloc(100_000))]);
    await into(at('b'), body, goesOn, 1);
    expect(await readdir(at('b'))).toEqual(['a']);
  });

  it('ends, with its tar, when nobody wants it any more', async () => {
    const unpacking = new AbortController();
    const body = new PassThrough();
    const unpacked = into(at('b'), body, unpacking.signal, 1);
    body.write(archiveOf('add("a",b"x"*100000)').subarray(0, 50_000));
    const tars = (): number => children('tar');
    await waitFor('tar runs', tars, 1);
    unpacking.abort();
    await expect(unpacked).rejects.toBeDefined();
    expect([tars(), await readdir(folder)]).toEqual([0, []]);

    await writeFile(at('big'), '');
    execFileSync('truncate', ['-s', '1G', at('big')]);
    execFileSync('bash', ['-c', 'head -c 10M /dev/urandom > big2'], { cwd: folder });
    const packing = await pack(folder, { isCompressed: true });
    expect(tars()).toBe(1);
    packing.destroy();
    await waitFor('tar is gone', () => tars() + children('gzip'), 0);
  });

  itWithMounts('that does not fit leaves nothing', async () => {
    const body = Readable.from([archiveOf('add("a",b"x"*3000000)\nadd("b")')]);
    const full = at('full');
    await mkdir(full);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', full]);
    try {
      await expect(into(full, body)).rejects.toMatchObject({ code: 'disk_full' });
      expect(await readdir(full)).toEqual([]);
    } finally {
      execFileSync('umount', [full]);
    }
  });

  it('is read no faster than it is taken, and written no faster than it is unpacked', async () => {
    execFileSync('bash', ['-c', 'head -c 20M /dev/urandom > big'], { cwd: folder });
    const packing = await pack(folder);
    expect(packing.readableLength).toBeLessThan(200_000);
    const sum = createHash('sha256')
      .update(await readFile(at('big')))
      .digest('hex');
    await into(at('b'), packing, goesOn, 1);
    expect(
      createHash('sha256')
        .update(await readFile(at('b', 'big')))
        .digest('hex'),
    ).toBe(sum);
  });

  it('of what may not be read is a failure that is told before anything is sent', async () => {
    await mkdir(at('a'));
    await symlink('loop', at('a', 'loop'));
    await expect(pack(folder, { member: './none' })).rejects.toMatchObject({
      code: 'conflict',
      detail: expect.stringContaining('none: Cannot stat') as string,
    });
    expect((await buffer(await pack(at('a')))).length).toBeGreaterThan(0);
    expect(await readlink(at('a', 'loop'))).toBe('loop');
  });
});

/** Processes of this name that this one has started, and those that these have. */
function children(name: string): number {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,comm='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  const ours = new Set([String(process.pid)]);
  for (let before = 0; before !== ours.size;) {
    before = ours.size;
    for (const [pid = '', parent = ''] of rows) if (ours.has(parent)) ours.add(pid);
  }
  return rows.filter(([pid = '', , comm]) => ours.has(pid) && comm === name).length;
}
