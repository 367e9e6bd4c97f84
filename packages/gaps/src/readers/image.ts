import { findKnownImage } from '../known/index.ts'
import type { ImageEvidence } from '../systems/system.ts'
import type { Place } from '../place.ts'

/**
 * The parts of an image reference. A name without a registry is Docker Hub's, one without a slash
 * an official image. Source: distribution/reference, `reference.go` (normalize).
 */
export const readImage = (reference: string, at: Place): ImageEvidence => {
  const [rest = '', digest] = reference.split('@', 2)
  const lastSlash = rest.lastIndexOf('/')
  const colon = rest.indexOf(':', lastSlash + 1)
  const path = colon === -1 ? rest : rest.slice(0, colon)
  const tag = colon === -1 ? undefined : rest.slice(colon + 1)
  const [first = '', ...names] = path.split('/')
  const hasRegistry = names.length > 0 && /[.:]|^localhost$/.test(first)
  const registry = hasRegistry ? first : 'docker.io'
  const name = (hasRegistry ? names.join('/') : path).replace(/^library\//, '')
  // A version that stands in a digest alone may be any.
  const known = findKnownImage(name, digest !== undefined && tag === undefined ? '' : tag, registry)
  return { reference, name, registry, tag, digest, at, known }
}
