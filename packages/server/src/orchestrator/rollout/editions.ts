import type { ServiceSpec, StackSpec } from '@keelson/contract'
import type { PortGiver } from '../ports.ts'
import { processPorts } from '../ports.ts'
import type { WantedPlace, WantedService } from '../plan/resolve.ts'
import type { Edition, Place, ServiceState } from './state.ts'

export type EditionDeps = {
  ports: PortGiver
  resolveOne: (stack: StackSpec, spec: ServiceSpec) => Promise<WantedService>
}

/** What instances of a service are started with; of a former edition it is found out when needed. */
export const createEditions = ({ ports, resolveOne }: EditionDeps) => {
  const resolved = new Map<string, WantedService>()

  return {
    know: (service: WantedService): void => void resolved.set(service.digest, service),

    async resolve(stack: StackSpec, edition: Edition): Promise<WantedService> {
      const known = resolved.get(edition.digest)
      if (known !== undefined) return known
      const service = await resolveOne(stack, pinned(edition))
      // What it was called when it was applied: its image or a port may have another name by now.
      const former = { ...service, digest: edition.digest }
      resolved.set(edition.digest, former)
      return former
    },

    keepOnly({ editions }: Pick<ServiceState, 'editions'>): void {
      const digests = new Set(editions.map(({ digest }) => digest))
      for (const digest of resolved.keys()) if (!digests.has(digest)) resolved.delete(digest)
    },

    /** An instance with its ports: those it has, or free ones. */
    async placeOf(
      stack: string,
      spec: ServiceSpec,
      { name, index }: Pick<Place, 'name' | 'index'>,
    ): Promise<WantedPlace> {
      const bound =
        spec.runtime === 'process' ? await processPorts(spec, { name, stack }, ports) : []
      return { name, index, ports: bound }
    },
  }
}

export type Editions = ReturnType<typeof createEditions>

/** A former edition by the very image it ran: its tag may have moved, or been built anew. */
const pinned = ({ spec, imageId }: Edition): ServiceSpec => {
  if (spec.container === null || imageId === null) return spec
  const { build: _build, ...container } = spec.container
  return { ...spec, container: { ...container, image: imageId, pullPolicy: 'missing' } }
}
