/** `skipped`: not needed, or not to be known now. */
export type Check = {
  name: string
  state: 'ok' | 'failed' | 'skipped'
  detail: string
  hint?: string
}
