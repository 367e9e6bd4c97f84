import { writeDockerfile } from '../../fix/dockerfiles/index.ts'
import { factAt, wholeFile, type Fact } from '../../place.ts'
import { stageOf } from '../../systems/stage.ts'
import type { BuildEvidence, System } from '../../systems/system.ts'
import type { Rule } from '../rule.ts'
import { contextOf, firstBuilds, isAbsent } from './context-paths.ts'

/** A Dockerfile that is absent, empty, cannot be read, or has not the stage that is asked for. */
export const dockerfile: Rule = {
  id: 'missing/dockerfile',
  title: 'Dockerfile that cannot be built',
  severity: 'error',
  why: `An empty Dockerfile was put there to be filled in later, or a stage was renamed: the service is
listed, counted and waited for, and has never been built.`,
  joins: ['build.dockerfile', 'build.target', 'the Dockerfile'],
  fix: 'Write the Dockerfile, or correct the path or the stage.',
  fixable: 'when asked',
  caution:
    'it is made from the manifest: look at versions, and at what the program writes to disk.',
  *find(system) {
    for (const [service, build] of firstBuilds(system)) {
      const { name, place } = service
      const fault = faultOf(build, system)
      if (fault === undefined) continue
      const at = fault.key === undefined ? build.at : place('build', fault.key)
      yield {
        service: name,
        message: `${name} cannot be built: ${fault.says}`,
        evidence: [factAt(at, fault.asks), fault.fact],
        fix: fault.fix,
        subject: fault.subject,
        edits: isUnwritten(fault) ? writeDockerfile(system, service, build) : [],
      }
    }
  },
  examples: [
    {
      title: 'no file, an empty file, a stage that is not in it, a line that cannot be read',
      files: {
        'compose.yaml': `services:
  a: { build: ./a }
  b: { build: ./b }
  c: { build: { context: ./c, target: production } }
  d: { build: ./d }
`,
        'a/main.py': 'print(1)\n',
        'b/Dockerfile': '\n# later\n',
        'c/Dockerfile': 'FROM node:22 AS build\nRUN ls\n',
        'd/Dockerfile': 'FROM node:22\nRUNN ls\n',
      },
      finds: [
        { service: 'a', says: 'a/Dockerfile is not there' },
        { service: 'b', says: 'is empty' },
        { service: 'c', says: 'no stage production' },
        { service: 'd', says: 'unknown instruction RUNN' },
      ],
    },
    {
      title: 'comments between lines, here-documents, a syntax of its own',
      files: {
        'compose.yaml': `services:
  a: { build: ./a }
  b: { build: { context: ./b, target: RUN } }
  c: { build: { dockerfile_inline: "FROM alpine" } }
`,
        'a/Dockerfile': `# syntax=docker/dockerfile:1
FROM node:22
RUN apt-get update && \\
    # what the build needs
    apt-get install -y git

COPY <<EOF /etc/motd
FROM here
Hello
EOF
`,
        'b/Dockerfile': '# syntax=example/own:1\nFROM node:22 AS run\nINCLUDE other\n',
      },
      finds: [],
    },
  ],
}

type Fault = {
  says: string
  asks: string
  key?: string
  fact: Fact
  fix: string
  subject: string
}

const isUnwritten = ({ subject }: Fault): boolean => subject === 'absent' || subject === 'empty'

const faultOf = (build: BuildEvidence, system: System): Fault | undefined => {
  const { dockerfilePath: path, dockerfile: file, target } = build
  if (contextOf(build, system) === undefined) return undefined
  if (path !== undefined && file === undefined) {
    if (!isAbsent(system, path)) return undefined
    return {
      ...{ says: `${path} is not there`, asks: `is built by ${path}`, key: 'dockerfile' },
      fact: factAt(wholeFile(path), 'no such file'),
      ...{ fix: `Write ${path}, or name another with build.dockerfile`, subject: 'absent' },
    }
  }
  if (file === undefined) return undefined
  if (file.isEmpty) {
    return {
      ...{ says: `${file.file} is empty`, asks: `is built by ${file.file}`, key: 'dockerfile' },
      fact: factAt(wholeFile(file.file), 'holds no instruction'),
      ...{ fix: `Write ${file.file}, or take the service out`, subject: 'empty' },
    }
  }
  const [fault] = file.faults
  if (fault !== undefined) {
    return {
      ...{ says: fault.message, asks: `is built by ${file.file}`, key: 'dockerfile' },
      fact: factAt(fault, fault.message),
      ...{ fix: `Correct line ${fault.line} of ${file.file}`, subject: fault.message },
    }
  }
  const [first] = file.stages
  if (target === undefined || first === undefined || stageOf(build) !== undefined) return undefined
  const names = file.stages.flatMap(({ name }) => name ?? [])
  return {
    ...{ says: `${file.file} has no stage ${target}`, asks: `target ${target}`, key: 'target' },
    fact: factAt(
      first.at,
      names.length === 0 ? 'no stage has a name' : `its stages: ${names.slice(0, 8).join(', ')}`,
    ),
    fix: `Name the stage with FROM … AS ${target}, or correct build.target`,
    subject: `target ${target}`,
  }
}
