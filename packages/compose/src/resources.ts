import type { Config, Model, Network, Project, Secret, Volume } from './model.ts'
import { findChild, listEntries } from './node.ts'
import type { MapNode, Node } from './node.ts'
import { itemsOf } from './read-parts.ts'
import { readExtensions } from './service.ts'
import {
  defined,
  findBoolean,
  findNumber,
  findText,
  listTexts,
  readRecord,
  toRecord,
} from './values.ts'

/** Top-level sections of a canonical tree; `contents` is what variables of configs hold. */
export function readResources(
  root: MapNode,
  contents: ReadonlyMap<string, string>,
): Pick<Project, 'networks' | 'volumes' | 'configs' | 'secrets' | 'models'> {
  const section = <T>(name: string, read: (node: Node, key: string) => T): Record<string, T> =>
    toRecord(listEntries(root, name).map(({ key, value }) => [key, read(value, key)] as const))
  return {
    networks: section('networks', readNetwork),
    volumes: section('volumes', readCommon),
    configs: section('configs', (node, key) =>
      readConfig(node, key, contents.get(`configs.${key}`)),
    ),
    secrets: section('secrets', (node, key) =>
      readSecret(node, key, contents.get(`secrets.${key}`)),
    ),
    models: section('models', readModel),
  }
}

function extensionsOf(node: Node): Record<string, unknown> {
  return node.kind === 'map' ? readExtensions(node) : {}
}

function readCommon(node: Node, key: string): Volume {
  return {
    name: findText(node, 'name') ?? key,
    external: findBoolean(node, 'external') ?? false,
    driverOpts: readRecord(findChild(node, 'driver_opts')),
    labels: readRecord(findChild(node, 'labels')),
    extensions: extensionsOf(node),
    ...defined({ driver: findText(node, 'driver') }),
  }
}

function readNetwork(node: Node, key: string): Network {
  const ipam = findChild(node, 'ipam')
  return {
    ...readCommon(node, key),
    internal: findBoolean(node, 'internal') ?? false,
    attachable: findBoolean(node, 'attachable') ?? false,
    ipam: {
      config: itemsOf(findChild(ipam, 'config')).map((pool) => ({
        auxAddresses: readRecord(findChild(pool, 'aux_addresses')),
        ...defined({
          subnet: findText(pool, 'subnet'),
          ipRange: findText(pool, 'ip_range'),
          gateway: findText(pool, 'gateway'),
        }),
      })),
      options: readRecord(findChild(ipam, 'options')),
      ...defined({ driver: findText(ipam, 'driver') }),
    },
    ...defined({
      enableIpv4: findBoolean(node, 'enable_ipv4'),
      enableIpv6: findBoolean(node, 'enable_ipv6'),
    }),
  }
}

function readConfig(node: Node, key: string, content: string | undefined): Config {
  return {
    name: findText(node, 'name') ?? key,
    external: findBoolean(node, 'external') ?? false,
    labels: readRecord(findChild(node, 'labels')),
    extensions: extensionsOf(node),
    ...defined({
      file: findText(node, 'file'),
      environment: findText(node, 'environment'),
      content: findText(node, 'content') ?? content,
      templateDriver: findText(node, 'template_driver'),
    }),
  }
}

function readSecret(node: Node, key: string, content: string | undefined): Secret {
  return {
    ...readConfig(node, key, content),
    driverOpts: readRecord(findChild(node, 'driver_opts')),
    ...defined({ driver: findText(node, 'driver') }),
  }
}

function readModel(node: Node): Model {
  return {
    model: findText(node, 'model') ?? '',
    runtimeFlags: listTexts(findChild(node, 'runtime_flags')),
    extensions: extensionsOf(node),
    ...defined({
      name: findText(node, 'name'),
      contextSize: findNumber(node, 'context_size'),
    }),
  }
}
