/**
 * Who listens on this host: what platform and command line both ask the system. Linux shows the
 * sockets of one's own processes (of all, to root); elsewhere `lsof` is asked.
 */
import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'

/** Who listens on a port. Both are null when it is another user's process and we are not root. */
export type PortHolder = { pid: number | null; command: string | null }

export type Listener = PortHolder & { port: number; protocol: 'tcp' | 'udp' }

/** The process that listens on a TCP port of this host, on any address; null when it is free. */
export const findPortHolder = async (port: number): Promise<PortHolder | null> => {
  if (process.platform !== 'linux') return findByLsof(port)
  const sockets = (await readSockets()).filter(
    (socket) => socket.port === port && socket.protocol === 'tcp',
  )
  if (sockets.length === 0) return null
  const holders = await findHolders(new Set(sockets.map(({ inode }) => inode)))
  return [...holders.values()][0] ?? nobodySeen
}

/**
 * All listeners of this host, each port and protocol once, by port; at most 2,000. Empty where the
 * system has no /proc.
 */
export const listListeners = async (): Promise<Listener[]> => {
  const sockets = (await readSockets()).slice(0, listenersMax)
  const holders = await findHolders(new Set(sockets.map(({ inode }) => inode)))
  const listeners = new Map<string, Listener>()
  for (const { port, protocol, inode } of sockets) {
    const key = `${port}/${protocol}`
    const known = listeners.get(key)
    if (known !== undefined && known.pid !== null) continue
    listeners.set(key, { port, protocol, ...(holders.get(inode) ?? nobodySeen) })
  }
  return [...listeners.values()].sort((a, b) => a.port - b.port)
}

const describeNow = async () =>
  (await listListeners()).map(({ port, protocol, pid, command }) => ({
    ...{ port, protocol },
    ...(pid === null ? {} : { owner: `${command ?? 'a program'} (pid ${pid})` }),
  }))

/** A list takes some 50 ms: who asks for many stacks at once shares it. */
const sharedMs = 1000
let shared: { listing: ReturnType<typeof describeNow>; endsMs: number } | undefined

/**
 * As an observation of a stack tells them; an owner is left out where the system does not show it. At
 * most a second old.
 */
export const describeListeners = async () => {
  if (shared === undefined || performance.now() >= shared.endsMs) {
    const listing = describeNow()
    const mine = { listing, endsMs: Infinity }
    shared = mine
    const began = performance.now()
    const end = (): void => void (mine.endsMs = began + sharedMs)
    listing.then(end, end)
  }
  return [...(await shared.listing)]
}

const nobodySeen: PortHolder = { pid: null, command: null }
const listenersMax = 2000
/** A host with more open files than this tells of the first ones. */
const handlesMax = 100_000

type Socket = { port: number; protocol: 'tcp' | 'udp'; inode: string }

// proc(5): TCP in LISTEN; a UDP socket that is bound and connected to nobody is in CLOSE.
const tables = [
  { file: '/proc/net/tcp', protocol: 'tcp', state: '0A' },
  { file: '/proc/net/tcp6', protocol: 'tcp', state: '0A' },
  { file: '/proc/net/udp', protocol: 'udp', state: '07' },
  { file: '/proc/net/udp6', protocol: 'udp', state: '07' },
] as const

const readSockets = async (): Promise<Socket[]> => {
  const sockets: Socket[] = []
  for (const { file, protocol, state } of tables) {
    const rows = (await readFile(file, 'utf8').catch(() => '')).split('\n').slice(1)
    for (const row of rows) {
      // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
      const [, local, , st, , , , , , inode] = row.trim().split(/\s+/)
      const port = Number.parseInt(local?.split(':')[1] ?? '', 16)
      if (st !== state || inode === undefined || !(port > 0)) continue
      sockets.push({ port, protocol, inode: `socket:[${inode}]` })
    }
  }
  return sockets
}

/** By socket; each process is looked into until all of them are found. */
const findHolders = async (inodes: ReadonlySet<string>): Promise<Map<string, PortHolder>> => {
  const holders = new Map<string, PortHolder>()
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  let handles = 0
  for (const pid of pids) {
    if (holders.size === inodes.size || handles > handlesMax) break
    const folder = `/proc/${pid}/fd`
    for (const fd of await readdir(folder).catch(() => [])) {
      handles += 1
      const target = await readlink(`${folder}/${fd}`).catch(() => '')
      if (!inodes.has(target) || holders.has(target)) continue
      holders.set(target, { pid: Number(pid), command: await commandOf(pid) })
    }
  }
  return holders
}

/**
 * Name of the program only: further arguments can hold secrets. The first one as it calls itself;
 * its file may be another (Debian's redis-server is a link to redis-check-rdb), and the name of
 * its main thread too (Node's is MainThread).
 */
const commandOf = async (pid: string): Promise<string | null> => {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  const called = basename(line.split('\0')[0]?.split(/[\s:]/)[0] ?? '')
  if (called !== '') return called
  return (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim() || null
}

const findByLsof = (port: number): Promise<PortHolder | null> =>
  new Promise((resolve) => {
    const args = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']
    execFile('lsof', args, { timeout: 5000 }, (_error, output) => {
      const pid = /^p(\d+)$/m.exec(output)?.[1]
      const command = /^c(.+)$/m.exec(output)?.[1] ?? null
      resolve(pid === undefined ? null : { pid: Number(pid), command })
    })
  })
