import tseslint from 'typescript-eslint';

/** The rooms of libs/ and what each may import of the others (docs/architecture.md). Specs may also use libs/testing. */
const ROOMS = {
  'libs/contracts': [],
  'libs/dto': ['contracts'],
  'libs/platform': ['contracts'],
  'libs/http': ['contracts', 'dto', 'platform'],
  'libs/sandbox': ['contracts'],
  'libs/kube': ['sandbox', 'platform'],
  'libs/local-cluster': ['kube', 'platform', 'sandbox'],
  'libs/testing': ['contracts', 'platform', 'sandbox', 'kube', 'local-cluster'],
  'apps/executor': ['contracts', 'dto', 'platform', 'http'],
  'apps/manager': ['contracts', 'dto', 'platform', 'http', 'sandbox', 'kube'],
  'apps/local': ['local-cluster', 'platform'],
};
/** A path into another room, however it begins. */
const OUT_OF_ROOM = `(^|/)(apps|libs|node_modules)/|^(\\.\\./)+(${Object.keys(ROOMS)
  .map((room) => room.split('/')[1])
  .join('|')})/src/`;
const LIBS = ['contracts', 'dto', 'platform', 'http', 'sandbox', 'kube', 'local-cluster', 'testing'];

/** The rooms of the manager, each row above the one before: a room imports those of rows before its own (docs/architecture.md). */
const MANAGER_ROWS = [
  ['config'],
  ['tracing'],
  ['kube'],
  ['http', 'leadership', 'queue'],
  ['docs', 'health', 'idempotency', 'limit', 'tombstones'],
  ['executors'],
  ['sandboxes'],
  ['allocation', 'cleanup', 'execution', 'files', 'pool', 'ports', 'terminals'],
  ['creation'],
  ['run'],
];

/** What a room of the manager does not see: its own row's other rooms, and all above. */
function unseenBy(room, row) {
  const unseen = MANAGER_ROWS.slice(row)
    .flat()
    .filter((other) => other !== room);
  return { regex: `^\\.\\./(${unseen.join('|')})/`, message: `${room}/ lies below it or beside it.` };
}

/** Libs whose types, which cost nothing at run time, these rooms may use as well. */
const TYPES = { 'libs/sandbox': ['dto'], 'libs/testing': ['dto'] };

/** Rooms that load no framework: whoever wants a clock, an error code or a state of a sandbox does not pay for Nest. */
const LIGHT = ['libs/contracts', 'libs/platform', 'libs/sandbox', 'libs/kube', 'libs/local-cluster', 'libs/testing'];
const FRAMEWORK = '^(@nestjs/|fastify$|@fastify/|nestjs-pino$|rxjs$|class-validator$|class-transformer$)';

/** Two of it on one route: the upper one replaces the other. */
const ROUTE_CONFIG = {
  name: '@nestjs/platform-fastify',
  importNames: ['RouteConfig'],
  message: 'Use RouteSettings of libs/http, which keeps what other decorators say of the route.',
};

function imports(room, allowed, paths = [ROUTE_CONFIG], further = []) {
  const refused = LIBS.filter((lib) => !allowed.includes(lib)).map((lib) => ({
    regex: `^@warmbox/${lib}(/|$)`,
    allowTypeImports: TYPES[room]?.includes(lib) ?? false,
    message: `${room} must not import ${lib}.`,
  }));
  const framework = LIGHT.includes(room) ? [{ regex: FRAMEWORK, message: `${room} loads no framework.` }] : [];
  const client =
    room === 'libs/kube'
      ? []
      : [
          {
            regex: '^@kubernetes/client-node',
            allowTypeImports: room === 'libs/sandbox',
            message: 'Only libs/kube imports it at run time.',
          },
        ];
  return {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        paths,
        patterns: [
          ...refused,
          ...client,
          ...framework,
          ...further,
          { regex: OUT_OF_ROOM, message: 'Another room is imported by its @warmbox name, if at all.' },
        ],
      },
    ],
  };
}

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'node_modules/'] },
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // DTOs are shapes: a literal with the fields is one.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-misused-spread': 'off',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  ...Object.entries(ROOMS).map(([room, allowed]) => ({ files: [`${room}/**/*.ts`], rules: imports(room, allowed) })),
  ...Object.entries(ROOMS).map(([room, allowed]) => ({
    files: [`${room}/**/*.spec.ts`, `${room}/**/fixtures/*.ts`, `${room}/test/*.ts`],
    rules: imports(room, [...allowed, 'testing']),
  })),
  ...MANAGER_ROWS.flatMap((rooms, row) =>
    rooms.map((room) => ({
      files: [`apps/manager/src/${room}/*.ts`],
      ignores: ['**/*.spec.ts'],
      rules: imports('apps/manager', ROOMS['apps/manager'], [ROUTE_CONFIG], [unseenBy(room, row)]),
    })),
  ),
  // What reads options is a door of its own, @warmbox/platform/options.
  { files: ['libs/platform/src/options/*.ts'], rules: imports('apps/options', ['contracts', 'platform']) },
  {
    files: ['libs/http/src/route.settings.ts'],
    rules: imports('libs/http', ROOMS['libs/http'], []),
  },
  {
    files: ['**/*.spec.ts', '**/fixtures/*.ts', 'test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: ['{apps,libs}/**/*.spec.ts', '{apps,libs}/**/fixtures/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'TSAsExpression > TSAsExpression[typeAnnotation.type="TSUnknownKeyword"]',
          message:
            'A fake is what its user asks for: let that ask for less (Pick<…>), so that the compiler holds both to it.',
        },
      ],
    },
  },
);
