import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PodMount } from '../pod/pod.folder.js';

/** Folders of the system that make up a container's read-only root. People's homes, /root, /var and /run are not there. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/opt', '/nix/store'];

/**
 * What of /etc programs need in order to run, by the reason. Not there is what says who may do what (shadow, sudoers, ssh), and
 * what often holds a password (environment, npmrc, pip.conf, gitconfig, maven/settings.xml), also where /usr links to it. The accounts and the
 * names of hosts are the container's own.
 */
const ETC = [
  // The dynamic linker, and which of several programs a name means.
  /^(ld\.so\.(cache|conf|conf\.d)|alternatives)$/,
  // Shells and terminals.
  /^(bash\.bashrc|profile|profile\.d|inputrc|shells|terminfo)$/,
  // Which system this is; its time and languages.
  /^(os-release|debian_version|lsb-release|redhat-release|alpine-release|localtime|timezone|locale\.alias|locale\.conf)$/,
  // Names of services and protocols, the order of addresses.
  /^(services|protocols|rpc|gai\.conf)$/,
  // Types of files, catalogs of documents, fonts, colours, drivers.
  /^(mime\.types|magic|magic\.mime|xml|sgml|papersize|paperspecs|groff|fonts|X11\/rgb\.txt|ImageMagick-\d+|OpenCL|glvnd)$/,
  // Who is trusted in TLS: Debian's paths, then Fedora's.
  /^(ssl\/certs|ssl\/openssl\.cnf|pki\/ca-trust\/extracted|pki\/tls\/certs|pki\/tls\/openssl\.cnf|pki\/java|crypto-policies)$/,
  // Languages whose own folders in /usr link to their settings in /etc.
  /^(java|java-[\w.-]+|maven\/(m2\.conf|logging|toolchains\.xml)|ant|ant\.d|python[\d.]*|perl|R|texmf|emacs|vim)$/,
];

/** What a container sees of this machine's system. */
export interface SystemFiles {
  /** Links of the root (/bin → usr/bin). */
  links: { target: string; to: string }[];
  /** Folders and files, read-only. */
  shown: PodMount[];
}

export function systemFiles(): SystemFiles {
  const system = SYSTEM.filter((path) => existsSync(path));
  const links = system.filter((path) => lstatSync(path).isSymbolicLink());
  return {
    links: links.map((target) => ({ target, to: readlinkSync(target) })),
    shown: [
      ...system.filter((path) => !links.includes(path)).map((path) => ({ source: path, target: path })),
      ...namesIn('/etc')
        .filter((name) => ETC.some((pattern) => pattern.test(name)))
        .map((name) => join('/etc', name))
        .filter(isForEverybody)
        .map((path) => ({ source: realpathSync(path), target: path })),
    ],
  };
}

/** Whether a path lies in what every container sees. */
export function isShown(path: string): boolean {
  return SYSTEM.some((folder) => path.startsWith(`${folder}/`));
}

/** Names of a folder, and those below that the patterns above may mean. */
function namesIn(folder: string): string[] {
  const nested = ['ssl', 'pki', 'pki/ca-trust', 'pki/tls', 'X11', 'maven'];
  return ['', ...nested].flatMap((below) =>
    (existsSync(join(folder, below)) ? readdirSync(join(folder, below)) : []).map((name) => join(below, name)),
  );
}

/** A dangling link is nothing, and what not everybody may read is not for guests either. */
function isForEverybody(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && (found.mode & 0o004) !== 0;
}
