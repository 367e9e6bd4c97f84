const failuresMax = 3
const instancesMax = 1000

const hash = (text) => {
  let value = 2_166_136_261
  for (const letter of text) value = Math.imul(value ^ letter.charCodeAt(0), 16_777_619) >>> 0
  return value
}

/**
 * The instances there are, and which of them is next. One that fails three times in a row is left
 * alone for a while.
 * @param {() => { strategy: string, ejectSeconds: number }} config
 */
export const createPool = (config) => {
  const instances = new Map()
  let turn = 0

  const pick = (candidates, caller) => {
    const { strategy } = config()
    turn += 1
    if (strategy === 'round-robin') return candidates[turn % candidates.length]
    // The highest of all hashes: when one leaves, only its callers go elsewhere.
    const weight =
      strategy === 'sticky' ? (one) => -hash(`${caller} ${one.key}`) : (one) => one.busy
    return candidates.toSorted((a, b) => weight(a) - weight(b) || a.calls - b.calls)[0]
  }

  return {
    add: (key, { service, host, port }) => {
      if (instances.size >= instancesMax && !instances.has(key)) return
      const fresh = { busy: 0, calls: 0, failures: 0, ejectedUntil: 0 }
      instances.set(key, { ...fresh, ...instances.get(key), key, service, host, port })
    },
    remove: (key) => instances.delete(key),

    /** The instance for this caller, counted as busy until `finished`; undefined when there is none. */
    choose: (service, caller, without) => {
      const candidates = [...instances.values()].filter(
        (one) => one.service === service && !without.has(one.key) && one.ejectedUntil <= Date.now(),
      )
      const chosen = candidates.length === 0 ? undefined : pick(candidates, caller)
      if (chosen === undefined) return undefined
      chosen.busy += 1
      chosen.calls += 1
      return chosen
    },
    finished: (one, result) => {
      one.busy -= 1
      one.failures = result === 'passed' ? 0 : one.failures + 1
      if (one.failures < failuresMax) return
      one.failures = 0
      one.ejectedUntil = Date.now() + config().ejectSeconds * 1000
    },
    list: () =>
      [...instances.values()].map(({ key, ...rest }) => ({
        instance: key.split('/').at(-1),
        ...rest,
      })),
  }
}
