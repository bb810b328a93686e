import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { isRunning, signalProcess } from './isolation.js';

/**
 * Finds processes by HOME or TMPDIR in the environment that they were started with: whatever a container starts has them
 * below the pod's folder, also when its parents have ended and its group's leader is gone. Unlike pids that were noted down,
 * this never hits a stranger. The whole group of each one found goes with it.
 *
 * A process that has left its group and does not carry the environment on is not found: only a pid namespace keeps those.
 */
const FUNCTIONS = `
marked() {
  if [ -r /proc/self/environ ]; then grep -lsF -e "HOME=$1" -e "TMPDIR=$1" /proc/[0-9]*/environ | cut -d/ -f3
  else ps -axEww -o pid=,command= | grep -F -e "HOME=$1" -e "TMPDIR=$1" | grep -vF 'grep -F' | awk '{ print $1 }'
  fi
}
groups_of() {
  for pid in "$@"; do
    if [ -r /proc/self/stat ]; then sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f3
    else ps -o pgid= -p "$pid" | tr -d ' '
    fi
  done 2>/dev/null | sort -u
}
end_all() {
  rounds=0
  while found=$(marked "$1") && [ -n "$found" ]; do
    rounds=$((rounds + 1))
    [ $rounds -le 100 ] || return 1
    for group in $(groups_of $found); do kill -9 "-$group" 2>/dev/null; done
    kill -9 $found 2>/dev/null
  done
  return 0
}
`;

const END_ALL = `${FUNCTIONS}
end_all "$1"
`;

/**
 * Waits for the end of its standard input. "done" before that is the orderly end: nothing is left to do. Otherwise whoever
 * held the other end has died, and what it has left behind is ended: asked first, so that executors end the commands that
 * they know of, and after three seconds by force; and once more, since a process that was being started then has shown its
 * environment only now. Then the folder is removed.
 */
const WATCH = `${FUNCTIONS}
trap '' HUP INT TERM
others=
while read -r word value; do
  case $word in
    guard) others="$others $value" ;;
    done) exit 0 ;;
  esac
done
found=$(marked "$1/")
[ -z "$found$others" ] || kill -15 $found $others 2>/dev/null
rounds=0
while [ $rounds -lt 15 ] && [ -n "$(marked "$1/")" ]; do rounds=$((rounds + 1)); sleep 0.2; done
end_all "$1/"
[ -z "$others" ] || kill -9 $others 2>/dev/null
sleep 0.2
end_all "$1/"
rm -rf -- "$2"
`;

function run(script: string, args: readonly string[], stdin: 'ignore' | 'pipe'): ChildProcess {
  return spawn('/bin/sh', ['-c', script, 'reaper', ...args], {
    cwd: '/',
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    stdio: [stdin, 'ignore', 'ignore'],
    detached: true,
  });
}

/** Ends every process that was started with this folder in its environment; false where some could not be ended. */
export async function endProcessesOf(folder: string): Promise<boolean> {
  const [code] = (await once(run(END_ALL, [`${folder}/`], 'ignore'), 'exit')) as [number | null];
  return code === 0;
}

/**
 * Ends a container's main process with its group, and whatever else of the container is left: a main process that is killed
 * in its first milliseconds leaves children behind that were not yet tied to it.
 *
 * @throws Error where some processes could not be ended.
 */
export async function endContainer(child: ChildProcess, exited: Promise<number>, folder: string): Promise<void> {
  if (isRunning(child)) signalProcess(-child.pid, 'SIGKILL');
  const isDone = await endProcessesOf(folder);
  await exited;
  if (!isDone) throw new Error(`Some processes of ${folder} could not be ended.`);
}

/**
 * A shell (1 MB) that outlives this process and, if this process dies without a word (kill -9, out of memory), ends the
 * processes of every pod below `pods` and those that it was told to guard, and removes `root`.
 */
export class Watchdog {
  private readonly guarded = new Set<number>();
  private shell: ChildProcess | undefined;

  constructor(
    private readonly pods: string,
    private readonly root: string,
    private readonly onLoss: () => void,
  ) {}

  start(): void {
    const shell = run(WATCH, [this.pods, this.root], 'pipe');
    this.shell = shell;
    // A shell that has died cannot be written to; 'exit' says so.
    shell.stdin?.on('error', () => undefined);
    shell.once('error', () => this.restart(shell));
    shell.once('exit', () => this.restart(shell));
    shell.unref();
    for (const pid of this.guarded) this.tell(`guard ${pid}`);
  }

  /** Ends that process too (SIGTERM, then SIGKILL) when this one dies. */
  guard(pid: number): void {
    this.guarded.add(pid);
    this.tell(`guard ${pid}`);
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

  private tell(line: string): void {
    this.shell?.stdin?.write(`${line}\n`);
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
