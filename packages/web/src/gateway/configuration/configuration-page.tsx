import { usePermission } from '../../stack/permissions.ts'
import { usePageTitle } from '../../ui/page-title.ts'
import { Documents } from './documents.tsx'
import { Editor } from './editor.tsx'
import { Export } from './export.tsx'
import { Revisions } from './revisions.tsx'
import './configuration.css'

/** Where the configuration comes from, what it was, and how it becomes another one. */
export const ConfigurationPage = () => {
  usePageTitle('Configuration of the gateway')
  const mayWrite = usePermission('gateway:write')
  return (
    <>
      <Documents />
      {mayWrite && <Editor />}
      <div className="gw-columns">
        <Revisions mayWrite={mayWrite} />
        <Export />
      </div>
    </>
  )
}
