import type { Fact } from '../place.ts'
import type { System } from './system.ts'

const testFolder =
  /(?:^|\/)(?:\.?ci|\.github|\.circleci|\.gitlab|tests?|e2e|cypress|playwright|bench(?:marks?)?|[\w-]*(?:integration|acceptance|e2e)[-_]tests?)(?:\/|$)/i
const testFile = /(?:^|[._-])(?:tests?|ci|e2e|integration|cypress|bench)(?:[._-]|$)/i
const developmentFolder =
  /(?:^|\/)(?:\.devcontainer|dev|devel|development|devenv|local[-_]?dev\w*|dev[-_][\w-]{1,40})(?:\/|$)/i
const developmentFile = /(?:^|[._-])(?:dev|devel|develop|development|local|debug)(?:[._-]|$)/i

const nameOf = ({ files }: System): string => (files.at(-1) ?? '').split('/').at(-1) ?? ''

/** Started by a pipeline, used for minutes, with data that nobody misses. */
export const isForTests = (system: System): boolean =>
  testFolder.test(system.folder) || testFile.test(nameOf(system)) || isTestData(system)

const databaseName = /^(?:POSTGRES_DB|MYSQL_DATABASE|MARIADB_DATABASE|MONGO_INITDB_DATABASE)$/

/** A database that is called `test`. */
const isTestData = ({ services }: System): boolean =>
  [...services.values()].some(({ environment }) =>
    [...environment.values()].some(
      ({ name, value }) => databaseName.test(name) && /^tests?(?:[-_]?db)?$/i.test(value ?? ''),
    ),
  )

/** Runs on the machine of whoever works on it, as its name says: `compose.dev.yaml`, `dev/`. */
export const isForDevelopment = (system: System): boolean =>
  developmentFolder.test(system.folder) || developmentFile.test(nameOf(system))

const fixtureFolder =
  /(?:^|\/)(?:__fixtures__|fixtures?|test-?data|tests?\/(?:resources|data|assets))(?:\/|$)/i
const overrideFile = /(?:^|\/)(?:docker-)?compose\.override\.ya?ml$/

const templateFile = /(?:^|[._-])(?:example|sample|template|dist)(?:[._-]|$)/i

/** What a program is tested with, or what is to be copied and filled in: nobody starts it as it is. */
export const isFixture = (system: System): boolean =>
  fixtureFolder.test(system.folder) || templateFile.test(nameOf(system))

/** An override that is in the repository is what its authors add on their own machines. */
export const isOfOverride = ({ evidence }: { evidence: readonly Fact[] }): boolean =>
  evidence.some(({ file }) => overrideFile.test(file))

/**
 * Half of a stack, which another file makes whole: an overlay, or the base of some. It has services
 * that say neither what to run nor how to build it (in the default files: which are whole in another
 * reading); or it counts on services and networks that it does not declare.
 */
export const isFragment = (system: System): boolean => {
  const { warnings } = system.project
  if (!system.isDefault && warnings.some(({ code }) => code.startsWith('undefined_'))) return true
  const halves = Object.values(system.project.services).filter(isHalf)
  // On top of the default files it is all there is, unless a third one makes it whole.
  if (halves.length > 0 && !system.isDefault && system.files.length < 2) return true
  const others = [...system.neighbours(), ...system.readings()].filter((one) => one !== system)
  return (
    halves.length > 0 &&
    halves.every(({ name }) =>
      others.some(({ project }) => {
        const whole = project.services[name]
        return whole !== undefined && !isHalf(whole)
      }),
    )
  )
}

const isHalf = (service: System['project']['services'][string]): boolean =>
  service.image === undefined &&
  service.build === undefined &&
  service.provider === undefined &&
  service.runtime === 'container'
