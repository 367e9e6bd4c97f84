import { readFile, stat } from 'node:fs/promises'

const systemFile = '/etc/hosts'

/** The hosts file, read again when it changes. A missing one has no names. */
export const createHostsFile = (path: string = systemFile) => {
  let readAtMs = -1
  let names: ReadonlyMap<string, readonly string[]> = new Map()

  const refresh = async (): Promise<void> => {
    const { mtimeMs } = await stat(path)
    if (mtimeMs === readAtMs) return
    names = parseHosts(await readFile(path, 'utf8'))
    readAtMs = mtimeMs
  }

  return {
    /** Addresses of a name; none when the file does not have it. */
    find: async (name: string): Promise<readonly string[]> => {
      await refresh().catch(() => {
        names = new Map()
      })
      const all = names.get(name.toLowerCase()) ?? []
      const four = all.filter((address) => !address.includes(':'))
      return four.length > 0 ? four : all
    },
  }
}

/** Lines of an address and its names (hosts(5)); `#` begins a comment. */
export const parseHosts = (text: string): ReadonlyMap<string, readonly string[]> => {
  const names = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    const [address, ...aliases] = (line.split('#')[0] ?? '').trim().split(/\s+/)
    if (address === undefined || address === '') continue
    for (const alias of aliases) {
      const name = alias.toLowerCase()
      names.set(name, [...(names.get(name) ?? []), address])
    }
  }
  return names
}
