import type { Place } from '../../place.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import {
  allServices,
  claimsOf,
  findService,
  isAboutAll,
  isOtherWay,
  plainName,
  type ClaimOf,
} from './documents.ts'

type Item = { claim: ClaimOf<'service'>; service: ServiceEvidence | undefined }

export type ServiceList = { file: string; at: Place; items: readonly Item[] }

/**
 * Lists of documents that are lists of this stack's services: at least three names, and two thirds
 * of them are services. Others list features, technologies or somebody else's parts.
 */
export const listsOf = (system: System): ServiceList[] => {
  const services = allServices(system)
  const lists = Map.groupBy(
    [...claimsOf(system, 'service')].filter(
      ({ document, claim }) => isAboutAll(document, system) && !isOtherWay(claim.section),
    ),
    ({ claim, document }) => `${document.file}:${claim.list.line}:${claim.list.column}`,
  )
  return [...lists.values()].flatMap((claims) => {
    const items = claims.map(({ claim }) => ({ claim, service: serviceOf(services, claim) }))
    const matched = new Set(items.flatMap(({ service }) => service?.name ?? []))
    const [first] = claims
    const isOurs = matched.size >= 3 && matched.size * 3 >= items.length * 2
    return isOurs && first !== undefined
      ? [{ file: first.document.file, at: first.claim.list, items }]
      : []
  })
}

/** By its name, or by one within the words of the item: `AngularJS frontend (API Gateway)`. */
const serviceOf = (
  services: ReadonlyMap<string, ServiceEvidence>,
  { name, text }: ClaimOf<'service'>,
): ServiceEvidence | undefined => {
  const words = plainName(text)
  return (
    findService(services, name) ??
    [...services.values()].find(
      (service) => plainName(service.name).length >= 5 && words.includes(plainName(service.name)),
    )
  )
}
