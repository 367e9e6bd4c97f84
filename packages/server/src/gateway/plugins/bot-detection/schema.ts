import { Type } from 'typebox'
import { config, list } from '../access-fields.ts'

export const botDetectionSchema = config({
  allow: list(Type.String(), [], 'Regexes of user agents that pass, whatever else they match.'),
  deny: list(Type.String(), [], 'Regexes of user agents that are refused, beside known crawlers.'),
})
