import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'

export type PortOwner = { pid: number; name: string }

/**
 * The program that listens on a TCP port of this machine, when the system lets us see it: Linux
 * shows the sockets of one's own processes (of all, to root); elsewhere `lsof` is asked.
 */
export const findPortOwner = async (port: number): Promise<PortOwner | undefined> => {
  try {
    return process.platform === 'linux' ? await fromProc(port) : await fromLsof(port)
  } catch {
    return undefined // it is only an extra: that the port is taken is known already
  }
}

// proc(5): local address as hex, state 0A is LISTEN, the tenth column is the inode.
const listening = '0A'

const fromProc = async (port: number): Promise<PortOwner | undefined> => {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  )
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const inodes = new Set<string>()
  for (const line of tables.join('\n').split('\n')) {
    const columns = line.trim().split(/\s+/)
    if (columns[3] !== listening || columns[1]?.endsWith(`:${hexPort}`) !== true) continue
    inodes.add(`socket:[${columns[9]}]`)
  }
  if (inodes.size === 0) return undefined
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const handles = await readdir(`/proc/${entry}/fd`).catch(() => [])
    for (const handle of handles) {
      const target = await readlink(`/proc/${entry}/fd/${handle}`).catch(() => '')
      if (!inodes.has(target)) continue
      const name = (await readFile(`/proc/${entry}/comm`, 'utf8').catch(() => '')).trim()
      return { pid: Number(entry), name: name || 'a program' }
    }
  }
  return undefined
}

const fromLsof = async (port: number): Promise<PortOwner | undefined> => {
  const run = promisify(execFile)
  const { stdout } = await run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], {
    timeout: 3000,
  })
  const pid = /^p(\d+)$/m.exec(stdout)?.[1]
  const name = /^c(.+)$/m.exec(stdout)?.[1]
  return pid === undefined ? undefined : { pid: Number(pid), name: name ?? 'a program' }
}
