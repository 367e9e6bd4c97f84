import { Type, type TSchema } from 'typebox'
import type { Permission } from './permissions.ts'
import { stackName } from './stack.ts'

/** A route of the API. None can exist without a permission, because the type demands one. */
export type Endpoint = {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  path: `/${string}`
  permission: Permission
  /**
   * What the permission is asked on: the stack or service of the path, the gateway, or each thing of
   * the answer (`listed`), where one leaves out what may not be seen. Without it: the platform.
   */
  on?: 'stack' | 'service' | 'gateway' | 'listed'
  /**
   * A person must have proved in this browser who they are, in the last quarter of an hour (ASVS 5.0 7.5.1);
   * else `reauthentication_required`. Programs cannot, and are asked for their permission alone.
   */
  fresh?: true
  summary: string
  params?: TSchema
  query?: TSchema
  body?: TSchema
  /** Of the body, in bytes; 64 KiB unless told. Not for what strangers may send. */
  bodyMax?: number
  /** Schema of a 200 answer; null for 204 without a body. */
  response: TSchema | null
}

export const endpoint = <const E extends Endpoint>(definition: E): E => definition

/** A stack of 60 services with its origins is below 1 MiB. */
export const fileMax = 8 * 1024 * 1024

export const limit = (max: number, byDefault: number) =>
  Type.Integer({ minimum: 1, maximum: max, default: byDefault })
export const cursor = Type.Optional(Type.String({ maxLength: 500 }))
export const StackParams = Type.Object({ stack: stackName })
export const InStack = Type.Object({ stack: Type.Optional(stackName) })
export const LookedAt = Type.Object({
  dryRun: Type.Optional(Type.Boolean()),
  /** The revision that was looked at; another one by now is a conflict. */
  revision: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
})
/** Of `keelson up web api`: who names services sets back the number of instances of no other. */
export const Named = Type.Optional(
  Type.String({
    description: 'Services that were asked for by name, by comma',
    maxLength: 100_000,
  }),
)
