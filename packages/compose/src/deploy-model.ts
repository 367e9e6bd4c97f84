/** `deploy` as written; what it says together with the older keys is in `limits` and `replicas`. */
export type Deploy = {
  mode?: string
  endpointMode?: string
  replicas?: number
  labels: Record<string, string>
  updateConfig?: UpdateConfig
  rollbackConfig?: UpdateConfig
  restartPolicy?: DeployRestartPolicy
  limits?: ResourceLimits
  reservations?: Reservations
  placement?: Placement
}

export type UpdateConfig = {
  /** Instances replaced at a time; 0 is all of them. */
  parallelism?: number
  delayMs?: number
  /** `continue`, `rollback` (updates only) or `pause`. */
  failureAction?: string
  monitorMs?: number
  /** 0 to 1. */
  maxFailureRatio?: number
  order?: 'start-first' | 'stop-first'
}

export type DeployRestartPolicy = {
  /** `none`, `on-failure` or `any`. */
  condition?: string
  delayMs?: number
  attemptsMax?: number
  windowMs?: number
}

export type ResourceLimits = { cpus?: number; memoryBytes?: number; pids?: number }

export type Reservations = {
  cpus?: number
  memoryBytes?: number
  genericResources: { kind: string; value: number }[]
  devices: DeviceRequest[]
}

/** GPUs and the like; `count: -1` is all of them. */
export type DeviceRequest = {
  capabilities: string[]
  driver?: string
  count?: number
  deviceIds: string[]
  options: Record<string, string>
}

export type Placement = {
  constraints: string[]
  preferences: { spread: string }[]
  maxReplicasPerNode?: number
}
