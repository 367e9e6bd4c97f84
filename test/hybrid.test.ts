import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import path from 'node:path'
import test, { after } from 'node:test'
import { startDocker } from '../packages/server/src/orchestrator/runtime-container/docker-harness.ts'
import { createKeelson, missingPrograms, runProgram, waitFor, type Keelson } from './harness.ts'

// Containers that call processes of the same stack by their names, over real networks.

/** Of this host, and no loopback: the engine of the tests has no bridge of its own to tell it from. */
const hostAddress = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address
const engine =
  hostAddress === undefined
    ? { unavailable: 'this host has no address but loopback' }
    : await startDocker(['--host-gateway-ip', hostAddress])
const skip =
  'unavailable' in engine
    ? `no Docker Engine: ${engine.unavailable}`
    : existsSync('/usr/bin/bash')
      ? false
      : 'no bash in /usr/bin'
if (!('unavailable' in engine)) after(() => engine.stop())
const dockerHost = 'unavailable' in engine ? '' : `unix://${engine.socket}`
const image = 'keelson-hybrid/busybox:local'

const server = `
import { createServer } from 'node:http'
const { ADDRESS, NAME, NUMBER } = process.env
createServer((request, response) => response.end('hello from ' + NAME + '\\n')).listen(Number(NUMBER), ADDRESS)
`

const freePort = async (): Promise<number> => {
  const holder = createServer().listen(0, '0.0.0.0')
  await once(holder, 'listening')
  const address = holder.address()
  assert.ok(typeof address === 'object' && address !== null)
  holder.close()
  await once(holder, 'close')
  return address.port
}

/** A service that listens on one address of this host. */
const processAt = (name: string, address: string, port: number): string => `  ${name}:
    command: ["node", "server.mjs"]
    environment: { NAME: ${name}, ADDRESS: "${address}", NUMBER: "${port}" }
    x-keelson: { runtime: process, port: ${port}, probe: { tcp: true } }
`

/** Programs of this host with their libraries: a static busybox cannot resolve a name with glibc. */
const hostFolders = ['/usr', '/lib', '/lib64'].filter((folder) => existsSync(folder))

/** Calls by name again and again, and says what came of it. */
const caller = (name: string, port: number): string => `  ${name}:
    image: ${image}
    volumes: [${hostFolders.map((folder) => `"${folder}:${folder}:ro"`).join(', ')}]
    command:
      - /usr/bin/bash
      - -c
      - |
        while :; do
          { exec 3<>/dev/tcp/api/${port} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && /usr/bin/tail -n 1 <&3; } 2>&1
          /usr/bin/sleep 0.3
        done
    stop_signal: SIGKILL
    stop_grace_period: 1s
`

const withHybrid = async (
  name: string,
  work: (bench: {
    keelson: Keelson
    cwd: string
    write: (services: string) => Promise<void>
    says: (service: string, text: RegExp) => Promise<unknown>
  }) => Promise<void>,
): Promise<void> => {
  assert.ok(!('unavailable' in engine))
  await engine.makeImage(image)
  const keelson = await createKeelson({ env: { DOCKER_HOST: dockerHost } })
  try {
    const cwd = path.join(keelson.dataDir, name)
    await mkdir(cwd, { recursive: true })
    await writeFile(path.join(cwd, 'server.mjs'), server)
    await work({
      keelson,
      cwd,
      write: (services) =>
        writeFile(path.join(cwd, 'compose.yaml'), `name: ${name}\nservices:\n${services}`),
      says: (service, text) =>
        waitFor(`${service} says ${text.source}`, async () => {
          const { items } = await keelson.call('getServiceLogs', {
            params: { name: `${name}/${service}` },
            query: { limit: 200 },
          })
          if (items.some((line) => text.test(line.text))) return true
          // What it says instead is the cause when time is up.
          throw new Error(
            items
              .map((line) => line.text)
              .slice(-3)
              .join('\n'),
          )
        }),
    })
    await keelson.stop()
  } finally {
    await keelson.dispose()
  }
}

const up = ['up', '--wait', '--progress', 'plain']

test(
  'a container reaches a process by its name; one that binds loopback is out of its reach',
  { skip },
  () =>
    withHybrid('hybrid', async ({ keelson, cwd, write, says }) => {
      const port = await freePort()
      await write(processAt('api', '0.0.0.0', port) + caller('caller', port))
      await keelson.run(up, { cwd })
      await says('caller', /^hello from api$/)

      await write(processAt('api', '127.0.0.1', port) + caller('caller', port))
      await keelson.run(up, { cwd })
      await says('caller', /refused/)
    }),
)

const asker = `
const ask = () =>
  fetch('http://box:7777/hosts').then(
    ({ status }) => console.log('box answered ' + status),
    (error) => console.log(error.cause?.code ?? error.message),
  )
setInterval(ask, 300)
`

test('a process reaches a container by its name that declares no port at all', { skip }, () =>
  withHybrid('undeclared', async ({ keelson, cwd, write, says }) => {
    await writeFile(path.join(cwd, 'asker.mjs'), asker)
    const askerService = `  asker:
    command: ["node", "asker.mjs"]
    x-keelson: { runtime: process }
`
    const box = `  box:
    image: ${image}
    command: ["httpd", "-f", "-h", "/etc", "-p", "7777"]
    stop_signal: SIGKILL
`
    await write(askerService + box)
    await keelson.run(up, { cwd })
    await says('asker', /^box answered 200$/)
    const { instances } = await keelson.call('getService', { params: { name: 'undeclared/box' } })
    assert.deepEqual(instances[0]?.ports, [], 'it has no port that anybody knows of')
  }),
)

const noCompose = await missingPrograms('docker-compose')

test(
  'a container of Docker Compose that is taken over reaches a process by its name',
  { skip: skip || noCompose },
  () =>
    withHybrid('takenover', async ({ keelson, cwd, write, says }) => {
      const port = await freePort()
      await write(caller('caller', port))
      const env = {
        PATH: process.env['PATH'] ?? '',
        HOME: keelson.dataDir,
        DOCKER_HOST: dockerHost,
      }
      const composed = await runProgram('docker-compose', ['up', '-d'], { cwd, env })
      assert.equal(composed.code, 0, composed.stderr)
      assert.ok(!('unavailable' in engine))
      const [before] = await engine.docker.listContainers()

      await write(processAt('api', '0.0.0.0', port) + caller('caller', port))
      await keelson.run(up, { cwd })
      const { instances } = await keelson.call('getService', {
        params: { name: 'takenover/caller' },
      })
      assert.equal(instances[0]?.containerId, before?.Id, 'it was replaced, not taken over')
      await says('caller', /^hello from api$/)
    }),
)
