/**
 * What is wrong with values, by the settings a service told; empty when nothing is.
 * @param {Record<string, unknown>} values
 * @param {Record<string, import('../../shared/alicia.mjs').Setting>} settings
 * @returns {string[]}
 */
export const faultsOf = (values, settings) =>
  Object.entries(values).flatMap(([key, value]) => {
    const setting = Object.hasOwn(settings, key) ? settings[key] : undefined
    if (setting === undefined) {
      return [`${key} is not a setting; there are: ${Object.keys(settings).join(', ') || 'none'}`]
    }
    const fault = faultOf(value, setting)
    return fault === undefined ? [] : [`${key} ${fault}`]
  })

const faultOf = (value, { default: usual, min = -Infinity, max = Infinity, oneOf }) => {
  if (oneOf !== undefined)
    return oneOf.includes(value) ? undefined : `is one of ${oneOf.join(', ')}`
  if (Array.isArray(usual)) {
    if (!Array.isArray(value)) return 'must be a list'
    return value.length <= max ? undefined : `has at most ${max} entries`
  }
  if (typeof value !== typeof usual) return `must be a ${typeof usual}`
  if (typeof value !== 'number') return undefined
  return value >= min && value <= max ? undefined : `must be from ${min} to ${max}`
}
