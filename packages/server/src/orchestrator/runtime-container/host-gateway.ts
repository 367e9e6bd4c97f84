import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { ContainerSpec } from '@keelson/contract'
import type { InstanceSpec, RuntimeLog } from '../runtime.ts'
import type { Engine } from './engine.ts'
import { attachmentsOf } from './network-options.ts'

export const hostGateway = 'host-gateway'

/**
 * What `host-gateway` stands for where the engine has no address for it: without a bridge of its own
 * (`--bridge none`) it writes `<nil>` into the hosts of a container. Then it is the gateway of the
 * container's own network, which is this host. Undefined: the engine knows, or nobody does.
 */
export const createHostGateway =
  ({ engine, log }: { engine: Engine; log: RuntimeLog }) =>
  async (instance: InstanceSpec, container: ContainerSpec): Promise<string | undefined> => {
    const wanted = [
      ...Object.values(container.extraHosts).flat(),
      ...Object.values(instance.hosts ?? {}),
    ]
    if (!wanted.includes(hostGateway)) return undefined
    const inspect = (name: string) =>
      engine.find('inspect a network', (docker) => docker.getNetwork(name).inspect())
    if ((await inspect('bridge')) !== null) return undefined
    for (const { name } of attachmentsOf(instance, container)) {
      const found = await inspect(name)
      const gateway = found?.IPAM?.Config?.find(({ Gateway = '' }) => Gateway !== '')?.Gateway
      const address = gateway?.split('/')[0]
      if (address !== undefined && (await isOfHost(engine, address))) return address
    }
    const reason = 'the engine runs without a bridge, and no network of the container leads to it'
    const hint = 'start dockerd with --host-gateway-ip'
    log.warn({ instance: instance.name, reason, hint }, 'host-gateway may have no address')
    return undefined
  }

/**
 * Of another host it cannot be known. Asked by binding: a bridge without members is missing in the
 * list of interfaces.
 */
const isOfHost = async (engine: Engine, address: string): Promise<boolean> =>
  engine.remoteHost !== null ||
  new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
    socket.once('error', () => socket.close(() => resolve(false)))
    socket.bind({ port: 0, address, exclusive: true }, () => socket.close(() => resolve(true)))
  })
