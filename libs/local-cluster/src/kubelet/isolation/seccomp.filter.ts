import { SYSTEM_CALLS, type SystemCalls } from './seccomp.syscalls.js';

/** The steps that are used here, by their codes in classic BPF: load a word, compare with a constant, return. */
const LOAD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_GREATER = 0x25;
const JUMP_IF_AT_LEAST = 0x35;
const JUMP_IF_ANY_BIT = 0x45;
const RETURN = 0x06;

/** Where a word lies in what the kernel shows a filter (struct seccomp_data; both processors are little-endian). */
const NUMBER = 0;
const ARCHITECTURE = 4;
const FIRST_ARGUMENT = 16;

const ALLOW = 0x7fff0000;
const KILL_PROCESS = 0x80000000;
const ERRNO = 0x00050000;
const EPERM = 1;
const ENOSYS = 38;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACES = 0x7e020000;

/** Linux, Linux in 32 bits' memory, either with UNAME26, and "tell me". */
const PERSONALITIES = [0, 0x0008, 0x20000, 0x20008, 0xffffffff];

const AF_ALG = 38;
const AF_VSOCK = 40;

/** One instruction: struct sock_filter. */
interface Step {
  code: number;
  /** How many steps are left out where the comparison holds, and where it does not. */
  then: number;
  otherwise: number;
  value: number;
}

const load = (value: number): Step => ({ code: LOAD, then: 0, otherwise: 0, value });
const answer = (value: number): Step => ({ code: RETURN, then: 0, otherwise: 0, value });
/** Answers where the comparison holds, else goes on. */
const answerIf = (code: number, value: number, result: number): Step[] => [
  { code, then: 0, otherwise: 1, value },
  answer(result),
];
/** Goes through the steps, which must end with an answer, where the number is this one. */
const whereNumberIs = (number: number, steps: readonly Step[]): Step[] => [
  { code: JUMP_IF_EQUAL, then: 0, otherwise: steps.length, value: number },
  ...steps,
];

/**
 * The fixed filter of system calls of sandboxes that share this machine's kernel, as bubblewrap takes it (an array of struct
 * sock_filter); undefined for processors that it was not made for.
 *
 * What is dangerous is refused (EPERM); what is newer than the list is not there (ENOSYS, for which libraries have a way
 * around it, as they have none for EPERM), so that no new part of the kernel opens by itself. RuntimeDefault lists what is
 * allowed instead: some 350 names on each processor, of which every new C library needs further ones.
 */
export function seccompFilter(processor: string): Buffer | undefined {
  return processor === 'x64' || processor === 'arm64' ? encode(stepsOf(SYSTEM_CALLS[processor])) : undefined;
}

function stepsOf({ architecture, foreignFrom, newest, denied, judged }: SystemCalls): Step[] {
  const refuse = ERRNO | EPERM;
  const absent = ERRNO | ENOSYS;
  return [
    load(ARCHITECTURE),
    { code: JUMP_IF_EQUAL, then: 1, otherwise: 0, value: architecture },
    // Numbers of another processor (32-bit programs) mean other calls: there is no answer that such a program understands.
    answer(KILL_PROCESS),
    load(NUMBER),
    ...(foreignFrom === undefined ? [] : answerIf(JUMP_IF_AT_LEAST, foreignFrom, absent)),
    ...answerIf(JUMP_IF_GREATER, newest, absent),
    // Its flags lie in memory, where no filter can look; C libraries take clone instead.
    ...answerIf(JUMP_IF_EQUAL, judged.clone3, absent),
    ...denied.flatMap((number) => answerIf(JUMP_IF_EQUAL, number, refuse)),
    ...whereNumberIs(judged.clone, [
      load(FIRST_ARGUMENT),
      ...answerIf(JUMP_IF_ANY_BIT, NEW_NAMESPACES, refuse),
      answer(ALLOW),
    ]),
    ...whereNumberIs(judged.personality, [
      load(FIRST_ARGUMENT),
      ...PERSONALITIES.flatMap((value) => answerIf(JUMP_IF_EQUAL, value, ALLOW)),
      answer(refuse),
    ]),
    ...whereNumberIs(judged.socket, [
      load(FIRST_ARGUMENT),
      // Sockets to the machine below (RuntimeDefault denies those), and to the kernel's ciphers.
      ...[AF_VSOCK, AF_ALG].flatMap((family) => answerIf(JUMP_IF_EQUAL, family, refuse)),
      answer(ALLOW),
    ]),
    answer(ALLOW),
  ];
}

function encode(steps: readonly Step[]): Buffer {
  const bytes = Buffer.alloc(steps.length * 8);
  for (const [index, { code, then, otherwise, value }] of steps.entries()) {
    const offset = index * 8;
    bytes.writeUInt16LE(code, offset);
    bytes.writeUInt8(then, offset + 2);
    bytes.writeUInt8(otherwise, offset + 3);
    bytes.writeUInt32LE(value >>> 0, offset + 4);
  }
  return bytes;
}
