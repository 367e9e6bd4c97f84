import { keelsonProject } from './keelson-schema.ts'
import {
  anything,
  boolean,
  keyValues,
  name,
  options,
  string,
  stringOrList,
  strings,
  wholeNumber,
} from './schema-parts.ts'
import { service } from './schema-service.ts'
import type { ObjectShape, Shape } from './shape.ts'

/*
 * The Compose Specification as of compose-go's schema/compose-spec.json of 2026-07-21.
 */

const external: Shape = {
  is: 'either',
  scalar: boolean,
  map: { is: 'object', keys: { name: string } },
  called: 'a boolean or a mapping',
}

/** `include`, which is gone once it is carried out, and so checked before. */
export const include: Shape = {
  is: 'list',
  of: {
    is: 'either',
    scalar: string,
    map: {
      is: 'object',
      keys: { path: stringOrList, env_file: stringOrList, project_directory: string },
      closed: true,
    },
    called: 'a path or a mapping',
  },
}

const ipam: ObjectShape = {
  is: 'object',
  keys: {
    driver: string,
    config: {
      is: 'list',
      of: {
        is: 'object',
        keys: {
          subnet: string,
          ip_range: string,
          gateway: string,
          aux_addresses: { is: 'record', of: string },
        },
      },
    },
    options: { is: 'record', of: string },
  },
}

const network: ObjectShape = {
  is: 'object',
  keys: {
    name: string,
    driver: string,
    driver_opts: options,
    ipam,
    external,
    internal: boolean,
    enable_ipv4: boolean,
    enable_ipv6: boolean,
    attachable: boolean,
    labels: keyValues,
  },
}

const volume: ObjectShape = {
  is: 'object',
  keys: { name: string, driver: string, driver_opts: options, external, labels: keyValues },
}

const secret: ObjectShape = {
  is: 'object',
  keys: {
    name: string,
    environment: string,
    file: string,
    external,
    labels: keyValues,
    driver: string,
    driver_opts: options,
    template_driver: string,
  },
}

const config: ObjectShape = {
  is: 'object',
  keys: {
    name: string,
    content: string,
    environment: string,
    file: string,
    external,
    labels: keyValues,
    template_driver: string,
  },
}

const model: ObjectShape = {
  is: 'object',
  keys: { name: string, model: string, context_size: wholeNumber, runtime_flags: strings },
  required: ['model'],
}

/** A whole compose file. */
export const composeFile: ObjectShape = {
  is: 'object',
  nullable: ['version', 'x-keelson'],
  keys: {
    version: anything,
    name: string,
    include,
    services: { is: 'record', of: service, key: name },
    models: { is: 'record', of: model, key: name },
    networks: { is: 'record', of: network, nullable: true, key: name },
    volumes: { is: 'record', of: volume, nullable: true, key: name },
    secrets: { is: 'record', of: secret, key: name },
    configs: { is: 'record', of: config, key: name },
    'x-keelson': keelsonProject,
  },
}
