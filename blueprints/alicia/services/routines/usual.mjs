/** What the house does until the config manager has other routines. */
export const usualRoutines = [
  {
    name: 'nobody home',
    when: { topic: 'alicia/home', field: 'isHome', is: false },
    do: [
      ...['kitchen', 'living', 'bedroom', 'hall'].map((room) => ({
        ...{ device: `light.${room}`, set: { on: false } },
      })),
      { device: 'lock.front', set: { locked: true } },
      { device: 'lock.garden', set: { locked: true } },
    ],
  },
  {
    name: 'evening',
    when: { topic: 'alicia/events/schedule.evening' },
    do: [
      { device: 'light.living', set: { brightness: 60 } },
      { device: 'blind.living', set: { position: 0 } },
      { device: 'blind.bedroom', set: { position: 0 } },
    ],
  },
  {
    name: 'morning',
    when: { topic: 'alicia/events/schedule.morning' },
    do: [
      { device: 'blind.bedroom', set: { position: 100 } },
      { device: 'climate.kitchen', set: { target: 21 } },
    ],
  },
  {
    name: 'dark hall',
    when: { topic: 'alicia/devices/sensor.hall/state', field: 'motion', is: true },
    unless: { topic: 'alicia/devices/sensor.hall/state', field: 'light', above: 150 },
    do: [{ device: 'light.hall', set: { brightness: 40 } }],
  },
]
