import { splitList, splitParameters, unquote } from './field-list.ts'

const directive =
  /^([a-z*][a-z0-9_.*-]*)(?:=("(?:[^"\\]|\\["\\])*"|[\x21-\x2b\x2d-\x3a\x3c-\x7e]+))?$/

/**
 * Directives of a targeted field (RFC 9213), or undefined when it is empty or not well-formed:
 * then Cache-Control holds. A dictionary of RFC 9651, read without regard to case, as senders
 * write `MaX-AgE`; of `Surrogate-Control` (a W3C note of 2001) members addressed to another
 * device by a parameter are left out.
 */
export const targetedDirectives = (
  field: string,
  value: string,
): Map<string, string | null> | undefined => {
  const found = new Map<string, string | null>()
  for (const member of splitList(value)) {
    const [item = '', ...parameters] = splitParameters(member)
    const read = directive.exec(item.toLowerCase())
    if (read === null) return undefined
    if (field === 'surrogate-control' && !addressed(parameters)) continue
    const [, name = '', text] = read
    // Of several members of one name the last one counts (RFC 9651 4.2.2).
    found.set(name, text === undefined ? null : unquote(text))
  }
  return found.size === 0 ? undefined : found
}

/** What this cache calls itself in Surrogate-Control and Cache-Status. */
export const cacheName = 'Keelson'

const addressed = (parameters: readonly string[]): boolean =>
  parameters.every((parameter) => parameter.toLowerCase() === cacheName.toLowerCase())
