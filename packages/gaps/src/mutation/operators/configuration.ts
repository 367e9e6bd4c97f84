import { changeLine, changeText, type Healthy } from '../healthy.ts'
import { operator } from '../mutant.ts'
import { eachService, having, isBuilt, withVariable } from '../services.ts'
import type { ServiceEvidence } from '../../systems/system.ts'

const isDatabase = (service: ServiceEvidence): boolean =>
  service.build === undefined && (service.image?.known?.defaultPasswords?.length ?? 0) > 0

/** Variables that code of the service cannot do without, and that stand in a compose file. */
const neededBy = ({ sources, environment }: ServiceEvidence): string[] => {
  const reads = sources.flatMap((source) => (source.isTest ? [] : source.reads))
  const optional = new Set(
    reads
      .filter((read) => read.default !== undefined || read.isOptional === true)
      .map(({ name }) => name),
  )
  const names = reads.filter(({ isRequired }) => isRequired).map(({ name }) => name)
  return [...new Set(names)].filter(
    (name) =>
      !/^(?:PORT|HOST)$/.test(name) &&
      !optional.has(name) &&
      environment.get(name)?.from === 'compose',
  )
}

const hasExample = ({ system }: Healthy): boolean =>
  system.envFiles.some(({ isExample, services }) => isExample && services.length === 0)

export const configurationOperators = [
  operator({
    rule: 'configuration/variable-not-provided',
    breaks: 'a variable that the code needs is no longer given',
    also: ['configuration/env-example'],
    *mutants(healthy: Healthy) {
      for (const service of healthy.system.services.values()) {
        for (const name of neededBy(service)) {
          const at = service.environment.get(name)
          const isOwn = at !== undefined && at.file === service.at.file && at.line > service.at.line
          const changes = isOwn ? changeLine(healthy, at, () => null) : undefined
          if (changes !== undefined) {
            yield { about: `${service.name}: ${name}`, service: service.name, changes }
          }
        }
      }
    },
  }),
  operator({
    rule: 'configuration/variable-not-read',
    breaks: 'a service gets a variable that nothing reads',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        (service) => isBuilt(service) && service.sources.length > 0,
        (document, keys) => withVariable(document, keys, 'LEGACY_BATCH_LIMIT', '12'),
      )
    },
  }),
  // With an example of the env file, that is where the variable is missed.
  ...(['configuration/unset-variable', 'configuration/env-example'] as const).map((rule) =>
    operator({
      rule,
      breaks: 'a value comes from a variable that nobody sets',
      also: ['configuration/variable-not-read'],
      *mutants(healthy) {
        if (hasExample(healthy) !== (rule === 'configuration/env-example')) return
        for (const { about, changes } of eachService(
          healthy,
          () => true,
          (document, keys) => withVariable(document, keys, 'UPSTREAM_KEY', '${UPSTREAM_KEY}'),
        )) {
          yield { about, changes }
        }
      },
    }),
  ),
  operator({
    rule: 'configuration/duplicate-variable',
    breaks: 'an env file says a variable twice',
    *mutants(healthy) {
      for (const { file, entries } of healthy.system.envFiles) {
        for (const { name, value } of entries) {
          const changes = changeText(
            healthy,
            file,
            (text) => `${name}=other-${value ?? ''}\n${text}`,
          )
          if (changes !== undefined) yield { about: `${file}: ${name}`, changes }
        }
      }
    },
  }),
  operator({
    rule: 'configuration/env-file-absent',
    breaks: 'env_file names a file that is not there',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        () => true,
        having(['env_file'], () => ['./config/absent.env']),
      )
    },
  }),
  operator({
    rule: 'configuration/env-example',
    breaks: 'a needed variable is not in the example',
    *mutants(healthy) {
      const { system } = healthy
      const example = system.envFiles.find(
        ({ isExample, services }) => isExample && services.length === 0,
      )
      for (const entry of example?.entries ?? []) {
        const isNeeded = system.variables.some(
          (use) => use.name === entry.name && use.default === undefined && use.given === undefined,
        )
        const changes = isNeeded ? changeLine(healthy, entry, () => null) : undefined
        if (changes !== undefined) yield { about: entry.name, changes }
      }
    },
  }),
  operator({
    rule: 'configuration/secret-in-file',
    breaks: 'a token stands in the compose file',
    also: ['configuration/variable-not-read'],
    *mutants(healthy) {
      // Made of parts, so that no scanner takes this file for a leak.
      const token = ['ghp', 'x8Kq2LmZ7vTn4RpW9sYb3HcJ6dFg1AeUo5Xi'].join('_')
      yield* eachService(healthy, isBuilt, (document, keys) =>
        withVariable(document, keys, 'GITHUB_TOKEN', token),
      )
    },
  }),
  operator({
    rule: 'configuration/default-password',
    breaks: 'a database has the password that everybody knows',
    also: ['configuration/secret-in-file'],
    *mutants(healthy) {
      yield* eachService(healthy, isDatabase, (document, keys, { image }) => {
        const known = image?.known?.defaultPasswords?.[0]
        return known !== undefined && withVariable(document, keys, known.variable, known.value)
      })
    },
  }),
  operator({
    rule: 'configuration/floating-image',
    breaks: 'an image is of no fixed version',
    *mutants(healthy) {
      yield* eachService(
        healthy,
        ({ image, build }) => build === undefined && image?.tag !== undefined,
        having(['image'], ({ image }) => image?.name.concat(':latest')),
      )
    },
  }),
]
