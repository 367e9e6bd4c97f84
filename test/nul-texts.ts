/** What of JSON Schema says where texts stand. */
type Shape = {
  type?: unknown
  properties?: Record<string, Shape>
  patternProperties?: Record<string, Shape>
  items?: Shape
  anyOf?: readonly Shape[]
}

const depthMax = 8

/** A value for each text of a schema, with NUL in that one and nothing else in it. */
export function* valuesWithNul(schema: object, depth = 0): Generator {
  const { type, properties = {}, patternProperties = {}, items, anyOf = [] } = schema as Shape
  if (depth > depthMax) return
  if (type === 'string') yield 'a\0'
  for (const [name, member] of Object.entries(properties)) {
    for (const value of valuesWithNul(member, depth + 1)) yield { [name]: value }
  }
  for (const member of Object.values(patternProperties)) {
    yield { 'a\0': null }
    for (const value of valuesWithNul(member, depth + 1)) yield { a: value }
  }
  if (items !== undefined) for (const value of valuesWithNul(items, depth + 1)) yield [value]
  for (const each of anyOf) yield* valuesWithNul(each, depth)
}

type Operation = { parameters?: readonly { name: string; in: string }[] }

/** An address for each text in path and query of an operation of OpenAPI, with NUL in it. */
export const addressesWithNul = (template: string, { parameters = [] }: Operation): string[] =>
  parameters.map(({ name, in: part }) => {
    const filled = part === 'path' ? template.replace(`{${name}}`, 'a%00') : template
    const path = filled.replaceAll(/\{\w+\}/g, 'none')
    return part === 'query' ? `${path}?${name}=a%00` : path
  })
