/** When something ends, as a form asks it. */
export type Expiry = {
  /** '' is what the form says without a time, `date` a day, else a number of hours from now. */
  choice: string
  /** `2026-12-24`, where a day is chosen. */
  day: string
}

const hourMs = 3_600_000

/** Undefined without a time. Days are those of this browser's calendar, to their last second. */
export const expiresAtOf = ({ choice, day }: Expiry, nowMs: number): string | undefined => {
  if (choice === '') return undefined
  return choice === 'date' ? endOfDay(day) : new Date(nowMs + Number(choice) * hourMs).toISOString()
}

/** A day was asked for and not named yet. */
export const isUndecided = ({ choice, day }: Expiry): boolean =>
  choice === 'date' && Number.isNaN(Date.parse(day))

export const endOfDay = (day: string): string => new Date(`${day}T23:59:59`).toISOString()

export const tomorrow = (): string => {
  const date = new Date()
  date.setDate(date.getDate() + 1)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
