/** Where passkeys can be used: they belong to a host name, which an address of numbers is not. */
type PasskeyPlace =
  | { kind: 'here' }
  /** The same page under a name that passkeys know. */
  | { kind: 'elsewhere'; url: string }
  | { kind: 'nowhere'; why: string }

type Where = { protocol: string; hostname: string; port: string; pathname: string; hash: string }

const isAddress = (hostname: string): boolean =>
  /^\d+(?:\.\d+){3}$/.test(hostname) || hostname.startsWith('[')

const isLoopback = (hostname: string): boolean =>
  hostname.startsWith('127.') || hostname === '[::1]'

export const passkeyPlaceOf = (where: Where, isSupported: boolean): PasskeyPlace => {
  const { protocol, hostname, port, pathname, hash } = where
  if (isLoopback(hostname)) {
    const host = port === '' ? 'localhost' : `localhost:${port}`
    return { kind: 'elsewhere', url: `${protocol}//${host}${pathname}${hash}` }
  }
  if (isAddress(hostname)) {
    return { kind: 'nowhere', why: 'Passkeys need a host name: they do not work at an IP address.' }
  }
  if (!isSupported) {
    return {
      kind: 'nowhere',
      why:
        protocol === 'https:' || hostname === 'localhost'
          ? 'This browser knows no passkeys.'
          : 'Passkeys need an address that begins with https://.',
    }
  }
  return { kind: 'here' }
}

/** `secret` is what stood behind the `#`, where that was taken out of the address. */
export const passkeyPlace = (secret = ''): PasskeyPlace => {
  const { protocol, hostname, port, pathname } = window.location
  const hash = secret === '' ? '' : `#${secret}`
  return passkeyPlaceOf(
    { protocol, hostname, port, pathname, hash },
    'PublicKeyCredential' in window,
  )
}
