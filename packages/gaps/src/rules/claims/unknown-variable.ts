import { factAt, wholeFile } from '../../place.ts'
import type { System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { claimsOf } from './documents.ts'

/** A document tells to set a variable that neither compose, nor an env file, nor the code knows. */
export const unknownVariable: Rule = {
  id: 'claims/unknown-variable',
  title: 'Documented variable does nothing',
  severity: 'info',
  why: `Somebody sets it and believes that it works: a limit that is not enforced, a feature that is not off.`,
  joins: ['variables in documents', 'compose files', 'env files', 'Dockerfiles', 'source code'],
  fix: 'Remove it from the document, or correct its name.',
  *find(system) {
    if (!system.isDefault || !isKnownFully(system)) return
    const known = knownNames(system)
    const told = new Set<string>()
    for (const { document, claim } of claimsOf(system, 'variable')) {
      const { name } = claim
      if (known.has(name) || told.has(name) || !/_/.test(name) || ofOthers.test(name)) continue
      told.add(name)
      const [file = ''] = system.files
      yield {
        message: `${document.file} names ${name}, which nothing here reads`,
        evidence: [
          factAt(claim, claim.text.split('=')[0] ?? name),
          factAt(wholeFile(file), `no ${name} here, nor in env files, Dockerfiles and code`),
        ],
        fix: `Remove ${name} from ${document.file}, or correct the name`,
        subject: name,
      }
    }
  },
  examples: [
    {
      title: 'the variable was renamed',
      files: {
        'compose.yaml': 'services:\n  api:\n    build: .\n    environment: { DB_HOST: db }\n',
        Dockerfile: 'FROM python:3.13\nCOPY main.py .\n',
        'main.py': 'import os\nos.environ["DB_HOST"]\n',
        'README.md': '# Shop\n\nSet `DATABASE_HOST` and `DB_HOST`.\n',
      },
      finds: [{ service: '-', says: 'README.md names DATABASE_HOST, which nothing here reads' }],
    },
    {
      title: 'the code is not all here',
      files: {
        'compose.yaml': 'services:\n  api:\n    image: api:1\n    environment: { DB_HOST: db }\n',
        'README.md': '# Shop\n\nSet `DATABASE_HOST`.\n',
      },
      finds: [],
    },
  ],
}

const ofOthers =
  /^(?:DOCKER_|COMPOSE_|BUILDKIT_|NODE_|NPM_|PYTHON|JAVA_|GO|AWS_|GITHUB_|CI_|OTEL_|KUBE)|_$/

const readable: ReadonlySet<string> = new Set(['node', 'python', 'golang'])
const otherCode =
  /\.(?:sh|bash|php|rb|rs|kt|kts|scala|clj|exs?|lua|pl|swift|dart|c|cc|cpp|vue|svelte|astro|prisma|tmpl|template|tpl|j2|conf|ya?ml|toml|ini|properties|xml)$/i

/** Every service is built here from code that can be read, and no other file might read variables. */
export const isKnownFully = (system: System): boolean => {
  const { services, tree, folder, sources } = system
  const readFiles = configurationsOf(system)
  return (
    sources.length > 0 &&
    !sources.some(
      ({ readsOthers, language }) =>
        readsOthers === true || language === 'java' || language === 'csharp',
    ) &&
    [...services.values()].every(({ build, image, sources: own }) =>
      build === undefined
        ? image?.known !== undefined
        : own.length > 0 && readable.has(image?.name ?? ''),
    ) &&
    !tree
      .under(folder)
      .some(
        (file) =>
          otherCode.test(file) &&
          !/(?:^|\/)(?:docker-)?compose[\w.-]*\.ya?ml$|pnpm-lock|\.github\//.test(file) &&
          !readFiles.has(file),
      )
  )
}

/** Configurations that take no variable, or whose variables are known. */
const configurationsOf = ({ scrapes, alerting, dashboards, routes, listens }: System) =>
  new Set(
    [
      ...[...scrapes, ...dashboards, ...routes, ...listens],
      ...[...alerting.rules, ...alerting.receivers, ...alerting.managers],
    ].map(({ file }) => file),
  )

const knownNames = (system: System): ReadonlySet<string> =>
  new Set(
    system
      .readings()
      .flatMap(({ variables, envFiles, services, sources }) => [
        ...variables.map(({ name }) => name),
        ...envFiles.flatMap(({ entries }) => entries.map(({ name }) => name)),
        ...sources.flatMap(({ reads }) => reads.map(({ name }) => name)),
        ...[...services.values()].flatMap(({ environment, build, image }) => [
          ...environment.keys(),
          ...(build?.args.keys() ?? []),
          ...(build?.dockerfile?.stages ?? []).flatMap((stage) => [...stage.environment.keys()]),
          ...(image?.known?.required ?? []).flat(),
        ]),
      ]),
  )
