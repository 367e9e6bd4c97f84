import { fileURLToPath } from 'node:url'

export const labelsFile = new URL('labels.yaml', import.meta.url)
export const firstContactFile = new URL('first-contact.yaml', import.meta.url)
export const outsideFile = new URL('outside.yaml', import.meta.url)
export const pageFile = fileURLToPath(
  new URL('../../../../docs/gaps-precision.md', import.meta.url),
)

/** The day on which the labels were last looked through. */
export const labelledAt = '2026-11-21'
