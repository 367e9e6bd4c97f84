import type { Place } from '../../place.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'

/** A port of the host that a service takes. */
export type HostPort = {
  service: ServiceEvidence
  at: Place
  port: number
  hostIp: string | undefined
  protocol: string
}

/** Ports of the host with a number of their own; of a range any one may be taken. */
export const hostPortsOf = (system: System): readonly HostPort[] =>
  [...system.services.values()].flatMap((service) =>
    service.model.ports.flatMap(({ published, hostIp, protocol }, index) =>
      published === undefined ||
      !/^\d{1,5}$/.test(published) ||
      published === '0' ||
      service.isUnset('ports', String(index), 'published')
        ? []
        : [
            {
              service,
              at: service.place('ports', String(index)),
              port: Number(published),
              hostIp,
              protocol,
            },
          ],
    ),
  )

const isEverywhere = (ip: string | undefined) =>
  ip === undefined || ip === '' || ip === '0.0.0.0' || ip === '::'

/** Would the second fail to bind? */
export const collide = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port &&
  a.protocol === b.protocol &&
  (isEverywhere(a.hostIp) || isEverywhere(b.hostIp) || a.hostIp === b.hostIp)

/** Can it be reached from other machines? */
export const isOpen = ({ hostIp }: { hostIp?: string }): boolean =>
  isEverywhere(hostIp) || !/^(?:127\.|\[?::1\]?$|localhost$)/.test(hostIp ?? '')
