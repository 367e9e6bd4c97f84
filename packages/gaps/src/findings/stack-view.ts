import { join } from 'node:path'
import type { Audit } from '../audit.ts'
import { plainName } from '../rules/claims/documents.ts'
import { listsOf } from '../rules/claims/lists.ts'
import type { Finding, Rule } from '../rules/rule.ts'
import { folderName } from '../systems/folder-name.ts'
import { repositoryPath } from '../systems/places.ts'
import type { System } from '../systems/system.ts'
import { takeInventory, type Inventory } from './inventory.ts'

/** What an audit says of one stack: of a folder's readings the one that was meant. */
export type StackView = {
  /** Undefined: none of its files could be loaded; the findings say why. */
  system: System | undefined
  findings: readonly Finding[]
  inventory: Inventory
  /** Services that a document names. */
  claimed: ReadonlySet<string>
}

type Asked = {
  /** Absolute paths of the stack's compose files, as it was started. */
  files: readonly string[]
  rules: readonly Rule[]
  /** Fingerprints that somebody has taken as they are: the score is that of the others. */
  accepted?: ReadonlySet<string>
}

/**
 * The reading of the files that a stack was started from (`AuditOptions.files`); undefined when they do
 * not load. Where they are not all in the repository, the usual reading of those that are.
 */
export const systemOf = (
  systems: readonly System[],
  files: readonly string[],
): System | undefined => {
  const pathsOf = ({ tree, files: own }: System) => own.map((file) => join(tree.root, file))
  const key = files.join('\0')
  const exact = systems.find((system) => pathsOf(system).join('\0') === key)
  if (exact !== undefined) return exact
  const isHere = ({ tree }: System) =>
    files.every((file) => {
      const path = repositoryPath(tree.root, file)
      return path !== undefined && tree.has(path)
    })
  if (files.length > 0 && systems.some(isHere)) return undefined
  const near = systems.filter((system) => pathsOf(system).some((path) => files.includes(path)))
  return near.find(({ isDefault }) => isDefault) ?? near[0]
}

/**
 * Findings of the stack's folder and of the folder that was audited; stacks that lie below it have
 * their own.
 */
export const viewOfStack = (found: Audit, { files, rules, accepted }: Asked): StackView => {
  const system = systemOf(found.systems, files)
  const folders = new Set(['.', ...(system === undefined ? [] : [folderName(system.folder)])])
  const findings = found.findings.filter((finding) => folders.has(finding.system))
  const systems = system === undefined ? [] : [system]
  const others = findings.filter(({ fingerprint }) => accepted?.has(fingerprint) !== true)
  return {
    ...{ system, findings },
    inventory: takeInventory(systems, { findings: others, rules, notRead: found.notes }),
    claimed: system === undefined ? new Set() : claimedServices(system),
  }
}

/** By a list of services, or by their very name in one. */
const claimedServices = (system: System): ReadonlySet<string> => {
  const usual = system.readings().find(({ isDefault }) => isDefault) ?? system
  const listed = listsOf(usual).flatMap(({ items }) =>
    items.flatMap(({ service }) => service?.name ?? []),
  )
  const said = usual.documents.flatMap(({ claims }) =>
    claims.flatMap((claim) => (claim.kind === 'service' ? plainName(claim.name) : [])),
  )
  const named = [...system.services.keys()].filter((name) => said.includes(plainName(name)))
  return new Set([...listed, ...named].filter((name) => system.services.has(name)))
}
