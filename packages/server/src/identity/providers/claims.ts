import { UserName } from '@keelson/contract'
import { Value } from 'typebox/value'
import { storableText } from '../../kernel/storable.ts'

/** What a provider says of a person, once it is proved to be said by it. */
export type Claims = Readonly<Record<string, unknown>>

/** More than a person is in; a list beyond would be cut off, and rights with it. */
export const groupsMax = 1000

/**
 * The groups of a claim, which may be inside of others (`realm_access.roles`) or have dots in its own
 * name (`https://example.com/groups`). Null: more than 1000.
 */
export const groupsIn = (claims: Claims, name: string): ReadonlySet<string> | null => {
  const value = valueIn(claims, name)
  if (typeof value === 'string') return new Set([value])
  if (!Array.isArray(value)) return new Set()
  if (value.length > groupsMax) return null
  return new Set(value.filter((group) => typeof group === 'string'))
}

/** Nothing was said of groups, which is not that there are none. */
export const saysNoGroups = (claims: Claims, name: string): boolean =>
  valueIn(claims, name) === undefined

const valueIn = (claims: Claims, name: string): unknown =>
  Object.hasOwn(claims, name) ? claims[name] : within(claims, name.split('.'))

const within = (value: unknown, [step, ...rest]: readonly string[]): unknown => {
  if (step === undefined) return value
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
  return within(Reflect.get(value, step), rest)
}

const nameMax = 64

/** What the person would be called here; null when nothing that is said makes a name. */
export const nameIn = (claims: Claims): string | null => {
  for (const given of [claims['preferred_username'], claims['email']]) {
    const name = typeof given === 'string' ? asName(given.slice(0, 300)) : ''
    if (Value.Check(UserName, name)) return name
  }
  return null
}

/** `Ana Ortiz@corp` is `Ana-Ortiz`. */
const asName = (text: string): string =>
  Array.from(
    text
      .normalize('NFKC')
      .replace(/@.*$/su, '')
      .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
      .replace(/[^\p{L}\p{M}\p{N}._-]+/gu, '-')
      .replace(/^[^\p{L}\p{N}]+|-+$/gu, ''),
  )
    .slice(0, nameMax)
    .join('')

const textIn = (claims: Claims, name: string, maxLength: number): string | null => {
  const value = claims[name]
  const isText = typeof value === 'string' && value !== '' && value.length <= maxLength
  return isText && value === storableText(value) ? value : null
}

/** By which alone a person is known at a provider; at most 255 characters (Core 1.0, 2). */
export const subjectIn = (claims: Claims): string | null => textIn(claims, 'sub', 255)

export const displayNameIn = (claims: Claims): string => textIn(claims, 'name', 100) ?? ''

/** As it is said, for people to read: nobody is known by it. */
export const emailIn = (claims: Claims): string | null => textIn(claims, 'email', 254)

/** One that the provider has seen to be the person's own. */
export const verifiedEmailIn = (claims: Claims): string | null =>
  claims['email_verified'] === true ? emailIn(claims) : null

/** Methods of RFC 8176 that are something one has or is, or say that there were several. */
const secondFactors: ReadonlySet<string> = new Set([
  ...['mfa', 'mca', 'otp', 'sms', 'tel', 'hwk', 'swk', 'pop', 'sc'],
  ...['face', 'fpt', 'iris', 'retina', 'vbm'],
])

/**
 * ASVS 5.0 6.8.4: what was asked is said in `amr`. A provider without the claim is taken at the word of
 * whoever trusts it. One that has it must name a second factor there, as a text or in a list of texts:
 * whatever else it says is one factor, as nobody can tell what it means.
 */
export const saysOneFactor = (claims: Claims): boolean => {
  const { amr } = claims
  if (amr === undefined) return false
  const methods: readonly unknown[] = Array.isArray(amr) ? amr : [amr]
  if (!methods.every((method) => typeof method === 'string')) return true
  return !methods.some((method) => secondFactors.has(method.toLowerCase()))
}

/** When the person proved themselves there, in seconds since 1970; null: not said. */
export const authenticatedAtIn = ({ auth_time: at }: Claims): number | null =>
  typeof at === 'number' && Number.isFinite(at) && at > 0 ? at : null
