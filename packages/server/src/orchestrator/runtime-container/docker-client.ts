import { createRequire, Module } from 'node:module'
import type DockerClient from 'dockerode'

const require = createRequire(import.meta.url)

/**
 * What the client loads for ways that are not taken here: SSH in JavaScript (ours is the `ssh`
 * command, ssh-agent.ts) and BuildKit sessions (ours are buildx). Together 8 MB of every control
 * process, and 16 MB of address space for a cipher in WebAssembly.
 */
const unused = [
  { by: 'docker-modem', name: 'ssh2' },
  { by: 'dockerode', name: '@grpc/grpc-js' },
  { by: 'dockerode', name: '@grpc/proto-loader' },
]

/** An empty module takes its place: https://nodejs.org/api/modules.html#requirecache */
const leaveOut = (by: string, name: string): void => {
  const file = createRequire(require.resolve(by)).resolve(name)
  if (require.cache[file] !== undefined) return
  const empty = new Module(file)
  empty.loaded = true
  require.cache[file] = empty
}

for (const { by, name } of unused) leaveOut(by, name)

/** The client of the Docker Engine API, without what is never used of it. */
export const Docker = require('dockerode') as typeof DockerClient
