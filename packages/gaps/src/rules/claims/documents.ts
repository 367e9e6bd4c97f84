import { posix } from 'node:path'
import { isWithin } from '../../systems/owners.ts'
import type { Claim, DocumentEvidence, ServiceEvidence, System } from '../../systems/system.ts'

export type ClaimOf<Kind extends Claim['kind']> = Extract<Claim, { kind: Kind }>

type Stated<Kind extends Claim['kind']> = { document: DocumentEvidence; claim: ClaimOf<Kind> }

/**
 * Claims of the documents that speak of this stack. Only its default reading is held against them,
 * so that the same sentence is not judged once for each overlay.
 */
export function* claimsOf<Kind extends Claim['kind']>(
  system: System,
  kind: Kind,
): Generator<Stated<Kind>> {
  if (!system.isDefault) return
  for (const document of system.documents) {
    for (const claim of document.claims) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the kind says which one it is
      if (claim.kind === kind) yield { document, claim: claim as ClaimOf<Kind> }
    }
  }
}

/** The stack's own README and what lies in its docs; not the README of one of its parts. */
export const isAboutAll = ({ file }: DocumentEvidence, { folder }: System): boolean => {
  const at = file.includes('/') ? posix.dirname(file) : ''
  if (at === folder) return true
  const rest = folder === '' ? at : isWithin(at, folder) ? at.slice(folder.length + 1) : undefined
  return rest !== undefined && /^docs?(?:\/|$)/i.test(rest)
}

/** Every service of the folder, by whichever reading brings it. */
export const allServices = (system: System): ReadonlyMap<string, ServiceEvidence> => {
  const services = new Map<string, ServiceEvidence>(system.services)
  for (const reading of system.readings()) {
    for (const [name, service] of reading.services)
      if (!services.has(name)) services.set(name, service)
  }
  return services
}

/** Lower case without separators: `Account Service`, `account-service` and `account_service` are one. */
export const plainName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

const filler =
  /(?:microservice|service|services|server|container|application|app|api|db|database|svc)$/

/** The same, without what documents add and leave out at will. */
const coreName = (name: string): string => {
  const plain = plainName(name)
  const core = plain.replace(filler, '')
  return core.length >= 2 ? core : plain
}

/** Names under which a service is known: its own, its container's, its image's. */
const namesOf = ({ name, model, image, build }: ServiceEvidence): string[] =>
  [
    name,
    model.containerName,
    posix.basename(image?.name ?? ''),
    posix.basename(build?.context ?? ''),
  ].flatMap((one) => (one === undefined || one === '' ? [] : [one]))

/** `redis-exporter` is not redis. */
const helperOf = (name: string): string =>
  /exporter|proxy|backup|commander|insight|admin|migrat|replica|sentinel/.exec(
    name.toLowerCase(),
  )?.[0] ?? ''

export const findService = (
  services: ReadonlyMap<string, ServiceEvidence>,
  said: string,
): ServiceEvidence | undefined => {
  const plain = plainName(said)
  const core = coreName(said)
  if (plain === '') return undefined
  const all = [...services.values()].filter(
    ({ name }) => helperOf(name) === helperOf(plain) || plainName(name) === plain,
  )
  return (
    all.find((service) => namesOf(service).some((name) => plainName(name) === plain)) ??
    all.find((service) => namesOf(service).some((name) => coreName(name) === core)) ??
    all.find((service) =>
      namesOf(service).some((name) => {
        const own = coreName(name)
        return own.length >= 4 && core.length >= 4 && (own.includes(core) || core.includes(own))
      }),
    )
  )
}

/** Sections that speak of another way to run it than with compose. */
export const isOtherWay = (section: string | undefined): boolean =>
  /\b(?:kubernetes|k8s|minikube|helm|without docker|locally without|from source|manual(?:ly)?|bare.?metal|local development|development (?:setup|environment|mode|server)|hot.?reload|npm|yarn|maven|gradle|native|systemd|heroku|aws|azure|gcp|cloud|production deploy\w*|contributing|testing|tests?|troubleshooting|migrat\w+|upgrad\w+|updating|faq|old|legacy|deprecated|alternative\w*)\b/i.test(
    section ?? '',
  )
