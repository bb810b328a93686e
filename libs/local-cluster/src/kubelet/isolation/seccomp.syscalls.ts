/** The processors that there is a filter for, by Node's name. */
export type FilteredProcessor = 'x64' | 'arm64';

/** A system call's number on x64 and on arm64; null where there is none. */
type Numbers = readonly [x64: number | null, arm64: number | null];

/**
 * What containerd's RuntimeDefault denies to a container without capabilities, so that a sandbox here can do no more than one
 * in a cluster, and io_uring, which newer versions of it deny too.
 */
const DENIED_CALLS: Readonly<Record<string, Numbers>> = {
  // Keys: the session keyring is inherited, and without these nobody reaches it.
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  // Large parts of the kernel that hardly any program needs.
  bpf: [321, 280],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  fanotify_init: [300, 262],
  // Namespaces and mounts.
  unshare: [272, 97],
  setns: [308, 268],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  // Files by handle lead past the folders that are shown.
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  // Other processes; ptrace is allowed, as there, since a tracer has long been held to its child's filter.
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  process_madvise: [440, 440],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  // Memory of other nodes.
  mbind: [237, 235],
  set_mempolicy: [238, 237],
  get_mempolicy: [239, 236],
  migrate_pages: [256, 238],
  move_pages: [279, 239],
  set_mempolicy_home_node: [450, 450],
  // The machine.
  acct: [163, 89],
  clock_settime: [227, 112],
  settimeofday: [164, 170],
  delete_module: [176, 106],
  finit_module: [313, 273],
  init_module: [175, 105],
  ioperm: [173, null],
  iopl: [172, null],
  kexec_file_load: [320, 294],
  kexec_load: [246, 104],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  reboot: [169, 142],
  setdomainname: [171, 162],
  sethostname: [170, 161],
  swapoff: [168, 225],
  swapon: [167, 224],
  syslog: [103, 116],
  vhangup: [153, 58],
  // Calls of long ago.
  _sysctl: [156, null],
  afs_syscall: [183, null],
  create_module: [174, null],
  get_kernel_syms: [177, null],
  getpmsg: [181, null],
  lookup_dcookie: [212, 18],
  nfsservctl: [180, 42],
  putpmsg: [182, null],
  query_module: [178, null],
  security: [185, null],
  sysfs: [139, null],
  tuxcall: [184, null],
  uselib: [134, null],
  ustat: [136, null],
  vserver: [236, null],
};

const JUDGED_CALLS = {
  clone: [56, 220],
  clone3: [435, 435],
  personality: [135, 92],
  socket: [41, 198],
} as const satisfies Record<string, Numbers>;

/** The newest call that was looked at: removexattrat. New ones have the same number on every processor. */
const NEWEST = 466;

export interface SystemCalls {
  /** How seccomp names the processor (AUDIT_ARCH_*). */
  architecture: number;
  /** The first number that is not this processor's own: x32's on x64. */
  foreignFrom: number | undefined;
  newest: number;
  /** Numbers that are refused whatever is passed. */
  denied: readonly number[];
  /** Numbers of calls whose arguments are looked at, or that have an answer of their own. */
  judged: Readonly<Record<keyof typeof JUDGED_CALLS, number>>;
}

export const SYSTEM_CALLS: Readonly<Record<FilteredProcessor, SystemCalls>> = {
  x64: { architecture: 0xc000003e, foreignFrom: 0x40000000, ...numbersOf(0) },
  arm64: { architecture: 0xc00000b7, foreignFrom: undefined, ...numbersOf(1) },
};

function numbersOf(column: 0 | 1): Pick<SystemCalls, 'newest' | 'denied' | 'judged'> {
  const { clone, clone3, personality, socket } = JUDGED_CALLS;
  return {
    newest: NEWEST,
    denied: Object.values(DENIED_CALLS).flatMap((numbers) => numbers[column] ?? []),
    judged: {
      clone: clone[column],
      clone3: clone3[column],
      personality: personality[column],
      socket: socket[column],
    },
  };
}
