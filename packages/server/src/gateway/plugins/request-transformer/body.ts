import type { Changes } from '../field-changes/changes.ts'
import { applyChanges } from '../field-changes/changes.ts'
import { jsonFields } from '../field-changes/json-fields.ts'
import { pairFields } from '../field-changes/pair-fields.ts'
import { multipartFields } from './multipart.ts'
import type { TemplateData } from './template.ts'

type BodyKind = 'json' | 'multipart' | 'form'

/** By Content-Type, as loosely as Kong looks at it; null for what cannot be changed. */
export const bodyKindOf = (contentType: string | undefined): BodyKind | null => {
  const type = contentType?.toLowerCase() ?? ''
  if (type.includes('application/json')) return 'json'
  if (type.includes('multipart/form-data')) return 'multipart'
  return type.includes('application/x-www-form-urlencoded') ? 'form' : null
}

/** The changed body; null when it is none of its kind and goes on as it is. */
export const changeBody = (
  body: Buffer,
  contentType: string,
  changes: Changes<TemplateData, string>,
  data: TemplateData,
): Buffer | null => {
  switch (bodyKindOf(contentType)) {
    case 'json': {
      const fields = jsonFields(body.toString('utf8'))
      if (fields === null) return null
      applyChanges(changes, fields, data)
      return Buffer.from(fields.toString())
    }
    case 'form': {
      const fields = pairFields(body.toString('utf8'))
      applyChanges(changes, fields, data)
      return Buffer.from(fields.toString())
    }
    case 'multipart': {
      const fields = multipartFields(body, contentType)
      if (fields === null) return null
      applyChanges({ ...changes, append: [] }, fields, data)
      return fields.toBuffer()
    }
    case null:
      return null
  }
}
