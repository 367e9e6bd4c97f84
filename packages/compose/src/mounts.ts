import { isWindowsPath } from './paths.ts'

/** The short form of a volume, in parts. */
export type ShortMount = {
  type: 'bind' | 'volume'
  source?: string
  target: string
  readOnly: boolean
  noCopy: boolean
  propagation?: string
  selinux?: 'z' | 'Z'
  /** Options without a meaning, which Compose passes over in silence. */
  unknown: string[]
}

const propagations = ['private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave']
/** Hints for file sharing of Docker Desktop: without a meaning on Linux. */
const consistencies = ['cached', 'delegated', 'consistent']

/** The short form in parts, or what is wrong with it. Source: compose-go format/volume.go. */
export function parseShortMount(spec: string): ShortMount | string {
  if (spec === '') return 'invalid empty volume spec'
  const parts = spec.length <= 2 ? [spec] : splitParts(spec)
  if (parts.includes('')) return `invalid spec: ${spec}: empty section between colons`
  if (parts.length > 3) return `invalid spec: ${spec}: too many colons`
  const [source, target = '', options = ''] = parts.length === 1 ? [undefined, ...parts] : parts
  const isBind = source !== undefined && isFilePath(source)
  const mount: ShortMount = {
    type: isBind ? 'bind' : 'volume',
    target,
    readOnly: false,
    noCopy: false,
    unknown: [],
    ...(source === undefined ? {} : { source }),
  }
  for (const option of options === '' ? [] : options.split(',')) applyOption(mount, option)
  return mount
}

function applyOption(mount: ShortMount, option: string): void {
  if (option === 'ro' || option === 'rw') mount.readOnly = option === 'ro'
  else if (option === 'nocopy') mount.noCopy = true
  else if (option === 'z' || option === 'Z') mount.selinux = option
  else if (propagations.includes(option)) mount.propagation = option
  else if (!consistencies.includes(option)) mount.unknown.push(option)
}

/** Split at colons, but not at the one of a Windows drive (`C:\data:/data`). */
function splitParts(spec: string): string[] {
  const parts: string[] = []
  let from = 0
  for (let index = 0; index < spec.length; index++) {
    if (spec[index] !== ':' || /^[a-zA-Z]$/.test(spec.slice(from, index))) continue
    parts.push(spec.slice(from, index))
    from = index + 1
  }
  return [...parts, spec.slice(from)]
}

function isFilePath(source: string): boolean {
  return /^[./~]/.test(source) || isWindowsPath(source)
}
