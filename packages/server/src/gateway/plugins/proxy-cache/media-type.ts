/** A media type as Kong compares it; null for what is none. */
export type MediaType = {
  type: string
  subtype: string
  parameters: ReadonlyMap<string, string>
}

const token = `[!#$%&'*+.^_\`|~0-9A-Za-z-]+`
const head = new RegExp(`^(${token})/(${token})`)
const parameter = new RegExp(`^[ \\t]*;[ \\t]*(${token})=(?:(${token})|"([^"\\x00-\\x1f]*)")`)

export const parseMediaType = (text: string): MediaType | null => {
  if (text === '*') return { type: '*', subtype: '*', parameters: new Map() }
  const start = head.exec(text)
  if (start === null) return null
  const [whole, type = '', subtype = ''] = start
  const parameters = new Map<string, string>()
  let rest = text.slice(whole.length)
  for (let read = parameter.exec(rest); read !== null; read = parameter.exec(rest)) {
    const [taken, name = '', plain, quoted = ''] = read
    parameters.set(name.toLowerCase(), plain ?? quoted)
    rest = rest.slice(taken.length)
  }
  return rest === ''
    ? { type: type.toLowerCase(), subtype: subtype.toLowerCase(), parameters }
    : null
}

/** Whether an answer's type is the one wanted: parameters have to be the same on both sides. */
export const matchesMediaType = (wanted: MediaType, given: MediaType): boolean =>
  (wanted.type === '*' || wanted.type === given.type) &&
  (wanted.subtype === '*' || wanted.subtype === given.subtype) &&
  wanted.parameters.size === given.parameters.size &&
  [...wanted.parameters].every(([name, value]) => given.parameters.get(name) === value)
