import { readFile } from 'node:fs/promises'
import { mayHold } from './filter.ts'

let filter: Promise<Buffer> | undefined

/**
 * Whether it is among the 150,000 most used passwords of at least eight characters in what leaked
 * until 2015 (`common.bin`, made by scripts/make-password-filter.ts; the list is Mark Burnett's ten
 * million passwords as kept by SecLists, MIT). Cases are one. One in a thousand others is taken for one.
 */
export const isCommon = async (password: string): Promise<boolean> => {
  filter ??= readFile(new URL('./common.bin', import.meta.url))
  return mayHold(await filter, password.toLowerCase())
}
