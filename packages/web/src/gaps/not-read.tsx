import type { GapReport } from '@keelson/contract'
import { countOf } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'

const filesMax = 200

/** What the audit left out, so that silence about it is not taken for a good sign. */
export const NotRead = ({ report: { suppressed, notRead } }: { report: GapReport }) => {
  if (suppressed === 0 && notRead.length === 0) return null
  return (
    <div className="not-read small muted">
      {suppressed > 0 && (
        <p>
          {countOf(suppressed, 'finding')} {suppressed === 1 ? 'is' : 'are'} suppressed by comments
          in the files.
        </p>
      )}
      {notRead.length > 0 && (
        <details>
          <summary>
            <Icon name="chevron" size={13} />
            {countOf(notRead.length, 'file')} {notRead.length === 1 ? 'was' : 'were'} not read
          </summary>
          <ul>
            {notRead.slice(0, filesMax).map(({ file, why }) => (
              <li key={`${file} ${why}`} className="break">
                <code>{file}</code> {why}
              </li>
            ))}
            {notRead.length > filesMax && <li>and {notRead.length - filesMax} more</li>}
          </ul>
        </details>
      )}
    </div>
  )
}
