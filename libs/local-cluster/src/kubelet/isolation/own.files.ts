/** A file that a container has for itself. */
export interface OwnFile {
  target: string;
  text: string;
}

/**
 * What names of users and hosts mean inside: this machine's own lists are not shown. One user is there beside root, the
 * container's, whose home is the workspace; the names of the machine are localhost and the container's own.
 *
 * @param uid the user's id, as it is seen inside; the group has the same one.
 */
export function ownFiles(hostname: string, uid: number, home: string): OwnFile[] {
  const root = `root:x:0:0:root:${uid === 0 ? home : '/nonexistent'}:/bin/bash`;
  const nobody = 'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin';
  const isNamed = uid === 0 || uid === 65_534;
  return [
    ['/etc/passwd', [root, ...(isNamed ? [] : [`sandbox:x:${uid}:${uid}:sandbox:${home}:/bin/bash`]), nobody]],
    ['/etc/group', ['root:x:0:', ...(isNamed ? [] : [`sandbox:x:${uid}:`]), 'tty:x:5:', 'nogroup:x:65534:']],
    ['/etc/nsswitch.conf', ['passwd: files', 'group: files', 'shadow: files', 'hosts: files dns', 'services: files']],
    ['/etc/hostname', [hostname]],
    [
      '/etc/hosts',
      ['127.0.0.1 localhost', '::1 localhost ip6-localhost ip6-loopback', `127.0.0.1 ${hostname}`, `::1 ${hostname}`],
    ],
  ].map(([target, lines]) => ({
    target: target as string,
    text: (lines as string[]).map((line) => `${line}\n`).join(''),
  }));
}
