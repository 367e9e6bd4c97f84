import {
  bareRecord,
  boolean,
  bytes,
  count,
  delay,
  duration,
  flag,
  float,
  hosts,
  integer,
  list,
  mapping,
  pairs,
  record,
  struct,
  text,
  texts,
} from './forms.ts'
import type { Form, StructForm } from './forms.ts'

const ulimits = record({ as: 'ulimit' })

const fileReference = struct({
  source: text,
  target: text,
  uid: text,
  gid: text,
  mode: { as: 'mode' },
})

const deviceRequest = struct({
  capabilities: texts,
  driver: text,
  count: { as: 'deviceCount' },
  device_ids: texts,
  options: mapping,
})

const hookFields: Readonly<Record<string, Form>> = {
  command: { as: 'words', always: true },
  image: text,
  user: text,
  privileged: boolean,
  working_dir: text,
  environment: pairs,
  per_replica: boolean,
}
const hook = struct(hookFields)

const build = struct({
  context: text,
  dockerfile: text,
  dockerfile_inline: text,
  entitlements: texts,
  args: pairs,
  provenance: text,
  sbom: text,
  ssh: { as: 'ssh' },
  labels: mapping,
  cache_from: texts,
  cache_to: texts,
  no_cache: boolean,
  no_cache_filter: texts,
  additional_contexts: mapping,
  pull: boolean,
  extra_hosts: hosts,
  isolation: text,
  network: text,
  target: text,
  secrets: list(fileReference),
  shm_size: bytes,
  tags: texts,
  ulimits,
  platforms: texts,
  privileged: boolean,
})

const develop = struct({
  watch: list(
    struct({
      path: text,
      action: text,
      target: text,
      exec: struct(hookFields, { always: true }),
      include: texts,
      ignore: texts,
      initial_sync: boolean,
    }),
  ),
})

const throttle = list(
  struct({ path: text, rate: bytes }, { names: { path: 'Path', rate: 'Rate' } }),
)

const blkio = struct({
  weight: integer,
  weight_device: list(
    struct({ path: text, weight: count }, { names: { path: 'Path', weight: 'Weight' } }),
  ),
  device_read_bps: throttle,
  device_read_iops: throttle,
  device_write_bps: throttle,
  device_write_iops: throttle,
})

const updateConfig = struct({
  parallelism: count,
  delay,
  failure_action: text,
  monitor: delay,
  max_failure_ratio: float,
  order: text,
})

const resource = struct({
  cpus: float,
  memory: bytes,
  pids: integer,
  devices: list(deviceRequest),
  generic_resources: list(struct({ discrete_resource_spec: struct({ kind: text, value: count }) })),
})

const deploy = struct({
  mode: text,
  replicas: count,
  labels: mapping,
  update_config: updateConfig,
  rollback_config: updateConfig,
  resources: struct({ limits: resource, reservations: resource }, { always: true }),
  restart_policy: struct({
    condition: text,
    delay: duration,
    max_attempts: count,
    window: duration,
  }),
  placement: struct(
    {
      constraints: texts,
      preferences: list(struct({ spread: text })),
      max_replicas_per_node: integer,
    },
    { always: true },
  ),
  endpoint_mode: text,
})

const healthcheck = struct({
  test: { as: 'test' },
  timeout: duration,
  interval: duration,
  retries: count,
  start_period: duration,
  start_interval: duration,
  disable: boolean,
})

const mount = struct({
  type: text,
  source: text,
  target: text,
  read_only: boolean,
  consistency: text,
  bind: struct({
    selinux: text,
    propagation: text,
    create_host_path: { as: 'optOut' },
    recursive: text,
  }),
  volume: struct({ labels: mapping, nocopy: boolean, subpath: text }),
  tmpfs: struct({ size: bytes, mode: integer }),
  image: struct({ subpath: text }),
})

