// Imports go one way (design 5). `npm run imports` runs this and then proves that it looked at every file and
// that a planted violation is caught: a check that cannot fail is none.
const feature =
  '^server/(auth|directory|calendar|registers|search|files|pages|documents|outgoing|handling|incoming|copies|dossiers|edxml|relay|audit|statistics|operations|console)/'

/** From a folder, everything of ours is forbidden but what is named. */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: '^(server|cli|signing|migrations|fixtures|test)/', pathNot: [from, ...allowed] },
})

// What every feature may use beneath it: types and doors, no feature among them.
const ground = [
  '^server/(actor|after-commit|errors|db|log|context|queue|together)\\.ts$',
  // Who may do what is one pure table.
  '^server/auth/permissions\\.ts$',
  '^server/http/(route|mount|peer-routes|peer-client|rate-limit|message-signature|node-signature)\\.ts$',
]
const signing = '^signing/index\\.ts$'
const beneathDocuments = ['^server/(files|pages|registers|search|calendar|directory|audit)/', signing]

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    only('signing-stands-alone', '^signing/', []),
    only('migrations-know-roles-only', '^migrations/', ['^server/(db|migrate)\\.ts$']),
    only('audit', '^server/audit/', [...ground, signing]),
    only('auth', '^server/auth/', [...ground, '^server/(directory|audit)/']),
    only('directory', '^server/directory/', [...ground, '^server/audit/', signing]),
    only('calendar', '^server/calendar/', [...ground, '^server/(directory|audit)/']),
    only('registers', '^server/registers/', [...ground, '^server/(search|calendar|directory|audit)/']),
    only('search', '^server/search/', ground),
    only('edxml', '^server/edxml/', [...ground, signing]),
    only('files', '^server/files/', ground),
    only('pages', '^server/pages/', [...ground, signing]),
    only('documents', '^server/documents/', [...ground, ...beneathDocuments]),
    only('outgoing', '^server/outgoing/', [...ground, ...beneathDocuments, '^server/(documents|handling)/']),
    only('handling', '^server/handling/', [...ground, ...beneathDocuments, '^server/documents/']),
    only('incoming', '^server/incoming/', [...ground, ...beneathDocuments, '^server/(documents|handling)/']),
    only('copies', '^server/copies/', [...ground, ...beneathDocuments, '^server/(documents|outgoing)/']),
    only('dossiers', '^server/dossiers/', [...ground, '^server/(documents|directory|audit)/']),
    only('statistics', '^server/statistics/', [...ground, '^server/(calendar|directory)/']),
    only('relay', '^server/relay/', [
      ...ground,
      '^server/(documents|outgoing|handling|incoming|files|pages|registers|search|calendar|directory|audit|edxml)/',
      signing,
    ]),
    only('operations', '^server/operations/', [
      ...ground,
      '^server/(queue-counts|standby)\\.ts$',
      '^server/(directory|audit|edxml)/',
      signing,
    ]),
    {
      name: 'ground-knows-no-feature',
      severity: 'error',
      from: {
        path: '^server/(actor|errors|db|log|context|queue|queue-counts|config|migrate|standby|embedded-postgres.*)\\.ts$',
      },
      to: { path: [feature, '^server/(app|main|services)\\.ts$', '^cli/'] },
    },
    {
      name: 'composition-is-the-top',
      severity: 'error',
      from: { path: '^(server|signing|migrations|fixtures)/', pathNot: '^server/(app|main|services)\\.ts$' },
      to: { path: '^server/(app|main|services)\\.ts$' },
    },
    {
      name: 'nothing-imports-the-cli',
      severity: 'error',
      from: { path: '^(server|signing|migrations|fixtures)/' },
      to: { path: '^cli/' },
    },
    {
      name: 'cli-through-the-front-door',
      severity: 'error',
      from: { path: '^cli/' },
      to: {
        path: '^server/',
        pathNot:
          '^server/((services|main|config|errors)|relay/evidence/(verify-evidence|aspects|findings|zip-reader))\\.ts$',
      },
    },
    {
      // Evidence is verified where there is no node: whatever it leads to knows no database, network or file.
      name: 'evidence-needs-no-node',
      severity: 'error',
      from: { path: '^server/relay/evidence/' },
      to: {
        path: '^server/(db|queue|context|log)\\.ts$|^server/.+-store\\.ts$|^(node:)?(fs|http|https|net)$|node_modules/(pg|knex|express|pino)/',
        reachable: true,
      },
    },
    {
      // One exception: the table of errors takes the list of codes alone, so that a command which signs nothing
      // does not load the whole library.
      name: 'signing-through-its-index',
      severity: 'error',
      from: { path: '^(cli|server)/', pathNot: '^server/errors\\.ts$' },
      to: { path: '^signing/', pathNot: '^signing/index\\.ts$' },
    },
    {
      name: 'pure-files-stay-pure',
      severity: 'error',
      from: {
        path: '^server/(registers/register|documents/document|relay/(delivery|retry)|directory/(agency-code|routing)|audit/entry|edxml/codes)\\.ts$',
      },
      to: { path: '(-store|routes|db|queue|context)\\.ts$|^(node:)?(fs|http|net)$' },
    },
    {
      name: 'only-config-reads-the-environment',
      severity: 'error',
      from: { path: '^signing/' },
      to: { path: '^(node:)?(http|https|net|fs|fs/promises|child_process|process)$' },
    },
    {
      name: 'only-operations-knows-prom-client',
      severity: 'error',
      from: { path: '^(server|cli|signing)/', pathNot: '^server/operations/' },
      to: { path: 'node_modules/prom-client' },
    },
    {
      name: 'only-the-queue-knows-pg-boss',
      severity: 'error',
      from: { path: '^(server|cli)/', pathNot: '^server/queue\\.ts$' },
      to: { path: 'node_modules/pg-boss' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
}
