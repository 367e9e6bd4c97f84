import { TextInput } from '@mantine/core'
import { useId, useState } from 'react'
import { objectFault } from './audit-search.ts'

type ObjectFilterProps = {
  object: string | undefined
  onChange: (object: string | undefined) => void
}

/** What is wrong is said once the field is left: on the way to an object everything is. */
export const ObjectFilter = ({ object, onChange }: ObjectFilterProps) => {
  const faultId = useId()
  const [isTyping, setTyping] = useState(false)
  const fault = isTyping ? undefined : objectFault(object)
  return (
    <div className="audit-object-filter">
      <TextInput
        size="sm"
        aria-label="Object"
        placeholder="Object: service:shop/web"
        autoCapitalize="none"
        spellCheck={false}
        error={fault !== undefined}
        attributes={{ input: fault === undefined ? {} : { 'aria-describedby': faultId } }}
        value={object ?? ''}
        onChange={({ currentTarget }) => {
          setTyping(true)
          onChange(currentTarget.value || undefined)
        }}
        onBlur={() => setTyping(false)}
      />
      {fault !== undefined && (
        <p id={faultId} className="field-fault small">
          {fault}
        </p>
      )}
    </div>
  )
}
