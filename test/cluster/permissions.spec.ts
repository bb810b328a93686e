import { readFile } from 'node:fs/promises';
import { kubectl, kubectlJson, MANAGERS, SANDBOXES } from './kubectl.js';

interface Permission {
  apiGroup: string;
  resource: string;
  name?: string;
  verbs: string[];
}

/** k8s/base/manager.permissions.json: namespaces and what the account may do there, beside the account's own name. */
type Permissions = { serviceAccount: { namespace: string; name: string } } & Record<string, Permission[]>;

interface Review {
  status: {
    incomplete: boolean;
    resourceRules: { verbs: string[]; apiGroups: string[]; resources: string[]; resourceNames?: string[] }[];
    nonResourceRules?: { verbs: string[]; nonResourceURLs: string[] }[];
  };
}

/** An account that nobody gave anything: what it may do, every account may. */
const NOBODY = `system:serviceaccount:${MANAGERS}:nobody-gave-this-one-anything`;

describe('the managers’ service account', () => {
  let permissions: Permissions;
  let account: string;

  beforeAll(async () => {
    const file = new URL('../../k8s/base/manager.permissions.json', import.meta.url);
    permissions = JSON.parse(await readFile(file, 'utf8')) as Permissions;
    account = `system:serviceaccount:${permissions.serviceAccount.namespace}:${permissions.serviceAccount.name}`;
  });

  /** Everything that a user may do in a namespace, one line each. */
  async function allowed(user: string, namespace: string): Promise<string[]> {
    const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } };
    const { status } = await kubectlJson<Review>(['create', '--validate=false', '--as', user, '-f', '-'], review);
    const onResources = status.resourceRules.flatMap(({ verbs, apiGroups, resources, resourceNames = [''] }) =>
      verbs.flatMap((verb) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) => resourceNames.map((name) => line(verb, group, resource, name))),
        ),
      ),
    );
    const onPaths = (status.nonResourceRules ?? []).flatMap(({ verbs, nonResourceURLs }) =>
      verbs.flatMap((verb) => nonResourceURLs.map((url) => `${verb} ${url}`)),
    );
    return [...onResources, ...onPaths];
  }

  function line(verb: string, group: string, resource: string, name: string): string {
    return `${verb} ${group}/${resource}${name === '' ? '' : ` ${name}`}`;
  }

  it.each([SANDBOXES, MANAGERS, 'default', 'kube-system'])(
    'may do in %s what the list says and no more',
    async (namespace) => {
      const [own, everybodys] = await Promise.all([allowed(account, namespace), allowed(NOBODY, namespace)]);
      const listed = permissions[namespace]!.flatMap(({ apiGroup, resource, name = '', verbs }) =>
        verbs.map((verb) => line(verb, apiGroup, resource, name)),
      );
      expect(own.filter((permission) => !everybodys.includes(permission)).sort()).toEqual(listed.sort());
    },
  );

  it.each([
    ['read secrets', SANDBOXES, 'get', 'secrets'],
    ['enter a sandbox with kubectl exec', SANDBOXES, 'create', 'pods', 'exec'],
    ['delete all pods with one request', SANDBOXES, 'deletecollection', 'pods'],
    ['change another quota', SANDBOXES, 'patch', 'resourcequotas/another'],
    ['see the managers’ pods', MANAGERS, 'list', 'pods'],
    ['read the API key', MANAGERS, 'get', 'secrets/warmbox-api-key'],
    ['create pods elsewhere', 'default', 'create', 'pods'],
    ['see nodes', '', 'list', 'nodes'],
    ['give itself more', SANDBOXES, 'create', 'rolebindings.rbac.authorization.k8s.io'],
  ] as [string, string, string, string, string?][])(
    'may not %s',
    async (_, namespace, verb, resource, subresource = '') => {
      const scope = namespace === '' ? [] : ['--namespace', namespace];
      const refusal = kubectl([
        'auth',
        'can-i',
        verb,
        resource,
        '--subresource',
        subresource,
        '--as',
        account,
        ...scope,
      ]);
      await expect(refusal).rejects.toMatchObject({ code: 1 });
    },
  );
});
