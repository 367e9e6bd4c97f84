import { Type, type TSchema } from 'typebox'
import { permissions } from './permissions.ts'

export const text = (maxLength: number) => Type.String({ maxLength })
export const time = Type.String({ format: 'date-time' })
export const orNull = <T extends TSchema>(schema: T, options: { description?: string } = {}) =>
  Type.Union([schema, Type.Null()], options)
/** A whole list, or one page of it. */
export const page = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), nextCursor: orNull(Type.String()) })
export const strict = { additionalProperties: false } as const
/** Of a ceremony in the browser; opaque to whoever passes it on. */
export const WebAuthn = Type.Object(
  {},
  { additionalProperties: true, description: 'WebAuthn in JSON' },
)

export const PermissionName = Type.Enum([...permissions], {
  $id: 'Permission',
  'x-fault': 'there is no such permission; docs/reference/api.md has all of them',
})