const serviceForm: StructForm = struct({
  profiles: texts,
  annotations: mapping,
  attach: flag,
  build,
  develop,
  blkio_config: blkio,
  cap_add: texts,
  cap_drop: texts,
  cgroup_parent: text,
  cgroup: text,
  cpu_count: integer,
  cpu_percent: float,
  cpu_period: integer,
  cpu_quota: integer,
  cpu_rt_period: integer,
  cpu_rt_runtime: integer,
  cpus: float,
  cpuset: text,
  cpu_shares: integer,
  command: { as: 'words', always: true },
  configs: list(fileReference),
  container_name: text,
  credential_spec: struct({ config: text, file: text, registry: text }),
  depends_on: record(struct({ condition: text, restart: boolean, required: flag })),
  deploy,
  device_cgroup_rules: texts,
  devices: list(struct({ source: text, target: text, permissions: text })),
  dns: texts,
  dns_opt: texts,
  dns_search: texts,
  domainname: text,
  entrypoint: { as: 'words', always: true },
  provider: struct({ type: text, options: { as: 'multi' } }),
  environment: pairs,
  env_file: list(struct({ path: text, required: { as: 'optOut' }, format: text })),
  expose: texts,
  extends: struct({ file: text, service: text }),
  external_links: texts,
  extra_hosts: hosts,
  group_add: texts,
  gpus: list(deviceRequest),
  hostname: text,
  healthcheck,
  image: text,
  init: flag,
  ipc: text,
  isolation: text,
  labels: mapping,
  label_file: texts,
  links: texts,
  logging: struct({ driver: text, options: mapping }),
  mem_limit: bytes,
  mem_reservation: bytes,
  memswap_limit: bytes,
  mem_swappiness: bytes,
  mac_address: text,
  models: bareRecord(struct({ endpoint_var: text, model_var: text })),
  network_mode: text,
  networks: bareRecord(
    struct({
      aliases: texts,
      driver_opts: mapping,
      gw_priority: integer,
      interface_name: text,
      ipv4_address: text,
      ipv6_address: text,
      link_local_ips: texts,
      mac_address: text,
      priority: integer,
    }),
  ),
  oom_kill_disable: boolean,
  oom_score_adj: integer,
  pid: text,
  pids_limit: integer,
  platform: text,
  ports: list(
    struct({
      name: text,
      mode: text,
      host_ip: text,
      target: integer,
      published: text,
      protocol: text,
      app_protocol: text,
    }),
  ),
  privileged: boolean,
  pull_policy: text,
  read_only: boolean,
  restart: text,
  runtime: text,
  scale: count,
  secrets: list(fileReference),
  security_opt: texts,
  shm_size: bytes,
  stdin_open: boolean,
  stop_grace_period: duration,
  stop_signal: text,
  storage_opt: mapping,
  sysctls: mapping,
  tmpfs: texts,
  tty: boolean,
  ulimits,
  use_api_socket: boolean,
  user: text,
  userns_mode: text,
  uts: text,
  volumes: list(mount),
  volumes_from: texts,
  working_dir: text,
  pre_start: list(hook),
  post_start: list(hook),
  pre_stop: list(hook),
})

const network = struct({
  name: text,
  driver: text,
  driver_opts: mapping,
  ipam: struct(
    {
      driver: text,
      config: list(struct({ subnet: text, gateway: text, ip_range: text, aux_addresses: mapping })),
      options: mapping,
    },
    { always: true },
  ),
  external: boolean,
  internal: boolean,
  attachable: boolean,
  labels: mapping,
  enable_ipv4: flag,
  enable_ipv6: flag,
})

const fileObject: Readonly<Record<string, Form>> = {
  name: text,
  file: text,
  environment: text,
  content: text,
  external: boolean,
  labels: mapping,
  driver: text,
  driver_opts: mapping,
  template_driver: text,
}

/** A whole project. */
export const projectForm: StructForm = struct({
  name: text,
  services: record(serviceForm),
  networks: record(network),
  volumes: record(
    struct({ name: text, driver: text, driver_opts: mapping, external: boolean, labels: mapping }),
  ),
  secrets: record(struct(fileObject)),
  configs: record(struct(fileObject)),
  models: record(struct({ name: text, model: text, context_size: integer, runtime_flags: texts })),
})
