import type { HeaderList } from '../proxy/header-list.ts'
import { splitList } from './field-list.ts'

const maxTags = 128
const maxTagLength = 256

/**
 * Groups of an answer, for purging: `Cache-Tag` (commas, as Cloudflare and Akamai have it) and
 * `Surrogate-Key` (blanks, as Fastly has it). What exceeds 128 tags, or 256 characters, is left out.
 */
export const tagsOf = (headers: HeaderList): readonly string[] => {
  const commas = headers.joined('cache-tag')
  const blanks = headers.joined('surrogate-key')
  if (commas === undefined && blanks === undefined) return noTags
  const tags = new Set<string>()
  const take = (tag: string): void => {
    if (tag !== '' && tag.length <= maxTagLength && tags.size < maxTags) tags.add(tag)
  }
  if (commas !== undefined) splitList(commas).forEach(take)
  if (blanks !== undefined) blanks.split(/[\s,]+/).forEach(take)
  return [...tags]
}

const noTags: readonly string[] = []
