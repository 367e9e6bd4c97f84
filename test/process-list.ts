import { readdir, readFile, readlink } from 'node:fs/promises'

/** A process of this machine; `startedAt` tells it from a later one that got the same pid. */
export type ProcessEntry = {
  pid: number
  parent: number
  startedAt: string
  command: string
  environment: string
  folder: string
}

/**
 * All processes that this user may see, Linux only: elsewhere the list is empty and tests prove
 * less. Zombies are left out, they have ended.
 */
export const listProcesses = async (): Promise<ProcessEntry[]> => {
  if (process.platform !== 'linux') return []
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const entries = await Promise.all(names.map((name) => readProcess(Number(name))))
  return entries.filter((entry) => entry !== undefined)
}

const readProcess = async (pid: number): Promise<ProcessEntry | undefined> => {
  try {
    const [status, command, environment, folder] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
      readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''),
      readlink(`/proc/${pid}/cwd`).catch(() => ''),
    ])
    // The name in the second field may hold spaces and parentheses: fields count from its end.
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return undefined
    return {
      pid,
      parent: Number(fields[1]),
      startedAt: fields[19] ?? '',
      command: command.replaceAll('\0', ' ').trim(),
      environment,
      folder,
    }
  } catch {
    return undefined // ended while it was read
  }
}

/** The given processes with everything they have started, and what that has started. */
export const withDescendants = (
  roots: readonly ProcessEntry[],
  all: readonly ProcessEntry[],
): ProcessEntry[] => {
  const children = Map.groupBy(all, ({ parent }) => parent)
  const found = new Map<number, ProcessEntry>()
  const queue = [...roots]
  for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
    if (found.has(entry.pid)) continue
    found.set(entry.pid, entry)
    queue.push(...(children.get(entry.pid) ?? []))
  }
  return [...found.values()]
}
