/** What a way back from a sign-in provider says behind the `#`. */
type Fragment = {
  challenge?: string
  link?: string
  problem?: string
  /** Where somebody wanted to go. */
  to?: string
}

const challengeMax = 200
const toMax = 2000

export const parseFragment = (hash: string): Fragment => {
  const given = new URLSearchParams(hash.replace(/^#/, ''))
  const challenge = textIn(given, 'challenge', challengeMax)
  const link = textIn(given, 'link', challengeMax)
  const to = textIn(given, 'to', toMax)
  const problem = given.get('problem') ?? ''
  return {
    ...(challenge === '' ? {} : { challenge }),
    ...(link === '' ? {} : { link }),
    ...(to === '' ? {} : { to }),
    ...(/^[a-z_]{1,60}$/.test(problem) ? { problem } : {}),
  }
}

const textIn = (given: URLSearchParams, name: string, lengthMax: number): string => {
  const text = given.get(name) ?? ''
  return text.length > lengthMax ? '' : text
}

/** Reads it once and takes it out of the address, and so out of the browser's history. */
export const takeFragment = (): Fragment => {
  const { hash, pathname } = window.location
  if (hash === '') return {}
  window.history.replaceState(window.history.state, '', pathname)
  return parseFragment(hash)
}
