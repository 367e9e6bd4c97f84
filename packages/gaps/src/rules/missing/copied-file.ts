import { factAt, wholeFile } from '../../place.ts'
import { stagesBuilt } from '../../systems/stage.ts'
import type { BuildEvidence, CopyEvidence, ServiceEvidence, System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'
import {
  contextOf,
  firstBuilds,
  inRepository,
  isAbsent,
  isMadeBefore,
  pathInContext,
} from './context-paths.ts'

/** COPY or ADD takes a file that the build will not have. */
export const copiedFile: Rule = {
  id: 'missing/copied-file',
  title: 'Dockerfile copies a file that is not there',
  severity: 'error',
  why: `The build of the service ends at this line for everybody but the author, who has the file and never
committed it, or has it left out by \`.dockerignore\`.`,
  joins: ['COPY and ADD', 'files of the build context', '.dockerignore'],
  fix: 'Commit the file, correct the path, or take the line out.',
  *find(system) {
    for (const [service, build] of firstBuilds(system)) {
      const context = contextOf(build, system)
      if (context === undefined) continue
      const seen = new Set<string>()
      for (const copy of stagesBuilt(build).flatMap(({ copies }) => copies)) {
        const key = `${copy.line}:${copy.column}`
        if (copy.from !== undefined || copy.hasOptions || seen.has(key)) continue
        seen.add(key)
        yield* judge(copy, { service, build, context, system })
      }
    }
  },
  examples: [
    {
      title: 'a list of requirements that nobody wrote, and a file that is left out',
      files: {
        'compose.yaml': 'services:\n  api:\n    build: ./api\n',
        'api/Dockerfile': `FROM python:3.13
COPY requirements.txt .
COPY config.yaml /etc/
`,
        'api/config.yaml': 'a: 1\n',
        'api/.dockerignore': '*.yaml\n',
      },
      finds: [
        { service: 'api', says: 'requirements.txt, which is not in' },
        { service: 'api', says: 'config.yaml, which .dockerignore leaves out' },
      ],
    },
    {
      title: 'from another stage, from the net, with a wildcard, made by a build before',
      files: {
        'compose.yaml': 'services:\n  api:\n    build: ./api\n',
        'api/Dockerfile': `FROM node:22 AS build
ARG NAME
COPY package*.json ./
COPY \${NAME}.conf /etc/
FROM nginx:1.27
COPY --from=build /app/dist /usr/share/nginx/html
ADD https://example.com/file.txt /file.txt
ADD target/app.jar /app.jar
COPY ./src /src
COPY <<EOF /etc/motd
hello
EOF
`,
        'api/src/a.txt': '1\n',
      },
      finds: [],
    },
    {
      title: 'an exception brings back what was left out',
      files: {
        'compose.yaml': 'services:\n  api:\n    build: .\n',
        Dockerfile: 'FROM node:22\nCOPY src /src\nCOPY keep/a.txt /a.txt\n',
        '.dockerignore': '*\n!src\n!keep/a.txt\n',
        'src/index.js': '1\n',
        'keep/a.txt': '1\n',
      },
      finds: [],
    },
  ],
}

type Judging = { service: ServiceEvidence; build: BuildEvidence; context: string; system: System }

function* judge(copy: CopyEvidence, judging: Judging): Generator<Found> {
  const { service, build, context, system } = judging
  for (const source of copy.sources) {
    const path = source === undefined ? undefined : pathInContext(source)
    if (path === undefined || path === '') continue
    const file = inRepository(context, path)
    const said = factAt(copy, `copies ${source ?? ''}`)
    if (isAbsent(system, file)) {
      if (isMadeBefore(path)) continue
      yield {
        service: service.name,
        message: `the Dockerfile of ${service.name} copies ${path}, which is not in ${context === '' ? 'the repository' : context}`,
        evidence: [said, factAt(wholeFile(file), 'no such file'), factAt(build.at, 'the build')],
        fix: `Commit ${file}, or correct the line`,
        subject: path,
      }
    } else if (isLeftOut(path, judging)) {
      yield {
        service: service.name,
        message: `the Dockerfile of ${service.name} copies ${path}, which .dockerignore leaves out`,
        evidence: [said, factAt(wholeFile(file), 'is left out of the build')],
        fix: `Add !${path} to .dockerignore`,
        subject: `ignored ${path}`,
      }
    }
  }
}

const isLeftOut = (path: string, { build, context, system }: Judging): boolean => {
  if (!build.ignores(path)) return false
  const below = system.tree.under(inRepository(context, path))
  const start = context === '' ? 0 : context.length + 1
  return below.every((file) => build.ignores(file.slice(start)))
}
