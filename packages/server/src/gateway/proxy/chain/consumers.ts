import { createHash } from 'node:crypto'
import type { Consumer, Credential, CredentialKind, GatewayConfig } from '../../config/model.ts'
import type { ConsumerIndex } from '../../plugins/plugin.ts'
import type { Work } from '../../slices.ts'

/** Consumers of one document, and by what they prove themselves. */
export function* indexConsumers(
  config: Pick<GatewayConfig, 'consumers' | 'credentials' | 'acls'>,
): Work<ConsumerIndex> {
  const byId = new Map<string, Consumer>()
  const byName = new Map<string, Consumer>()
  const byCustomId = new Map<string, Consumer>()
  for (const consumer of config.consumers) {
    yield
    byId.set(consumer.id, consumer)
    if (consumer.username !== null) byName.set(consumer.username, consumer)
    if (consumer.custom_id !== null) byCustomId.set(consumer.custom_id, consumer)
  }
  let hasDigests = false
  const byLookup = new Map<CredentialKind, Map<string, Found>>()
  for (const credential of config.credentials) {
    yield
    const consumer = byId.get(credential.consumer)
    if (consumer === undefined) continue
    const known = byLookup.get(credential.kind) ?? new Map<string, Found>()
    known.set(lookupOf(credential), { credential, consumer })
    hasDigests ||= isDigest(credential)
    byLookup.set(credential.kind, known)
  }
  const groups = new Map<string, string[]>()
  for (const { consumer, group } of config.acls) {
    yield
    const own = groups.get(consumer)
    if (own === undefined) groups.set(consumer, [group])
    else own.push(group)
  }

  return {
    find: (idOrUsername) => byId.get(idOrUsername) ?? byName.get(idOrUsername),
    byCustomId: (customId) => byCustomId.get(customId),
    credential: <K extends CredentialKind>(kind: K, lookup: string) =>
      // Held under its own kind above, which the type of a map of maps cannot say.
      ((isDigestText(lookup) ? undefined : byLookup.get(kind)?.get(lookup)) ??
        (hasDigests && kind === 'keyauth_credentials'
          ? byLookup.get(kind)?.get(digestOfKey(lookup))
          : undefined)) as Found<K> | undefined,
    groupsOf: ({ id }) => groups.get(id) ?? none,
  }
}

type Found<K extends CredentialKind = CredentialKind> = {
  credential: Extract<Credential, { kind: K }>
  consumer: Consumer
}

/**
 * Those of a document first, then those that the API manages: a key that somebody makes for a client
 * opens whatever asks for keys. `shared` is asked each time, because it changes on its own.
 */
export const withShared = (
  own: ConsumerIndex,
  shared: () => ConsumerIndex | null,
): ConsumerIndex => ({
  find: (idOrUsername) => own.find(idOrUsername) ?? shared()?.find(idOrUsername),
  byCustomId: (customId) => own.byCustomId(customId) ?? shared()?.byCustomId(customId),
  credential: (kind, lookup) => own.credential(kind, lookup) ?? shared()?.credential(kind, lookup),
  groupsOf: (consumer) =>
    own.find(consumer.id) === consumer
      ? own.groupsOf(consumer)
      : (shared()?.groupsOf(consumer) ?? none),
})

/** As keys made by the platform are kept: nobody can read them again (control/consumers.ts). */
export const digestOfKey = (key: string): string =>
  `sha256:${createHash('sha256').update(key).digest('hex')}`

/** A digest that leaked is no key. */
const isDigestText = (lookup: string): boolean =>
  lookup.length === digestLength && lookup.startsWith('sha256:')

const digestLength = 'sha256:'.length + 64

const isDigest = (credential: Credential): boolean =>
  credential.kind === 'keyauth_credentials' && /^sha256:[\da-f]{64}$/.test(credential.key)

const none: readonly string[] = []

const lookupOf = (credential: Credential): string =>
  'username' in credential ? credential.username : credential.key
