import { posix } from 'node:path'
import { factAt } from '../../place.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'
import type { Found, Rule } from '../rule.ts'
import { isHostAgent } from './host-agents.ts'

const socketPath = /^(?:\/var)?\/run\/(?:docker|podman\/podman|containerd\/containerd)\.sock$/

/** Folders with which a container owns the host, when it can write there. */
const sensitive = new Set([
  ...['/', '/etc', '/usr', '/bin', '/sbin', '/lib', '/boot', '/root', '/home', '/dev', '/proc'],
  ...['/sys', '/run', '/var', '/var/run', '/var/lib', '/var/lib/docker', '/etc/passwd'],
  ...['/etc/shadow', '/etc/sudoers', '/etc/ssh', '/etc/cron.d', '/etc/systemd'],
])

/** What needs the socket to be what it is: it shows, starts or reads containers. */
const managers =
  /^(?:portainer\/|\/portainer$|containrrr\/watchtower|amir20\/dozzle|nginxproxy\/|jwilder\/)|(?:^|\/)traefik$|executor|orchestrator|spawner|[-_]runner|docker-?api|ofelia|autoheal|dockge|yacht|komodo|diun|docker-gen|acme-companion|promtail|filebeat|metricbeat|fluent/
const proxies = /docker-socket-proxy|socket-proxy/

/** Files of the host that make their owner the owner of the machine. */
export const hostFiles: Rule = {
  id: 'security/host-files',
  title: 'Control of the host by a mount',
  severity: 'warning',
  isMilderInDevelopment: true,
  why: `Whoever can talk to the Docker socket can start a container that mounts the whole disk: a proxy with
the socket turns a hole in a web page into root on the host. A read-only mount of the socket changes
nothing. Writable \`/\` or \`/etc\` is the same in fewer steps.`,
  joins: ['volumes', 'use_api_socket'],
  fix: 'Put a socket proxy in between that allows reading only; mount the folders read-only.',
  *find(system) {
    for (const service of system.services.values()) {
      if (proxies.test(service.model.image ?? '')) continue
      for (const [index, { type, source, readOnly }] of service.model.volumes.entries()) {
        if (type !== 'bind' || source === undefined) continue
        if (service.isUnset('volumes', String(index))) continue
        const path = posix.normalize(source).replace(/(.)\/$/, '$1')
        if (socketPath.test(path)) yield socketFound(system, service, index)
        else if (!readOnly && sensitive.has(path)) yield writableFound(service, index, path)
      }
    }
  },
  examples: [
    {
      title: 'the socket, and the whole disk',
      files: {
        'compose.yaml': `services:
  ci:
    image: example/ci:1
    ports: ["8080:8080"]
    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro"]
  tool:
    image: example/tool:1
    volumes: ["/:/host"]
`,
      },
      finds: [
        { service: 'ci', says: 'Docker socket', severity: 'warning' },
        { service: 'tool', says: 'writes to /' },
      ],
    },
    {
      title: 'a program that is there to see the containers',
      files: {
        'compose.yaml': `services:
  logs: { image: "amir20/dozzle:v8", volumes: ["/var/run/docker.sock:/var/run/docker.sock"] }
`,
      },
      finds: [{ service: 'logs', says: 'Docker socket', severity: 'info' }],
    },
    {
      title: 'one that nobody outside of the stack reaches',
      files: {
        'compose.yaml': `services:
  jobs: { image: "example/jobs:1", volumes: ["/var/run/docker.sock:/var/run/docker.sock"] }
`,
      },
      finds: [{ service: 'jobs', says: 'Docker socket', severity: 'info' }],
    },
    {
      title: 'read-only, the clock, and a proxy for the socket',
      files: {
        'compose.yaml': `services:
  node: { image: "prom/node-exporter:v1.9.1", volumes: ["/:/rootfs:ro", "/sys:/host/sys:ro"] }
  a: { image: "example/a:1", volumes: ["/etc/localtime:/etc/localtime"] }
  p:
    image: tecnativa/docker-socket-proxy:0.3
    volumes: ["/var/run/docker.sock:/var/run/docker.sock"]
`,
      },
      finds: [],
    },
  ],
}

/** By a port of its own, or through a gateway. */
const isReached = ({ routes }: System, { name, model }: ServiceEvidence): boolean =>
  model.ports.length > 0 ||
  model.networkMode === 'host' ||
  routes.some(({ upstreams }) => upstreams.some(({ host }) => host === name))

const socketFound = (system: System, service: ServiceEvidence, index: number): Found => {
  const { name, place, image, build } = service
  const isMeant =
    managers.test(image?.name ?? '') ||
    (build !== undefined && managers.test(`/${name}`)) ||
    isHostAgent(service)
  return {
    service: name,
    ...(isMeant || !isReached(system, service) ? { severity: 'info' } : {}),
    message: `${name} has the Docker socket: whoever breaks into it owns the host`,
    evidence: [
      factAt(place('volumes', String(index)), 'mounts the Docker socket'),
      ...(image === undefined ? [] : [factAt(image.at, image.name)]),
    ],
    fix: 'Put tecnativa/docker-socket-proxy in between, which answers only what you allow',
    subject: 'socket',
  }
}

const writableFound = (service: ServiceEvidence, index: number, path: string): Found => {
  const { name, place } = service
  return {
    service: name,
    ...(isHostAgent(service) ? { severity: 'info' } : {}),
    message: `${name} writes to ${path} of the host`,
    evidence: [factAt(place('volumes', String(index)), `mounts ${path}, writable`)],
    fix: `Add :ro to the mount of ${path}, or mount only what is needed`,
    subject: path,
  }
}
