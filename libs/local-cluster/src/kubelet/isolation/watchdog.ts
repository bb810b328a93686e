import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { UsersGuard } from './guest.users.js';
import { readRow } from './process.table.js';

/**
 * Waits for the end of its standard input. "done" before that is the orderly end: nothing is left to do. Otherwise whoever
 * held the other end has died, and what it has left behind is ended: asked first, so that executors end the commands that
 * they know of, and after three seconds by force; and once more, since a process that was being started then has shown its
 * environment only now. Then the folder is removed.
 *
 * Whom it ends is said by numbers that came through the pipe or that the kernel gives in the names of /proc. Of `stat`, read in
 * one piece, it takes what follows the last bracket, behind which a process's name cannot reach. The environment is asked one
 * thing only: whether the process was started below our folder, as each that the kubelet starts is. Where containers have users
 * of their own their processes are known by that as well, whatever they have dropped (`status` shows a name's line break
 * escaped, so that no name begins a line). Groups are never signalled.
 */
const WATCH = `
trap '' HUP INT TERM
pods=$1 root=$2
row() {
  if [ -r /proc/self/stat ]; then
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    set -- \${stat##*)}
    state=$1 began=\${20}
  else
    state=$(ps -o stat= -p "$1") began=
  fi
  case $state in Z* | X* | '') return 1 ;; esac
}
marked() {
  if [ -r /proc/self/environ ]; then
    grep -lsF -e "HOME=$pods/" -e "TMPDIR=$pods/" /proc/[0-9]*/environ | cut -d/ -f3
  else
    # Which lines tell of a candidate is a guess, since a process may print some; then each is asked by its number.
    for candidate in $(ps -axEww -o pid=,command= | grep -F -e "HOME=$pods/" -e "TMPDIR=$pods/" | awk '$1 ~ /^[0-9]+$/ { print $1 }'); do
      ps -Eww -o command= -p "$candidate" | grep -qF -e "HOME=$pods/" -e "TMPDIR=$pods/" && echo "$candidate"
    done
  fi
}
owned() {
  [ -n "$users" ] || return 0
  if [ -r /proc/self/status ]; then
    set --
    for user in $users; do set -- "$@" -e "^Uid:.$user[^0-9]"; done
    grep -ls "$@" /proc/[0-9]*/status | cut -d/ -f3
  else
    for user in $users; do ps -U "$user" -o pid=; done
  fi
}
known() { # entries pid:began; prints the pids of those that live and are no strangers
  for entry in "$@"; do row "\${entry%:*}" && [ "$began" = "\${entry#*:}" ] && echo "\${entry%:*}"; done
}
signal() { # a number, pids
  number=$1; shift
  for pid in "$@"; do [ "$pid" -gt 1 ] && [ "$pid" != "$$" ] && kill "-$number" "$pid"; done 2>/dev/null
}
end_all() {
  rounds=0
  while [ $rounds -lt 20 ]; do
    found=$(marked; owned; known $guards)
    [ -n "$found" ] || return 0
    rounds=$((rounds + 1))
    signal 9 $found
  done
}
guards= users=
while read -r word value; do
  case $word in
    guard) guards="$guards $value" ;;
    user) users="$users $value" ;;
    release)
      kept=
      for user in $users; do [ "$user" = "$value" ] || kept="$kept $user"; done
      users=$kept
      ;;
    done) exit 0 ;;
  esac
done
signal 15 $(marked) $(known $guards)
rounds=0
while [ $rounds -lt 15 ] && [ -n "$(marked)$(known $guards)" ]; do rounds=$((rounds + 1)); sleep 0.2; done
end_all
sleep 0.2
end_all
chmod -R u+rwx -- "$root"
rm -rf -- "$root"
`;

/**
 * A shell (1 MB) that outlives this process and, if this process dies without a word (kill -9, out of memory), ends the
 * processes of every pod below `pods`, of every user that a pod has, and those that it was told to guard, and removes `root`.
 */
export class Watchdog implements UsersGuard {
  /** What it was told and has not been told to forget. */
  private readonly guarded = new Set<string>();
  private shell: ChildProcess | undefined;

  constructor(
    private readonly pods: string,
    private readonly root: string,
    private readonly onLoss: () => void,
  ) {}

  start(): void {
    const shell = spawn('/bin/sh', ['-c', WATCH, 'watchdog', this.pods, this.root], {
      cwd: '/',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.shell = shell;
    // A shell that has died cannot be written to; 'exit' says so.
    shell.stdin.on('error', () => undefined);
    shell.once('error', () => this.restart(shell));
    shell.once('exit', () => this.restart(shell));
    shell.unref();
    for (const order of this.guarded) this.tell(order);
  }

  /** Ends that process too (SIGTERM, then SIGKILL) when this one dies. It must be a child of ours that was just started. */
  guard(pid: number): void {
    // With its beginning it is one process for ever.
    this.add(`guard ${pid}:${readRow(pid)?.startedAt ?? ''}`);
  }

  /** Ends whatever runs as that user when this one dies. */
  guardUser(uid: number): void {
    this.add(`user ${uid}`);
  }

  /** The user is somebody else's from now on. */
  releaseUser(uid: number): void {
    if (this.guarded.delete(`user ${uid}`)) this.tell(`release ${uid}`);
  }

  /** Nothing is left that would have to be ended. */
  async stop(): Promise<void> {
    const shell = this.shell;
    this.shell = undefined;
    if (shell === undefined || shell.exitCode !== null || shell.signalCode !== null) return;
    const exited = once(shell, 'exit');
    shell.ref();
    shell.stdin?.end('done\n');
    await exited;
  }

  private add(order: string): void {
    this.guarded.add(order);
    this.tell(order);
  }

  private tell(order: string): void {
    this.shell?.stdin?.write(`${order}\n`);
  }

  private restart(shell: ChildProcess): void {
    if (this.shell !== shell) return;
    this.onLoss();
    this.shell = undefined;
    setTimeout(() => {
      if (this.shell === undefined) this.start();
    }, 1000).unref();
  }
}
