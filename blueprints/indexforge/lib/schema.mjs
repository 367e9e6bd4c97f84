// Messages are held against their JSON Schema (2020-12, the part of it that the files in schemas/ use)
// by who sends them and by who takes them.
import { readFileSync } from 'node:fs'

/** @param {URL} file */
export const readSchema = (file) => JSON.parse(readFileSync(file, 'utf8'))

/**
 * The first thing that is wrong with a value, with its path; undefined when nothing is.
 * @param {unknown} value
 * @param {any} schema
 * @returns {string | undefined}
 */
export const faultOf = (value, schema, at = 'message') => {
  if (schema.type !== undefined && !isOfType(value, schema.type))
    return `${at} is no ${schema.type}`
  if (schema.enum?.includes(value) === false) return `${at} is one of ${schema.enum.join(', ')}`
  if (typeof value === 'string') return faultOfText(value, schema, at)
  if (typeof value === 'number') {
    return value < (schema.minimum ?? value) ? `${at} is below ${schema.minimum}` : undefined
  }
  if (Array.isArray(value)) return faultOfList(value, schema, at)
  return schema.type === 'object' ? faultOfObject(value, schema, at) : undefined
}

const isOfType = (value, type) => {
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}

const faultOfText = (
  value,
  { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern },
  at,
) => {
  if (value.length < minLength) return `${at} is shorter than ${minLength}`
  if (value.length > maxLength) return `${at} is longer than ${maxLength}`
  return pattern !== undefined && !new RegExp(pattern).test(value)
    ? `${at} does not fit ${pattern}`
    : undefined
}

const faultOfList = (value, { items, maxItems = Number.POSITIVE_INFINITY }, at) => {
  if (value.length > maxItems) return `${at} has more than ${maxItems} entries`
  for (const [index, item] of value.entries()) {
    const fault = items && faultOf(item, items, `${at}[${index}]`)
    if (fault !== undefined) return fault
  }
  return undefined
}

const faultOfObject = (value, { properties = {}, required = [], additionalProperties }, at) => {
  for (const name of required) if (!Object.hasOwn(value, name)) return `${at}.${name} is missing`
  for (const [name, own] of Object.entries(value)) {
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (schema === undefined && additionalProperties === false) return `${at}.${name} is not known`
    const fault = schema && faultOf(own, schema, `${at}.${name}`)
    if (fault !== undefined) return fault
  }
  return undefined
}
