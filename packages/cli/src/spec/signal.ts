import { constants } from 'node:os'

/** `SIGINT`, `INT` and `2` are the same signal; real-time signals (`SIGRTMIN+3`) have no number. */
export const findSignal = (text: string): string | undefined => {
  if (/^\d+$/.test(text)) {
    const number = Number(text)
    return Object.entries(constants.signals).find(([, value]) => value === number)?.[0]
  }
  const upper = text.toUpperCase()
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`
  if (/^SIGRTM(IN(\+\d{1,2})?|AX(-\d{1,2})?)$/.test(name)) return name
  return Object.hasOwn(constants.signals, name) ? name : undefined
}
