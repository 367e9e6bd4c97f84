import type { Engine } from './engine.ts'
import type { Reach } from './port-options.ts'

type EngineInfo = { SecurityOptions?: string[]; OperatingSystem?: string }

/** How this host comes to the ports of containers. Asked once. */
export const createReach = (engine: Engine): (() => Promise<Reach>) => {
  let known: Promise<Reach> | null = null
  const ask = async (): Promise<Reach> => {
    if (engine.remoteHost !== null) return { host: engine.remoteHost }
    if (process.platform !== 'linux' || !engine.address.startsWith('unix:')) return 'loopback'
    const info = (await engine.call('tell about itself', (docker) => docker.info())) as EngineInfo
    const rootless = info.SecurityOptions?.some((option) => option.includes('rootless')) ?? false
    return rootless || info.OperatingSystem === 'Docker Desktop' ? 'loopback' : 'direct'
  }
  return () => {
    known ??= ask()
    known.catch(() => {
      known = null
    })
    return known
  }
}
