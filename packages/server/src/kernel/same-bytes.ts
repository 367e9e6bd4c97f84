import { timingSafeEqual } from 'node:crypto'

/** Equality whose time tells nothing of where two secrets differ; their length may be told. */
export const sameBytes = (a: Buffer, b: Buffer): boolean =>
  a.length === b.length && timingSafeEqual(a, b)
