import { Type, type Static } from 'typebox'

/**
 * What a permission is asked on. Objects form a tree: `service:shop/web` is part of `stack:shop`,
 * which is part of the platform. `path` is the names from the stack down; labels and owner are those
 * of the object itself, as its file says them.
 */
export type ObjectRef = {
  kind: ObjectKind
  path: readonly string[]
  labels?: Readonly<Record<string, string>>
  owner?: string
}

export const objectKinds = ['platform', 'stack', 'service', 'gateway'] as const
export type ObjectKind = (typeof objectKinds)[number]

export const platformObject: ObjectRef = { kind: 'platform', path: [] }
/** What the gateway is configured with besides the files of stacks: consumers, certificates, caches. */
export const gatewayObject: ObjectRef = { kind: 'gateway', path: [] }
export const stackObject = (stack: string): ObjectRef => ({ kind: 'stack', path: [stack] })
export const serviceObject = (
  stack: string,
  service: string,
  more: Pick<ObjectRef, 'labels' | 'owner'> = {},
): ObjectRef => ({ kind: 'service', path: [stack, service], ...more })

/** `platform`, `stack:shop`, `service:shop/web`: how people and files write it. */
export const objectName = ({ kind, path }: ObjectRef): string =>
  path.length === 0 ? kind : `${kind}:${path.join('/')}`

/** `web` of no stack, `stack:`, `queue:mail`: undefined. */
export const parseObject = (text: string): ObjectRef | undefined => {
  const [, kind, path] = /^([a-z]+)(?::([^:]+))?$/.exec(text) ?? []
  const steps = path?.split('/') ?? []
  const [stack = '', service = ''] = steps
  if (steps.includes('') || steps.some((step) => step.includes('*'))) return undefined
  if (steps.length === 0 && kind === 'platform') return platformObject
  if (steps.length === 0 && kind === 'gateway') return gatewayObject
  if (steps.length === 1 && kind === 'stack') return stackObject(stack)
  return steps.length === 2 && kind === 'service' ? serviceObject(stack, service) : undefined
}

export const selectorNamePattern = '^(platform|stack|service|gateway)(:[^/:]+(/[^/:]+)*)?$'

/**
 * Which objects a grant is about; all given parts must match. `name` is written like an object and
 * may hold `*` for any run of characters within a name: `stack:shop`, `service:shop/*`. Everything
 * inside of a matching stack matches. One without any part is everything; a part that says nothing is
 * refused, so that nobody gives everything by something they left out.
 */
export const Selector = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        pattern: selectorNamePattern,
        'x-fault':
          'an object is platform, gateway, stack:<stack> or service:<stack>/<service>, with * for any name',
        maxLength: 300,
      }),
    ),
    labels: Type.Optional(
      Type.Record(Type.String({ maxLength: 200 }), Type.String({ maxLength: 200 }), {
        minProperties: 1,
        'x-fault': 'labels name one label at least; leave them out where they do not matter',
        description: 'All of them, one at least; left out: whatever the labels are',
      }),
    ),
    owner: Type.Optional(
      Type.String({
        ...{ minLength: 1, maxLength: 100, description: 'Left out: whoever owns it' },
        'x-fault': 'an owner has a name; leave it out where it does not matter',
      }),
    ),
  },
  { $id: 'Selector', additionalProperties: false },
)
export type Selector = Static<typeof Selector>

/** It was kept before one with a part that says nothing was refused; nothing matches it. */
export const matchesNothing = ({ labels, owner }: Selector): boolean =>
  owner === '' || (labels !== undefined && Object.keys(labels).length === 0)

/** `everything`, `stack:shop, team=payments, owner ana`: how people read it. */
export const selectorName = (selector: Selector): string => {
  if (matchesNothing(selector)) return 'nothing'
  const { name, labels = {}, owner } = selector
  const parts = [
    ...(name === undefined ? [] : [name]),
    ...Object.entries(labels).map(([label, value]) => `${label}=${value}`),
    ...(owner === undefined ? [] : [`owner ${owner}`]),
  ]
  return parts.length === 0 ? 'everything' : parts.join(', ')
}
