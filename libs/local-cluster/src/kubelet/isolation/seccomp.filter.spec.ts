import { seccompFilter } from './seccomp.filter.js';

/** What a kernel shows the filter of one call. */
interface Call {
  number: number;
  architecture?: number;
  argument?: number;
}

const ALLOW = 'allow';
const KILL = 'kill';
const EPERM = 'errno 1';
const ENOSYS = 'errno 38';

const ARCHITECTURES = { x64: 0xc000003e, arm64: 0xc00000b7, i386: 0x40000003, arm: 0x40000028 };

/** Classic BPF as the kernel runs it on a call, as far as the filter uses it; refuses everything else. */
function run(filter: Buffer, { number, architecture = 0, argument = 0 }: Call): string {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number >>> 0, 0);
  data.writeUInt32LE(architecture >>> 0, 4);
  // What is above 32 bits must not matter: the kernel takes an int.
  data.writeBigUInt64LE((0xdeadbeefn << 32n) | BigInt(argument >>> 0), 16);
  let accumulator = 0;
  for (let step = 0; ; step += 1) {
    const code = filter.readUInt16LE(step * 8);
    const value = filter.readUInt32LE(step * 8 + 4);
    if (code === 0x06) return nameOf(value);
    if (code === 0x20) accumulator = data.readUInt32LE(value);
    else {
      const tests: Record<number, boolean> = {
        0x15: accumulator === value,
        0x25: accumulator > value,
        0x35: accumulator >= value,
        0x45: (accumulator & value) !== 0,
      };
      if (!(code in tests)) throw new Error(`unknown code ${code} at ${step}`);
      step += filter.readUInt8(step * 8 + (tests[code] === true ? 2 : 3));
    }
  }
}

function nameOf(value: number): string {
  if (value === 0x7fff0000) return ALLOW;
  if (value === 0x80000000) return KILL;
  return `errno ${value - 0x00050000}`;
}

// Looked up in the kernel's tables by themselves, not taken from the filter's list: name, number on x64, on arm64.
const DENIED = `
  keyctl:250:219 add_key:248:217 request_key:249:218 bpf:321:280 io_uring_setup:425:425 io_uring_enter:426:426 io_uring_register:427:427
  userfaultfd:323:282 perf_event_open:298:241 unshare:272:97 setns:308:268 mount:165:40 umount2:166:39 pivot_root:155:41 chroot:161:51
  open_tree:428:428 move_mount:429:429 fsopen:430:430 fsconfig:431:431 fsmount:432:432 fspick:433:433 mount_setattr:442:442
  name_to_handle_at:303:264 open_by_handle_at:304:265 fanotify_init:300:262 kexec_load:246:104 kexec_file_load:320:294 init_module:175:105
  finit_module:313:273 delete_module:176:106 reboot:169:142 swapon:167:224 swapoff:168:225 acct:163:89 settimeofday:164:170
  clock_settime:227:112 sethostname:170:161 setdomainname:171:162 syslog:103:116 quotactl:179:60 quotactl_fd:443:443 ioperm:173: iopl:172:
  kcmp:312:272 process_vm_readv:310:270 process_vm_writev:311:271 process_madvise:440:440 pidfd_getfd:438:438 move_pages:279:239
  migrate_pages:256:238 mbind:237:235 get_mempolicy:239:236 set_mempolicy:238:237 lookup_dcookie:212:18 vhangup:153:58 uselib:134:
  _sysctl:156:
`;

const ALLOWED = `
  read:0:63 write:1:64 open:2: mmap:9:222 ioctl:16:29 execve:59:221 fork:57: vfork:58: kill:62:129 ptrace:101:117 prctl:157:167
  arch_prctl:158: futex:202:98 openat:257:56 prlimit64:302:261 seccomp:317:277 getrandom:318:278 memfd_create:319:279 statx:332:291
  rseq:334:293 pidfd_send_signal:424:424 pidfd_open:434:434 close_range:436:436 openat2:437:437 faccessat2:439:439 epoll_pwait2:441:441
  landlock_create_ruleset:444:444 futex_waitv:449:449 cachestat:451:451 fchmodat2:452:452 mseal:462:462
`;

