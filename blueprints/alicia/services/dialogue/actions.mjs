const words = (list) => list.map(({ name }) => name).join(' and ')

/**
 * What each intent does, and the words for it.
 * @param {ReturnType<import('../../shared/alicia.mjs').joinAlicia>} alicia
 */
export const createActions = (alicia) => {
  const find = async (kind, room) => {
    const { devices } = await alicia.ask('registry', 'find', { kind, room })
    return devices
  }
  const set = async (kind, room, wanted, done) => {
    const devices = await find(kind, room)
    for (const { id } of devices) alicia.tell(`alicia/devices/${id}/set`, wanted)
    return devices.length === 0
      ? `There is no ${kind} ${room === undefined ? 'here' : `in the ${room}`}.`
      : `${done}: ${words(devices)}.`
  }

  const actions = {
    'light.set': ({ room, state }) => set('light', room, { on: state === 'on' }, `Turned ${state}`),
    'light.dim': ({ room, percent }) =>
      set('light', room, { brightness: Math.min(Number(percent), 100) }, `Set to ${percent} %`),
    'climate.set': ({ room, degrees }) =>
      set('climate', room, { target: Number(degrees) }, `Heating to ${degrees} degrees`),
    'climate.ask': async ({ room }) => {
      const [sensor] = await find('sensor', room)
      return sensor?.state === undefined
        ? `Nothing measures the ${room}.`
        : `It is ${sensor.state.temperature} degrees in the ${room}.`
    },
    'blind.set': ({ room, state }) =>
      set('blind', room, { position: state === 'open' ? 100 : 0 }, `Will ${state}`),
    'lock.open': ({ door, pin }) => {
      alicia.tell(`alicia/devices/lock.${door}/set`, { locked: false, pin })
      return `If the PIN is right, the ${door} door is open.`
    },
    'lock.close': ({ door }) => {
      alicia.tell(`alicia/devices/lock.${door}/set`, { locked: true })
      return `The ${door} door is locked.`
    },
    'home.ask': async () => {
      const { rooms } = await alicia.ask('presence', 'home')
      return rooms.length === 0 ? 'Nobody is at home.' : `Somebody is in: ${rooms.join(', ')}.`
    },
    night: async () => {
      await set('light', undefined, { on: false }, '')
      await set('blind', undefined, { position: 0 }, '')
      await set('lock', undefined, { locked: true }, '')
      return 'Good night. Lights are off, doors are locked.'
    },
  }
  return async (intent, slots) => (await actions[intent]?.(slots)) ?? 'I did not understand that.'
}
