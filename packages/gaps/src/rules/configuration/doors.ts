import { factAt, type Fact } from '../../place.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import { isOpen } from '../network/port-ranges.ts'

/** A database asks for its password; other services log in with it. */
export const keepsIt = ({ image }: ServiceEvidence): boolean =>
  /^(?:database|cache|broker|search|object store|dashboard|admin)$/.test(image?.known?.kind ?? '')

/** Ways to write what a service asks of those who come to it, and not what it logs in with elsewhere. */
const ownSecret =
  /SECRET|_KEY(?:_BASE)?$|(?:ADMIN|DEFAULT|INITIAL|WEB|UI|DASHBOARD)\w*PASS|^PASSWORD$/i
const loginElsewhere =
  /^(?:POSTGRES|PG|MYSQL|MARIADB|MONGO|REDIS|RABBIT|DB|DATABASE|KAFKA|ELASTIC|CLICKHOUSE)|S3_|ACCESS_KEY|API_(?:KEY|SECRET)|SMTP|MAIL|CLIENT_SECRET/i
/** Of another program, also in a database's environment. */
const ofAnother = /EXPORTER|TELEMETRY|SMTP|MAIL|LDAP|S3_|OAUTH|CLIENT_/i

/** Opens a file of certificates, for whoever has the file. */
const ofStore = /(?:KEY|TRUST)STORE|SSL_KEY_PASS/i

/** Does the value let somebody into this service? */
export const guards = (service: ServiceEvidence, name: string): boolean =>
  !ofStore.test(name) &&
  ((keepsIt(service) && !ofAnother.test(name)) ||
    (ownSecret.test(name) && !loginElsewhere.test(name)))

/** A port that nobody chose is found by nobody who does not look for it. */
const isDoor = (port: ServiceEvidence['model']['ports'][number]): boolean =>
  port.published !== undefined && isOpen(port)

/** The way in from outside: a published port, or a route of a service that has one. */
export const openTo = (system: System, service: ServiceEvidence): Fact | undefined => {
  if (service.model.ports.some(isDoor)) {
    return factAt(service.place('ports'), `${service.name} is reachable from outside`)
  }
  for (const { by, upstreams } of system.routes) {
    const upstream = upstreams.find(({ host }) => host === service.name)
    const gateway = by === undefined ? undefined : system.services.get(by)
    if (upstream === undefined || gateway?.model.ports.some(isDoor) !== true) continue
    const { file, line, column } = upstream
    return factAt({ file, line, column }, `${by} leads to ${service.name}`)
  }
  return undefined
}
