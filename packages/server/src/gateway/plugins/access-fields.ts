import { Type, type TSchema, type TSchemaOptions } from 'typebox'

/** A field that may be left out, or be null as Kong's exports write it. */
export const nullable = <S extends TSchema>(schema: S, description: string) =>
  Type.Union([schema, Type.Null()], { default: null, description })

/** True or false, false unless said otherwise. */
export const flag = (description: string, value = false) =>
  Type.Boolean({ default: value, description })

export const list = <S extends TSchema>(
  schema: S,
  value: readonly unknown[],
  description: string,
) => Type.Array(schema, { default: [...value], description })

/** One of these words. */
export const oneOf = <const W extends string>(words: readonly W[], options: TSchemaOptions = {}) =>
  Type.Unsafe<W>(Type.Enum([...words], options))

/** The configuration of a plugin: fields that are not in it are refused. */
export const config = <P extends Record<string, TSchema>>(fields: P) =>
  Type.Object(fields, { additionalProperties: false })

/** Fields that the plugins of authentication share. */
export const anonymous = nullable(
  Type.String({ minLength: 1 }),
  'Consumer (id or username) as whom requests run that fail this authentication; without one they are refused.',
)

export const realm = nullable(
  Type.String({ pattern: '^[^"\\\\\\r\\n]*$' }),
  'Realm that WWW-Authenticate names.',
)

export const hideCredentials = flag(
  'Takes the credential off the request before the service sees it.',
)

export const runOnPreflight = flag(
  'Whether OPTIONS requests have to authenticate too; false lets them through.',
  true,
)

/** Fields of the plugins that ask a server of somebody else for keys. */
export const outgoingFields = {
  allow_http: flag('Lets the issuer be asked over http too: for tests and closed networks.'),
  allow_internal: flag(
    'Lets the issuer have a loopback, private or link-local address; refused otherwise, whatever its name is.',
  ),
  timeout_ms: Type.Integer({
    minimum: 1,
    default: 5000,
    description: 'Patience with the issuer, in milliseconds.',
  }),
  keys_ttl: Type.Integer({
    minimum: 1,
    default: 600,
    description:
      'Seconds for which keys and discovery of the issuer are good; an unknown key id asks again sooner.',
  }),
}
