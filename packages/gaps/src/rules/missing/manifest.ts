import { factAt, wholeFile } from '../../place.ts'
import { stagesBuilt } from '../../systems/stage.ts'
import type { StageEvidence } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { contextOf, firstBuilds, inRepository, isAbsent, pathInContext } from './context-paths.ts'

/** RUN installs from a list that is not in the folder that was copied. */
export const manifest: Rule = {
  id: 'missing/manifest',
  title: 'RUN installs from a list that is not there',
  severity: 'error',
  why: `\`npm ci\` without a lock file, \`pip install -r\` of a list that was never written: the image cannot
be built, and it is found out on the day somebody else has to build it.`,
  joins: ['RUN lines', 'files of the build context'],
  fix: 'Commit the list.',
  *find(system) {
    for (const [service, build] of firstBuilds(system)) {
      const context = contextOf(build, system)
      if (context === undefined) continue
      const seen = new Set<string>()
      for (const stage of stagesBuilt(build)) {
        for (const run of stage.runs) {
          const wanted = wantedBy(run.text)
          const key = `${run.line}`
          if (wanted === undefined || seen.has(key)) continue
          const folder = folderCopiedTo(run, stage)
          if (folder === undefined || isMadeByRun(wanted, run.line, stage)) continue
          if (folder !== '' && !system.tree.isFolder(inRepository(context, folder))) continue
          seen.add(key)
          const paths = wanted.files.map((name) => inRepository(context, join(folder, name)))
          const [first] = paths
          if (first === undefined || !paths.every((path) => isAbsent(system, path))) continue
          yield {
            service: service.name,
            message: `the Dockerfile of ${service.name} runs ${wanted.command}, and ${first} is not there`,
            evidence: [factAt(run, wanted.command), factAt(wholeFile(first), 'no such file')],
            fix: `Commit ${first}`,
            subject: first,
          }
        }
      }
    }
  },
  examples: [
    {
      title: 'npm ci without a lock file, a list that was never written',
      files: {
        'compose.yaml': 'services:\n  web: { build: ./web }\n  api: { build: ./api }\n',
        'web/Dockerfile': 'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\n',
        'web/package.json': '{}\n',
        'api/Dockerfile': `FROM python:3.13
WORKDIR /app
COPY . /app
RUN pip install --no-cache-dir -r requirements.txt
`,
        'api/main.py': '1\n',
      },
      finds: [
        { service: 'web', says: 'npm ci, and web/package-lock.json' },
        { service: 'api', says: 'api/requirements.txt' },
      ],
    },
    {
      title: 'it is there, it is made by a line before, or only a part was copied',
      files: {
        'compose.yaml': `services:
  a: { build: ./a }
  b: { build: ./b }
  c: { build: ./c }
`,
        'a/Dockerfile': 'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\n',
        'a/package-lock.json': '{}\n',
        'b/Dockerfile': `FROM python:3.13
WORKDIR /app
COPY . .
RUN uv export > requirements.txt
RUN pip install -r requirements.txt
`,
        'b/a.py': '1\n',
        'c/Dockerfile': 'FROM node:22\nWORKDIR /app\nCOPY --from=deps /x .\nRUN npm ci\n',
        'c/a.js': '1\n',
      },
      finds: [],
    },
  ],
}

type Wanted = { command: string; files: readonly string[] }

const wantedBy = (text: string): Wanted | undefined => {
  const line = text.slice(0, 2000)
  const pip = /\bpip3? install (?:-[\w=-]+ )*(?:-r|--requirement)[ =]([\w./-]+\.txt)\b/.exec(line)
  if (pip?.[1] !== undefined && !pip[1].startsWith('/') && !pip[1].includes('..'))
    return { command: `pip install -r ${pip[1]}`, files: [pip[1]] }
  // In another folder, or only if the file is there: not to be told.
  if (/\b(?:cd|if|--prefix|-C|--cwd)\b|\[ /.test(line)) return undefined
  if (/\bnpm (?:ci|clean-install)\b/.test(line)) {
    return { command: 'npm ci', files: ['package-lock.json', 'npm-shrinkwrap.json'] }
  }
  if (/\byarn install .*--(?:frozen-lockfile|immutable)\b/.test(line)) {
    return { command: 'yarn install --frozen-lockfile', files: ['yarn.lock'] }
  }
  if (/\bpnpm (?:install|i) .*--frozen-lockfile\b/.test(line)) {
    return { command: 'pnpm install --frozen-lockfile', files: ['pnpm-lock.yaml'] }
  }
  if (/\bbundle install\b/.test(line)) return { command: 'bundle install', files: ['Gemfile'] }
  if (/\bgo mod download\b/.test(line)) return { command: 'go mod download', files: ['go.mod'] }
  return undefined
}

/** The folder of the context that was copied, whole, to where the line runs. */
const folderCopiedTo = (
  run: StageEvidence['runs'][number],
  { copies }: StageEvidence,
): string | undefined => {
  const { workdir } = run
  const before = copies.filter(
    ({ line, destination }) => line < run.line && mayReach(destination, workdir),
  )
  const [only] = before
  if (workdir === undefined || only === undefined || before.length > 1) return undefined
  // What another stage or an archive brings is not known.
  const { from, isAdd, hasOptions, destination, sources } = only
  if (from !== undefined || isAdd || hasOptions || sources.length > 1) return undefined
  if (destination?.replace(/\/+$/, '') !== workdir || sources[0] === undefined) return undefined
  return pathInContext(sources[0])
}

/** Could it put a file into the folder? What goes beside it, or deeper, does not. */
const mayReach = (destination: string | undefined, workdir: string | undefined): boolean => {
  if (destination === undefined || workdir === undefined) return true
  const target = destination.replace(/\/+$/, '')
  const isFile = target.startsWith(`${workdir}/`) && !target.slice(workdir.length + 1).includes('/')
  return target === workdir || isFile || workdir.startsWith(`${target}/`)
}

const isMadeByRun = ({ files }: Wanted, line: number, { runs }: StageEvidence): boolean =>
  runs.some((run) => run.line < line && files.some((file) => run.text.includes(file)))

const join = (folder: string, name: string): string => {
  const plain = name.replace(/^(?:\.\/)+/, '')
  return folder === '' ? plain : `${folder}/${plain}`
}
