import type { Mount, Project } from '@keelson/compose'
import { isSaid, type Told } from './findings.ts'
import { unknownTmpfsOptions } from './tmpfs.ts'

/** What the engines Keelson speaks to (Linux) do not do for a container. */
export const checkContainer = (told: Told, project: Project): void => {
  const { service, refuse } = told
  for (const [index, mount] of service.volumes.entries())
    checkMount(mount, `volumes.${index}`, told)
  for (const [index, text] of service.tmpfs.entries()) {
    const unknown = unknownTmpfsOptions(text)
    if (unknown.length === 0) continue
    const what = `the tmpfs option ${unknown.join(', ')} is not supported`
    refuse(`tmpfs.${index}`, what, 'size=64m, mode=1777 and ro are')
  }
  checkWindows(told)
  checkBuild(told, project)
  if (service.xKeelson.port?.number === 'auto') {
    const what = 'port: auto is for processes; a container always has its ports to itself'
    refuse('x-keelson.port', what, 'name the port it listens on: expose: ["3000"]')
  }
}

const checkMount = ({ type, volume }: Mount, at: string, { refuse, unused }: Told) => {
  if (type === 'npipe') refuse(at, 'named pipes are for Windows', 'bind a socket')
  if (type === 'cluster') refuse(at, 'cluster volumes are for a Swarm', 'use a named volume')
  if (isSaid(volume?.labels)) {
    unused(at, 'labels of a mount have no effect', 'write them at the top-level volume')
  }
}

const checkWindows = ({ service, refuse }: Told) => {
  const forWindows = { cpu_count: service.cpuCount, cpu_percent: service.cpuPercent }
  for (const [key, value] of Object.entries(forWindows)) {
    if (value === undefined || value === 0) continue
    refuse(key, `${key} is for Windows containers`, 'use cpus:')
  }
  if (service.credentialSpec !== undefined) {
    refuse('credential_spec', 'a credential spec is for Windows containers', 'remove it')
  }
  if (service.isolation !== undefined && service.isolation !== 'default') {
    const what = `the isolation ${service.isolation} is for Windows containers`
    refuse('isolation', what, 'leave it out, or choose an OCI runtime with runtime:')
  }
}

const checkBuild = ({ service, refuse, unused }: Told, project: Project) => {
  const { build } = service
  if (build === undefined) return
  if (build.isolation !== undefined && build.isolation !== 'default') {
    refuse('build.isolation', 'the isolation of a build is for Windows containers', 'remove it')
  }
  if (build.entitlements.length > 0) {
    const what = 'entitlements of a build are not passed on'
    refuse('build.entitlements', what, 'build this image yourself and name it in image:')
  }
  if (build.noCacheFilter.length > 0) {
    const what = 'leaving single stages out of the cache is not supported'
    refuse('build.no_cache_filter', what, 'no_cache: true leaves out all of them')
  }
  const attested = { provenance: build.provenance, sbom: build.sbom }
  for (const [key, value] of Object.entries(attested)) {
    if (value === undefined || value === 'false') continue
    unused(`build.${key}`, `${key} has no effect: the image stays on this host`, 'remove it')
  }
  for (const [index, { source }] of build.secrets.entries()) {
    if (project.secrets[source]?.file !== undefined) continue
    const what = `the secret "${source}" of the build is not a file`
    refuse(`build.secrets.${index}`, what, 'give it a file:')
  }
}
