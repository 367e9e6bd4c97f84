import { factAt, wholeFile } from '../../place.ts'
import { stagesBuilt } from '../../systems/stage.ts'
import type { Rule } from '../rule.ts'
import { contextOf, firstBuilds } from './context-paths.ts'
import { lookFor, type Wanted } from './copied-lists.ts'

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
      const seen = new Set<number>()
      for (const stage of stagesBuilt(build)) {
        for (const run of stage.runs) {
          const wanted = wantedBy(run.text)
          if (wanted === undefined || seen.has(run.line)) continue
          const looked = lookFor(wanted, run, { stage, build, context, system })
          if (looked === undefined) continue
          seen.add(run.line)
          const { path, copy } = looked
          const isThere = system.tree.has(path)
          yield {
            service: service.name,
            message: `the Dockerfile of ${service.name} runs ${wanted.command}, and ${path} is not ${isThere ? 'copied before' : 'there'}`,
            evidence: [
              factAt(run, wanted.command),
              isThere
                ? factAt(copy, 'copies other files')
                : factAt(wholeFile(path), 'no such file'),
            ],
            fix: isThere ? `Copy ${path} before the line that needs it` : `Commit ${path}`,
            subject: path,
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
      title: 'by its path in the image; after copies of single files',
      files: {
        'compose.yaml': `services:
  a: { build: ./a }
  b: { build: ./b }
  c: { build: ./c }
`,
        'a/Dockerfile': 'FROM python:3.13\nCOPY . /app\nRUN pip install -r /app/requirements.txt\n',
        'a/main.py': '1\n',
        'b/Dockerfile': 'FROM node:22\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\n',
        'b/package.json': '{}\n',
        'c/Dockerfile': 'FROM node:22\nWORKDIR /app\nCOPY package.json ./\nRUN npm ci\n',
        'c/package.json': '{}\n',
        'c/package-lock.json': '{}\n',
      },
      finds: [
        { service: 'a', says: 'a/requirements.txt is not there' },
        { service: 'b', says: 'b/package-lock.json is not there' },
        { service: 'c', says: 'c/package-lock.json is not copied before' },
      ],
    },
    {
      title:
        'brought by another line, by a mount, by a wildcard, by a program before, by a base of one’s own',
      files: {
        'compose.yaml': `services:
  a: { build: ./a }
  b: { build: ./b }
  c: { build: ./c }
  d: { build: ./d }
  e: { build: ./e }
  f: { build: ./f }
`,
        'a/Dockerfile':
          'FROM python:3.13\nCOPY lists/all.txt /srv/requirements.txt\nCOPY main.py /srv/\nRUN pip install -r /srv/requirements.txt\n',
        'a/main.py': '1\n',
        'a/lists/all.txt': 'flask\n',
        'b/Dockerfile':
          'FROM node:22\nWORKDIR /app\nCOPY package.json ./\nRUN --mount=type=bind,source=package-lock.json,target=package-lock.json npm ci\n',
        'b/package.json': '{}\n',
        'b/package-lock.json': '{}\n',
        'c/Dockerfile': 'FROM node:22\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\n',
        'c/package.json': '{}\n',
        'c/package-lock.json': '{}\n',
        'd/Dockerfile':
          'FROM node:22\nWORKDIR /app\nCOPY package.json ./\nRUN npm install --package-lock-only && npm ci\n',
        'd/package.json': '{}\n',
        'f/Dockerfile':
          'FROM python:3.13\nCOPY . /app\nRUN if [ -s /app/requirements.txt ]; then pip install -r /app/requirements.txt; fi\n',
        'f/main.py': '1\n',
        'e/Dockerfile':
          'FROM registry.acme.io/base:1\nWORKDIR /app\nCOPY package.json ./\nRUN npm ci\n',
        'e/package.json': '{}\n',
      },
      finds: [],
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

const wantedBy = (text: string): Wanted | undefined => {
  const line = text.slice(0, 2000)
  // Only if the file is there.
  if (/\bif\b|\[ |\btest -/.test(line)) return undefined
  const isElsewhere = /\bcd\b|--prefix\b|-C\b|--cwd\b/.test(line)
  const pip = /\bpip3? install (?:-[\w=-]+ )*(?:-r|--requirement)[ =]([\w./-]+\.txt)\b/.exec(line)
  const list = pip?.[1]
  if (list !== undefined && !list.includes('..') && (!isElsewhere || list.startsWith('/')))
    return { command: `pip install -r ${list}`, files: [list] }
  if (isElsewhere) return undefined
  if (/\bnpm (?:ci|clean-install)\b/.test(line)) {
    return { command: 'npm ci', files: ['package-lock.json', 'npm-shrinkwrap.json'] }
  }
  // Yarn 1 takes `--frozen-lockfile` without a lock file for none to be frozen.
  if (/\byarn install .*--immutable\b/.test(line)) {
    return { command: 'yarn install --immutable', files: ['yarn.lock'] }
  }
  if (/\bpnpm (?:install|i) .*--frozen-lockfile\b/.test(line)) {
    return { command: 'pnpm install --frozen-lockfile', files: ['pnpm-lock.yaml'] }
  }
  if (/\bbundle install\b/.test(line)) return { command: 'bundle install', files: ['Gemfile'] }
  if (/\bgo mod download\b/.test(line)) return { command: 'go mod download', files: ['go.mod'] }
  return undefined
}
