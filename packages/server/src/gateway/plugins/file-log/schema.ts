import { Type, type Static } from 'typebox'
import { config, flag } from '../access-fields.ts'
import { customFieldsByLua } from '../logging/index.ts'

export const fileLogSchema = config({
  path: Type.String({
    // Kong's bounds of a file name, and absolute.
    pattern: '^/(?:[^*&%`]*[^\\s*&%`])?$',
    description: 'Absolute path of the file. It is made when it is missing, its folder is not.',
  }),
  reopen: flag('Opens the file anew for each entry, so that it may be moved away.'),
  custom_fields_by_lua: customFieldsByLua,
})

export type FileLogConfig = Static<typeof fileLogSchema>
