import { apiVersionOf, type Kind } from '../kinds/kind.js';
import { KINDS } from '../kinds/kinds.js';

/** The version of Kubernetes whose behaviour this API server follows. */
const VERSION = { major: '1', minor: '34', gitVersion: 'v1.34.0+warmbox.local' };

/** What clients ask to learn what there is. undefined where the path is no such question. */
export function discover(path: string): object | undefined {
  return DOCUMENTS.get(path.replace(/\/+$/, ''));
}

const groupVersions = (): string[] => [...new Set(KINDS.map(apiVersionOf))];
const groups = (): string[] => [...new Set(KINDS.map(({ group }) => group))].filter((group) => group !== '');
const pathOf = (version: string): string => (version.includes('/') ? `/apis/${version}` : `/api/${version}`);

function groupOf(name: string): object {
  const [version] = groupVersions()
    .filter((groupVersion) => groupVersion.startsWith(`${name}/`))
    .map((groupVersion) => ({ groupVersion, version: groupVersion.slice(name.length + 1) }));
  return { name, versions: [version], preferredVersion: version };
}

function resourceListOf(groupVersion: string): object {
  const resources = KINDS.filter((kind) => apiVersionOf(kind) === groupVersion).flatMap(resourcesOf);
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

function resourcesOf(kind: Kind): object[] {
  const { plural, singular, namespaced, verbs, shortNames, categories } = kind;
  const main = { name: plural, singularName: singular, namespaced, kind: kind.kind, verbs, shortNames, categories };
  const below = (name: string, kindName: string, subVerbs: string[]): object => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    kind: kindName,
    verbs: subVerbs,
  });
  return [
    main,
    ...(kind.hasStatus ? [below('status', kind.kind, ['get', 'patch', 'update'])] : []),
    ...(kind.kind === 'Pod' ? [below('binding', 'Binding', ['create'])] : []),
  ];
}

const DOCUMENTS: ReadonlyMap<string, object> = new Map<string, object>([
  ['', { paths: ['/api', '/apis', ...groupVersions().map(pathOf), '/livez', '/readyz', '/version'] }],
  ['/version', VERSION],
  ['/api', { kind: 'APIVersions', versions: ['v1'] }],
  ['/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups: groups().map(groupOf) }],
  ...groups().map((group) => [`/apis/${group}`, { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) }] as const),
  ...groupVersions().map((version) => [pathOf(version), resourceListOf(version)] as const),
]);
