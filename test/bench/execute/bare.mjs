/** Node's own spawn with nothing around it, in a process that has little else: what a command costs at least that Node forks. */
import { spawn } from 'node:child_process';

function run() {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/bash', ['-c', 'true'], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    child.stdout.resume();
    child.stderr.resume();
    child.on('error', reject).on('close', () => resolve(performance.now() - begun));
  });
}

process.on('message', ({ atOnce, forMs, most }) => {
  const begun = performance.now();
  const times = [];
  let count = 0;
  const client = async () => {
    while (performance.now() - begun < forMs && count < most) {
      count += 1;
      times.push(await run());
    }
  };
  void Promise.all(Array.from({ length: atOnce }, client)).then(() =>
    process.send({ times, seconds: (performance.now() - begun) / 1000 }),
  );
});
