import type { Project } from '@keelson/compose'
import { findingAt, type Findings, type Told } from './findings.ts'
import { checkContainer } from './refusals-container.ts'
import { checkDeploy } from './refusals-deploy.ts'
import { checkFiles } from './refusals-files.ts'
import { checkProcess } from './refusals-process.ts'
import { findSignal } from './signal.ts'

export type { Finding, Findings } from './findings.ts'

/**
 * What the loader understands and the platform does not carry out. A key is refused by name and
 * place when ignoring it would run something else than what is written; it is reported as unused
 * when the service runs the same without it.
 */
export const findingsOf = (project: Project): Findings => {
  const found: Findings = { refused: [], unused: [] }
  for (const service of Object.values(project.services)) {
    const told: Told = {
      service,
      refuse: (key, what, hint) => void found.refused.push(findingAt(service, key, what, hint)),
      unused: (key, what, hint) => void found.unused.push(findingAt(service, key, what, hint)),
    }
    checkElsewhere(told)
    checkPorts(told)
    checkProbe(told)
    checkStopSignal(told)
    checkDeploy(told)
    checkFiles(told, project)
    if (service.runtime === 'process') checkProcess(told)
    else checkContainer(told, project)
  }
  return found
}

/** What is somebody else's program, or takes an engine's key to the whole host. */
const checkElsewhere = ({ service, refuse, unused }: Told) => {
  if (service.provider !== undefined) {
    const what = `the provider ${service.provider.type} is a plugin of Docker Compose`
    refuse('provider', what, 'run what it provides as a service, or start it beside Keelson')
  }
  if (Object.keys(service.models).length > 0) {
    const what = 'models are run by the Docker Model Runner, which Keelson does not start'
    refuse('models', what, 'run the model as a service, and tell its address in environment:')
  }
  if (service.useApiSocket) {
    const what = 'use_api_socket would hand the engine and its credentials to the service'
    refuse('use_api_socket', what, 'mount /var/run/docker.sock yourself if you mean it')
  }
  if (!service.attach) {
    unused('attach', 'up shows states and no logs, so there is nothing to leave out', 'remove it')
  }
}

const checkPorts = ({ service, refuse, unused }: Told) => {
  for (const [index, port] of service.ports.entries()) {
    const { published, protocol } = port
    const at = `ports.${index}`
    if (published?.includes('-') === true) {
      const what = `the host port range ${published} for one port is not supported`
      refuse(at, what, 'publish one host port, or leave it out for any free one')
    }
    if (protocol === 'sctp') refuse(at, 'the protocol sctp is not supported', 'use tcp or udp')
    if (port.appProtocol !== undefined) {
      const what = `app_protocol ${port.appProtocol} has no effect`
      unused(`${at}.app_protocol`, what, 'say it with x-keelson.protocol')
    }
  }
  const own = service.xKeelson.port
  if (own?.number === 'auto' && own.env !== 'PORT') {
    const what = `a free port is told in $PORT, not in $${own.env}`
    refuse('x-keelson.port', what, `name a port (number: 9000), or read $PORT`)
  }
}

const checkProbe = ({ service, refuse, unused }: Told) => {
  const status = service.xKeelson.probe?.http?.status
  const byDefault = status?.min === 200 && status.max === 399
  if (status !== undefined && status.min !== status.max && !byDefault) {
    const what = `a range of statuses (${status.min}-${status.max}) is not supported`
    refuse('x-keelson.probe.http.status', what, 'name one status, or leave it out for 200 to 399')
  }
  const check = service.healthcheck
  if (service.xKeelson.probe !== undefined || check === undefined || check.disabled) return
  if (check.test.length < 2) {
    unused('healthcheck', 'a health check without test: is not run', 'add test: or x-keelson.probe')
  }
}

const checkStopSignal = ({ service, refuse }: Told) => {
  const { stopSignal } = service
  if (stopSignal === undefined || findSignal(stopSignal) !== undefined) return
  refuse('stop_signal', `there is no signal ${stopSignal}`, 'SIGTERM, SIGINT, SIGQUIT or another')
}
