import type { GatewayConsumerRow, GatewayCredential, GatewayManager } from '@keelson/contract'
import { credentialLabel, endTag } from '../config/credential-label.ts'
import type { Credential } from '../config/model.ts'
import type { PluginTable } from '../plugins/index.ts'
import type { GatewayDocument } from '../snapshot.ts'
import { scopeOf } from './route-rows.ts'

type RowsDeps = {
  plugins: PluginTable
  managerOf: (document: GatewayDocument) => GatewayManager
}

/** Consumers of all documents, by name. */
export const consumerRowsOf = (
  documents: readonly GatewayDocument[],
  { plugins, managerOf }: RowsDeps,
): GatewayConsumerRow[] =>
  documents
    .flatMap((document) => {
      const { config } = document
      const manager = managerOf(document)
      const credentials = Map.groupBy(config.credentials, ({ consumer }) => consumer)
      const groups = Map.groupBy(config.acls, ({ consumer }) => consumer)
      const used = Map.groupBy(config.plugins, ({ consumer }) => consumer)
      return config.consumers.map(({ id, username, custom_id: customId }): GatewayConsumerRow => ({
        ...{ id, username, customId, manager },
        groups: (groups.get(id) ?? []).map(({ group }) => group),
        credentials: (credentials.get(id) ?? []).map(shownCredential),
        plugins: (used.get(id) ?? []).map((entity) => ({
          ...{ id: entity.id, name: entity.name, scope: scopeOf(entity) },
          priority: plugins.get(entity.name)?.priority ?? 0,
        })),
      }))
    })
    .toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)))

const nameOf = ({ username, customId, id }: GatewayConsumerRow): string =>
  username ?? customId ?? id

export const shownCredential = (credential: Credential): GatewayCredential => {
  const { id, kind, tags } = credential
  const label = credentialLabel(credential)
  return { id, kind, label, tags: tags.filter((tag) => !tag.startsWith(endTag)) }
}
