import { execFile, spawn } from 'node:child_process'
import { constants } from 'node:fs'
import {
  access,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import Docker from 'dockerode'
import { packFolder } from './tar-stream.ts'

/** A real Docker Engine of the test's own. */
export type TestDocker = {
  /** Path of its socket; DOCKER_HOST is `unix://` and this. */
  socket: string
  docker: Docker
  /** An image with a busybox and nothing else. */
  makeImage(name: string): Promise<void>
  /** Ends the engine as kill -9 would, and starts it again on the same data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const startLimitMs = 30_000

/**
 * Starts an engine with private paths and an address pool of its own, without touching the host's
 * firewall: any number of them run side by side. Needs root, dockerd and a static busybox. `more`
 * are arguments of dockerd.
 */
export const startDocker = async (
  more: readonly string[] = [],
): Promise<TestDocker | { unavailable: string }> => {
  const missing = await findMissing()
  if (missing !== null) return { unavailable: missing }
  const dir = await mkdtemp(join(tmpdir(), 'keelson-docker-'))
  const socket = join(dir, 'docker.sock')
  const docker = new Docker({ socketPath: socket })
  const pool = `10.${100 + (process.pid % 100)}.0.0/16`
  const args = [
    ['--host', `unix://${socket}`],
    ['--data-root', join(dir, 'data')],
    ['--exec-root', join(dir, 'exec')],
    ['--pidfile', join(dir, 'pid')],
    ['--default-address-pool', `base=${pool},size=24`],
    // No docker0 and no rules of ours: another engine on this host may have them.
    ['--bridge', 'none', '--iptables=false', '--ip6tables=false'],
    more,
  ].flat()

  const run = async () => {
    const engine = spawn('dockerd', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const keep = (chunk: Buffer): void => {
      output = (output + String(chunk)).slice(-2000)
    }
    engine.stdout.on('data', keep)
    engine.stderr.on('data', keep)
    const ended = new Promise<void>((resolve) => engine.once('exit', () => resolve()))
    const deadline = Date.now() + startLimitMs
    while (!(await answers(docker))) {
      if (engine.exitCode !== null || Date.now() > deadline) {
        engine.kill('SIGKILL')
        return { failed: `dockerd does not start: ${output}` }
      }
      await sleep(50)
    }
    return { engine, ended }
  }

  let running = await run()
  if ('failed' in running) {
    await removeDir(dir)
    return { unavailable: running.failed ?? '' }
  }
  return {
    socket,
    docker,
    makeImage: (name) => makeImage(docker, name),
    restart: async () => {
      if ('failed' in running) return
      running.engine.kill('SIGKILL')
      await running.ended
      // Its containerd ends with it. A new engine would take the id in this file for a living one,
      // when another process got it, or init has not reaped the old one yet, and wait in vain.
      await killThose(join(dir, 'exec/containerd/containerd.toml'))
      await rm(join(dir, 'exec/containerd/containerd.pid'), { force: true })
      running = await run()
      if ('failed' in running) throw new Error(running.failed)
    },
    stop: async () => {
      const containers = await docker.listContainers({ all: true }).catch(() => [])
      for (const { Id } of containers) {
        await docker
          .getContainer(Id)
          .remove({ force: true, v: true })
          .catch(() => undefined)
      }
      for (const { Id } of await docker.listNetworks().catch(() => [])) {
        await docker
          .getNetwork(Id)
          .remove()
          .catch(() => undefined)
      }
      if (!('failed' in running)) {
        running.engine.kill('SIGTERM')
        await running.ended
      }
      await killThose(dir)
      await removeDir(dir)
    },
  }
}

const findMissing = async (): Promise<string | null> => {
  if (process.platform !== 'linux') return 'dockerd runs on Linux only'
  if (process.getuid?.() !== 0) return 'dockerd needs root'
  if ((await findBusybox()) === null) return 'there is no busybox (apt install busybox-static)'
  const found = await promisify(execFile)('dockerd', ['--version']).catch(() => null)
  return found === null ? 'there is no dockerd (apt install docker.io)' : null
}

const findBusybox = async (): Promise<string | null> => {
  for (const path of ['/bin/busybox', '/usr/bin/busybox']) {
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return path
  }
  return null
}

const answers = (docker: Docker): Promise<boolean> =>
  docker.ping().then(
    () => true,
    () => false,
  )

const makeImage = async (docker: Docker, name: string): Promise<void> => {
  const busybox = await findBusybox()
  const dir = await mkdtemp(join(tmpdir(), 'keelson-image-'))
  try {
    await Promise.all(['bin', 'etc', 'tmp'].map((folder) => mkdir(join(dir, folder))))
    await copyFile(busybox ?? '', join(dir, 'bin/busybox'))
    const { stdout } = await promisify(execFile)(busybox ?? '', ['--list'])
    for (const applet of stdout
      .split('\n')
      .filter((found) => found !== '' && found !== 'busybox')) {
      await symlink('busybox', join(dir, 'bin', applet))
    }
    await writeFile(join(dir, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n')
    const archive = Readable.from(
      packFolder(dir, () => false),
      { objectMode: false },
    )
    const [repo, tag = 'latest'] = name.split(':')
    const stream = await docker.importImage(archive, { repo, tag })
    stream.resume()
    await new Promise((resolve) => stream.once('end', resolve))
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** Kills the processes whose arguments hold a path of ours, and waits until they are gone. */
const killThose = async (path: string): Promise<void> => {
  for (;;) {
    let found = 0
    for (const pid of await readdir('/proc')) {
      if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue
      const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      if (!commandLine.includes(path)) continue
      found += 1
      try {
        process.kill(Number(pid), 'SIGKILL')
      } catch {
        // Gone meanwhile.
      }
    }
    if (found === 0) return
    await sleep(20)
  }
}

/** A killed engine leaves mounts behind: they go first, or the folder cannot be removed. */
const removeDir = async (dir: string): Promise<void> => {
  const mounts = await readFile('/proc/self/mounts', 'utf8')
  const ours = mounts
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${dir}/`))
  for (const path of ours.reverse()) {
    await promisify(execFile)('umount', ['-l', path]).catch(() => undefined)
  }
  await rm(dir, { recursive: true, force: true })
}
