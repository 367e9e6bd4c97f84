import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'

/** Who listens on a port. Both are null when it is another user's process and we are not root. */
export type PortHolder = { pid: number | null; command: string | null }

/** The process that listens on a TCP port of this host, on any address; null when it is free. */
export const findPortHolder = (port: number): Promise<PortHolder | null> =>
  process.platform === 'linux' ? findInProc(port) : findByLsof(port)

const listening = '0A'

const findInProc = async (port: number): Promise<PortHolder | null> => {
  const inodes = new Set<string>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const rows = (await readFile(table, 'utf8').catch(() => '')).split('\n').slice(1)
    for (const row of rows) {
      // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
      const [, local, , state, , , , , , inode] = row.trim().split(/\s+/)
      const localPort = Number.parseInt(local?.split(':')[1] ?? '', 16)
      if (localPort === port && state === listening) inodes.add(`socket:[${inode}]`)
    }
  }
  if (inodes.size === 0) return null
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    const folder = `/proc/${pid}/fd`
    for (const fd of await readdir(folder).catch(() => [])) {
      const target = await readlink(`${folder}/${fd}`).catch(() => '')
      if (inodes.has(target)) return { pid: Number(pid), command: await commandOf(pid) }
    }
  }
  return { pid: null, command: null }
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
