import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'

/** A process as the system lists it. */
export type ProcessEntry = {
  pid: number
  parent: number
  group: number
  session: number
  /** When it started, in whatever form the system gives: with the pid it names one process. */
  start: string
}

/** A process id that cannot be mistaken for a later process of the same id. */
export type ProcessIdentity = { pid: number; start: string }

const onLinux = process.platform === 'linux'

/** The living process with this id; zombies have ended and count as gone. */
export const findProcess = async (pid: number): Promise<ProcessEntry | null> => {
  if (onLinux) return parseStat(pid, await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''))
  const [entry] = await listByPs(['-p', String(pid)])
  return entry ?? null
}

export const isAlive = async ({ pid, start }: ProcessIdentity): Promise<boolean> =>
  (await findProcess(pid))?.start === start

/** Every living process that the system shows. */
export const listProcesses = async (): Promise<ProcessEntry[]> => {
  if (!onLinux) return listByPs(['-ax'])
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const entries = await Promise.all(pids.map(findProcess))
  return entries.filter((entry) => entry !== null)
}

/** Fields of proc(5) `stat`; the name before them may hold blanks and parentheses. */
const parseStat = (pid: number, stat: string): ProcessEntry | null => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, parent, group, session] = fields
  const start = fields[19]
  if (start === undefined || state === 'Z' || state === 'X') return null
  return { pid, parent: Number(parent), group: Number(group), session: Number(session), start }
}

const listByPs = (which: readonly string[]): Promise<ProcessEntry[]> =>
  new Promise((resolve) => {
    const columns = 'pid=,ppid=,pgid=,sess=,stat=,lstart='
    const limits = { maxBuffer: 16 * 1024 * 1024, timeout: 10_000 }
    execFile('ps', [...which, '-o', columns], limits, (_error, output) => {
      const entries: ProcessEntry[] = []
      for (const line of output.split('\n')) {
        const [pid, parent, group, session, state, ...start] = line.trim().split(/\s+/)
        if (start.length === 0 || state?.startsWith('Z') === true) continue
        entries.push({
          pid: Number(pid),
          parent: Number(parent),
          group: Number(group),
          session: Number(session),
          start: start.join(' '),
        })
      }
      resolve(entries)
    })
  })

/** The environment a process was started with; null when the system does not show it. */
export const findEnvironment = async (pid: number): Promise<Record<string, string> | null> => {
  const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => null)
  if (text === null) return null
  const environment: Record<string, string> = {}
  for (const entry of text.split('\0')) {
    const equals = entry.indexOf('=')
    if (equals > 0) environment[entry.slice(0, equals)] = entry.slice(equals + 1)
  }
  return environment
}

/** Names this run of the machine: after a reboot no recorded process is alive. */
export const bootId = (): string => {
  if (!onLinux) return ''
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}
