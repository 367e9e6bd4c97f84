import { rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** How others on this machine find the running platform. No secret in it. */
export type PlatformFacts = {
  pid: number
  startedAt: string
  url: string
  /** Where others reach it; absent when nobody else does. */
  publicUrl?: string
  gatewayUrl: string
  version: string
  gatewayPlugins?: string
}

export const platformFile = (dataDir: string) => {
  const file = join(dataDir, 'platform.json')
  return {
    async write(facts: PlatformFacts): Promise<void> {
      const draft = `${file}.${process.pid}`
      await writeFile(draft, `${JSON.stringify(facts)}\n`, { mode: 0o600 })
      await rename(draft, file)
    },
    remove: (): Promise<void> => unlink(file).catch(() => {}),
  }
}
