/** One proxy in this thread, or several workers: whoever feeds them need not know. */
import { openLonePlane, type Plane, type PlaneOptions, type Surroundings } from './plane.ts'
import { createWorkers } from './workers.ts'

export type { Plane } from './plane.ts'

export const openPlane = async (
  options: PlaneOptions,
  { workers, ...surroundings }: { workers: number } & Omit<Surroundings, 'part'>,
): Promise<Plane> =>
  workers === 1
    ? openLonePlane(options, surroundings)
    : createWorkers(options, { count: workers, ...surroundings })
