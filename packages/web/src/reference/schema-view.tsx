import { limitsOf, nameOfRef, typeOf, type Schema } from './openapi.ts'

/** Schemas refer to each other; deeper than this they are read by their own name. */
const depthMax = 8

type SchemaViewProps = { schema: Schema; schemas: Record<string, Schema>; depth?: number }

/** A schema as a list of fields; a field that is an object opens on a click. */
export const SchemaView = ({ schema, schemas, depth = 0 }: SchemaViewProps) => {
  const fields = fieldsOf(schema, schemas)
  if (fields.length === 0) return <code className="break">{typeOf(schema)}</code>
  return (
    <ul className="schema">
      {fields.map(({ name, field, required }) => (
        <Field
          key={name}
          name={name}
          field={field}
          required={required}
          schemas={schemas}
          depth={depth}
        />
      ))}
    </ul>
  )
}

type FieldProps = {
  name: string
  field: Schema
  required: boolean
  schemas: Record<string, Schema>
  depth: number
}

const Field = ({ name, field, required, schemas, depth }: FieldProps) => {
  const inner = innerOf(field)
  const opens = depth < depthMax && fieldsOf(inner, schemas).length > 0
  const limits = limitsOf(field)
  const head = (
    <>
      <code>
        {name}
        {!required && '?'}
      </code>{' '}
      <code className="muted break">{typeOf(field)}</code>
      {limits !== '' && <span className="muted break"> {limits}</span>}
      {field.description !== undefined && <span className="break"> {field.description}</span>}
    </>
  )
  return (
    <li>
      {opens ? (
        <details>
          <summary>{head}</summary>
          <SchemaView schema={inner} schemas={schemas} depth={depth + 1} />
        </details>
      ) : (
        <div className="schema-leaf">{head}</div>
      )}
    </li>
  )
}

/** What a field holds in the end: the items of a list, the object of `object | null`. */
const innerOf = (schema: Schema): Schema => {
  if (schema.items !== undefined) return innerOf(schema.items)
  const variant = (schema.anyOf ?? schema.oneOf)?.find(({ type }) => type !== 'null')
  return variant === undefined ? schema : innerOf(variant)
}

const fieldsOf = (
  schema: Schema,
  schemas: Record<string, Schema>,
): { name: string; field: Schema; required: boolean }[] => {
  const target = schema.$ref === undefined ? schema : schemas[nameOfRef(schema.$ref)]
  if (target === undefined) return []
  if (target.properties !== undefined) {
    return Object.entries(target.properties).map(([name, field]) => ({
      name,
      field,
      required: target.required?.includes(name) === true,
    }))
  }
  const inner = innerOf(target)
  return inner === target ? [] : fieldsOf(inner, schemas)
}
