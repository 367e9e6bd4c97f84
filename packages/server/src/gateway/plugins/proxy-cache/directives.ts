import type { HeaderList } from '../../proxy/header-list.ts'
import { parseHttpDate } from '../../cache/index.ts'

/** Directives as Kong reads them: by name, a number where the value is one, true without a value. */
export type KongDirectives = ReadonlyMap<string, number | string | true>

export const kongDirectives = (headers: HeaderList): KongDirectives => {
  const found = new Map<string, number | string | true>()
  for (const part of (headers.joined('cache-control') ?? '').split(',')) {
    const equals = part.indexOf('=')
    const name = (equals === -1 ? part : part.slice(0, equals)).trimStart().toLowerCase()
    if (name === '') continue
    const value = equals === -1 ? '' : part.slice(equals + 1)
    const number = value.trim() === '' ? NaN : Number(value)
    found.set(name, Number.isNaN(number) ? value || true : number)
  }
  return found
}

/** Seconds; undefined unless the directive has a number. */
export const secondsOf = (directives: KongDirectives, name: string): number | undefined => {
  const value = directives.get(name)
  return typeof value === 'number' ? value : undefined
}

/** How long an answer says it is good for, in seconds. */
export const toldLifetime = (headers: HeaderList, nowMs: number): number => {
  const directives = kongDirectives(headers)
  const age = secondsOf(directives, 's-maxage') ?? secondsOf(directives, 'max-age')
  if (age !== undefined) return Math.max(0, age)
  const expires = headers.all('expires').at(-1)
  const expiresMs = expires === undefined ? null : parseHttpDate(expires, nowMs)
  return expiresMs === null ? 0 : Math.max(0, Math.floor((expiresMs - nowMs) / 1000))
}
