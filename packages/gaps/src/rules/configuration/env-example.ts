import { posix } from 'node:path'
import { factAt, wholeFile } from '../../place.ts'
import type { ComposeVariable, EnvFileEvidence, System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'

/** Every machine has them, or whoever starts the stack does. */
export const ofTheMachine =
  /^(?:PWD|HOME|USER|USERNAME|PATH|UID|GID|SHELL|HOSTNAME|LANG|TZ|TERM|TMPDIR|DISPLAY|WAYLAND_DISPLAY|SSH_AUTH_SOCK|OLDPWD|LOGNAME|APPDATA|LOCALAPPDATA|PROGRAMDATA|USERPROFILE|COMPUTERNAME|HOMEPATH|CI|GITHUB_\w+|CI_\w+|COMPOSE_\w+|DOCKER_\w+|XDG_\w+|BUILDKIT_\w+|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY)$/

/** `.env.example` and what the stack needs: absent `.env`, and names that the example lacks. */
export const envExample: Rule = {
  id: 'configuration/env-example',
  title: 'Example env file and compose differ',
  severity: 'warning',
  why: `The example is what a new machine is set up from. A variable that was added to the compose file only
is empty there, and nobody who already has an \`.env\` sees it.`,
  joins: ['.env.example', '.env', 'compose files'],
  fix: 'Keep the example complete: a line for each variable that has no default.',
  fixable: 'always',
  *find(system) {
    const example = exampleOf(system)
    if (example === undefined) return
    const own = ownFile(system)
    const named = new Set(example.entries.map(({ name }) => name))
    const needed = Map.groupBy(
      system.variables.filter(
        (use) =>
          use.default === undefined && !ofTheMachine.test(use.name) && isOfFolder(use, system),
      ),
      ({ name }) => name,
    )
    for (const [name, [use]] of needed) {
      // Given by the committed .env: the example is for what else there is.
      if (
        use === undefined ||
        named.has(name) ||
        (own !== undefined && !own.isIgnored && use.given !== undefined)
      )
        continue
      if (example.entries.length > 0) yield lacking(name, use, example)
    }
    const uses = [...needed.keys()].filter((name) => named.has(name))
    if (own === undefined && uses.length > 0) yield notCopied(system, example, uses)
  },
  examples: [
    {
      title: 'a variable that the example forgot',
      files: {
        'compose.yaml':
          'services:\n  api:\n    image: api:${TAG}\n    environment: { KEY: "${API_KEY}" }\n',
        '.env.example': 'TAG=1\n',
        '.env': 'TAG=1\nAPI_KEY=x\n',
        '.gitignore': '.env\n',
      },
      finds: [{ service: '-', says: 'API_KEY is used by compose and missing from .env.example' }],
    },
    {
      title: 'what another folder brings has its own example',
      files: {
        'compose.yaml': 'include: [db/compose.yaml]\nservices:\n  api:\n    image: api:${TAG}\n',
        'db/compose.yaml': 'services:\n  db:\n    image: postgres:${DB_TAG}\n',
        '.env.example': 'TAG=1\n',
        '.env': 'TAG=1\n',
      },
      finds: [],
    },
    {
      title: 'all is named, and the file is made',
      files: {
        'compose.yaml':
          'services:\n  api:\n    image: api:${TAG}\n    environment: { A: "${A:-1}", K: "${KEY}" }\n',
        '.env.example': 'TAG=1\n# KEY=only with the mail service\n',
        '.env': 'TAG=2\n',
      },
      finds: [],
    },
    {
      title: 'an example of another program in the folder',
      files: {
        'compose.yaml': 'services:\n  api:\n    image: api:${TAG:-1}\n',
        '.env.example': 'EDITOR=vi\n',
      },
      finds: [],
    },
  ],
}

/** The example of the stack's own `.env`. */
export const exampleOf = ({ envFiles, folder }: System): EnvFileEvidence | undefined =>
  envFiles.find(
    ({ file, isExample }) =>
      isExample &&
      /^(?:\.env|env)[._-](?:example|sample|template|dist)$/.test(posix.basename(file)) &&
      (posix.dirname(file) === '.' ? '' : posix.dirname(file)) === folder,
  )

/** What is included from another folder has env files of its own. */
const isOfFolder = ({ at }: ComposeVariable, { folder }: System): boolean =>
  (posix.dirname(at.file) === '.' ? '' : posix.dirname(at.file)) === folder

const ownFile = ({ envFiles, folder }: System): EnvFileEvidence | undefined =>
  envFiles.find(({ file }) => file === (folder === '' ? '.env' : `${folder}/.env`))

const lacking = (name: string, { at }: ComposeVariable, { file }: EnvFileEvidence): Found => ({
  message: `${name} is used by compose and missing from ${posix.basename(file)}`,
  evidence: [factAt(at, `\${${name}} has no default`), factAt(wholeFile(file), `no ${name}`)],
  fix: `Add ${name}= to ${file}`,
  subject: name,
  edits: [{ kind: 'variable', file, name }],
})

const notCopied = (system: System, { file }: EnvFileEvidence, names: readonly string[]): Found => {
  const [name = ''] = names
  const use = system.variables.find((one) => one.name === name && one.default === undefined)
  return {
    severity: 'info',
    message: `.env is not there, and ${names.length === 1 ? name : `${names.length} variables`} of ${posix.basename(file)} have no default`,
    evidence: [
      factAt(use?.at ?? system.place('services'), `\${${name}} has no default`),
      factAt(wholeFile(file), 'only the example is there'),
    ],
    fix: `Copy it: cp ${file} ${posix.join(posix.dirname(file), '.env')}`,
    subject: '.env',
  }
}
