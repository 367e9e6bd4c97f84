/**
 * Header fields in the order of the wire: name, value, name, value… Names keep their case and are
 * compared without it. Few fields and short names make a linear look faster than a map.
 */
export class HeaderList {
  /** Shared, not copied: whoever gives the array away gives it up. */
  raw: string[]

  constructor(raw: string[] = []) {
    this.raw = raw
  }

  /** `name` in lower case, here and below. The first value, or undefined. */
  get(name: string): string | undefined {
    const at = this.find(name, 0)
    return at === -1 ? undefined : this.raw[at + 1]
  }

  /** All values as one, as RFC 9110 5.3 joins them. */
  joined(name: string): string | undefined {
    const all = this.all(name)
    return all.length === 0 ? undefined : all.join(', ')
  }

  all(name: string): string[] {
    const values: string[] = []
    for (let at = this.find(name, 0); at !== -1; at = this.find(name, at + 2)) {
      values.push(this.raw[at + 1] ?? '')
    }
    return values
  }

  has(name: string): boolean {
    return this.find(name, 0) !== -1
  }

  add(name: string, value: string): void {
    this.raw.push(name, value)
  }

  /** Replaces every field of this name by one, in the place of the first. */
  set(name: string, value: string): void {
    const at = this.find(name.toLowerCase(), 0)
    if (at === -1) return this.add(name, value)
    this.raw[at] = name
    this.raw[at + 1] = value
    this.removeFrom(name.toLowerCase(), at + 2)
  }

  remove(name: string): void {
    this.removeFrom(name, 0)
  }

  copy(): HeaderList {
    return new HeaderList(this.raw.slice())
  }

  *[Symbol.iterator](): Generator<[name: string, value: string]> {
    for (let at = 0; at + 1 < this.raw.length; at += 2) {
      yield [this.raw[at] ?? '', this.raw[at + 1] ?? '']
    }
  }

  private removeFrom(name: string, start: number): void {
    for (let at = this.find(name, start); at !== -1; at = this.find(name, at)) {
      this.raw.splice(at, 2)
    }
  }

  private find(name: string, start: number): number {
    const { raw } = this
    for (let at = start; at < raw.length; at += 2) {
      const own = raw[at] ?? ''
      if (own.length === name.length && (own === name || own.toLowerCase() === name)) return at
    }
    return -1
  }
}

/** Flat fields as lines of HTTP/1.1. */
export const linesOf = (fields: readonly string[]): string => {
  let lines = ''
  for (let at = 0; at + 1 < fields.length; at += 2) {
    lines += `${fields[at] ?? ''}: ${fields[at + 1] ?? ''}\r\n`
  }
  return lines
}
