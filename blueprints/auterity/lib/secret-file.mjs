import { readFileSync } from 'node:fs'

/** What a secret file holds, without the end of its line. */
export const readSecret = (file) => {
  if (!file) throw new Error('A secret is not given: sh secrets/make.sh makes those that lack')
  const secret = readFileSync(file, 'utf8').trim()
  if (secret === '') throw new Error(`${file} is empty`)
  return secret
}

/** A database's address with the password that a file holds; without a file it is complete. */
export const withPassword = (url, file) => {
  if (!url) throw new Error('DATABASE_URL is not set')
  if (!file) return url
  const complete = new URL(url)
  complete.password = encodeURIComponent(readSecret(file))
  return complete.href
}
