import {
  serviceObject,
  type BoundPort,
  type ObjectRef,
  type Phase,
  type ProbeSpec,
  type RuntimeKind,
  type ServiceSpec,
} from '@keelson/contract'

/** A service as somebody declared it, whether or not anything of it runs. */
export type ServiceDeclaration = {
  /** '<stack>/<service>' */
  id: string
  stack: string
  spec: ServiceSpec
  /** One of Keelson's own parts: shown like any other, but not for a person to stop. */
  builtIn: boolean
  /** Loopback ports by which this service reaches others through the gateway. */
  upstreams: readonly { service: string; port: number }[]
  /** Variables that Keelson adds to the environment of every instance; secret ones are masked. */
  injected: Readonly<Record<string, string>>
}

/** What permissions are asked on; labels and owner are those of its file. */
export const objectOf = ({
  stack,
  spec: { name, labels, owner },
}: Pick<ServiceDeclaration, 'stack' | 'spec'>): ObjectRef =>
  serviceObject(stack, name, {
    ...(labels === undefined ? {} : { labels }),
    ...(owner === undefined ? {} : { owner }),
  })

/** What its supervisor says of an instance. Health is not here: that is what probes say. */
export type InstanceFacts = {
  /** '<stack>-<service>-<index>' */
  name: string
  serviceId: string
  index: number
  runtime: RuntimeKind
  phase: Phase
  /** Why it is in this phase, as a clause: 'waiting for payments to be healthy'. */
  phaseReason: string
  phaseSince: Date
  /** False once it is to go for good: a restart stops it too, and still wants it. */
  wanted: boolean
  /** It is started again because something went wrong; until it is healthy it counts as down. */
  troubled: boolean
  /** That trouble was somebody's doing around it (docker rm), and is no loop: it says nothing bad of it. */
  interrupted?: boolean
  /** It was running before this Keelson started; what was known of it holds until the first probe. */
  adopted: boolean
  /** Somebody holds it still while it runs (docker pause), and how it goes on; its checks rest. */
  paused?: string
  pid: number | null
  containerId: string | null
  ports: readonly BoundPort[]
  startedAt: Date | null
  restarts: number
  exitCode: number | null
  nextStartAt: Date | null
  /** How this one is asked; absent: as its service says. During an update two are there at once. */
  probe?: ProbeSpec | null
}

/** How an instance is asked whether it is well; null when it is not. */
export const probeOf = (
  instance: Pick<InstanceFacts, 'probe'>,
  service: Pick<ServiceDeclaration, 'spec'>,
): ProbeSpec | null => (instance.probe === undefined ? service.spec.probe : instance.probe)

export type RegisteredInstance = InstanceFacts & {
  leaseExpiresAt: Date
  /** It is about to be replaced: new requests go to others, those under way go on. */
  draining: boolean
}
