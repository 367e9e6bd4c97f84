import { randomBytes } from 'node:crypto'
import type { GatewayConsumerRow, GatewayKeyMade, GatewayManager } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import { AppError } from '../../kernel/errors.ts'
import { endTag } from '../config/credential-label.ts'
import type { Consumer, Credential, GatewayConfig } from '../config/model.ts'
import { digestOfKey } from '../proxy/chain/consumers.ts'
import type { GatewayDocument } from '../snapshot.ts'
import { shownCredential } from './consumer-rows.ts'
import { madeTag } from './kept-people.ts'
import type { OwnConfig } from './own-config.ts'

type ConsumersDeps = {
  own: OwnConfig
  documents: () => readonly GatewayDocument[]
  managerOf: (document: GatewayDocument) => GatewayManager
  rows: () => GatewayConsumerRow[]
  newId: () => string
}

/** 32 letters and digits: 190 bits. */
const keyLength = 32
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Consumers and keys that are made by people; those in files are changed in their files. */
export const createConsumers = ({ own, documents, managerOf, rows, newId }: ConsumersDeps) => {
  /** Throws not_found, or gateway_not_managed_here with the file to change. */
  const refuseOthers = (what: string, has: (config: GatewayConfig) => boolean): void => {
    if (has(own.current.config)) return
    const owner = documents().find(({ config }) => has(config))
    if (owner === undefined) throw unknown(what)
    const { text, file } = managerOf(owner)
    const message = `This ${what} is managed by ${text}${file === null ? '' : ` (${file})`}`
    throw new AppError('gateway_not_managed_here', { message })
  }
  const rowOf = (id: string): GatewayConsumerRow => {
    const row = rows().find((one) => one.id === id)
    if (row === undefined) throw unknown('consumer')
    return row
  }

  const consumerObject = (id: string) => {
    const found = own.current.config.consumers.find((one) => one.id === id)
    return { kind: 'consumer', id, name: found?.username ?? found?.custom_id ?? id }
  }

  return {
    /** Throws AppError('conflict') when the name is taken. */
    async create(
      actor: Actor,
      {
        username,
        customId,
        groups = [],
      }: { username: string; customId?: string; groups?: string[] },
    ): Promise<GatewayConsumerRow> {
      const { consumers } = own.current.config
      const taken = consumers.find(
        (one) =>
          one.username === username || (customId !== undefined && one.custom_id === customId),
      )
      if (taken !== undefined) {
        const message = `There is a consumer ${taken.username ?? taken.custom_id ?? taken.id} already`
        throw new AppError('gateway_name_taken', { message })
      }
      const id = newId()
      const tags = [madeTag]
      const consumer: Consumer = { id, tags, username, custom_id: customId ?? null }
      const acls = groups.map((group) => ({ id: newId(), tags, consumer: id, group }))
      const add = (config: GatewayConfig): GatewayConfig => ({
        ...config,
        consumers: [...config.consumers, consumer],
        acls: [...config.acls, ...acls],
      })
      await own.change(actor, add, {
        ...{ note: `consumer ${username} made`, action: 'gateway.consumer_created' },
        object: { kind: 'consumer', id, name: username },
      })
      return rowOf(id)
    },

    async remove(actor: Actor, id: string): Promise<void> {
      refuseOthers('consumer', ({ consumers }) => consumers.some((one) => one.id === id))
      const remove = (config: GatewayConfig): GatewayConfig => ({
        ...config,
        consumers: config.consumers.filter((one) => one.id !== id),
        credentials: config.credentials.filter(({ consumer }) => consumer !== id),
        acls: config.acls.filter(({ consumer }) => consumer !== id),
        plugins: config.plugins.filter(({ consumer }) => consumer !== id),
      })
      await own.change(actor, remove, {
        ...{ note: 'consumer removed', action: 'gateway.consumer_deleted' },
        object: consumerObject(id),
      })
    },

    /** The key itself is in this answer only; kept is its digest. */
    async createKey(
      actor: Actor,
      consumer: string,
      tags: readonly string[],
    ): Promise<GatewayKeyMade> {
      refuseOthers('consumer', ({ consumers }) => consumers.some((one) => one.id === consumer))
      const key = newKey()
      const credential: Credential = {
        ...{ id: newId(), kind: 'keyauth_credentials', consumer, key: digestOfKey(key) },
        tags: [...tags, `${endTag}${key.slice(-4)}`],
      }
      const add = (config: GatewayConfig): GatewayConfig => ({
        ...config,
        credentials: [...config.credentials, credential],
      })
      await own.change(actor, add, {
        ...{ note: 'key made', action: 'gateway.key_created' },
        object: consumerObject(consumer),
      })
      return { credential: shownCredential(credential), key }
    },

    async revoke(actor: Actor, id: string): Promise<void> {
      refuseOthers('credential', ({ credentials }) => credentials.some((one) => one.id === id))
      const remove = (config: GatewayConfig): GatewayConfig => ({
        ...config,
        credentials: config.credentials.filter((one) => one.id !== id),
      })
      const { consumer } = own.current.config.credentials.find((one) => one.id === id) ?? {
        consumer: id,
      }
      await own.change(actor, remove, {
        ...{ note: 'credential revoked', action: 'gateway.credential_deleted' },
        object: consumerObject(consumer),
      })
    },
  }
}

/** Without bias: bytes beyond the last whole multiple of the alphabet are drawn again. */
const newKey = (): string => {
  const usable = 256 - (256 % alphabet.length)
  let key = ''
  while (key.length < keyLength) {
    for (const byte of randomBytes(keyLength)) {
      if (byte < usable && key.length < keyLength) key += alphabet[byte % alphabet.length]
    }
  }
  return key
}

const unknown = (what: string): AppError => {
  const hint = 'keelson gateway key list, and the Consumers page, have their ids.'
  return new AppError('not_found', { message: `There is no such ${what}` }, { hint })
}
