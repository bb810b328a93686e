import tseslint from 'typescript-eslint';

/** The rooms of libs/ and what each may import of the others (docs/architecture.md). Specs may also use libs/testing. */
const ROOMS = {
  'libs/contracts': [],
  'libs/platform': ['contracts'],
  'libs/sandbox': ['contracts'],
  'libs/kube': ['sandbox', 'platform'],
  'libs/local-cluster': ['kube', 'platform', 'sandbox'],
  'libs/testing': ['contracts', 'platform', 'sandbox', 'kube', 'local-cluster'],
  'apps/executor': ['contracts', 'platform'],
  'apps/manager': ['contracts', 'platform', 'sandbox', 'kube'],
  'apps/local': ['local-cluster', 'platform'],
};
/** A path into another room, however it begins. */
const OUT_OF_ROOM = `(^|/)(apps|libs|node_modules)/|^(\\.\\./)+(${Object.keys(ROOMS)
  .map((room) => room.split('/')[1])
  .join('|')})/src/`;
const LIBS = ['contracts', 'platform', 'sandbox', 'kube', 'local-cluster', 'testing'];

/** Two of it on one route: the upper one replaces the other. */
const ROUTE_CONFIG = {
  name: '@nestjs/platform-fastify',
  importNames: ['RouteConfig'],
  message: 'Use RouteSettings of libs/platform, which keeps what other decorators say of the route.',
};

function imports(room, allowed, paths = [ROUTE_CONFIG]) {
  const refused = LIBS.filter((lib) => !allowed.includes(lib)).map((lib) => ({
    regex: `^@warmbox/${lib}(/|$)`,
    message: `${room} must not import ${lib}.`,
  }));
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
    files: [`${room}/**/*.spec.ts`, `${room}/**/fixtures/*.ts`],
    rules: imports(room, [...allowed, 'testing']),
  })),
  {
    files: ['libs/platform/src/http/route.settings.ts'],
    rules: imports('libs/platform', ROOMS['libs/platform'], []),
  },
  {
    files: ['**/*.spec.ts', '**/fixtures/*.ts', 'test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', '@typescript-eslint/unbound-method': 'off' },
  },
);
