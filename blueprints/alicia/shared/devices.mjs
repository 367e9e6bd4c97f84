/**
 * Devices that a service owns: told to the registry, set over the bus, their state kept there.
 *
 * - `alicia/devices/<id>/about` what it is (retained)
 * - `alicia/devices/<id>/state` how it is (retained)
 * - `alicia/devices/<id>/set`   how it should be
 *
 * @template State
 * @param {ReturnType<import('./alicia.mjs').joinAlicia>} alicia
 * @param {object} options
 * @param {string} options.kind
 * @param {readonly { id: string, room: string, name: string }[]} options.devices
 * @param {() => State} options.initial
 * @param {(wanted: any, state: State, id: string) => Partial<State>} [options.set] what changes; throws to refuse
 */
export const ownDevices = (alicia, { kind, devices, initial, set }) => {
  const states = new Map(devices.map(({ id }) => [id, initial()]))
  const tell = (id) =>
    alicia.tell(
      `alicia/devices/${id}/state`,
      { ...states.get(id), at: Date.now() },
      { retain: true },
    )

  const change = (id, changes) => {
    Object.assign(states.get(id), changes)
    tell(id)
  }
  for (const { id, room, name } of devices) {
    const about = { id, kind, room, name, canBeSet: set !== undefined }
    alicia.tell(`alicia/devices/${id}/about`, about, { retain: true })
    tell(id)
    if (set === undefined) continue
    alicia.on(`alicia/devices/${id}/set`, (_topic, wanted) => {
      try {
        change(id, set(wanted ?? {}, states.get(id), id))
      } catch (error) {
        alicia.tell(`alicia/devices/${id}/refused`, { id, reason: error.message })
      }
    })
  }
  return { ids: devices.map(({ id }) => id), get: (id) => states.get(id), change }
}

/** A number between two bounds, or a refusal that says so. */
export const numberWithin = (value, min, max, what) => {
  if (typeof value === 'number' && value >= min && value <= max) return value
  throw new Error(`${what} must be a number from ${min} to ${max}`)
}

/** The device of a topic: `alicia/devices/light.hall/state` is about `light.hall`. */
export const deviceOf = (topic) => topic.split('/')[2] ?? ''
