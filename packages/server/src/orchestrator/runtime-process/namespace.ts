import { execFile } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { findSystemProgram } from './program.ts'

/**
 * A mount namespace of its own lets an instance see other content in a few files: names of other
 * services in /etc/hosts, configs and secrets at absolute paths. Linux and root only. It is a slave
 * of the host's, so what is mounted on the host later is seen inside as well, and never the other
 * way. It ends with its last process, and nothing of it is left.
 */

/** Words that become a command in a new mount namespace; null where none can be made. */
export const namespaceWrapper = (): Promise<string[] | null> => {
  wrapper ??= findWrapper()
  return wrapper
}

let wrapper: Promise<string[] | null> | null = null

const findWrapper = async (): Promise<string[] | null> => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null
  const unshare = await findSystemProgram('unshare')
  const nsenter = await findSystemProgram('nsenter')
  if (unshare === undefined || nsenter === undefined) return null
  const words = [unshare, '--mount', '--propagation', 'slave']
  // Root in a container mostly may not.
  const works = await succeeds([...words, 'mount', '--bind', hostsPath, hostsPath])
  return works ? words : null
}

/** Words that become a command in the mount namespace of a process. */
export const enterWrapper = async (pid: number): Promise<string[]> => [
  (await findSystemProgram('nsenter')) ?? 'nsenter',
  `--mount=/proc/${pid}/ns/mnt`,
]

const succeeds = ([program = '', ...args]: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    execFile(program, args, { timeout: 5000 }, (error) => resolve(error === null))
  })

export const hostsPath = '/etc/hosts'

/**
 * The host's own lines and ours. A name of ours is taken out of the host's lines: with both, the
 * first line would win in one resolver, and both would be tried in another.
 */
export const hostsText = async (
  hosts: Readonly<Record<string, string>>,
  path = hostsPath,
): Promise<string> => {
  const ours = Object.entries(hosts).filter(
    ([name, address]) => isIP(address) !== 0 && /^[\w.-]+$/.test(name),
  )
  const names = new Set(ours.map(([name]) => name.toLowerCase()))
  const text = await readFile(path, 'utf8').catch(() => '127.0.0.1 localhost\n::1 localhost\n')
  const lines = text.split('\n').map((line) => withoutNames(line, names))
  while (lines.at(-1) === '') lines.pop()
  const own = ours.map(([name, address]) => `${address}\t${name}`)
  return [...lines.filter((line) => line !== null), '# Services, by Keelson', ...own, ''].join('\n')
}

const withoutNames = (line: string, names: ReadonlySet<string>): string | null => {
  const [facts = '', ...comment] = line.split('#')
  const [address, ...all] = facts.trim().split(/\s+/)
  const kept = all.filter((name) => !names.has(name.toLowerCase()))
  if (address === undefined || kept.length === all.length) return line
  if (kept.length === 0) return null
  const text = [address, ...kept].join(' ')
  return comment.length === 0 ? text : `${text} #${comment.join('#')}`
}

/** In place, for the instance has this very file mounted. */
export const rewriteHosts = async (path: string, text: string): Promise<void> => {
  const handle = await open(path, 'r+')
  try {
    const { bytesWritten } = await handle.write(Buffer.from(text), 0, undefined, 0)
    await handle.truncate(bytesWritten)
  } finally {
    await handle.close()
  }
}
