import type { BoundPort, ServiceSpec } from '@keelson/contract'

/** What an instance is meant to be: running as described, or gone. */
export type Goal =
  /** `retry`: a person says "try", so what was given up, or waits for its time, starts now. */
  | { kind: 'run'; wish: InstanceWish; cause: string; retry: boolean }
  | { kind: 'gone'; cause: string }
  /** Nobody knows yet: it is left as it was found. */
  | { kind: 'kept' }

export type InstanceWish = {
  spec: ServiceSpec
  stackDir: string
  digest: string
  environment: Readonly<Record<string, string>>
  ports: readonly BoundPort[]
  networkNames: Readonly<Record<string, string>>
  volumeNames: Readonly<Record<string, string>>
  /** See `InstanceSpec`; looked up just before the start. */
  hosts?: Readonly<Record<string, string>>
}
