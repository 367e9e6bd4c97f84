import { posix } from 'node:path'
import { factAt, wholeFile, type Place } from '../../place.ts'
import { repositoryPath } from '../../systems/places.ts'
import type { System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'
import { isAbsent, isMadeBefore } from './context-paths.ts'

/** A file is mounted that is not in the repository. */
export const mountedFile: Rule = {
  id: 'missing/mounted-file',
  title: 'Mounted file that is not there',
  severity: 'error',
  why: `Docker makes a folder where a mounted file is missing. The service then fails with "is a directory",
and the folder stays behind, so that the file cannot even be put there later without deleting it.`,
  joins: ['volumes', 'configs and secrets', 'files of the repository'],
  fix: 'Commit the file, correct the path, or say in the README how it is made.',
  *find(system) {
    for (const { name, model, place, isUnset } of system.services.values()) {
      for (const [index, { type, source, target }] of model.volumes.entries()) {
        const path = source === undefined ? undefined : repositoryPath(system.tree.root, source)
        if (type !== 'bind' || path === undefined || path === '') continue
        if (isUnset('volumes', String(index), 'source') || isUnset('volumes', String(index)))
          continue
        if (!isFileName(path) || !isFileName(target)) continue
        const found = judge(path, place('volumes', String(index)), system)
        if (found !== undefined)
          yield { service: name, ...found, message: `${name} ${found.message}` }
      }
    }
    yield* references(system)
  },
  examples: [
    {
      title: 'a configuration that was never committed',
      files: {
        'compose.yaml': `services:
  metrics:
    image: prom/prometheus:v3.4.2
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml:ro"]
`,
      },
      finds: [{ service: 'metrics', says: 'prometheus.yml, which is not there' }],
    },
    {
      title: 'it is there; a folder; the socket of the host; named by a variable',
      files: {
        'compose.yaml': `services:
  metrics:
    image: prom/prometheus:v3.4.2
    volumes:
      - ./prometheus.yml:/etc/prometheus/prometheus.yml:ro
      - ./data:/prometheus
      - ./conf.d:/etc/prometheus/conf.d
      - /var/run/docker.sock:/var/run/docker.sock
      - \${CONFIG}/a.yml:/etc/a.yml
`,
        'prometheus.yml': 'global: {}\n',
      },
      finds: [],
    },
    {
      title: 'a config and a secret that nothing tells of, and secrets that git does not take',
      files: {
        'compose.yaml': `services:
  app:
    image: example/app:1
    configs: [routes]
    secrets: [token, key]
configs:
  routes: { file: ./routes.yml }
secrets:
  token: { file: ./token.txt }
  key: { file: ./key.txt }
`,
        '.gitignore': 'key.txt\n',
      },
      finds: [
        { service: 'app', says: 'routes.yml, which is not there', severity: 'error' },
        { service: 'app', says: 'the secret token.txt', severity: 'warning' },
        { service: 'app', says: 'the secret key.txt', severity: 'info' },
      ],
    },
    {
      title: 'secrets that are there, of the environment, from elsewhere; one that nobody takes',
      files: {
        'compose.yaml': `services:
  app:
    image: example/app:1
    secrets: [token, word, key, made]
secrets:
  token: { file: ./token.txt }
  made: { file: ./secrets/made.txt }
  word: { environment: WORD }
  key: { external: true }
  other: { file: ./other.txt }
`,
        'token.txt': 'x\n',
        'secrets/make.sh': 'date >secrets/made.txt\n',
        'README.md': '# App\n\n```sh\nsh secrets/make.sh\ndocker compose up\n```\n',
      },
      finds: [],
    },
    {
      title: 'made from the example beside it',
      files: {
        'compose.yaml': `services:
  app:
    image: example/app:1
    volumes: ["./config.yml:/etc/app/config.yml:ro"]
`,
        'config.example.yml': 'a: 1\n',
      },
      finds: [{ service: 'app', says: 'made from config.example.yml' }],
    },
  ],
}

const fileName =
  /\.(?:ya?ml|conf|cfg|cnf|ini|json|toml|properties|xml|env|sh|sql|py|js|ts|php|rb|lua|html?|css|md|txt|template|tmpl|tpl|pem|crt|key|cert|htpasswd|vcl|acl|rules|config|prom)$/i

/** `conf.d` is a folder; a name without an ending may be either. */
const isFileName = (path: string): boolean => fileName.test(posix.basename(path))

type Judged = Omit<Found, 'service'>

const judge = (path: string, at: Place, system: System): Judged | undefined => {
  if (!isAbsent(system, path) || isMadeBefore(path)) return undefined
  const example = exampleOf(path, system)
  const isLocal = /(?:^|\/)\.env(?:\.|$)|(?:^|[./_-])(?:local|secret)s?(?:[./_-]|$)/i.test(path)
  return {
    severity: example !== undefined || isLocal ? 'info' : 'error',
    message:
      example === undefined
        ? `mounts ${path}, which is not there`
        : `mounts ${path}, which is to be made from ${posix.basename(example)}`,
    evidence: [
      factAt(at, `mounts ${path}`),
      factAt(
        wholeFile(example ?? path),
        example === undefined ? 'no such file' : 'an example of it',
      ),
    ],
    fix:
      example === undefined
        ? `Commit ${path}, or correct the path`
        : `cp ${example} ${path} before the first start`,
    subject: path,
  }
}

/** `config.example.yml`, `config.yml.example`, `example.config.yml` beside it. */
const exampleOf = (path: string, { tree }: System): string | undefined => {
  const folder = posix.dirname(path)
  const name = posix.basename(path)
  const dot = name.lastIndexOf('.')
  const [stem, ending] = [name.slice(0, dot), name.slice(dot)]
  const words = ['example', 'sample', 'dist', 'template', 'default', 'tmpl']
  return words
    .flatMap((word) => [
      ...[`${name}.${word}`, `${stem}.${word}${ending}`, `${word}.${name}`],
      ...[`${stem}-${word}${ending}`, `${stem}_${word}${ending}`, `${name}-${word}`],
    ])
    .map((one) => (folder === '.' ? one : `${folder}/${one}`))
    .find((one) => tree.has(one))
}

/** Files of top-level configs and secrets that some service takes. */
function* references(system: System): Generator<Found> {
  for (const { name, model, place } of system.services.values()) {
    for (const key of ['configs', 'secrets'] as const) {
      for (const [index, { source }] of model[key].entries()) {
        const { file } = system.project[key][source] ?? {}
        const path = file === undefined ? undefined : repositoryPath(system.tree.root, file)
        if (path === undefined || path === '') continue
        const at = system.place(key, source, 'file')
        const found = key === 'configs' ? judge(path, at, system) : judgeSecret(path, at, system)
        if (found === undefined) continue
        const [first, ...rest] = found.evidence
        const taken = factAt(place(key, String(index)), `${name} takes it`)
        const message = `${name} ${found.message}`
        yield { service: name, ...found, message, evidence: [first, taken, ...rest] }
      }
    }
  }
}

/** A secret is meant not to be committed: it is a gap that nothing says where it comes from. */
const judgeSecret = (path: string, at: Place, system: System): Judged | undefined => {
  if (!isAbsent(system, path)) return undefined
  const known = judge(path, at, system)
  if (known?.severity === 'info') return known
  const folder = posix.dirname(path)
  const isSaid = system.documents.some(({ claims }) =>
    claims.some(({ text }) => text.includes(posix.basename(path)) || text.includes(`${folder}/`)),
  )
  const isKept = system.isIgnored(path) || isMadeBefore(path)
  if (isKept && isSaid) return undefined
  return {
    severity: isKept || isSaid ? 'info' : 'warning',
    message: `takes the secret ${path}, which is not there`,
    evidence: [factAt(at, `file: ${path}`), factAt(wholeFile(path), 'no such file')],
    fix: `Say in the README how ${path} is made, and name it in .gitignore`,
    subject: path,
  }
}
