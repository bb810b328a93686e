import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@warmbox/testing';
import { Child } from '@warmbox/testing/harness';

/** Whether there is an nginx on the PATH. */
export const hasNginx = ((): boolean => {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** An nginx in front of a manager, with everything it writes in a folder of its own. */
export class Nginx {
  private constructor(
    readonly url: string,
    private readonly child: Child,
    private readonly folder: string,
  ) {}

  /** @param patience seconds for which it waits for the next bytes of an answer. */
  static async start(target: string, patience: number): Promise<Nginx> {
    const folder = await mkdtemp(join(tmpdir(), 'warmbox-nginx-'));
    const port = await freePort();
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .join('\n  ');
    const config = `
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
pid ${folder}/pid;
error_log stderr warn;
events { worker_connections 128; }
http {
  access_log off;
  ${temporary}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${target};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_read_timeout ${patience}s;
    }
  }
}
`;
    await writeFile(join(folder, 'nginx.conf'), config);
    const child = Child.program('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr']);
    const nginx = new Nginx(`http://127.0.0.1:${port}`, child, folder);
    await child.answers(`${nginx.url}/livez`);
    return nginx;
  }

  /** What it had to complain of. */
  get complaints(): string {
    return this.child.output;
  }

  async stop(): Promise<void> {
    await this.child.end();
    await rm(this.folder, { recursive: true, force: true });
  }
}
