/** What an index needs to know of an entry. */
export type Indexed = {
  readonly id: string
  readonly url: string
  readonly vary: readonly string[]
  readonly tags: readonly string[]
}

/** What to drop. A URL means every answer to it. */
export type Selection =
  | { by: 'url'; url: string }
  | { by: 'prefix'; prefix: string }
  | { by: 'tag'; tag: string }
  | { by: 'all' }

/** Sets of fields by which the answers to one URL are told apart; more than a few are a mistake. */
const maxVarySets = 8

type UrlEntry = { ids: Set<string>; varySets: (readonly string[])[] }

/** Finds the entries of a tier by what they answer and by their groups. */
export class EntryIndex {
  private readonly urls = new Map<string, UrlEntry>()
  private readonly tags = new Map<string, Set<string>>()

  add(entry: Indexed): void {
    const url = this.urls.get(entry.url) ?? { ids: new Set<string>(), varySets: [] }
    this.urls.set(entry.url, url)
    url.ids.add(entry.id)
    rememberVary(url.varySets, entry.vary)
    for (const tag of entry.tags) {
      const ids = this.tags.get(tag)
      if (ids === undefined) this.tags.set(tag, new Set([entry.id]))
      else ids.add(entry.id)
    }
  }

  remove(entry: Indexed): void {
    const url = this.urls.get(entry.url)
    url?.ids.delete(entry.id)
    if (url?.ids.size === 0) this.urls.delete(entry.url)
    for (const tag of entry.tags) {
      const ids = this.tags.get(tag)
      ids?.delete(entry.id)
      if (ids?.size === 0) this.tags.delete(tag)
    }
  }

  /** The newest first; undefined when there is no answer to this URL. */
  varySets(url: string): readonly (readonly string[])[] | undefined {
    return this.urls.get(url)?.varySets
  }

  idsOf(selection: Selection): string[] {
    switch (selection.by) {
      case 'url':
        return [...(this.urls.get(selection.url)?.ids ?? [])]
      case 'tag':
        return [...(this.tags.get(selection.tag) ?? [])]
      case 'prefix':
        return [...this.urls].flatMap(([url, { ids }]) =>
          url.startsWith(selection.prefix) ? [...ids] : [],
        )
      case 'all':
        return [...this.urls.values()].flatMap(({ ids }) => [...ids])
    }
  }

  /** Entries by tag, the largest groups first. */
  largestTags(most: number): { tag: string; entries: number }[] {
    const all = [...this.tags].map(([tag, ids]) => ({ tag, entries: ids.size }))
    return all.sort((a, b) => b.entries - a.entries).slice(0, most)
  }
}

const rememberVary = (sets: (readonly string[])[], names: readonly string[]): void => {
  const same = (set: readonly string[]): boolean =>
    set.length === names.length && set.every((name, at) => name === names[at])
  const known = sets.findIndex(same)
  if (known === 0) return
  if (known > 0) sets.splice(known, 1)
  sets.unshift(names)
  if (sets.length > maxVarySets) sets.pop()
}

/** Whether an entry falls under a selection. */
export const isSelected = (entry: Indexed, selection: Selection): boolean => {
  switch (selection.by) {
    case 'url':
      return entry.url === selection.url
    case 'tag':
      return entry.tags.includes(selection.tag)
    case 'prefix':
      return entry.url.startsWith(selection.prefix)
    case 'all':
      return true
  }
}
