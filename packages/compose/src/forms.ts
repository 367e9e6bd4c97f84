/**
 * How a value of the canonical model is kept and printed. The tables in `model-forms` follow the Go
 * types of compose-go (package types), because what `docker compose config` prints is decided there:
 * the order of keys, what is left out when empty, and what is a text though it looks like a number.
 */
export type Form = ScalarForm | CompoundForm

/** One value; kept as it is written, and printed by its kind. */
export type ScalarForm =
  /** A text; left out when empty. */
  | { as: 'text' }
  /** Left out when false or zero. */
  | { as: 'boolean' | 'integer' | 'float' | 'bytes' | 'delay' }
  /** Printed whenever it is set. */
  | { as: 'flag' | 'count' | 'duration' | 'mode' | 'deviceCount' }
  /** Printed unless true. */
  | { as: 'optOut' }

export type CompoundForm =
  /** A list of texts; one alone may stand for the list. */
  | { as: 'texts' }
  /** A command: a string is split into words, and an empty list is not the same as none. */
  | { as: 'words'; always?: boolean }
  | { as: 'test' }
  /** Texts by name; a name alone is empty, or null where `bare` says so. */
  | { as: 'mapping'; bare?: 'null' }
  | { as: 'hosts' | 'multi' | 'ssh' | 'ulimit' }
  | { as: 'list'; of: Form }
  /** A name alone is null where `bare` says so, else empty. */
  | { as: 'record'; of: Form; bare?: 'null' }
  | StructForm

const scalars: ReadonlySet<string> = new Set<ScalarForm['as']>([
  'text',
  'boolean',
  'integer',
  'float',
  'bytes',
  'delay',
  'flag',
  'count',
  'duration',
  'mode',
  'deviceCount',
  'optOut',
])

export function isScalarForm(form: Form): form is ScalarForm {
  return scalars.has(form.as)
}

export type StructForm = {
  as: 'struct'
  fields: Readonly<Record<string, Form>>
  /** Printed as JSON even when it is not set: a struct and no pointer in Go. */
  always?: boolean
  /** Printed under another name (Go's own, where a type has no JSON names). */
  names?: Readonly<Record<string, string>>
}

export const text: Form = { as: 'text' }
export const boolean: Form = { as: 'boolean' }
export const integer: Form = { as: 'integer' }
export const float: Form = { as: 'float' }
export const bytes: Form = { as: 'bytes' }
export const flag: Form = { as: 'flag' }
export const count: Form = { as: 'count' }
export const duration: Form = { as: 'duration' }
export const delay: Form = { as: 'delay' }
export const texts: Form = { as: 'texts' }
export const mapping: Form = { as: 'mapping' }
export const pairs: Form = { as: 'mapping', bare: 'null' }
export const hosts: Form = { as: 'hosts' }
export const list = (of: Form): Form => ({ as: 'list', of })
export const record = (of: Form): Form => ({ as: 'record', of })
export const bareRecord = (of: Form): Form => ({ as: 'record', of, bare: 'null' })
export const struct = (
  fields: Readonly<Record<string, Form>>,
  more: Pick<StructForm, 'always' | 'names'> = {},
): StructForm => ({ as: 'struct', fields, ...more })
