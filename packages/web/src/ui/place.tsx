import type { Origin } from '@keelson/contract'

/** Short enough for a table; the whole path is on hover. */
const placeOf = ({ file, line }: Pick<Origin, 'file' | 'line'>): string => {
  const name = file.slice(file.lastIndexOf('/') + 1)
  return line === 0 ? name : `${name}:${line}`
}

/** Where in a file a value was written: `compose.yaml:14`, and how it got there. */
export const Place = ({ origin }: { origin: Origin }) => (
  <>
    <code className="break" title={`${origin.file}:${origin.line}:${origin.column}`}>
      {placeOf(origin)}
    </code>
    {origin.note !== undefined && <span className="muted"> {origin.note}</span>}
  </>
)
