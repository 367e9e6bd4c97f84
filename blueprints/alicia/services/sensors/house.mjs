export const rooms = ['kitchen', 'living', 'bedroom', 'hall']

/** Kelvin a second: through the walls for each degree of difference, and by a valve that is open. */
const lossPerSecond = 1 / 18_000
const gainPerSecond = 1 / 900
/** How likely the one who lives here goes to another room within a minute of the house. */
const movesPerMinute = 0.15

const rounded = (value) => Math.round(value * 10) / 10

/** A house of four rooms with one inhabitant; the walk is the same after each start. */
export const createHouse = () => {
  const states = new Map(
    rooms.map((room) => [room, { temperature: 18, heating: false, lamp: 0, blind: 100 }]),
  )
  let seed = 7
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed / 2_147_483_648
  }
  let inhabitant = 'kitchen'
  let clockSeconds = 8 * 3600

  /** 0 at night, 1 at noon. */
  const daylight = () => Math.max(0, Math.sin(((clockSeconds / 3600 - 6) / 12) * Math.PI))

  return {
    /** A device of that room has changed. */
    feel: (kind, room, state) => {
      const own = states.get(room)
      if (own === undefined) return
      if (kind === 'light') own.lamp = state.brightness
      if (kind === 'climate') own.heating = state.heating === true
      if (kind === 'blind') own.blind = state.position
    },

    /** Lets time pass, and tells what each sensor sees then. */
    pass: (seconds, outside) => {
      clockSeconds = (clockSeconds + seconds) % 86_400
      if (random() < (movesPerMinute * seconds) / 60) {
        inhabitant = rooms[Math.floor(random() * rooms.length)] ?? inhabitant
      }
      return [...states].map(([room, own]) => {
        const loss = (own.temperature - outside) * (1 - Math.exp(-lossPerSecond * seconds))
        own.temperature += (own.heating ? gainPerSecond * seconds : 0) - loss
        const light = Math.round(own.lamp * 3 + daylight() * own.blind * 6)
        const humidity = Math.round(70 - own.temperature + (room === 'kitchen' ? 8 : 0))
        const motion = room === inhabitant
        return [room, { temperature: rounded(own.temperature), humidity, light, motion }]
      })
    },
  }
}
