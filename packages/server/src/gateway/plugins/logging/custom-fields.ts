import { Type } from 'typebox'
import { nullable } from '../access-fields.ts'
import type { PluginFault } from '../plugin.ts'

/** Kong's field for Lua; there so that files which leave it empty are read. */
export const customFieldsByLua = nullable(
  Type.Record(Type.String(), Type.String()),
  'Lua does not run here: only empty.',
)

export const refuseLua = ({
  custom_fields_by_lua: fields,
}: {
  custom_fields_by_lua: Readonly<Record<string, string>> | null
}): readonly PluginFault[] =>
  fields === null || Object.keys(fields).length === 0
    ? []
    : [
        {
          path: ['custom_fields_by_lua'],
          message: 'custom_fields_by_lua is Lua, which does not run here.',
        },
      ]
