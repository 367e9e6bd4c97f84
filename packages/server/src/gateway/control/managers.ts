import type { GatewayManager } from '@keelson/contract'
import type { GatewayDocument } from '../snapshot.ts'

/** Who manages a document, in words. `file`: the path of the Kong file of a stack, if there is one. */
export const managerOf = (
  { manager, stack }: Pick<GatewayDocument, 'manager' | 'stack'>,
  fileOf: (stack: string) => string | null,
): GatewayManager => {
  if (stack === null) return { kind: 'api', stack, text: 'API', file: null }
  if (manager.startsWith('file:')) {
    const file = fileOf(stack)
    const [name = 'kong.yml'] = file?.split('/').slice(-1) ?? []
    return { kind: 'file', stack, text: `${name} of ${stack}`, file }
  }
  return { kind: 'compose', stack, text: `compose file of ${stack}`, file: null }
}
