import { posix } from 'node:path'
import { factAt, wholeFile, type Place } from '../../place.ts'
import { stageOf } from '../../systems/stage.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'
import { originOf } from './container-files.ts'
import { isAbsent, isMadeBefore } from './context-paths.ts'
import { programFiles, type Started } from './program-files.ts'

/** What a service is started with is not there, or is an empty file. */
export const script: Rule = {
  id: 'missing/script',
  title: 'Program that is not there or empty',
  severity: 'error',
  why: `A health monitor whose \`main.py\` is an empty file starts, ends at once and is started again for
ever; everybody believes that something watches. A script that was never committed stops the container
with exit code 127.`,
  joins: [
    'command and entrypoint',
    'CMD and ENTRYPOINT',
    'COPY',
    'mounts',
    'files',
    'package.json',
  ],
  fix: 'Write the program, or start the one that is there.',
  *find(system) {
    for (const service of system.services.values()) {
      for (const started of startedBy(service)) {
        yield* missingFiles(service, started, system)
        yield* missingNpmScript(service, started, system)
      }
    }
  },
  examples: [
    {
      title: 'an empty program, one that was never written, a script package.json does not have',
      files: {
        'compose.yaml': `services:
  monitor: { build: ./monitor }
  worker:
    image: python:3.13
    command: python /app/worker.py
    volumes: ["./worker:/app"]
  web: { build: ./web }
`,
        'monitor/Dockerfile':
          'FROM python:3.13\nWORKDIR /app\nCOPY . .\nCMD ["python", "main.py"]\n',
        'monitor/main.py': '',
        'worker/other.py': 'print(1)\n',
        'web/Dockerfile': 'FROM node:22\nWORKDIR /app\nCOPY . .\nCMD ["npm", "run", "serve"]\n',
        'web/package.json': '{ "name": "web", "scripts": { "dev": "vite" } }\n',
      },
      finds: [
        { service: 'monitor', says: 'monitor/main.py, which is empty' },
        { service: 'worker', says: 'worker/worker.py, which is not there' },
        { service: 'web', says: 'npm run serve' },
      ],
    },
    {
      title: "made by a RUN line, from another stage, the image's own, there",
      files: {
        'compose.yaml': `services:
  a: { build: ./a }
  b: { build: ./b }
  c: { image: "postgres:17", command: [docker-entrypoint.sh, postgres] }
  d: { build: ./d }
`,
        'a/Dockerfile': `FROM node:22
WORKDIR /app
COPY . .
RUN npx esbuild src/index.ts --outfile=server.js
CMD ["node", "server.js"]
`,
        'a/src/index.ts': '1\n',
        'b/Dockerfile': 'FROM node:22\nCOPY --from=x /app /app\nCMD ["node", "/app/server.js"]\n',
        'd/Dockerfile': 'FROM node:22\nWORKDIR /app\nCOPY . .\nCMD ["node", "dist/server.js"]\n',
        'd/server.ts': '1\n',
      },
      finds: [],
    },
  ],
}

/** The lines that say what runs: compose over the Dockerfile. */
const startedBy = (service: ServiceEvidence): readonly Started[] => {
  const { model, build, place, isUnset } = service
  const stage = build && stageOf(build)
  const workdir = model.workingDir ?? stage?.workdir
  const lines: Started[] = []
  if (model.entrypoint !== undefined && !isUnset('entrypoint')) {
    lines.push({ at: place('entrypoint'), words: model.entrypoint, workdir })
  } else if (stage?.entrypoint !== undefined) {
    lines.push({ at: placeOf(stage.entrypoint), words: stage.entrypoint.words, workdir })
  }
  if (model.command !== undefined && !isUnset('command')) {
    lines.push({ at: place('command'), words: model.command, workdir })
  } else if (stage?.command !== undefined && model.entrypoint === undefined) {
    lines.push({ at: placeOf(stage.command), words: stage.command.words, workdir })
  }
  const [first, second] = lines
  // `ENTRYPOINT ["python"]` with `CMD ["main.py"]` is one line in two parts.
  return first !== undefined && second !== undefined && first.words.length === 1
    ? [{ ...second, words: [...first.words, ...second.words] }]
    : lines
}

const placeOf = ({ file, line, column }: Place): Place => ({ file, line, column })

function* missingFiles(
  service: ServiceEvidence,
  started: Started,
  system: System,
): Generator<Found> {
  for (const { path, isModule } of programFiles(started)) {
    const file = originOf(path, service, system)
    if (file === undefined) continue
    const isEmpty = system.tree.sizeOf(file) === 0
    const isGone =
      !isModule && !isMadeBefore(file) && isAbsent(system, file) && isNear(file, system)
    if (!isEmpty && !isGone) continue
    const what = isEmpty ? 'is empty' : 'is not there'
    yield {
      service: service.name,
      message: `${service.name} starts ${file}, which ${what}`,
      evidence: [
        factAt(started.at, `starts ${posix.basename(path)}`),
        factAt(wholeFile(file), isEmpty ? 'an empty file' : 'no such file'),
      ],
      fix: `Write ${file}, or start what is there`,
      subject: file,
    }
  }
}

/** Its folder is known: not one that a trimmed copy or a build leaves out. */
const isNear = (file: string, { tree }: System): boolean => {
  const folder = posix.dirname(file)
  return folder === '.' || tree.isFolder(folder)
}

function* missingNpmScript(
  service: ServiceEvidence,
  { words, workdir, at }: Started,
  system: System,
): Generator<Found> {
  const [program = '', verb = '', third = ''] = words
  if (!/^(?:npm|yarn|pnpm)$/.test(program) || workdir === undefined) return
  const isRun = verb === 'run' || verb === 'run-script'
  const name = isRun ? third : program === 'npm' && verb === 'start' ? 'start' : undefined
  if (name === undefined || name === '' || name.startsWith('-') || name.includes('$')) return
  const file = originOf(posix.join(workdir, 'package.json'), service, system)
  const manifest = service.manifests.find((one) => one.file === file)
  if (manifest === undefined || manifest.kind !== 'npm' || manifest.scripts.has(name)) return
  const server = originOf(posix.join(workdir, 'server.js'), service, system)
  // `npm start` without a script starts server.js.
  if (name === 'start' && (server === undefined || !isAbsent(system, server))) return
  const [first] = manifest.scripts.values()
  const has = [...manifest.scripts.keys()].slice(0, 8).join(', ')
  yield {
    service: service.name,
    message: `${service.name} starts ${words.slice(0, 3).join(' ')}, and ${manifest.file} has no script ${name}`,
    evidence: [
      factAt(at, `starts ${words.slice(0, 3).join(' ')}`),
      factAt(first ?? wholeFile(manifest.file), has === '' ? 'has no scripts' : `has ${has}`),
    ],
    fix: `Add the script ${name} to ${manifest.file}`,
    subject: `script ${name}`,
  }
}
