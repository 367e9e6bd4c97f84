import type { DeviceRequest, FileReference, Hook, Ulimit } from './model.ts'
import { findChild, listEntries } from './node.ts'
import type { Node } from './node.ts'
import { modeOf } from './render.ts'
import {
  defined,
  findBoolean,
  findScalar,
  findText,
  listTexts,
  readRecord,
  toRecord,
} from './values.ts'

/* Parts that a service, its build and its deployment have in common, read from a canonical tree. */

export function itemsOf(node: Node | undefined): Node[] {
  return node?.kind === 'list' ? node.items : []
}

export function readReferences(node: Node | undefined): FileReference[] {
  return itemsOf(node).map((item) => {
    const mode = findScalar(item, 'mode')
    return {
      source: findText(item, 'source') ?? '',
      ...defined({
        target: findText(item, 'target'),
        uid: findText(item, 'uid'),
        gid: findText(item, 'gid'),
        mode: mode === undefined ? undefined : modeOf(mode),
      }),
    }
  })
}

export function readUlimits(parent: Node | undefined): Record<string, Ulimit> {
  return toRecord(
    listEntries(parent, 'ulimits').map(({ key, value }) => {
      const both = value.kind === 'scalar' ? value.text : undefined
      const part = (name: string) => Number(both ?? findText(value, name) ?? 0)
      return [key, { soft: part('soft'), hard: part('hard') }] as const
    }),
  )
}

/** `host=address` entries by host. */
export function readHosts(node: Node | undefined): Record<string, string[]> {
  const hosts = new Map<string, string[]>()
  for (const text of listTexts(node)) {
    const equals = text.indexOf('=')
    const host = text.slice(0, equals)
    const address = text.slice(equals + 1)
    const known = hosts.get(host) ?? []
    if (!known.includes(address)) hosts.set(host, [...known, address])
  }
  return toRecord(hosts)
}

export function readDeviceRequests(node: Node | undefined): DeviceRequest[] {
  return itemsOf(node).map((item) => {
    const count = findText(item, 'count')
    return {
      capabilities: listTexts(findChild(item, 'capabilities')),
      deviceIds: listTexts(findChild(item, 'device_ids')),
      options: readRecord(findChild(item, 'options')),
      ...defined({
        driver: findText(item, 'driver'),
        count: count === undefined ? undefined : /^all$/i.test(count) ? -1 : Number(count),
      }),
    }
  })
}

/** Names without a value anywhere are left out. */
export function readEnvironmentOf(parent: Node | undefined): Record<string, string> {
  return toRecord(
    listEntries(parent, 'environment').flatMap(({ key, value }) =>
      value.kind === 'scalar' && value.value !== null ? [[key, value.text] as const] : [],
    ),
  )
}

export function readHook(node: Node | undefined): Hook {
  return {
    command: listTexts(findChild(node, 'command')),
    privileged: findBoolean(node, 'privileged') ?? false,
    environment: readEnvironmentOf(node),
    ...defined({
      user: findText(node, 'user'),
      workingDir: findText(node, 'working_dir'),
      image: findText(node, 'image'),
      perReplica: findBoolean(node, 'per_replica'),
    }),
  }
}
