import { keelsonService } from './keelson-schema.ts'
import { build } from './schema-build.ts'
import { deploy, develop } from './schema-deploy.ts'
import {
  anything,
  boolean,
  bytes,
  count,
  duration,
  extraHosts,
  fileReferences,
  gpuRequest,
  hook,
  keyValues,
  name,
  options,
  preStartHook,
  string,
  stringOrList,
  strings,
  text,
  ulimits,
  wholeNumber,
} from './schema-parts.ts'
import type { ObjectShape, Shape } from './shape.ts'

const blkioLimit: Shape = {
  is: 'list',
  of: { is: 'object', keys: { path: string, rate: bytes }, closed: true },
}

const blkio: ObjectShape = {
  is: 'object',
  keys: {
    device_read_bps: blkioLimit,
    device_read_iops: blkioLimit,
    device_write_bps: blkioLimit,
    device_write_iops: blkioLimit,
    weight: count(0),
    weight_device: {
      is: 'list',
      of: { is: 'object', keys: { path: string, weight: count(0) }, closed: true },
    },
  },
  closed: true,
}

const dependency: ObjectShape = {
  is: 'object',
  keys: {
    condition: {
      is: 'string',
      oneOf: ['service_started', 'service_healthy', 'service_completed_successfully'],
    },
    required: boolean,
    restart: boolean,
  },
  required: ['condition'],
}

const device: Shape = {
  is: 'either',
  scalar: string,
  map: {
    is: 'object',
    keys: { source: string, target: string, permissions: string },
    required: ['source'],
  },
  called: 'a string or a mapping',
}

const envFile: ObjectShape = {
  is: 'object',
  keys: { path: string, required: boolean, format: { is: 'string', oneOf: ['raw'] } },
  required: ['path'],
  closed: true,
}

const healthcheck: ObjectShape = {
  is: 'object',
  keys: {
    test: stringOrList,
    disable: boolean,
    interval: duration,
    timeout: duration,
    retries: count(0),
    start_period: duration,
    start_interval: duration,
  },
}

const port: ObjectShape = {
  is: 'object',
  keys: {
    name: string,
    mode: { is: 'string', oneOf: ['host', 'ingress'] },
    host_ip: string,
    target: { is: 'number', min: 1, max: 65535, whole: true },
    published: text,
    protocol: { is: 'string', oneOf: ['tcp', 'udp', 'sctp'] },
    app_protocol: string,
  },
  required: ['target'],
}

const serviceNetwork: ObjectShape = {
  is: 'object',
  keys: {
    aliases: strings,
    interface_name: string,
    ipv4_address: string,
    ipv6_address: string,
    link_local_ips: strings,
    mac_address: string,
    driver_opts: options,
    priority: wholeNumber,
    gw_priority: wholeNumber,
  },
}

const volume: ObjectShape = {
  is: 'object',
  keys: {
    type: { is: 'string', oneOf: ['bind', 'volume', 'tmpfs', 'cluster', 'npipe', 'image'] },
    source: string,
    target: string,
    read_only: boolean,
    consistency: string,
    bind: {
      is: 'object',
      keys: {
        propagation: {
          is: 'string',
          oneOf: ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'],
        },
        create_host_path: boolean,
        recursive: { is: 'string', oneOf: ['enabled', 'disabled', 'writable', 'readonly'] },
        selinux: { is: 'string', oneOf: ['z', 'Z'] },
      },
    },
    volume: { is: 'object', keys: { labels: keyValues, nocopy: boolean, subpath: string } },
    tmpfs: { is: 'object', keys: { size: bytes, mode: count(0) } },
    image: { is: 'object', keys: { subpath: string } },
  },
  required: ['type', 'target'],
}

/** `extends`, which is gone once it is carried out, and so checked before. */
export const extension: Shape = {
  is: 'either',
  scalar: string,
  map: {
    is: 'object',
    keys: { service: string, file: string },
    required: ['service'],
    closed: true,
  },
  called: 'a string or a mapping',
}

const listOrMap = (called: string, map: Shape, list: Shape = strings): Shape => ({
  is: 'either',
  list,
  map,
  called,
})

