import type { MountSpec } from '@keelson/contract'
import { defined } from '../defined.ts'

const units: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** Options the engine sets on every tmpfs anyway, so that naming them changes nothing. */
const alwaysOn = new Set(['rw', 'noexec', 'nosuid', 'nodev'])

/** The short form of a tmpfs: `/path`, `/path:size=64m,mode=1777,ro`. */
export const tmpfsMountOf = (text: string): MountSpec => {
  const { target, options } = partsOf(text)
  return {
    kind: 'tmpfs',
    target,
    readOnly: options.includes('ro'),
    ...defined({
      sizeBytes: valueOf(options, 'size', readSize),
      mode: valueOf(options, 'mode', (value) => Number.parseInt(value, 8)),
    }),
  }
}

/** Options of the short form that have no counterpart: `uid=1000`, `exec`, a size in per cent. */
export const unknownTmpfsOptions = (text: string): string[] =>
  partsOf(text).options.filter((option) => {
    const [name, value = ''] = option.split('=', 2)
    if (name === 'size') return readSize(value) === undefined
    if (name === 'mode') return !/^[0-7]{1,5}$/.test(value)
    return option !== 'ro' && option !== '' && !alwaysOn.has(option)
  })

const partsOf = (text: string) => {
  const colon = text.indexOf(':')
  if (colon === -1) return { target: text, options: [] }
  return { target: text.slice(0, colon), options: text.slice(colon + 1).split(',') }
}

const valueOf = <T>(
  options: readonly string[],
  name: string,
  read: (value: string) => T,
): T | undefined => {
  const option = options.findLast((one) => one.startsWith(`${name}=`))
  return option === undefined ? undefined : read(option.slice(name.length + 1))
}

const readSize = (value: string): number | undefined => {
  const [, digits, unit = ''] = /^(\d+)([kmg])?$/i.exec(value) ?? []
  return digits === undefined ? undefined : Number(digits) * (units[unit.toLowerCase()] ?? 1)
}
