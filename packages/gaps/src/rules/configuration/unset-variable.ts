import { factAt, wholeFile } from '../../place.ts'
import type { ComposeVariable, System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'
import { isForTests } from '../../systems/purpose.ts'
import { exampleOf, ofTheMachine } from './env-example.ts'

/** Used by the compose files with neither a value nor a default: it becomes an empty text. */
export const unsetVariable: Rule = {
  id: 'configuration/unset-variable',
  title: 'Variable without a value',
  severity: 'warning',
  why: `Compose puts an empty text in its place and only warns: \`image: app:\` is refused, a password becomes
empty, a mount \`\${DATA}/db:/data\` becomes \`/db\` of the host.`,
  joins: ['compose files', '.env', '.env.example'],
  fix: 'Give it in `.env`, or write a default `${NAME:-value}`, or `${NAME:?what to set}` so that it stops with a reason.',
  fixable: 'always',
  *find(system) {
    if (isForTests(system)) return
    const open = Map.groupBy(
      system.variables.filter(
        ({ given, isRequired, name }) =>
          given === undefined && !isRequired && !ofTheMachine.test(name),
      ),
      ({ name }) => name,
    )
    for (const [name, uses] of open) {
      const [first] = uses
      // Guarded in one place, it is known to be left out.
      if (first === undefined || uses.some((use) => use.default !== undefined)) continue
      if (system.variables.some((use) => use.name === name && use.isRequired)) continue
      // That nobody has copied the example is a finding of its own (configuration/env-example).
      if (isInSomeFile(system, name)) continue
      // And so is that the example lacks it.
      if ((exampleOf(system)?.entries.length ?? 0) > 0) continue
      yield unset(system, first, uses.length)
    }
  },
  examples: [
    {
      title: 'nobody gives it a value',
      files: { 'compose.yaml': 'services:\n  api:\n    image: api:${TAG}\n' },
      finds: [{ service: '-', says: 'TAG has neither a value nor a default', severity: 'info' }],
    },
    {
      title: 'the .env that is committed gives all but one',
      files: {
        'compose.yaml': 'services:\n  api:\n    image: api:${TAG}\n    user: ${ACCOUNT}\n',
        '.env': 'ACCOUNT=1000\n',
      },
      finds: [{ service: '-', says: 'TAG has neither', severity: 'warning' }],
    },
    {
      title: 'the .env is of this machine alone, and Windows has the other',
      files: {
        'compose.yaml':
          'services:\n  api:\n    image: api:${TAG}\n    user: ${ACCOUNT}\n    volumes: ["${APPDATA}/x:/x"]\n',
        '.env': 'ACCOUNT=1000\n',
        '.gitignore': '.env\n',
      },
      finds: [{ service: '-', says: 'TAG has neither', severity: 'info' }],
    },
    {
      title: 'given, defaulted, demanded, or written for the shell',
      files: {
        'compose.yaml': `services:
  api:
    image: api:\${TAG}
    command: sh -c 'echo $$NAME \${PORT:-80} \${KEY:?say it}'
    # image: api:\${OLD}
    volumes: ['\${HOME}/x:/x']
`,
        '.env': 'TAG=1\n',
      },
      finds: [],
    },
    {
      title: 'a stack of the pipeline',
      files: { '.ci/compose.yaml': 'services:\n  api:\n    image: api:${BUILD_SHA}\n' },
      finds: [],
    },
    {
      title: 'a file for --env-file has it',
      files: {
        'compose.yaml': 'services:\n  api:\n    image: api:${TAG}\n',
        'variables.env': 'TAG=1\n',
      },
      finds: [],
    },
    {
      title: 'a script below sets it',
      files: {
        'compose.yaml': 'services:\n  api:\n    image: api:${TAG}\n',
        'helper/start.sh': 'export TAG=$(git describe)\ndocker compose up\n',
      },
      finds: [{ service: '-', says: 'TAG has neither', severity: 'info' }],
    },
    {
      title: 'an example says what to set',
      files: {
        'compose.yaml': 'services:\n  api:\n    image: api:${TAG}\n',
        '.env.example': 'TAG=1\n',
      },
      finds: [],
    },
  ],
}

/** A document that says to set it: known, and still to be set by hand. */
const isDocumented = ({ documents }: System, name: string): boolean =>
  documents.some(({ claims }) =>
    claims.some((claim) => claim.kind === 'variable' && claim.name === name),
  )

const unset = (system: System, use: ComposeVariable, count: number): Found => {
  const { name, at, namedBy } = use
  const env = system.folder === '' ? '.env' : `${system.folder}/.env`
  const example = exampleOf(system)
  const isKnown = namedBy !== undefined || isDocumented(system, name) || !isGivenOthers(system, env)
  return {
    ...(isKnown ? { severity: 'info' as const } : {}),
    message: `${name} has neither a value nor a default${count > 1 ? ` in ${count} places` : ''}`,
    evidence: [
      factAt(at, `\${${name}} is used`),
      namedBy === undefined
        ? factAt(wholeFile(env), `no ${name} is given`)
        : factAt(namedBy, `${name} is named here`),
    ],
    fix: `Write \${${name}:-default} or \${${name}:?reason}, or give ${name} in .env`,
    subject: name,
    edits: example === undefined ? [] : [{ kind: 'variable', file: example.file, name }],
  }
}

/**
 * Only beside a committed `.env` that gives others is one that lacks forgotten: where there is none,
 * whoever starts the stack has the values from elsewhere.
 */
const isGivenOthers = ({ envFiles, variables }: System, env: string): boolean =>
  envFiles.some(({ file, isIgnored }) => file === env && !isIgnored) &&
  variables.some(({ given }) => given?.file === env)

/** Named by an example, or by a file that `--env-file` may give: whoever follows it sets the variable. */
const isInSomeFile = ({ envFiles }: System, name: string): boolean =>
  envFiles.some(({ entries }) => entries.some((entry) => entry.name === name))