/** A service, as compose-go's schema of 2026-07-21 has it, with `x-keelson`. */
export const service: ObjectShape = {
  is: 'object',
  nullable: ['command', 'entrypoint', 'deploy', 'develop', 'pid', 'x-keelson'],
  keys: {
    annotations: keyValues,
    attach: boolean,
    blkio_config: blkio,
    build,
    cap_add: strings,
    cap_drop: strings,
    cgroup: { is: 'string', orService: true, oneOf: ['host', 'private'] },
    cgroup_parent: string,
    command: stringOrList,
    configs: fileReferences,
    container_name: {
      is: 'string',
      legal: /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/,
      legalHint: 'start with a letter or digit, then letters, digits, "_", "." or "-"',
    },
    cpu_count: count(0),
    cpu_percent: { is: 'number', min: 0, max: 100, whole: true },
    cpu_period: wholeNumber,
    cpu_quota: wholeNumber,
    cpu_rt_period: wholeNumber,
    cpu_rt_runtime: wholeNumber,
    cpu_shares: wholeNumber,
    cpus: { is: 'number', min: 0 },
    cpuset: string,
    credential_spec: {
      is: 'object',
      keys: { config: string, file: string, registry: string },
    },
    depends_on: listOrMap('a list or a mapping', { is: 'record', of: dependency, key: name }),
    deploy,
    develop,
    device_cgroup_rules: strings,
    devices: { is: 'list', of: device },
    dns: stringOrList,
    dns_opt: strings,
    dns_search: stringOrList,
    domainname: string,
    entrypoint: stringOrList,
    env_file: {
      is: 'either',
      scalar: string,
      list: {
        is: 'list',
        of: { is: 'either', scalar: string, map: envFile, called: 'a string or a mapping' },
      },
      called: 'a string or a list',
    },
    environment: keyValues,
    expose: { is: 'list', of: text },
    extends: extension,
    external_links: strings,
    extra_hosts: extraHosts,
    gpus: {
      is: 'either',
      scalar: { is: 'string', oneOf: ['all'] },
      list: { is: 'list', of: gpuRequest },
      called: 'all or a list',
    },
    group_add: { is: 'list', of: text },
    healthcheck,
    hostname: string,
    image: string,
    init: boolean,
    ipc: string,
    isolation: string,
    label_file: stringOrList,
    labels: keyValues,
    links: strings,
    logging: { is: 'object', keys: { driver: string, options }, closed: true },
    mac_address: string,
    mem_limit: bytes,
    mem_reservation: bytes,
    mem_swappiness: { is: 'number', min: 0, max: 100, whole: true },
    memswap_limit: { is: 'bytes', unlimited: true },
    models: listOrMap('a list or a mapping', {
      is: 'record',
      of: { is: 'object', keys: { endpoint_var: string, model_var: string } },
      nullable: true,
    }),
    network_mode: string,
    networks: listOrMap('a list or a mapping', {
      is: 'record',
      of: serviceNetwork,
      nullable: true,
      key: name,
    }),
    oom_kill_disable: boolean,
    oom_score_adj: { is: 'number', min: -1000, max: 1000, whole: true },
    pid: string,
    pids_limit: wholeNumber,
    platform: string,
    ports: {
      is: 'list',
      of: { is: 'either', scalar: text, map: port, called: 'a string, a number or a mapping' },
    },
    post_start: { is: 'list', of: hook },
    pre_start: { is: 'list', of: preStartHook },
    pre_stop: { is: 'list', of: hook },
    privileged: boolean,
    profiles: strings,
    provider: {
      is: 'object',
      keys: {
        type: string,
        options: {
          is: 'record',
          of: {
            is: 'either',
            scalar: text,
            list: { is: 'list', of: text },
            called: 'a value or a list of values',
          },
        },
      },
      required: ['type'],
    },
    pull_policy: {
      is: 'string',
      legal:
        /^(always|never|build|if_not_present|missing|refresh|daily|weekly|every_([0-9]+[wdhms])+)$/,
      legalHint: 'one of always, never, missing, build, daily, weekly, every_12h',
    },
    pull_refresh_after: string,
    read_only: boolean,
    restart: {
      is: 'string',
      legal: /^(no|always|unless-stopped|on-failure(:\d{1,9})?)$/,
      legalHint: 'one of "no", always, unless-stopped, on-failure, on-failure:5',
    },
    runtime: string,
    scale: count(0),
    secrets: fileReferences,
    security_opt: strings,
    shm_size: bytes,
    stdin_open: boolean,
    stop_grace_period: duration,
    stop_signal: string,
    storage_opt: { is: 'record', of: anything },
    sysctls: keyValues,
    tmpfs: stringOrList,
    tty: boolean,
    ulimits,
    use_api_socket: boolean,
    user: string,
    userns_mode: string,
    uts: string,
    volumes: {
      is: 'list',
      of: { is: 'either', scalar: string, map: volume, called: 'a string or a mapping' },
    },
    volumes_from: strings,
    working_dir: string,
    'x-keelson': keelsonService,
  },
}
