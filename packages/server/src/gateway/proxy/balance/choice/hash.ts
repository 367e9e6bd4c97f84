/**
 * MurmurHash3 (32 bits) over the UTF-16 units of a text: quick, even, and the same in every
 * process, so that all gateways send a caller to the same target. No protection against texts
 * made to collide: whoever makes them meets one target, and could do so with one text.
 */
export const hashText = (text: string, seed = 0): number => {
  let hash = seed | 0
  for (let at = 0; at < text.length; at += 1) {
    let unit = Math.imul(text.charCodeAt(at), 0xcc9e2d51)
    unit = (unit << 15) | (unit >>> 17)
    hash ^= Math.imul(unit, 0x1b873593)
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  return mix(hash ^ text.length)
}

/** The finaliser: every bit of the input changes half of the output. */
export const mix = (value: number): number => {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