const JUDGED = {
  x64: { clone: 56, personality: 135, socket: 41 },
  arm64: { clone: 220, personality: 92, socket: 198 },
};

function numbersOn(processor: 'x64' | 'arm64', table: string): [name: string, number: number][] {
  return table
    .trim()
    .split(/\s+/)
    .map((entry) => entry.split(':'))
    .map(([name = '', x64 = '', arm64 = '']): [string, string] => [name, processor === 'x64' ? x64 : arm64])
    .filter(([, number]) => number !== '')
    .map(([name, number]) => [name, Number(number)]);
}

describe.each(['x64', 'arm64'] as const)('the filter of system calls on %s', (processor) => {
  const architecture = ARCHITECTURES[processor];
  const filter = seccompFilter(processor) ?? Buffer.alloc(0);
  const { clone, personality, socket } = JUDGED[processor];
  const judge = (number: number, argument?: number): string => run(filter, { number, architecture, argument });

  it('is one that the kernel takes: whole instructions, at most 4,096', () => {
    expect(filter.length % 8).toBe(0);
    expect(filter.length / 8).toBeGreaterThan(50);
    expect(filter.length / 8).toBeLessThanOrEqual(4_096);
  });

  it.each(numbersOn(processor, DENIED))('refuses %s', (_, number) => {
    expect(judge(number)).toBe(EPERM);
  });

  it.each(numbersOn(processor, ALLOWED))('allows %s', (_, number) => {
    expect(judge(number)).toBe(ALLOW);
  });

  it('has no clone3, so that clone is used, whose flags can be seen', () => {
    expect(judge(435)).toBe(ENOSYS);
  });

  it('has no call that is newer than it', () => {
    expect([467, 500, 0x3fffffff].map((number) => judge(number))).toEqual([ENOSYS, ENOSYS, ENOSYS]);
    expect(judge(-1)).toBe(ENOSYS);
  });

  it.each([
    ['NEWNS', 0x00020000],
    ['NEWCGROUP', 0x02000000],
    ['NEWUTS', 0x04000000],
    ['NEWIPC', 0x08000000],
    ['NEWUSER', 0x10000000],
    ['NEWPID', 0x20000000],
    ['NEWNET', 0x40000000],
  ])('refuses clone with CLONE_%s among its flags', (_, flag) => {
    expect(judge(clone, flag)).toBe(EPERM);
    expect(judge(clone, flag | 0x1200011)).toBe(EPERM);
  });

  it('allows clone for a process and for a thread', () => {
    expect(judge(clone, 0x01200011)).toBe(ALLOW);
    expect(judge(clone, 0x003d0f00)).toBe(ALLOW);
  });

  it('allows the usual personalities only', () => {
    expect([0, 8, 0x20000, 0x20008, 0xffffffff].map((value) => judge(personality, value))).toEqual(
      Array<string>(5).fill(ALLOW),
    );
    // ADDR_NO_RANDOMIZE, READ_IMPLIES_EXEC
    expect([0x0040000, 0x0400000].map((value) => judge(personality, value))).toEqual([EPERM, EPERM]);
  });

  it('allows sockets but those to the machine below and to the ciphers of the kernel', () => {
    expect([1, 2, 10, 16].map((family) => judge(socket, family))).toEqual(Array<string>(4).fill(ALLOW));
    expect([38, 40].map((family) => judge(socket, family))).toEqual([EPERM, EPERM]);
  });

  it.each(Object.entries(ARCHITECTURES).filter(([name]) => name !== processor))(
    'kills a program of another processor (%s), whatever it calls',
    (_, foreign) => {
      for (const number of [0, 1, 11, 250, 435, 1_000]) {
        expect(run(filter, { number, architecture: foreign })).toBe(KILL);
      }
    },
  );
});

it('has nothing behind the numbers of x32', () => {
  const filter = seccompFilter('x64') ?? Buffer.alloc(0);
  for (const number of [0, 1, 250, 321, 520]) {
    const call = { number: 0x40000000 | number, architecture: ARCHITECTURES.x64 };
    expect(run(filter, call)).toBe(ENOSYS);
  }
});

it('is not made for other processors', () => {
  expect(seccompFilter('riscv64')).toBeUndefined();
});
