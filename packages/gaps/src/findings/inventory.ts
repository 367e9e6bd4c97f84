import type { Place } from '../place.ts'
import { dutyOf, isAtWork, type Duty } from '../rules/running/observed.ts'
import type { Finding, Rule } from '../rules/rule.ts'
import { folderName } from '../systems/folder-name.ts'
import type { System } from '../systems/system.ts'
import type { TreeNote } from '../tree/tree.ts'
import { categoryOf, isBuilt, whyNotBuilt } from './categories.ts'
import { scoreOf, type Score } from './score.ts'

/** A service that is declared, and what is there of it. */
export type InventoryService = Place & {
  system: string
  service: string
  category: string
  /** Null: it cannot be seen from here (a remote context). */
  built: boolean | null
  /** Why it is not built; null when it is. */
  why: string | null
  /** `off`: by its profiles or its number of instances nothing of it is to run. */
  runs: Duty
  /** Of a job that it ended well, or is at it. Null: nobody looked, it is off, or it cannot be seen. */
  running: boolean | null
}

/** A document that says how many there are, or which. */
export type InventoryClaim = Place & { system: string; text: string; count: number }

export type Inventory = {
  /** The total that the documents claim; null when none does. */
  claimed: number | null
  declared: number
  built: number
  /** Null when nobody looked. */
  running: number | null
  claims: readonly InventoryClaim[]
  services: readonly InventoryService[]
  categories: readonly {
    category: string
    declared: number
    built: number
    running: number | null
    services: readonly string[]
  }[]
  systems: readonly { folder: string; name: string; files: readonly string[]; services: number }[]
  score: Score
  /** What was not read, and why. */
  notRead: readonly TreeNote[]
}

type Judged = {
  /** Those that the score is lowered by. */
  findings: readonly Finding[]
  rules: readonly Rule[]
  notRead: readonly TreeNote[]
}

export const takeInventory = (systems: readonly System[], judged: Judged): Inventory => {
  const { findings, rules, notRead } = judged
  const main = mainSystems(systems)
  const services = main.flatMap(servicesOf)
  const claims = main.flatMap(claimsOf)
  const looked = main.some(({ running }) => running !== undefined)
  const runningOf = (list: readonly InventoryService[]) =>
    looked ? list.filter(({ running }) => running === true).length : null
  return {
    claimed: totalOf(claims),
    declared: services.length,
    built: services.filter(({ built }) => built !== false).length,
    running: runningOf(services),
    claims,
    services,
    categories: [...Map.groupBy(services, ({ category }) => category)]
      .map(([category, list]) => ({
        category,
        declared: list.length,
        built: list.filter(({ built }) => built !== false).length,
        running: runningOf(list),
        services: list.map(({ service }) => service),
      }))
      .toSorted((a, b) => b.declared - a.declared || (a.category < b.category ? -1 : 1)),
    systems: systems.map(({ folder, name, files, services }) => ({
      ...{ folder: folderName(folder), name, files, services: services.size },
    })),
    score: scoreOf(findings, main.map(unitOf), countedRules(systems, rules)),
    notRead,
  }
}

const unitOf = ({ folder, services }: System) => ({
  ...{ system: folderName(folder), services: [...services.keys()] },
})

/** What nobody looked at is not well either: it does not count. */
const countedRules = (systems: readonly System[], rules: readonly Rule[]): readonly Rule[] => {
  const looked = systems.some(({ running }) => running !== undefined)
  return rules.filter(({ id }) => looked || !id.startsWith('running/'))
}

/**
 * Each folder's stack as it is meant: the reading that runs, else what `docker compose up` reads, else
 * the largest one.
 */
const mainSystems = (systems: readonly System[]): System[] =>
  [...Map.groupBy(systems, ({ folder }) => folder).values()].flatMap((readings) => {
    const [largest] = readings.toSorted((a, b) => b.services.size - a.services.size)
    const started = readings.find(({ running }) => running !== undefined)
    return started ?? readings.find(({ isDefault }) => isDefault) ?? largest ?? []
  })

const servicesOf = (system: System): InventoryService[] =>
  [...system.services.values()].map((service) => {
    const built = isBuilt(service, system)
    const looked = system.running !== undefined
    const instances = system.running?.instances.filter((one) => one.service === service.name) ?? []
    const runs = dutyOf(system, service, instances)
    const { file, line, column } = service.at
    return {
      ...{ system: folderName(system.folder), service: service.name },
      category: categoryOf(service),
      built: built ?? null,
      why: built === false ? whyNotBuilt(service) : null,
      runs,
      running: looked ? (isAtWork(runs, instances) ?? null) : null,
      ...{ file, line, column },
    }
  })

/** Totals of services only: containers, databases and the like count something else. */
const claimsOf = ({ folder, documents }: System): InventoryClaim[] =>
  documents.flatMap(({ claims }) =>
    claims.flatMap((claim) => {
      if (claim.kind !== 'count' || claim.scope !== 'total') return []
      if (!/service/i.test(claim.noun)) return []
      const { text, count, file, line, column } = claim
      return [{ system: folderName(folder), text, count, file, line, column }]
    }),
  )

/** One total for each system, the one that is told first; systems add up. */
const totalOf = (claims: readonly InventoryClaim[]): number | null => {
  const bySystem = [...Map.groupBy(claims, ({ system }) => system).values()]
  const totals = bySystem.map((list) => list.toSorted(byProminence)[0]?.count ?? 0)
  return totals.length === 0 ? null : totals.reduce((sum, total) => sum + total, 0)
}

/** What lies nearer to the root is read first, a README before a plan. */
const byProminence = (a: InventoryClaim, b: InventoryClaim): number =>
  a.file.split('/').length - b.file.split('/').length ||
  Number(/readme/i.test(b.file)) - Number(/readme/i.test(a.file)) ||
  (a.file < b.file ? -1 : 1) ||
  a.line - b.line
