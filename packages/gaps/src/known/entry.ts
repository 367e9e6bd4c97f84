import type { KnownImage } from '../systems/system.ts'

/** An image with what differs between its tags; the first variant that fits counts. */
export type Entry = KnownImage & { variants?: readonly Variant[] }

export type Variant = { tag: RegExp } & Partial<
  Pick<
    KnownImage,
    'has' | 'lacks' | 'hasHealthcheck' | 'healthcheck' | 'ports' | 'data' | 'runsAsRoot'
  >
>

type KnownPort = KnownImage['ports'][number]

export const tcp = (port: number, what: string, scheme?: string): KnownPort => ({
  ...{ port, protocol: 'tcp', for: what },
  ...(scheme === undefined ? {} : { scheme }),
})

export const http = (port: number, what: string): KnownPort => tcp(port, what, 'http')

export const udp = (port: number, what: string): KnownPort => ({ port, protocol: 'udp', for: what })

/** The file that an entry was checked against, at the commit at which it was read. */
export const opened = (repository: string, commit: string, path: string): string =>
  `https://github.com/${repository}/blob/${commit}/${path}`

/** A Debian or Ubuntu that nobody put a client into (rootfs.manifest of debuerreotype/docker-debian-artifacts). */
export const debian = { has: ['sh', 'bash'], lacks: ['curl', 'wget', 'nc'] } as const

/** Alpine: BusyBox brings wget and nc (main/busybox/busyboxconfig of alpinelinux/aports). */
export const alpine = { has: ['sh', 'wget', 'nc'], lacks: ['curl', 'bash'] } as const

/** The base of the Prometheus project's images: BusyBox and nothing else. */
export const busybox = { has: ['sh', 'wget'], lacks: ['curl', 'bash'] } as const

/** One program and no shell. */
export const bare = { has: [], lacks: ['sh', 'bash', 'curl', 'wget', 'nc'] } as const

export const unknown = { has: [], lacks: [] } as const
