import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { StartError } from '@warmbox/platform';

/** A user of this machine, by numbers, as which one container runs. */
export interface GuestUser {
  uid: number;
  gid: number;
}

/** Who ends what still runs as the users of containers if this process dies. */
export interface UsersGuard {
  guardUser(uid: number): void;
  releaseUser(uid: number): void;
}

/** Numbers that follow each other. */
interface Range {
  first: number;
  count: number;
}

/**
 * Users without an account. Where all numbers exist: above those that are given to people, packages, subordinate users
 * (/etc/subuid), directories (sssd's end at 2,000,200,000) and systemd's containers, below 2^31, where programs go wrong. In
 * a user namespace of 65,536 numbers: those that systemd keeps for services that have a user only as long as they run.
 */
const RANGES: readonly Range[] = [
  { first: 2_100_000_000, count: 40_000_000 },
  { first: 61_184, count: 4_336 },
];

const NOBODY_ELSE =
  'Sandboxes must not run as root, and this user namespace has no users to run them as. Start it as another user than root.';

/**
 * As whom containers run. Where the launcher is root every container is a user of its own, so that no guest is root on this
 * machine, none can signal or read another one, and all of one can be ended at once. Otherwise it is the launcher's own user.
 */
export class GuestUsers {
  private readonly taken = new Set<number>();
  private guard: UsersGuard | undefined;

  /** @param range whose numbers are given; undefined: all containers are the launcher's own user. */
  constructor(private readonly range: Range | undefined) {}

  /** @throws StartError where the launcher is root, here or outside of its user namespace, and there is nobody else to be. */
  static open(): GuestUsers {
    const uid = process.getuid?.();
    if (uid !== 0) {
      if (uid !== undefined && outsideOf(uid, readMap('uid_map')) === 0) throw new StartError(NOBODY_ELSE);
      return new GuestUsers(undefined);
    }
    const users = new GuestUsers(rangeIn(readMap('uid_map'), readMap('gid_map')));
    const { error } = spawnSync('/bin/sh', ['-c', ':'], { ...users.take(), cwd: '/', env: {}, stdio: 'ignore' });
    if (error === undefined) return users;
    throw new StartError(
      `Sandboxes must not run as root, and this process may not start anything as another user (${error.message}): ` +
        'it lacks CAP_SETUID or CAP_SETGID. Start it as another user than root.',
    );
  }

  /** Whether containers run as somebody else than this process. */
  get areOthers(): boolean {
    return this.range !== undefined;
  }

  /** From now on the guard is told who is taken. */
  guardedBy(guard: UsersGuard): void {
    this.guard = guard;
  }

  /** Undefined is the launcher's own user. @throws Error where every number is taken */
  take(): GuestUser | undefined {
    if (this.range === undefined) return undefined;
    if (this.taken.size >= this.range.count) throw new Error(`All ${this.range.count} users of sandboxes are taken.`);
    let uid;
    do uid = this.range.first + randomInt(this.range.count);
    while (this.taken.has(uid));
    this.taken.add(uid);
    this.guard?.guardUser(uid);
    return { uid, gid: uid };
  }

  /** Nothing runs as this user any more, and nothing belongs to it. */
  release(user: GuestUser | undefined): void {
    if (user === undefined) return;
    this.taken.delete(user.uid);
    this.guard?.releaseUser(user.uid);
  }
}

/** The kernel's map of a user namespace: everything where there is none (macOS). */
function readMap(name: 'uid_map' | 'gid_map'): string {
  try {
    return readFileSync(`/proc/self/${name}`, 'utf8');
  } catch {
    return '0 0 4294967295';
  }
}

/**
 * The first range that exists in both maps (/proc/self/uid_map: first number inside, first outside, how many).
 *
 * @returns undefined where there is no other user, and root here is no root outside (a container of one user).
 * @throws StartError where there is no other user, and root here may be root outside.
 */
export function rangeIn(uidMap: string, gidMap: string): Range | undefined {
  const [uids, gids] = [linesOf(uidMap), linesOf(gidMap)];
  const has = (lines: number[][], range: Range): boolean =>
    lines.some(([inside = NaN, , count = NaN]) => inside <= range.first && range.first + range.count <= inside + count);
  const range = RANGES.find((candidate) => has(uids, candidate) && has(gids, candidate));
  if (range !== undefined) return range;
  const outside = outsideOf(0, uidMap);
  if (outside !== undefined && outside !== 0) return undefined;
  throw new StartError(NOBODY_ELSE);
}

/** Who a user is outside of its user namespace; undefined where the map does not say. */
export function outsideOf(uid: number, map: string): number | undefined {
  for (const [inside = NaN, outside = NaN, count = NaN] of linesOf(map)) {
    if (inside <= uid && uid < inside + count) return outside + uid - inside;
  }
  return undefined;
}

function linesOf(map: string): number[][] {
  return map
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
}
