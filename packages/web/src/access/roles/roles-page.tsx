import { Button } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { usePermission } from '../../stack/permissions.ts'
import { ErrorBox, Loading } from '../../ui/feedback.tsx'
import { Icon } from '../../ui/icon.tsx'
import { usePageTitle } from '../../ui/page-title.ts'
import { rolesQuery } from '../queries.ts'
import type { Drafts } from './role-drafts.ts'
import { RoleDrafts } from './role-drafts-bar.tsx'
import { RoleForm } from './role-form.tsx'
import { RoleDialogs, type AskedOfRole } from './role-dialogs.tsx'
import { RoleList } from './role-list.tsx'
import { RoleMatrix } from './role-matrix.tsx'
import './roles.css'

const nothing: Drafts = new Map()
/** Below, a table of roles has no room. */
const wide = '(min-width: 761px)'

/** Which permissions a role is made of. */
export const RolesPage = () => {
  usePageTitle('Roles')
  const roles = useQuery(rolesQuery)
  const mayWrite = usePermission('access:write')
  const isWide = useMediaQuery(wide, true, { getInitialValueInEffect: false })
  const [isMaking, setMaking] = useState(false)
  const [asked, setAsked] = useState<AskedOfRole | null>(null)
  const [drafts, setDrafts] = useState(nothing)
  const Roles = isWide ? RoleMatrix : RoleList
  return (
    <>
      <div className="spread roles-head">
        <p className="muted">
          Built-in roles stay as they are. Whoever holds no role may see their own account and the
          state of services.
        </p>
        {mayWrite && (
          <Button
            size="sm"
            leftSection={<Icon name="plus" size={14} />}
            onClick={() => setMaking(true)}
          >
            Make a role
          </Button>
        )}
      </div>
      {roles.isError && <ErrorBox error={roles.error} onRetry={() => void roles.refetch()} />}
      {roles.isPending && <Loading rows={10} height={32} />}
      {roles.data !== undefined && (
        <Roles
          roles={roles.data}
          drafts={drafts}
          mayWrite={mayWrite}
          onDrafts={setDrafts}
          onAsk={setAsked}
        />
      )}
      <RoleDrafts roles={roles.data ?? []} drafts={drafts} onDrafts={setDrafts} />
      {isMaking && <RoleForm roles={roles.data ?? []} onClose={() => setMaking(false)} />}
      {asked !== null && <RoleDialogs asked={asked} onClose={() => setAsked(null)} />}
    </>
  )
}
