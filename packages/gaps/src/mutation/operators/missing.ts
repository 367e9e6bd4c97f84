import { posix } from 'node:path'
import { changeLine, type Healthy } from '../healthy.ts'
import { operator } from '../mutant.ts'
import { eachService, having, isBuilt } from '../services.ts'

/** Each Dockerfile once, with a service that is built from it. */
function* dockerfiles({ system }: Healthy) {
  const told = new Set<string>()
  for (const service of system.services.values()) {
    const file = service.build?.dockerfile?.file
    if (file === undefined || told.has(file)) continue
    told.add(file)
    yield { file, service, dockerfile: service.build?.dockerfile }
  }
}

/** Without its code a service makes no metrics and serves no paths. */
const consequences = ['observability/absent-metric', 'health/probe-target'] as const

export const missingOperators = [
  operator({
    rule: 'missing/build-context',
    breaks: 'build names a folder that is not there',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        isBuilt,
        having(['build'], () => './not-here'),
      )
    },
  }),
  operator({
    rule: 'missing/dockerfile',
    breaks: 'the Dockerfile is deleted',
    *mutants(healthy) {
      for (const { file } of dockerfiles(healthy)) {
        yield { about: file, changes: new Map([[file, null]]) }
      }
    },
  }),
  operator({
    rule: 'missing/dockerfile',
    breaks: 'the Dockerfile is empty',
    *mutants(healthy) {
      for (const { file } of dockerfiles(healthy)) {
        yield { about: file, changes: new Map([[file, '']]) }
      }
    },
  }),
  operator({
    rule: 'missing/copied-file',
    breaks: 'COPY names a file that is not there',
    *mutants(healthy) {
      for (const { file, dockerfile } of dockerfiles(healthy)) {
        for (const copy of dockerfile?.stages.flatMap(({ copies }) => copies) ?? []) {
          if (copy.from !== undefined) continue
          const changes = changeLine(healthy, copy, (line) =>
            line.replace(/^(\s*(?:COPY|ADD)\s+(?:--\S+\s+)*)\S+/, '$1absent-folder/'),
          )
          if (changes !== undefined) yield { about: `${file}:${copy.line}`, changes }
        }
      }
    },
  }),
  operator({
    rule: 'missing/manifest',
    breaks: 'RUN installs from a list that is not there',
    *mutants(healthy) {
      for (const { file, dockerfile, service } of dockerfiles(healthy)) {
        const copy = dockerfile?.stages.at(-1)?.copies.at(-1)
        if (copy?.sources[0] !== '.' || service.manifests.length > 0) continue
        const base = dockerfile?.stages.at(-1)?.base?.name
        const install = base === 'python' ? 'pip install -r requirements.txt' : 'npm ci'
        const changes = changeLine(healthy, copy, (line) => `${line}\nRUN ${install}`)
        if (changes !== undefined) yield { about: file, changes }
      }
    },
  }),
  operator({
    rule: 'missing/script',
    breaks: 'the program of a service is empty',
    also: consequences,
    *mutants(healthy) {
      for (const service of healthy.system.services.values()) {
        const main = service.sources.filter(({ file }) =>
          new RegExp(`/${service.name}/(?:main|index|app|server)\\.\\w+$`).test(file),
        )
        for (const { file } of main) {
          yield { about: file, service: service.name, changes: new Map([[file, '']]) }
        }
      }
    },
  }),
  operator({
    rule: 'missing/script',
    breaks: 'the program of a service is deleted',
    also: consequences,
    *mutants(healthy) {
      for (const service of healthy.system.services.values()) {
        const main = service.sources.filter(({ file }) =>
          new RegExp(`/${service.name}/(?:main|index|app|server)\\.\\w+$`).test(file),
        )
        for (const { file } of main) {
          yield { about: file, service: service.name, changes: new Map([[file, null]]) }
        }
      }
    },
  }),
  operator({
    rule: 'missing/mounted-file',
    breaks: 'a mounted file is renamed',
    also: ['observability/rule-files', 'observability/absent-metric', 'routes/unrouted'],
    *mutants(healthy) {
      const { root, system, files } = healthy
      for (const service of system.services.values()) {
        for (const { type, source = '' } of service.model.volumes) {
          const file = posix.relative(root, source)
          const text = files.get(file)
          if (type !== 'bind' || text === undefined) continue
          const changes = new Map([
            [file, null],
            [`${file}.old`, text],
          ])
          yield { about: `${service.name}: ${file}`, service: service.name, changes }
        }
      }
    },
  }),
  operator({
    rule: 'missing/nothing-to-run',
    breaks: 'a service has neither image nor build',
    also: ['observability/absent-metric'],
    *mutants(healthy) {
      yield* eachService(
        healthy,
        () => true,
        (document, keys) => {
          const own = ['image', 'build'].filter((key) => document.hasIn([...keys, key]))
          for (const key of own) document.deleteIn([...keys, key])
          return own.length > 0
        },
      )
    },
  }),
  operator({
    rule: 'missing/unknown-service',
    breaks: 'depends_on names a service that is not declared',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        () => true,
        having(['depends_on'], () => ['session-store']),
      )
    },
  }),
]
