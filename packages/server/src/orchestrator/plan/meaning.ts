import type { StackSpec } from '@keelson/contract'
import { digestOf } from '../../kernel/digest.ts'
import { partKey, partsOf } from './parts.ts'

/**
 * Digest of what a stack says, in whatever words, order and files it is said: a comment, a moved
 * line and an equivalent spelling are no other stack, and applying them is no revision.
 */
export const meaningOf = (stack: StackSpec): string => {
  const { services, files: _files, sources: _sources, reading: _reading, ...rest } = stack
  return digestOf({
    ...rest,
    services: Object.fromEntries(
      services.map((spec) => [
        spec.name,
        {
          replicas: spec.replicas,
          parts: partsOf(spec, { injected: {}, content: [] }).map((part) => [
            partKey(part),
            part.hash,
          ]),
        },
      ]),
    ),
  })
}
