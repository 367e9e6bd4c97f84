import {
  boolean,
  count,
  deviceRequest,
  duration,
  hook,
  keyValues,
  number,
  string,
  stringOrList,
  strings,
  wholeNumber,
} from './schema-parts.ts'
import type { ObjectShape, Shape } from './shape.ts'

const updateConfig: ObjectShape = {
  is: 'object',
  keys: {
    parallelism: count(0),
    delay: duration,
    failure_action: string,
    monitor: duration,
    max_failure_ratio: number,
    order: { is: 'string', oneOf: ['start-first', 'stop-first'] },
  },
}

const cpus: Shape = { is: 'number', min: 0 }
const memory: Shape = { is: 'bytes', asText: true }

const reservations: ObjectShape = {
  is: 'object',
  keys: {
    cpus,
    memory,
    generic_resources: {
      is: 'list',
      of: {
        is: 'object',
        keys: {
          discrete_resource_spec: { is: 'object', keys: { kind: string, value: wholeNumber } },
        },
      },
    },
    devices: { is: 'list', of: deviceRequest },
  },
}

const placement: ObjectShape = {
  is: 'object',
  keys: {
    constraints: strings,
    preferences: { is: 'list', of: { is: 'object', keys: { spread: string } } },
    max_replicas_per_node: count(0),
  },
}

export const deploy: ObjectShape = {
  is: 'object',
  keys: {
    mode: string,
    endpoint_mode: string,
    replicas: count(0),
    labels: keyValues,
    rollback_config: updateConfig,
    update_config: updateConfig,
    resources: {
      is: 'object',
      keys: {
        limits: { is: 'object', keys: { cpus, memory, pids: wholeNumber } },
        reservations,
      },
    },
    restart_policy: {
      is: 'object',
      keys: {
        condition: string,
        delay: duration,
        max_attempts: count(0),
        window: duration,
      },
    },
    placement,
  },
}

export const develop: ObjectShape = {
  is: 'object',
  keys: {
    watch: {
      is: 'list',
      of: {
        is: 'object',
        keys: {
          ignore: stringOrList,
          include: stringOrList,
          path: string,
          action: {
            is: 'string',
            oneOf: ['rebuild', 'sync', 'restart', 'sync+restart', 'sync+exec'],
          },
          target: string,
          exec: hook,
          initial_sync: boolean,
        },
        required: ['path', 'action'],
      },
    },
  },
}
