import { Type } from 'typebox'
import { config, flag } from '../access-fields.ts'

export const hstsSchema = config({
  max_age: Type.Integer({
    minimum: 0,
    default: 31_536_000,
    description: 'Seconds for which browsers come by https only; 0 ends it.',
  }),
  include_sub_domains: flag('Whether it holds for all names below as well.'),
  preload: flag("Whether the name may go into the browsers' own lists."),
})
